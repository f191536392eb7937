//! A plan as the screen showed it, to be held against the calls that the practice cloud saw.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use handclasp::engine::change::{Change, ChangeKind, Method, Pending, Right, Service};
use serde_json::Value;

use super::{Terminal, key};

/// One change of a plan, as it was shown in full before it was agreed to.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its line in the list.
    pub title: String,
    /// Method and path, as shown.
    pub call: String,
    /// Everything else that was shown of it, without any white space.
    pub squashed: String,
    /// How many values were said to be sent again as they are.
    pub same: usize,
    /// The same as a command, copied by Enter.
    pub az: String,
}

/// Reads the plan that is on the screen, change by change, with the arrow keys and Enter. The terminal must be too
/// narrow for two columns and tall enough for everything.
pub fn read(terminal: &Terminal) -> Vec<Shown> {
    let mut all = Vec::new();
    let count = {
        let text = terminal.screen();
        let word = text.split_once("These ").and_then(|(_, rest)| rest.split_once(" changes"));
        word.map_or(1, |(count, _)| count.parse().unwrap())
    };
    for number in 1..=count {
        let start = format!("> {number}. ");
        terminal.go_where(&start, |selected| selected.starts_with(&start));
        // The first line is the change; what takes it back follows.
        let az = terminal.copied_by(key::ENTER).lines().next().unwrap_or_default().to_owned();
        let title = terminal.selected();
        let screen = terminal.screen();
        let detail: Vec<&str> = screen
            .lines()
            .skip_while(|line| !line.contains("────"))
            .skip(1)
            .take_while(|line| !line.contains("Yes, "))
            .collect();
        let call_at = detail.iter().position(|line| line.trim_start().starts_with("the call")).unwrap();
        // The path goes on in the lines below, under its own beginning.
        let column = detail[call_at]
            .find("PATCH")
            .or(detail[call_at].find("PUT"))
            .or(detail[call_at].find("POST"))
            .unwrap();
        let mut call = detail[call_at][column..].trim().to_owned();
        for line in detail[call_at + 1..]
            .iter()
            .take_while(|line| line.len() > column && line[..column].trim().is_empty())
        {
            call.push_str(line.trim());
        }
        let same = detail.iter().find_map(|line| {
            let line = line.trim();
            line.ends_with(" sent again as it is.").then_some(1).or_else(|| {
                line.strip_suffix(" other values are sent again as they are.")
                    .map(|count| count.parse().unwrap())
            })
        });
        let body = detail.join("").split_whitespace().collect();
        all.push(Shown { title, call, squashed: body, same: same.unwrap_or(0), az });
    }
    all
}

impl Shown {
    /// Asserts that a call is this change: method, path, and each value of the body. `ids` are those that were not
    /// known yet when the plan was shown, each with the mark that stood for it.
    #[track_caller]
    pub fn assert_is(&self, call: &Value, ids: &[(Pending, String)]) {
        let text = |name: &str| call[name].as_str().unwrap();
        let path = text("path").strip_prefix("/v1.0").unwrap_or(text("path"));
        let query = text("query");
        let sent = format!("{} {path}{}{query}", text("method"), if query.is_empty() { "" } else { "?" });
        let forms = |value: &str| {
            let mut forms = vec![value.to_owned()];
            for (pending, id) in ids {
                let marked: Vec<String> =
                    forms.iter().map(|form| form.replace(id.as_str(), pending.mark())).collect();
                forms.extend(marked);
            }
            forms.into_iter().map(|form| form.split_whitespace().collect::<String>()).collect::<Vec<_>>()
        };
        let shown: String = self.call.split_whitespace().collect();
        let sent = percent_decoded(&sent);
        assert!(forms(&sent).contains(&shown), "{sent} was sent, and shown was {}", self.call);

        let mut values = Vec::new();
        leaves(&call["body"], &mut values);
        assert!(!values.is_empty());
        let unseen: Vec<&String> = values
            .iter()
            .filter(|value| !forms(value).iter().any(|form| self.squashed.contains(form)))
            .collect();
        let planned = self.of_az();
        if self.same == 0 {
            assert!(unseen.is_empty(), "sent but not shown: {unseen:?}\nshown: {self:#?}");
        } else {
            // What stays as it is is shown as a number of members only; what changes is shown, an address that is taken
            // away with its mark, and the command holds it all.
            let changed = self.squashed.split("othervalue").next().unwrap_or_default();
            let shown = unseen.len() < values.len() || changed.contains("-http://localhost:");
            assert!(planned.is_some() && shown, "nothing of it was shown: {self:#?}");
        }

        if let Some(planned) = planned {
            let actual = change(text("method"), sent.split_once(' ').unwrap().1, call["body"].clone());
            assert!(planned.covers(&actual), "planned {planned:#?}\nsent {actual:#?}");
        }
    }

    /// The change as its command has it, where the command is the call itself.
    fn of_az(&self) -> Option<Change> {
        let rest = self.az.strip_prefix("az rest --method ")?;
        let (method, rest) = rest.split_once(" --url \"").unwrap();
        let (url, rest) = rest.split_once('"').unwrap();
        let (_, body) = rest.split_once("--body '").unwrap();
        let (body, _) = body.rsplit_once('\'').unwrap();
        let path = url.split_once("://").unwrap().1;
        let path = &path[path.find('/').unwrap()..];
        let path = path.strip_prefix("/v1.0").unwrap_or(path);
        let body = serde_json::from_str(&body.replace("'\\''", "'")).unwrap();
        Some(change(&method.to_uppercase(), &percent_decoded(path), body))
    }
}

fn change(method: &str, path: &str, body: Value) -> Change {
    Change {
        kind: ChangeKind::PutAuth,
        service: Service::Graph,
        method: match method {
            "POST" => Method::Post,
            "PATCH" => Method::Patch,
            _ => Method::Put,
        },
        path: path.to_owned(),
        prefer: None,
        before: Value::Null,
        body,
        title: String::new(),
        consequences: Vec::new(),
        right: Right::OwnApp,
        az: String::new(),
        undo: String::new(),
        inverse: vec![],
        undo_az: vec![],
    }
}

/// Every value in a document, as text; what is not there is none.
fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => members.values().for_each(|value| leaves(value, into)),
        Value::Array(items) => items.iter().for_each(|value| leaves(value, into)),
        Value::String(text) => into.push(text.clone()),
        other => into.push(other.to_string()),
    }
}

fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D").as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}
