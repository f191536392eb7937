//! Carrying out what concerns the person's own machine: clipboard, browser, files, choices.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::UnboundedSender;

use crate::engine::choices::Choices;
use crate::engine::definition::{self, Source};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::ui;
use crate::flow::effect::{Clip, CopyItem};
use crate::flow::event::{Answer, CopyOutcome, Event};
use crate::platform::browser::BrowserOutcome;
use crate::platform::clipboard::{Cleared, CopyRequest, Outcome, SecretPresence};
use crate::platform::files::{self, Overwrite, Readers};

use super::Drive;
use super::face::Face;
use super::tasks::Answers;
use crate::engine::words::say;

impl<F: Face> Drive<F> {
    pub(super) fn copy(&mut self, clip: Clip) {
        match clip {
            Clip::Text { item, text } => self.put(item, CopyRequest::plain(text), false),
            Clip::Secret => match self.with_vault(|vault| vault.value()) {
                Some(value) => self.put_secret(value),
                None => self.handle(Event::Copied {
                    item: CopyItem::ClientSecret,
                    outcome: CopyOutcome::Failed(Trouble::new(
                        Class::Local,
                        say("secret_value.not_here"),
                        say("secret_value.not_here_on_stage"),
                    )),
                }),
            },
        }
    }

    /// A secret goes a way that cannot be marked or cleared only when it is asked for a second time,
    /// after that was said.
    fn put_secret(&mut self, value: SecretString) {
        let request = CopyRequest::secret(value);
        let request = if self.secret_way_told { request.with_consent() } else { request };
        self.put(CopyItem::ClientSecret, request, true);
    }

    fn put(&self, item: CopyItem, request: CopyRequest, secret: bool) {
        let clipboard = self.machinery.clipboard.clone();
        let stays = self.machinery.secret_on_clipboard;
        let (to, done) = (self.to.clone(), self.copied.clone());
        tokio::spawn(async move {
            let outcome = clipboard.copy(request).await;
            let ticket = match &outcome {
                Outcome::Copied(ticket) if secret => Some(*ticket),
                _ => None,
            };
            let _gone = done.send((item, outcome));
            if let Some(ticket) = ticket {
                tokio::time::sleep(stays).await;
                tell(&to, &clipboard.clear_if_ours(ticket).await);
            }
        });
    }

    /// A copy has come back from the clipboard; one that only the terminal can make is made here.
    pub(super) fn copy_done(&mut self, item: CopyItem, outcome: Outcome) -> Result<(), F::Error> {
        let outcome = match outcome {
            Outcome::Copied(_) => CopyOutcome::Copied,
            Outcome::SentToTerminal => CopyOutcome::Sent,
            Outcome::Terminal(text) => {
                self.face.send_to_clipboard(&text)?;
                CopyOutcome::Sent
            }
            Outcome::NeedsConsent(concern) => {
                self.secret_way_told = true;
                CopyOutcome::Asks(concern.to_string())
            }
            Outcome::Failed(why) => {
                CopyOutcome::Failed(Trouble::new(Class::Local, why.to_string(), not_copied(item)))
            }
        };
        self.handle(Event::Copied { item, outcome });
        Ok(())
    }

    pub(super) fn clear_clipboard(&self) {
        let (clipboard, to) = (self.machinery.clipboard.clone(), self.to.clone());
        tokio::spawn(async move {
            let cleared = match clipboard.secret_on_clipboard().await {
                SecretPresence::No => Cleared::NotOurs,
                SecretPresence::Yes(ticket) | SecretPresence::Perhaps(ticket) => {
                    clipboard.clear_if_ours(ticket).await
                }
            };
            tell(&to, &cleared);
        });
    }

    pub(super) fn read_clipboard(&mut self, generation: u64, answers: Answers) {
        let clipboard = self.machinery.clipboard.clone();
        let secret = self.with_vault(|vault| vault.value());
        self.tasks.start(generation, async move {
            let read = match clipboard.read_text().await {
                // Our own secret is not read back into a field that is drawn.
                Ok(text) if secret.is_some_and(|s| text.contains(s.expose_secret())) => {
                    drop(zeroize::Zeroizing::new(text));
                    Err(Trouble::new(
                        Class::Local,
                        say("handing_over.holds_secret"),
                        say("handing_over.holds_secret_next"),
                    ))
                }
                Ok(text) => Ok(text),
                Err(why) => Err(Trouble::new(Class::Local, why.to_string(), say("handing_over.not_read"))),
            };
            answers.give(Answer::ClipboardRead(read));
        });
    }

    pub(super) fn open(&mut self, generation: u64, answers: Answers, address: &str) {
        let browser = self.machinery.browser.clone();
        let url = url::Url::parse(address);
        self.tasks.start(generation, async move {
            let outcome = match url {
                Ok(url) => browser.open(&url).await,
                Err(_) => BrowserOutcome::NotHere(crate::platform::browser::NotHere::NotAWebAddress),
            };
            answers.give(Answer::BrowserOpened(match outcome {
                BrowserOutcome::Started => Ok(()),
                BrowserOutcome::NotHere(why) => {
                    Err(Trouble::new(Class::Local, why.to_string(), say("handing_over.no_browser")))
                }
            }));
        });
    }

    pub(super) fn write_files(&self, answers: &Answers, dir: &str) {
        answers.give(Answer::FilesWritten(self.files(Path::new(dir))));
    }

    fn files(&self, dir: &Path) -> Result<Vec<String>, Trouble> {
        let local = |what: String| Trouble::new(Class::Local, what, say("handing_over.no_files"));
        let (Some(site), Some(functions)) =
            (self.state.facts.site.value(), self.state.facts.functions.value())
        else {
            return Err(local(say("handing_over.not_known").to_owned()));
        };
        let login = self.state.setup.cloud.login_in_files();
        let source = Source {
            name: &site.name,
            host: &site.host,
            functions,
            login: &login,
            tenant: self.state.facts.tenant.value().map(|t| t.id.as_str()),
        };
        let files = definition::files(&source).map_err(|e| local(e.to_string()))?;
        let mut written = Vec::new();
        for file in files {
            let path = dir.join(&file.name);
            files::write_new_or_same(&path, file.contents.as_bytes(), Readers::Usual, Overwrite::Refuse)
                .map_err(|e| local(e.to_string()))?;
            written.push(path.display().to_string());
        }
        Ok(written)
    }

    /// Choices are a convenience: where they cannot be kept, everything is found again by looking.
    pub(super) fn save_choices(&self, choices: &Choices) {
        if let (Some(path), Ok(text)) = (&self.machinery.choices_file, toml::to_string(choices)) {
            let _not_kept = files::write_whole(path, text.as_bytes(), Readers::OnlyMe);
        }
    }
}

/// Says whether our text is off the clipboard; nothing where another copy has taken its place meanwhile.
fn tell(to: &UnboundedSender<Event>, cleared: &Cleared) {
    let event = match cleared {
        Cleared::Cleared | Cleared::NotOurs => Event::ClipboardCleared,
        Cleared::CannotTell | Cleared::Failed(_) => Event::ClipboardKept,
        Cleared::Superseded => return,
    };
    let _gone = to.send(event);
}

/// What to do where a value could not be copied. An open one stands whole on the page then; the secret never does.
fn not_copied(item: CopyItem) -> &'static str {
    ui(match item {
        CopyItem::ClientSecret => "clip.failed_secret",
        CopyItem::Host
        | CopyItem::ClientId
        | CopyItem::AuthorizationUrl
        | CopyItem::TenantId
        | CopyItem::ResourceUrl => "clip.failed_row",
        _ => "clip.failed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_cannot_be_copied_is_said_to_be_held_and_has_a_way_of_its_own() {
        let secret = not_copied(CopyItem::ClientSecret);
        assert!(secret.contains("still held") && secret.contains("portal"), "{secret}");
        for open in [CopyItem::Host, CopyItem::TenantId, CopyItem::ResourceUrl] {
            assert!(not_copied(open).contains("whole"), "{open:?}");
        }
        assert_ne!(not_copied(CopyItem::AdminCard), not_copied(CopyItem::Host));
    }
}
