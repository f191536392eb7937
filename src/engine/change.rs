//! One change to the cloud as data: exactly what will be sent, shown before it is sent.

use std::fmt;

use serde_json::Value;

/// Something a later step needs that an earlier step has yet to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pending {
    /// Client id of the API's registration.
    ApiAppId,
    /// Graph object id of the API's registration.
    ApiObjectId,
    /// Object id of the API's service principal.
    ApiPrincipalId,
    /// Client id of the connector's registration.
    ClientAppId,
    /// Graph object id of the connector's registration.
    ClientObjectId,
    /// Object id of the connector's service principal.
    ClientPrincipalId,
    /// Id of the grant that a change makes; only its inverse waits for it.
    GrantId,
    /// Key id of the secret that a change makes; only its inverse waits for it.
    SecretKeyId,
}

impl Pending {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ApiAppId,
        Self::ApiObjectId,
        Self::ApiPrincipalId,
        Self::ClientAppId,
        Self::ClientObjectId,
        Self::ClientPrincipalId,
        Self::GrantId,
        Self::SecretKeyId,
    ];

    /// The mark that stands in a body or path until the value is known. Its brackets occur in no
    /// value of Microsoft's, so that a mark that was left in can be found before anything is sent.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::ApiAppId => "⟨api client id⟩",
            Self::ApiObjectId => "⟨api object id⟩",
            Self::ApiPrincipalId => "⟨api service principal⟩",
            Self::ClientAppId => "⟨connector client id⟩",
            Self::ClientObjectId => "⟨connector object id⟩",
            Self::ClientPrincipalId => "⟨connector service principal⟩",
            Self::GrantId => "⟨grant id⟩",
            Self::SecretKeyId => "⟨secret key id⟩",
        }
    }

    /// The first mark that stands in this text, if any.
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| text.contains(p.mark()))
    }
}

/// A value that is known, or that an earlier step will make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref {
    /// Known.
    Known(String),
    /// Made by an earlier step.
    Later(Pending),
}

impl Ref {
    /// Known if there is a value, else to be made.
    pub fn of(value: Option<&str>, pending: Pending) -> Self {
        value.map_or(Self::Later(pending), |v| Self::Known(v.to_owned()))
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(value) => value,
            Self::Later(pending) => pending.mark(),
        })
    }
}

/// What a change does, for deciding whether it has landed and what to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Create the API's registration.
    CreateApiApp,
    /// Give it its identifier URI.
    SetIdentifierUri,
    /// Expose or enable `user_impersonation` on an existing API.
    ExposeScope,
    /// Create the API's service principal.
    CreateApiPrincipal,
    /// Write the authentication settings.
    PutAuth,
    /// Create the connector's registration.
    CreateClientApp,
    /// Create the connector's service principal.
    CreateClientPrincipal,
    /// Request permissions for the connector.
    RequestPermission,
    /// Pre-authorise the connector on the API.
    PreAuthorize,
    /// Grant the permission for everyone.
    GrantEveryone,
    /// Add a client secret.
    AddSecret,
    /// Remove a client secret whose value is lost.
    RemoveSecret,
    /// Register the connector's redirect URL.
    AddRedirect,
    /// Register the rehearsal's temporary redirect URI.
    AddRehearsalRedirect,
    /// Take the rehearsal's redirect URI (or a leftover) away.
    RemoveRehearsalRedirect,
}

/// Which service a change goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Microsoft Graph, path below `/v1.0`.
    Graph,
    /// Azure Resource Manager, path below the root.
    Arm,
}

/// HTTP methods that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// POST: never repeated without looking first.
    Post,
    /// PATCH.
    Patch,
    /// PUT: replaces the whole document.
    Put,
}

impl Method {
    /// As spelt on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
        }
    }
}

/// One request that takes a change back; it goes to the change's own service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inverse {
    /// What the change made is deleted.
    Delete {
        /// Path below the service's root, marks of pending values included.
        path: String,
    },
    /// What was there before is written again, or what was added is taken away.
    Send {
        /// How.
        method: Method,
        /// Where to.
        path: String,
        /// What is sent, marks of pending values included.
        body: Value,
    },
}

/// The right a change needs; named for people by `engine/words`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// May create app registrations in this tenant.
    CreateApps,
    /// Owns this registration, or administers applications.
    OwnApp,
    /// May write the function app's configuration.
    WriteSite,
    /// May consent for everyone (Cloud Application Administrator or higher).
    ConsentForAll,
}

/// One planned change: what is sent, what it changes, and how to take it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it does.
    pub kind: ChangeKind,
    /// Where it goes.
    pub service: Service,
    /// How.
    pub method: Method,
    /// Path with query, marks of pending values included.
    pub path: String,
    /// `Prefer` header, e.g. `create-if-missing` for an upsert on `uniqueName`.
    pub prefer: Option<&'static str>,
    /// The value before, in the shape of `body`; `Null` where nothing was there.
    pub before: Value,
    /// The body, exactly as it will be sent; marks of pending values included.
    pub body: Value,
    /// One line for people: what this does.
    pub title: String,
    /// What it means for others, when it does (empty otherwise).
    pub consequences: Vec<String>,
    /// The right it needs.
    pub right: Right,
    /// The same as an `az` command.
    pub az: String,
    /// How to take it back, for people.
    pub undo: String,
    /// What takes it back, in order; empty where nothing can.
    pub inverse: Vec<Inverse>,
    /// The inverse as `az` commands.
    pub undo_az: Vec<String>,
}

impl Change {
    /// The pending value that must be known before this can be sent.
    pub fn waits_for(&self) -> Option<Pending> {
        Pending::find(&self.path).or_else(|| Pending::find(&self.body.to_string()))
    }

    /// The command for a shell, and below it, as comments of Bash and PowerShell alike, what takes it back.
    pub fn commands(&self, heading: &str) -> String {
        let mut lines = vec![self.az.clone()];
        if !self.undo_az.is_empty() {
            lines.push(format!("# {heading}"));
            lines.extend(self.undo_az.iter().map(|line| format!("# {line}")));
        }
        lines.join("\n")
    }

    /// Whether sending it twice leaves the same behind as sending it once: it says how things are to be, in full. What
    /// adds or creates by itself is not such a change; nor is a rehearsal's, whose every step is looked after.
    pub fn repeatable(&self) -> bool {
        let rehearsals =
            matches!(self.kind, ChangeKind::AddRehearsalRedirect | ChangeKind::RemoveRehearsalRedirect);
        matches!(self.method, Method::Patch | Method::Put) && !rehearsals
    }

    /// Whether `other`, planned later from fresh facts, is this same change: the same kind and
    /// target, and the same body, where a pending value here may have become any value there.
    ///
    /// Taking the rehearsal's own redirect URI away means "that one, from whatever is there by then",
    /// since the person may have added theirs meanwhile; there the body may differ.
    pub fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.service == other.service
            && self.method == other.method
            && text_covers(&self.path, &other.path)
            && (self.kind == ChangeKind::RemoveRehearsalRedirect || value_covers(&self.body, &other.body))
    }
}

fn text_covers(planned: &str, actual: &str) -> bool {
    let Some(pending) = Pending::find(planned) else { return planned == actual };
    let Some((head, tail)) = planned.split_once(pending.mark()) else { return false };
    let Some(rest) = actual.strip_prefix(head) else { return false };
    if tail.is_empty() {
        return !rest.is_empty();
    }
    // A value never contains what follows its mark, so the first place where the tail fits is the one.
    rest.char_indices().skip(1).any(|(i, _)| text_covers(tail, &rest[i..]))
}

fn value_covers(planned: &Value, actual: &Value) -> bool {
    match (planned, actual) {
        (Value::String(a), Value::String(b)) => text_covers(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| value_covers(x, y))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| value_covers(v, w)))
        }
        _ => planned == actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(path: &str, body: Value) -> Change {
        Change {
            kind: ChangeKind::SetIdentifierUri,
            service: Service::Graph,
            method: Method::Patch,
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

    #[test]
    fn a_pending_value_may_become_any_value_but_nothing_else_may_differ() {
        let id = Pending::ApiAppId.mark();
        let planned = change(
            &format!("/applications/{}/x", Pending::ApiObjectId.mark()),
            json!({"identifierUris": [format!("api://{id}")]}),
        );
        assert_eq!(planned.waits_for(), Some(Pending::ApiObjectId));
        let later = change("/applications/0a/x", json!({"identifierUris": ["api://1b"]}));
        assert_eq!(later.waits_for(), None);
        assert!(planned.covers(&later));
        assert!(!planned.covers(&change("/applications//x", json!({"identifierUris": ["api://1b"]}))));
        assert!(!planned.covers(&change("/applications/0a/x", json!({"identifierUris": ["https://1b"]}))));
        assert!(
            !planned
                .covers(&change("/applications/0a/x", json!({"identifierUris": ["api://1b", "api://2"]})))
        );
        assert!(!later.covers(&planned) || later == planned);
    }
}
