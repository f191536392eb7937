//! Where this program keeps its few files on the person's machine.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// The folders of this program. Nothing is created until something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    choices: PathBuf,
}

/// This account has no home folder to keep files in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "This account has no home folder, so there is no place for the choices file. Name one with --choices FILE."
)]
pub struct NoHome;

impl Folders {
    /// The folder that the operating system's conventions give: `~/.config/handclasp` on Linux, its counterpart
    /// elsewhere.
    pub fn of_this_account() -> Result<Self, NoHome> {
        let project = ProjectDirs::from("", "", "handclasp").ok_or(NoHome)?;
        Ok(Self { choices: project.config_dir().to_owned() })
    }

    /// Everything under one folder, for tests and for a person who wants nothing left elsewhere.
    pub fn under(root: &Path) -> Self {
        Self { choices: root.to_owned() }
    }

    /// The small file with what the person chose. It holds no secret.
    pub fn choices_file(&self) -> PathBuf {
        self.choices.join("choices.toml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_live_under_one_folder() {
        let folders = Folders::under(Path::new("place"));
        assert_eq!(folders.choices_file(), Path::new("place").join("choices.toml"));
    }

    #[test]
    fn an_account_has_its_own_places_or_a_plain_refusal() {
        match Folders::of_this_account() {
            Ok(folders) => {
                assert!(folders.choices_file().is_absolute());
                assert!(folders.choices_file().to_string_lossy().contains("handclasp"));
            }
            Err(refusal) => assert!(refusal.to_string().contains("--choices")),
        }
    }
}
