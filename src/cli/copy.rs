//! `handclasp copy`: one value for the connector page, to the clipboard or to stdout.

use crossterm::Command as _;

use crate::cloud::observe::Part;
use crate::engine::clean::clean_line;
use crate::engine::facts::{Fact, Facts, Seen};
use crate::engine::held::Held;
use crate::engine::trouble::Trouble;
use crate::engine::values::values;
use crate::platform::clipboard::{ClipboardService, CopyRequest, Outcome};
use crate::platform::env::{Environment, System};
use crate::platform::signals::Signals;

use super::args::{Common, Copy, CopyValue};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::session::Desk;

/// The longest value that is handed over, in cells.
const LONGEST: usize = 2_000;

/// A value that is known.
pub struct Found {
    label: &'static str,
    value: String,
}

/// Looks for the value.
///
/// # Errors
/// When it is not known, or nobody could look.
pub async fn find(
    copy: &Copy,
    common: &Common,
    environment: &Environment,
    output: &mut Output,
) -> Result<Found, Failure> {
    if copy.value == CopyValue::Secret {
        return Err(Failure::wrong_usage("A secret cannot be copied this way.")
            .means(
                "A client secret is held in memory only while the wizard runs, and is shown once when it is made.",
            )
            .next("Run handclasp: it creates a secret, or takes yours, and hands it over."));
    }
    let desk = Desk::open(common, environment, output).await?;
    let facts = desk.observer.observe_parts(&Facts::default(), &desk.ground.choices, parts(copy.value)).await;
    let known = values(&facts, &desk.ground.choices, &Held::default());
    let (label, value, missing) = match copy.value {
        CopyValue::Host => ("The host name", known.host, trouble(&facts.site)),
        CopyValue::ClientId => ("The client ID", known.client_id, trouble(&facts.client_app)),
        CopyValue::TenantId => ("The tenant ID", desk.tenant.clone(), None),
        CopyValue::ResourceUrl => ("The Resource URL", known.resource_url, trouble(&facts.api_app)),
        CopyValue::Secret => ("The secret", None, None),
    };
    desk.finish(output).await;
    match (value, missing) {
        (Some(value), _) => Ok(Found { label, value: clean_line(&value, LONGEST) }),
        (None, Some(trouble)) => Err(trouble.into()),
        (None, None) => Err(Failure::new(Exit::Fails, format!("{label} is not known yet."))
            .next("Run handclasp check to see which step is missing.")),
    }
}

/// Prints the value or copies it, and says what became of it.
///
/// # Errors
/// When it could not be copied.
pub async fn hand_over(
    found: &Found,
    copy: &Copy,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    if copy.print {
        output.data(&format!("{}\n", found.value));
        return Ok(Exit::Fine);
    }
    let clipboard = ClipboardService::new(environment);
    to_clipboard(&clipboard, found.label, &found.value, environment, output).await
}

/// What has to be looked at for a value. The tenant is known from the sign-in.
const fn parts(value: CopyValue) -> &'static [Part] {
    match value {
        CopyValue::Host => &[Part::Site],
        CopyValue::ClientId => &[Part::ClientApp],
        CopyValue::ResourceUrl => &[Part::ApiApp],
        CopyValue::TenantId | CopyValue::Secret => &[],
    }
}

fn trouble<T>(seen: &Seen<T>) -> Option<Trouble> {
    match &seen.fact {
        Fact::CouldNot(trouble) => Some((**trouble).clone()),
        Fact::NotLooked | Fact::Absent | Fact::Is(_) => None,
    }
}

async fn to_clipboard(
    clipboard: &ClipboardService,
    label: &str,
    value: &str,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match clipboard.copy(CopyRequest::plain(value)).await {
        Outcome::Copied(_) if served_by_us(environment) => {
            if environment.stdin_is_terminal && environment.stderr_is_terminal {
                output.say(&format!(
                    "{label} is in your clipboard as long as this command runs: {value}\n\
                     Paste it, then press Ctrl-C."
                ));
                // Without a way to be stopped we would stay for ever; then we rather end at once.
                if let Ok(mut signals) = Signals::listen() {
                    signals.next().await;
                }
            } else {
                output.say(&format!(
                    "{label} was copied: {value}\n\
                     It stays in the clipboard after this command only where a clipboard manager keeps it."
                ));
            }
            clipboard.shutdown().await;
            Ok(Exit::Fine)
        }
        Outcome::Copied(_) => {
            output.say(&format!("{label} is in your clipboard: {value}"));
            clipboard.shutdown().await;
            Ok(Exit::Fine)
        }
        Outcome::Terminal(text) => {
            let mut ansi = String::new();
            if environment.stderr_is_terminal && text.command().write_ansi(&mut ansi).is_ok() {
                output.note_raw(&ansi);
                output.say(&sent(label, value));
                Ok(Exit::Fine)
            } else {
                Err(not_copied(label, "There is no clipboard and no terminal here."))
            }
        }
        Outcome::SentToTerminal => {
            output.say(&sent(label, value));
            Ok(Exit::Fine)
        }
        Outcome::NeedsConsent(concern) => Err(not_copied(label, &concern.to_string())),
        Outcome::Failed(failure) => Err(not_copied(label, &failure.to_string())),
    }
}

/// On X11 and Wayland the program that copied serves the text itself (rust-tui-models (c)).
fn served_by_us(environment: &Environment) -> bool {
    environment.system == System::Unix && !environment.is_wsl && environment.has_display()
}

fn sent(label: &str, value: &str) -> String {
    format!(
        "{label} was sent to your terminal: {value}\n\
         If pasting brings something else, select it with the mouse."
    )
}

fn not_copied(label: &str, why: &str) -> Failure {
    Failure::new(Exit::Fails, format!("{label} could not be copied."))
        .means(why)
        .next("Add --print to see it instead.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clipboard::Fault;

    fn headless() -> Environment {
        Environment {
            system: System::Windows,
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            ..Environment::desktop()
        }
    }

    #[tokio::test]
    async fn copied_means_that_it_is_there() {
        let environment = headless();
        let (clipboard, memory) = ClipboardService::in_memory_on(&environment);
        let mut output = Output::of_process(&environment, true);
        let exit =
            to_clipboard(&clipboard, "The host name", "contoso.example", &environment, &mut output).await;
        assert_eq!(exit, Ok(Exit::Fine));
        assert_eq!(memory.content().as_deref(), Some("contoso.example"));
    }

    #[tokio::test]
    async fn a_clipboard_that_fails_is_said_to_have_failed() {
        let environment = headless();
        let (clipboard, memory) = ClipboardService::in_memory_on(&environment);
        memory.set_fault(Some(Fault::Broken("it is stuck")));
        let mut output = Output::of_process(&environment, true);
        let exit =
            to_clipboard(&clipboard, "The host name", "contoso.example", &environment, &mut output).await;
        let failure = exit.unwrap_err();
        assert_eq!(failure.exit, Exit::Fails);
        assert!(failure.next.contains("--print"));
    }
}
