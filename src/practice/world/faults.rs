//! Faults: what goes wrong at which call, as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::World;
use crate::practice::wire::{Request, Service};

/// One fault. It waits for calls that match and spoils the chosen ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only this service; any when absent.
    #[serde(default)]
    pub service: Option<Service>,
    /// Only this HTTP method; any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths that contain this text, ignoring case; any when absent.
    #[serde(default)]
    pub path: Option<String>,
    /// Only calls that change something, as the log of mutating calls counts them.
    #[serde(default)]
    pub writes: bool,
    /// The first matching call that is spoiled, counted from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many calls from there on are spoiled; 0 means all of them.
    #[serde(default = "one")]
    pub times: u32,
    /// From `nth` on only every so many matching calls are spoiled.
    #[serde(default = "one")]
    pub every: u32,
    /// What happens.
    pub action: FaultAction,
    /// Matching calls seen so far.
    #[serde(default, skip_deserializing)]
    pub seen: u32,
}

fn one() -> u32 {
    1
}

/// What a fault does to its call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultAction {
    /// Answers with a status instead of doing the call.
    Status {
        /// HTTP status.
        status: u16,
        /// JSON body; a text is sent as a page of HTML, as it stands. The service's own generic error when absent.
        #[serde(default)]
        body: Option<Value>,
        /// Seconds for a `Retry-After` header.
        #[serde(default)]
        retry_after_s: Option<u32>,
    },
    /// Drops the connection without an answer.
    Drop {
        /// Whether the call is applied first.
        applied: bool,
    },
    /// Holds the call back twice, when it has arrived and once more when it was done and before it is answered, each
    /// time until a test lets it go or the caller is gone.
    Hold,
    /// Answers 200 with HTML where JSON was expected, without doing the call.
    NotJson,
    /// Waits before the call is done.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
}

impl Fault {
    /// Counts a call and says whether it is one of those to be spoiled.
    pub fn strikes(&mut self, service: Service, request: &Request) -> bool {
        let fits = self.service.is_none_or(|wanted| wanted == service)
            && self.method.as_ref().is_none_or(|wanted| request.method.as_str().eq_ignore_ascii_case(wanted))
            && self.path.as_ref().is_none_or(|wanted| {
                request.path.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase())
            });
        if !fits || (self.writes && !World::is_mutation(service, &request.method, &request.path)) {
            return false;
        }
        self.seen = self.seen.saturating_add(1);
        let Some(past_first) = self.seen.checked_sub(self.nth.max(1)) else { return false };
        let every = self.every.max(1);
        past_first % every == 0 && (self.times == 0 || past_first / every < self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        toml::from_str(text).unwrap()
    }

    fn hits(mut fault: Fault, calls: u32) -> Vec<u32> {
        let request = Request::get("/v1.0/applications/1");
        (1..=calls).filter(|_| fault.strikes(Service::Graph, &request)).collect()
    }

    #[test]
    fn a_fault_strikes_the_calls_it_names() {
        let drop = "action = { kind = 'drop', applied = true }";
        for (text, expected) in [
            (format!("{drop}\n"), vec![1]),
            (format!("nth = 3\n{drop}\n"), vec![3]),
            (format!("times = 0\n{drop}\n"), vec![1, 2, 3, 4, 5, 6]),
            (format!("nth = 2\ntimes = 2\nevery = 3\n{drop}\n"), vec![2, 5]),
            (format!("service = 'arm'\n{drop}\n"), vec![]),
            (format!("method = 'post'\n{drop}\n"), vec![]),
            (format!("path = '/Applications/'\n{drop}\n"), vec![1]),
            (format!("path = '/nothing'\n{drop}\n"), vec![]),
            (format!("writes = true\ntimes = 0\n{drop}\n"), vec![]),
        ] {
            assert_eq!(hits(fault(&text), 6), expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(toml::from_str::<Fault>("colour = 1\naction = { kind = 'not_json' }").is_err());
    }
}
