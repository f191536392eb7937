//! Practice only: a person's browser outside the terminal, as far as a sign-in needs one.

use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use tokio::sync::mpsc::unbounded_channel;
use url::Url;

use crate::cloud::classify::{chain, refused_on_a_page};
use crate::cloud::http::ExtraRoots;
use crate::cloud::sign_in::{Session, SignIn, SignInEvent};
use crate::engine::clouds::is_loopback;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// A page on this very machine answers at once; nobody waits longer for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// More redirects than any sign-in has.
const MOST_REDIRECTS: usize = 10;

/// Signs in through the practice cloud's own page. `None` when the page wants somebody to choose: nobody is there.
///
/// # Errors
/// What the sign-in itself reports.
pub async fn sign_in_by_itself(sign_in: &SignIn, trust: &ExtraRoots) -> Result<Option<Session>, Trouble> {
    let (tell, mut told) = unbounded_channel();
    let flow = sign_in.with_browser(&tell);
    tokio::pin!(flow);
    let visit = async {
        while let Some(event) = told.recv().await {
            if let SignInEvent::Browser { url } = event {
                return visit(&url, trust).await;
            }
        }
        Ok(false)
    };
    tokio::select! {
        outcome = &mut flow => outcome.map(Some),
        came_back = visit => if came_back.map_err(|trouble| sign_in.told(trouble))? { flow.await.map(Some) } else { Ok(None) },
    }
}

/// Opens an address and follows where it leads, on this machine only. Whether it led back to the program.
async fn visit(address: &Url, trust: &ExtraRoots) -> Result<bool, Trouble> {
    let stays_here = |attempt: Attempt<'_>| {
        if attempt.previous().len() > MOST_REDIRECTS || !is_loopback(attempt.url()) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    };
    if !is_loopback(address) {
        return Ok(false);
    }
    let browser =
        reqwest::Client::builder().no_proxy().timeout(PATIENCE).redirect(Policy::custom(stays_here));
    let browser = trust.trusted_by(browser).build().map_err(not_reached)?;
    let page = browser.get(address.clone()).send().await.map_err(not_reached)?;
    if page.url().origin() != address.origin() {
        return Ok(true);
    }
    let status = page.status();
    let text = page.text().await.map_err(not_reached)?;
    // The page wants somebody, or says why nobody can sign in here; one that asks for nothing is none of its pages.
    match refused_on_a_page(&text) {
        Some(trouble) => Err(trouble),
        None if status.is_success() && text.contains("<form") => Ok(false),
        None => Err(Trouble::new(
            Class::UnexpectedAnswer,
            say_with("practising.odd_page", &[("status", &status.to_string())]),
            say("practising.odd_page_next"),
        )),
    }
}

fn not_reached(error: reqwest::Error) -> Trouble {
    let what = say("practising.no_page");
    let error = error.without_url();
    let causes = chain(&error);
    if causes.contains("certificate") {
        let next = say("practising.certificate_next");
        return Trouble::new(Class::Tls, what, next).original(causes);
    }
    let class = if error.is_timeout() { Class::TimeOut } else { Class::Offline };
    Trouble::new(class, what, say("practising.no_page_next")).original(causes)
}
