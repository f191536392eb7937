//! A change that no plan would make, for rules that a plan never breaks.

use handclasp::engine::change::{Change, ChangeKind, Method, Right, Service};
use serde_json::Value;

/// A change of the directory, with nothing but what is sent.
pub fn change(kind: ChangeKind, method: Method, path: impl Into<String>, body: Value) -> Change {
    Change {
        kind,
        service: Service::Graph,
        method,
        path: path.into(),
        prefer: None,
        before: Value::Null,
        body,
        title: String::new(),
        consequences: vec![],
        right: Right::OwnApp,
        az: String::new(),
        undo: String::new(),
        inverse: vec![],
        undo_az: vec![],
    }
}
