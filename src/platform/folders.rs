//! Where this program keeps its few files on the person's machine.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// The folders of this program. Nothing is created until something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    choices: PathBuf,
    state: PathBuf,
}

/// This account has no home folder to keep files in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "This account has no home folder, so there is no place for the choices file. Name one with --choices FILE."
)]
pub struct NoHome;

impl Folders {
    /// The folders that the operating system's conventions give: `~/.config/handclasp` and
    /// `~/.local/state/handclasp` on Linux, their counterparts elsewhere.
    pub fn of_this_account() -> Result<Self, NoHome> {
        let project = ProjectDirs::from("", "", "handclasp").ok_or(NoHome)?;
        let state = project.state_dir().unwrap_or_else(|| project.data_local_dir());
        Ok(Self { choices: project.config_dir().to_owned(), state: state.to_owned() })
    }

    /// Everything under one folder, for tests and for a person who wants nothing left elsewhere.
    pub fn under(root: &Path) -> Self {
        Self { choices: root.to_owned(), state: root.join("state") }
    }

    /// The small file with what the person chose. It holds no secret.
    pub fn choices_file(&self) -> PathBuf {
        self.choices.join("choices.toml")
    }

    /// The folder for the journal and the log.
    pub fn state(&self) -> &Path {
        &self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_live_under_one_folder() {
        let folders = Folders::under(Path::new("place"));
        assert_eq!(folders.choices_file(), Path::new("place").join("choices.toml"));
        assert_eq!(folders.state(), Path::new("place").join("state"));
    }

    #[test]
    fn an_account_has_its_own_places_or_a_plain_refusal() {
        match Folders::of_this_account() {
            Ok(folders) => {
                assert!(folders.choices_file().is_absolute());
                assert!(folders.choices_file().to_string_lossy().contains("handclasp"));
                assert!(folders.state().is_absolute());
            }
            Err(refusal) => assert!(refusal.to_string().contains("--choices")),
        }
    }
}
