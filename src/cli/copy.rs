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
use crate::engine::words::{say, say_with};

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
        return Err(Failure::wrong_usage(say("copying.secret"))
            .means(say("copying.secret_means"))
            .next(say("copying.secret_next")));
    }
    let desk = Desk::open(common, environment, output).await?;
    let facts = desk.observer.observe_parts(&Facts::default(), &desk.ground.choices, parts(copy.value)).await;
    let known = values(&facts, &desk.ground.choices, &Held::default());
    let (label, value, missing) = match copy.value {
        CopyValue::Host => (say("copying.host"), known.host, trouble(&facts.site)),
        CopyValue::ClientId => (say("copying.client_id"), known.client_id, trouble(&facts.client_app)),
        CopyValue::TenantId => (say("copying.tenant_id"), desk.tenant.clone(), None),
        CopyValue::ResourceUrl => (say("copying.resource_url"), known.resource_url, trouble(&facts.api_app)),
        CopyValue::Secret => (say("copying.a_secret"), None, None),
    };
    desk.finish(output).await;
    match (value, missing) {
        (Some(value), _) => Ok(Found { label, value: clean_line(&value, LONGEST) }),
        (None, Some(trouble)) => Err(trouble.into()),
        (None, None) => Err(Failure::new(Exit::Fails, say_with("copying.not_known", &[("label", label)]))
            .next(say("copying.not_known_next"))),
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
                    "{}\n{}",
                    say_with("copying.while_running", &[("label", label), ("value", value)]),
                    say("copying.while_running_next")
                ));
                // Without a way to be stopped we would stay for ever; then we rather end at once.
                if let Ok(mut signals) = Signals::listen() {
                    signals.next().await;
                }
            } else {
                output.say(&format!(
                    "{}\n{}",
                    say_with("copying.copied", &[("label", label), ("value", value)]),
                    say("copying.copied_means")
                ));
            }
            clipboard.shutdown().await;
            Ok(Exit::Fine)
        }
        Outcome::Copied(_) => {
            output.say(&say_with("copying.in_clipboard", &[("label", label), ("value", value)]));
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
                Err(not_copied(label, say("copying.nowhere")))
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
        "{}\n{}",
        say_with("copying.sent", &[("label", label), ("value", value)]),
        say("copying.sent_next")
    )
}

fn not_copied(label: &str, why: &str) -> Failure {
    Failure::new(Exit::Fails, say_with("copying.not_copied", &[("label", label)]))
        .means(why)
        .next(say("copying.not_copied_next"))
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
