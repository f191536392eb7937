//! Carrying out a rehearsal: the port is bound first, the code arrives or is pasted, and is redeemed here.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::cloud::rehearsal::{Chain, Code, Listener, redirect_is_known, rehearse};
use crate::engine::facts::Rehearsal;
use crate::engine::target::call;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, ui};
use crate::flow::event::{Answer, RehearsalProgress, Waiting};
use crate::platform::browser::Browser;

use super::Drive;
use super::face::Face;
use super::patience::{NEW_REDIRECT, until};
use super::tasks::Answers;

/// The bound port, while there is one, and the way pasted addresses take to the task that waits at it.
#[derive(Default)]
pub(super) struct Bound {
    listener: Arc<Mutex<Option<Listener>>>,
    pastes: Option<UnboundedSender<String>>,
}

impl Bound {
    /// Lets go of the port. A task that still waits at it is dropped with its generation.
    pub(super) fn close(&mut self) {
        *self = Self::default();
    }
}

impl<F: Face> Drive<F> {
    pub(super) fn bind_rehearsal(&mut self, generation: u64, answers: Answers) {
        self.rehearsal.close();
        let place = self.rehearsal.listener.clone();
        self.tasks.start(generation, async move {
            let bound = match Listener::bind().await {
                Ok(listener) => {
                    let uri = listener.redirect_uri();
                    *place.lock().await = Some(listener);
                    Ok(uri)
                }
                Err(trouble) => Err(trouble),
            };
            answers.give(Answer::RehearsalBound(bound));
        });
    }

    pub(super) fn start_rehearsal(
        &mut self,
        generation: u64,
        answers: Answers,
        chain: Result<Chain, Trouble>,
        redirect: String,
    ) {
        let secret = self.with_vault(|vault| vault.value());
        let client = self.machinery.services.http().clone();
        let browser = self.machinery.browser.clone();
        let place = self.rehearsal.listener.clone();
        let observer = self.machinery.services.observer();
        let (facts, choices) = (self.state.facts.clone(), self.state.choices.clone());
        let pause = Duration::from_secs(self.state.setup.timing.landing_s.into());
        let clock = self.machinery.clock.clone();
        let (pastes, addresses) = unbounded_channel();
        self.rehearsal.pastes = Some(pastes);
        self.tasks.start(generation, async move {
            let outcome = async {
                let chain = chain?;
                let secret = secret.ok_or_else(|| missing(say("secret_value.not_here")))?;
                let method = http::Method::from_bytes(chain.method.as_bytes())
                    .map_err(|_| missing(say("rehearsing.no_method")))?;
                let mut place = place.lock().await;
                let listener = place.as_mut().ok_or_else(|| missing(say("rehearsing.port_closed")))?;
                let address = listener.authorize_url(&client, &chain)?;
                let known = || redirect_is_known(&client, &address);
                let since = clock.now();
                // Who is sent to the page before it knows the way back gets an error there. What cannot be asked, or is
                // not known in time, shows at the page itself.
                let _either_way = until(
                    known,
                    |known| !matches!(known, Ok(false)),
                    pause,
                    NEW_REDIRECT,
                    || {
                        let text = ui("wait.redirect").to_owned();
                        answers.give(Answer::Waiting(Waiting {
                            text,
                            since,
                            safe_to_leave: false,
                            until: None,
                        }));
                    },
                )
                .await;
                let told = answers.clone();
                told.give(Answer::Rehearsal(RehearsalProgress::Address(address.to_string())));
                let code = wait(listener, addresses, &answers, &browser, &address).await?;
                answers.give(Answer::Rehearsal(RehearsalProgress::CodeArrived));
                // The plan said so: once without a sign-in, which must be refused, and once with it.
                let refused = observer.probe_function(&facts, &choices, &chain.path, method).await;
                let redeemed = || answers.give(Answer::Rehearsal(RehearsalProgress::Redeemed));
                let outcome = rehearse(&client, &chain, &secret, &redirect, code, redeemed).await?;
                Ok(Rehearsal {
                    anonymous: refused.value().map(|answer| answer.status),
                    settings: facts.auth.value().map(|auth| auth.document.clone()),
                    ..outcome
                })
            }
            .await;
            answers.give(Answer::Rehearsal(RehearsalProgress::Done(outcome.map(Box::new))));
        });
    }

    pub(super) fn paste_rehearsal(&self, answers: &Answers, address: String) {
        let taken = self.rehearsal.pastes.as_ref().is_some_and(|to| to.send(address).is_ok());
        if !taken {
            answers.give(Answer::Rehearsal(RehearsalProgress::PasteRefused(missing(say(
                "rehearsing.none_waits",
            )))));
        }
    }

    /// What is rehearsed, from the facts. A host that was only typed gets the token where it was confirmed.
    pub(super) fn chain(&self, resource: String, confirmed: Option<&str>) -> Result<Chain, Trouble> {
        let (facts, choices) = (&self.state.facts, &self.state.choices);
        let (Some(tenant), Some(client)) = (facts.tenant.value(), facts.client_app.value()) else {
            return Err(missing(say("rehearsing.not_known")));
        };
        let (host, target) = call(facts, choices, confirmed).map_err(missing)?;
        let name = facts.person.value().map_or("Handclasp", |person| {
            person.display_name.split_whitespace().next().unwrap_or("Handclasp")
        });
        Ok(Chain {
            tenant: tenant.id.clone(),
            client_app_id: client.app_id.clone(),
            resource,
            host,
            method: target.method,
            path: target.path,
            name: name.to_owned(),
        })
    }
}

fn missing(what: &str) -> Trouble {
    Trouble::new(Class::Local, what, say("rehearsing.next"))
}

/// Waits for the browser to come back, or for an address that leads to the same.
async fn wait(
    listener: &mut Listener,
    mut pasted: UnboundedReceiver<String>,
    answers: &Answers,
    browser: &Browser,
    address: &url::Url,
) -> Result<Code, Trouble> {
    // Whether a browser came up is not known either way; the address stands on the screen.
    let _outcome = browser.open(address).await;
    loop {
        tokio::select! {
            code = listener.wait_for_code() => return code,
            Some(address) = pasted.recv() => match listener.code_from_address(&address) {
                Ok(code) => return Ok(code),
                Err(trouble) => answers.give(Answer::Rehearsal(RehearsalProgress::PasteRefused(trouble))),
            },
        }
    }
}
