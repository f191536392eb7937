//! Why a command ended early: what happened, what it means, what to do next, and the exit code that follows.

use super::exit::Exit;
use crate::engine::clouds::CloudError;
use crate::engine::definition::DefinitionError;
use crate::engine::trouble::Trouble;
use crate::engine::words::{say, say_with};
use crate::platform::files::FileError;
use crate::platform::folders::NoHome;
use crate::practice::{PracticeError, scenarios};

/// The end of a command that could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the shell is told.
    pub exit: Exit,
    /// What happened.
    pub what: String,
    /// What it means here; may be empty.
    pub means: String,
    /// What to do next; may be empty.
    pub next: String,
    /// The original words; may be empty.
    pub original: String,
}

impl Failure {
    /// A failure with its exit code and what happened; the rest empty.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), means: String::new(), next: String::new(), original: String::new() }
    }

    /// Something on the command line, or in a file that it names, cannot be used.
    pub fn wrong_usage(what: impl Into<String>) -> Self {
        Self::new(Exit::WrongUsage, what)
    }

    /// The same with what it means here.
    #[must_use]
    pub fn means(mut self, means: impl Into<String>) -> Self {
        self.means = means.into();
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// The same with the original words.
    #[must_use]
    pub fn original(mut self, words: impl Into<String>) -> Self {
        self.original = words.into();
        self
    }

    /// The person stopped it: nothing needs to be said.
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "")
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let exit = Exit::of_trouble(&trouble);
        let Trouble { what, means, next, original, .. } = trouble;
        Self { exit, what, means, next, original }
    }
}

/// A file that cannot be used was named on the command line, or stands where the command line could name another.
impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        // Exit code 1 is kept for what is wrong with the set-up.
        let (means, next) = if error.writing {
            (say("given_file.not_kept_means"), say("given_file.not_kept_next"))
        } else {
            (say("given_file.not_read_means"), say("given_file.not_read_next"))
        };
        Self::wrong_usage(error.to_string()).means(means).next(next)
    }
}

impl From<NoHome> for Failure {
    fn from(error: NoHome) -> Self {
        Self::wrong_usage(error.to_string())
    }
}

impl From<CloudError> for Failure {
    fn from(error: CloudError) -> Self {
        Self::wrong_usage(error.to_string())
    }
}

impl From<DefinitionError> for Failure {
    fn from(error: DefinitionError) -> Self {
        Self::new(Exit::Fails, error.to_string()).next(say("writing_files.nothing_next"))
    }
}

impl From<PracticeError> for Failure {
    fn from(error: PracticeError) -> Self {
        let what = format!("{}.", capital(&error.to_string()));
        match error {
            PracticeError::UnknownScenario(_) => {
                let known: Vec<String> = scenarios().into_iter().map(|scenario| scenario.name).collect();
                Self::wrong_usage(what)
                    .next(say_with("practising.scenarios", &[("names", &known.join(", "))]))
            }
            PracticeError::UnknownUser(_) => Self::wrong_usage(what).next(say("practising.users_next")),
            PracticeError::Port(_) => Self::wrong_usage(what).next(say("practising.port_next")),
            PracticeError::BadScenario { .. } | PracticeError::Certificate(_) => {
                Self::new(Exit::OurFault, what)
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scenario_names_the_known_ones() {
        let failure = Failure::from(PracticeError::UnknownScenario("frsh".into()));
        assert_eq!(failure.exit, Exit::WrongUsage);
        assert!(failure.what.starts_with("There is no practice scenario named \"frsh\"."), "{failure:?}");
        assert!(failure.next.contains("fresh"), "{failure:?}");
    }

    #[test]
    fn a_port_that_is_taken_is_no_fault_of_ours() {
        let taken = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let failure = Failure::from(PracticeError::Port(taken));
        assert_eq!(failure.exit, Exit::WrongUsage, "the command line named it");
        assert!(failure.next.contains("--port"));
    }
}
