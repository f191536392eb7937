//! What a token says of itself, read without checking its signature: for showing, never for deciding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::engine::clean::clean_line;

/// A token's claims that a person may be shown (microsoft-cloud 2.11). All cleaned; empty where not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `aud`: for whom.
    pub audience: String,
    /// `iss`: by whom.
    pub issuer: String,
    /// `tid`: tenant id.
    pub tenant: String,
    /// `oid`: object id of the person.
    pub object_id: String,
    /// The sign-in name, whichever claim holds it in this version.
    pub user: String,
    /// `name`: display name.
    pub name: String,
    /// `scp`: scopes, separated by spaces.
    pub scopes: String,
}

impl Claims {
    /// Reads a token. Whatever is not a JWT has no claims.
    pub fn of(token: &SecretString) -> Self {
        let payload = token.expose_secret().split('.').nth(1).unwrap_or_default();
        let claims: Value = URL_SAFE_NO_PAD
            .decode(payload.trim_end_matches('='))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| claims.get(*name)?.as_str());
            clean_line(found.unwrap_or_default(), 200)
        };
        Self {
            audience: text(&["aud"]),
            issuer: text(&["iss"]),
            tenant: text(&["tid"]),
            object_id: text(&["oid"]),
            // A service principal, such as a pipeline's, has only a display name.
            user: text(&["preferred_username", "upn", "unique_name", "email", "app_displayname"]),
            name: text(&["name"]),
            scopes: text(&["scp"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> SecretString {
        format!("eyJhbGciOiJub25lIn0.{}.x", URL_SAFE_NO_PAD.encode(claims)).into()
    }

    #[test]
    fn claims_of_both_versions_are_read_and_cleaned() {
        let v1 = Claims::of(&token(
            r#"{"aud":"api","unique_name":"ada@contoso.example","scp":"a b","name":"A\u001bda"}"#,
        ));
        assert_eq!(
            (v1.audience.as_str(), v1.user.as_str(), v1.scopes.as_str()),
            ("api", "ada@contoso.example", "a b")
        );
        assert_eq!(v1.name, "Ada");
        let v2 = Claims::of(&token(r#"{"preferred_username":"ada","upn":"other","oid":7}"#));
        assert_eq!((v2.user.as_str(), v2.object_id.as_str()), ("ada", ""));
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for text in ["", "a.b.c", "..", "eyJ", "a.eyJ.c"] {
            assert_eq!(Claims::of(&text.to_owned().into()), Claims::default(), "{text}");
        }
        assert_eq!(Claims::of(&token("[1]")), Claims::default());
    }
}
