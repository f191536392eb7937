//! The port of ours that a browser comes back to after a sign-in.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use url::form_urlencoded;

use crate::cloud::classify;
use crate::engine::clean::clean_line;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

/// A listener on this machine, bound before anybody is sent anywhere. Dropping it frees the port.
pub struct Loopback {
    port: u16,
    path: String,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    /// Held only to be dropped: that is what ends the servers.
    _running: watch::Sender<()>,
}

/// What a browser brought, with the way to tell its page how it went.
struct Arrival {
    query: String,
    page: tokio::sync::oneshot::Sender<Page>,
}

/// What the browser is shown.
#[derive(Clone, Copy)]
enum Page {
    Done,
    Refused,
    NotOurs,
}

struct Door {
    path: String,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

impl Loopback {
    /// Binds a port that the system chooses; `path` is `""` or begins with a slash.
    ///
    /// `localhost` may mean either address of this machine, so both are bound where both exist (microsoft-cloud 2.5).
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn bind(path: &str) -> Result<Self, Trouble> {
        let no_port = |error: io::Error| {
            Trouble::new(Class::Local, say("sign_in.no_port"), say("sign_in.with_code"))
                .original(clean_line(&error.to_string(), 200))
        };
        let (port, listeners) = listeners().await.map_err(no_port)?;
        let (sender, arrivals) = mpsc::unbounded_channel();
        let (running, ended) = watch::channel(());
        let path = path.to_owned();
        let door = Arc::new(Door { path: path.clone(), arrivals: sender });
        for listener in listeners {
            let app = Router::new().fallback(open).with_state(door.clone());
            let mut ended = ended.clone();
            tokio::spawn(async move {
                let stop = async move { while ended.changed().await.is_ok() {} };
                axum::serve(listener, app).with_graceful_shutdown(stop).await
            });
        }
        Ok(Self { port, path, arrivals, _running: running })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The redirect URI that leads here, spelled as it must be registered.
    pub fn redirect_uri(&self) -> String {
        format!("http://localhost:{}{}", self.port, self.path)
    }

    /// Waits until a browser comes back with this `state`. Whatever carries another one is turned away.
    ///
    /// # Errors
    /// When the page sends a refusal back.
    pub async fn wait(&mut self, state: &str) -> Result<SecretString, Trouble> {
        while let Some(arrival) = self.arrivals.recv().await {
            let outcome = read_return(&arrival.query, state);
            // A browser that has gone away already needs no page.
            let _ = arrival.page.send(match &outcome {
                Some(Ok(_)) => Page::Done,
                Some(Err(_)) => Page::Refused,
                None => Page::NotOurs,
            });
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
        Err(Trouble::new(Class::Local, say("sign_in.port_closed"), say("sign_in.start_again")))
    }
}

/// A free port on both addresses of this machine; on one where the other does not exist.
async fn listeners() -> io::Result<(u16, Vec<TcpListener>)> {
    let mut tried = 0;
    loop {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = first.local_addr()?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(second) => return Ok((port, vec![first, second])),
            // Another program has this port on the other address, and might get our visitor.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tried < 8 => tried += 1,
            Err(_) => return Ok((port, vec![first])),
        }
    }
}

/// Reads the query of a return address: the code, or why there is none; `None` where it belongs to another sign-in.
pub(in crate::cloud) fn read_return(query: &str, state: &str) -> Option<Result<SecretString, Trouble>> {
    let value = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
    };
    if value("state").as_deref() != Some(state) {
        return None;
    }
    if let Some(error) = value("error") {
        return Some(Err(classify::sign_in_page(&error, &value("error_description").unwrap_or_default())));
    }
    Some(value("code").map(SecretString::from).ok_or_else(|| {
        Trouble::new(Class::UnexpectedAnswer, say("sign_in.no_code"), say("sign_in.start_again"))
    }))
}

async fn open(State(door): State<Arc<Door>>, method: Method, uri: Uri) -> Response {
    let ours = uri.path().trim_end_matches('/') == door.path;
    if method != Method::GET || !ours || uri.query().is_none() {
        return page(Page::NotOurs);
    }
    let (sender, shown) = tokio::sync::oneshot::channel();
    let arrival = Arrival { query: uri.query().unwrap_or_default().to_owned(), page: sender };
    if door.arrivals.send(arrival).is_err() {
        return page(Page::NotOurs);
    }
    page(shown.await.unwrap_or(Page::NotOurs))
}

fn page(page: Page) -> Response {
    let (status, title, text) = match page {
        Page::Done => (StatusCode::OK, say("browser_page.done_title"), say("browser_page.done_text")),
        Page::Refused => {
            (StatusCode::OK, say("browser_page.refused_title"), say("browser_page.refused_text"))
        }
        Page::NotOurs => {
            (StatusCode::NOT_FOUND, say("browser_page.not_ours_title"), say("browser_page.not_ours_text"))
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:1.1em sans-serif;max-width:32em;margin:4em auto;padding:0 1em}}</style>\
         <h1>{title}</h1><p>{text}</p></html>"
    );
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_return_is_read_only_with_the_right_state() {
        assert!(read_return("code=c&state=other", "s").is_none());
        assert!(read_return("code=c", "s").is_none());
        assert!(read_return("", "").is_none());
        assert_eq!(read_return("code=a%2Bb&state=s", "s").unwrap().unwrap().expose_secret(), "a+b");
        let refused = read_return(
            "error=access_denied&error_description=AADSTS65004%3a+User+declined%1b.+Trace+ID%3a+t&state=s",
            "s",
        );
        let trouble = refused.unwrap().unwrap_err();
        assert_eq!((trouble.class, trouble.code.as_deref()), (Class::SignInRefused, Some("AADSTS65004")));
        assert!(!trouble.original.contains('\u{1b}'));
        assert_eq!(read_return("state=s", "s").unwrap().unwrap_err().class, Class::UnexpectedAnswer);
    }

    #[tokio::test]
    async fn strangers_are_turned_away_and_the_right_one_is_let_in() {
        let mut loopback = Loopback::bind("/handclasp-x").await.unwrap();
        let base = format!("http://127.0.0.1:{}", loopback.port());
        assert!(loopback.redirect_uri().ends_with(&format!(":{}/handclasp-x", loopback.port())));
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        let visits = tokio::spawn(async move {
            let mut statuses = Vec::new();
            for path in [
                "/favicon.ico",
                "/other?code=c&state=s1",
                "/handclasp-x",
                "/handclasp-x?code=evil&state=s0",
                "/handclasp-x?code=good&state=s1",
            ] {
                let answer = browser.get(format!("{base}{path}")).send().await.unwrap();
                statuses.push(answer.status().as_u16());
                assert!(!answer.text().await.unwrap().contains("good"), "nothing is echoed");
            }
            statuses
        });
        assert_eq!(loopback.wait("s1").await.unwrap().expose_secret(), "good");
        assert_eq!(visits.await.unwrap(), [404, 404, 404, 404, 200]);
    }

    #[tokio::test]
    async fn the_port_is_free_again_after_the_drop() {
        let loopback = Loopback::bind("").await.unwrap();
        let port = loopback.port();
        drop(loopback);
        while TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
