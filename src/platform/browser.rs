//! Opening a web address in the person's browser, or saying why not.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use url::Url;

use super::env::{Environment, System};

/// Windows refuses longer command lines to its shell, and no address of ours comes near.
const MAX_URL: usize = 8_000;

/// A helper program that has not come back by then may still be at work; we wait no longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a request to open an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrowserOutcome {
    /// A program was started. That is all that can be known: a page may or may not be visible
    /// (rust-tui-models (i)), so the address must be shown as well.
    Started,
    /// Nothing was started.
    NotHere(NotHere),
}

/// Why no browser was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotHere {
    /// The person asked for none (`--no-browser`).
    SwitchedOff,
    /// The session came over SSH: a browser would open on the wrong machine.
    Remote,
    /// There is no graphical display, and a text browser would take over this screen.
    NoDisplay,
    /// Only `http` and `https` addresses with a host and without a password are opened.
    NotAWebAddress,
    /// The system's way of opening addresses failed; its own words.
    Failed(String),
    /// The system's way of opening addresses has not answered in time.
    NoAnswer,
}

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("Opening a browser is switched off."),
            Self::Remote => f.write_str("This is a remote session, so no browser was opened here."),
            Self::NoDisplay => f.write_str("There is no graphical display here to open a browser on."),
            Self::NotAWebAddress => f.write_str("This is not a web address that can be opened."),
            Self::Failed(why) => write!(f, "No browser could be started: {why}"),
            Self::NoAnswer => f.write_str("The system did not say whether a browser was started."),
        }
    }
}

/// A handle on the person's browser. Clones share it.
#[derive(Clone, Debug)]
pub struct Browser(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Off,
    Real(Environment),
    Recording(Opened),
}

/// The addresses that a recording browser was asked to open, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Opened(Arc<Mutex<Vec<Url>>>);

impl Opened {
    /// The addresses so far.
    pub fn urls(&self) -> Vec<Url> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Browser {
    /// The person's own browser.
    pub fn new(environment: &Environment) -> Self {
        Self(Kind::Real(environment.clone()))
    }

    /// No browser at all (`--no-browser`).
    pub fn off() -> Self {
        Self(Kind::Off)
    }

    /// A browser that opens nothing and remembers what it was asked for.
    pub fn recording() -> (Self, Opened) {
        let opened = Opened::default();
        (Self(Kind::Recording(opened.clone())), opened)
    }

    /// Why [`Browser::open`] would not even try, known beforehand so that the screen can offer another way.
    pub fn unavailable(&self) -> Option<NotHere> {
        match &self.0 {
            Kind::Off => Some(NotHere::SwitchedOff),
            Kind::Real(environment) => refusal(environment),
            Kind::Recording(_) => None,
        }
    }

    /// Opens `url`, without ever blocking the caller's thread.
    pub async fn open(&self, url: &Url) -> BrowserOutcome {
        if let Some(reason) = self.unavailable() {
            return BrowserOutcome::NotHere(reason);
        }
        if !is_web_address(url) {
            return BrowserOutcome::NotHere(NotHere::NotAWebAddress);
        }
        match &self.0 {
            Kind::Recording(opened) => {
                opened.0.lock().unwrap_or_else(PoisonError::into_inner).push(url.clone());
                BrowserOutcome::Started
            }
            _ => start(url.clone()).await,
        }
    }
}

fn refusal(environment: &Environment) -> Option<NotHere> {
    if environment.is_remote {
        return Some(NotHere::Remote);
    }
    // From WSL the address is handed to Windows, which has a display of its own.
    let windows_helps = environment.system == System::Unix && environment.is_wsl && environment.wsl_interop;
    (!environment.has_display() && !windows_helps).then_some(NotHere::NoDisplay)
}

fn is_web_address(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.as_str().len() <= MAX_URL
}

/// On a thread of its own: the runtime would wait at its end for a blocking task that hangs.
async fn start(url: Url) -> BrowserOutcome {
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().name("browser".to_owned()).spawn(move || {
        let result = webbrowser::open(url.as_str()).map_err(|error| error.to_string());
        // Nobody listens any more if the patience ran out.
        let _ = tell.send(result);
    });
    if let Err(error) = thread {
        return BrowserOutcome::NotHere(NotHere::Failed(error.to_string()));
    }
    match tokio::time::timeout(PATIENCE, told).await {
        Ok(Ok(Ok(()))) => BrowserOutcome::Started,
        Ok(Ok(Err(why))) => BrowserOutcome::NotHere(NotHere::Failed(why)),
        Ok(Err(_)) | Err(_) => BrowserOutcome::NotHere(NotHere::NoAnswer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn headless() -> Environment {
        Environment { x11_display: None, ..Environment::desktop() }
    }

    #[test]
    fn it_is_refused_where_it_would_open_elsewhere_or_nowhere() {
        let remote = Environment { is_remote: true, ..Environment::desktop() };
        assert_eq!(refusal(&remote), Some(NotHere::Remote));
        assert_eq!(refusal(&headless()), Some(NotHere::NoDisplay));
        assert_eq!(refusal(&Environment::desktop()), None);
    }

    #[test]
    fn windows_needs_no_display_variable_and_wsl_needs_interop() {
        assert_eq!(refusal(&Environment { system: System::Windows, ..headless() }), None);
        let wsl = Environment { is_wsl: true, wsl_interop: true, ..headless() };
        assert_eq!(refusal(&wsl), None);
        assert_eq!(refusal(&Environment { wsl_interop: false, ..wsl }), Some(NotHere::NoDisplay));
    }

    #[tokio::test]
    async fn a_refusal_starts_nothing() {
        let outcome = Browser::new(&headless()).open(&url("https://portal.azure.com/")).await;
        assert_eq!(outcome, BrowserOutcome::NotHere(NotHere::NoDisplay));
        let outcome = Browser::off().open(&url("https://portal.azure.com/")).await;
        assert_eq!(outcome, BrowserOutcome::NotHere(NotHere::SwitchedOff));
    }

    #[tokio::test]
    async fn only_plain_web_addresses_are_opened() {
        let (browser, opened) = Browser::recording();
        let long = format!("https://contoso.com/{}", "a".repeat(MAX_URL));
        for bad in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://ada:pw@contoso.com/",
            "ssh://contoso.com",
            &long,
        ] {
            let outcome = browser.open(&url(bad)).await;
            assert_eq!(outcome, BrowserOutcome::NotHere(NotHere::NotAWebAddress), "{bad:.60}");
        }
        assert!(opened.urls().is_empty());
    }

    #[tokio::test]
    async fn a_recording_browser_remembers_in_order() {
        let (browser, opened) = Browser::recording();
        for address in ["https://contoso.com/a", "http://localhost:8400/b"] {
            assert_eq!(browser.clone().open(&url(address)).await, BrowserOutcome::Started);
        }
        assert_eq!(opened.urls(), [url("https://contoso.com/a"), url("http://localhost:8400/b")]);
    }

    #[test]
    fn every_reason_is_a_sentence() {
        for reason in [
            NotHere::SwitchedOff,
            NotHere::Remote,
            NotHere::NoDisplay,
            NotHere::NotAWebAddress,
            NotHere::NoAnswer,
        ] {
            assert!(reason.to_string().ends_with('.'), "{reason}");
        }
        assert_eq!(NotHere::Failed("x".to_owned()).to_string(), "No browser could be started: x");
    }
}
