//! Taking secrets out of everything that is logged, recorded or quoted in an error.
//!
//! Two ways work together. By name: the parameters, members and headers that carry secrets in the
//! services' protocols (microsoft-cloud 2.4 to 2.8). By value: what one exchange is known to have
//! carried is taken out wherever it turns up, because a service may quote it back.

mod members;

use serde_json::Value;
use url::Url;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Values shorter than this are not searched for: they would hit harmless text everywhere.
const SHORTEST_NEEDLE: usize = 6;

/// More secrets than this in one exchange are somebody's attempt to keep us busy; names still hide them.
const MOST_NEEDLES: usize = 96;

/// Names that carry a secret in a form, a query, a JSON body or a header, in lower case.
const NAMES: [&str; 17] = [
    "access_token",
    "assertion",
    "authenticationtoken",
    "client_assertion",
    "code_verifier",
    "device_code",
    "functionkeys",
    "id_token",
    "id_token_hint",
    "masterkey",
    "refresh_token",
    "secrettext",
    "sig",
    "systemkeys",
    "user_code",
    "x-functions-key",
    "x-zumo-auth",
];

/// Headers that carry a secret, in lower case.
const HEADERS: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "set-cookie", "x-ms-token"];

/// Kinds of credentials that may be named in a recording.
const SCHEMES: [&str; 2] = ["Bearer", "Basic"];

/// Endings of names that carry a secret, in lower case. The classic settings hold one for each other provider, such as
/// `googleClientSecret` and `facebookAppSecret` (microsoft-cloud 5.8).
const ENDINGS: [&str; 2] = ["secret", "password"];

/// Whether a JSON member or header of this name carries a secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a form or query parameter carries a secret. `code` does so here, but not in JSON, where it is
/// an error code; a short number is an error code here as well (`error?code=65001`).
fn is_secret_parameter(name: &str, value: &str) -> bool {
    if name.eq_ignore_ascii_case("code") {
        return !(value.len() <= 8 && value.bytes().all(|b| b.is_ascii_digit()));
    }
    is_secret_name(name)
}

/// Knows the secrets of one exchange and takes them, and everything that looks like one, out of texts.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<Zeroizing<String>>,
}

impl Redactor {
    /// Remembers a value that must not show, in its plain, form-encoded and JSON spellings.
    pub fn learn(&mut self, secret: &str) {
        if secret.len() < SHORTEST_NEEDLE
            || self.needles.len() >= MOST_NEEDLES
            || self.needles.iter().any(|n| n.as_str() == secret)
        {
            return;
        }
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let quoted = Value::from(secret).to_string();
        let quoted = quoted.trim_matches('"');
        for spelling in [encoded.as_str(), quoted] {
            if spelling != secret {
                self.needles.push(Zeroizing::new(spelling.to_owned()));
            }
        }
        self.needles.push(Zeroizing::new(secret.to_owned()));
        // A secret that begins with another one must go first, or its rest would be left standing.
        self.needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    /// Remembers the secret parameters of a form or query.
    pub fn learn_from_form(&mut self, form: &str) {
        for (name, value) in form_urlencoded::parse(form.as_bytes()) {
            if is_secret_parameter(&name, &value) {
                self.learn(&value);
            }
        }
    }

    /// Remembers the secret members of a JSON body, at any depth.
    pub fn learn_from_json(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(text) if is_secret_name(name) => self.learn(text),
                        _ => self.learn_from_json(member),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_from_json(item)),
            _ => {}
        }
    }

    /// Remembers the secret members of a body that should be JSON, and may be spoilt or cut off.
    pub fn learn_from_body(&mut self, body: &[u8]) {
        if let Ok(value) = serde_json::from_slice(body) {
            self.learn_from_json(&value);
            return;
        }
        let text = String::from_utf8_lossy(body);
        for value in members::secret_values(&text) {
            self.learn(&text[value]);
        }
    }

    /// A text without known secrets, JWT-shaped strings, secret parameters and secret members.
    pub fn text(&self, text: &str) -> String {
        let text = without_parameters(&without_jwts(text));
        let mut text = members::without_secret_values(&text, REDACTED);
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                text = text.replace(needle.as_str(), REDACTED);
            }
        }
        text
    }

    /// A JSON value without secrets; its shape stays.
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| {
                        let kept = if is_secret_name(name) && !member.is_null() {
                            Value::from(REDACTED)
                        } else {
                            self.json(member)
                        };
                        (self.text(name), kept)
                    })
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// The parameters of a form or query without secrets.
    pub fn parameters(&self, form: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(form.as_bytes())
            .map(|(name, value)| {
                let kept = if is_secret_parameter(&name, &value) && !value.is_empty() {
                    REDACTED.to_owned()
                } else {
                    self.text(&value)
                };
                (self.text(&name), kept)
            })
            .collect()
    }

    /// A form or query without secrets, encoded again.
    pub fn form(&self, form: &str) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.parameters(form)).finish()
    }

    /// Path and query of an address without secrets; ids stay, a user name, password or fragment goes.
    pub fn path(&self, url: &Url) -> String {
        let mut path = self.text(url.path());
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(&self.text(query));
        }
        path
    }

    /// An address without secrets.
    pub fn url(&self, url: &Url) -> String {
        format!("{}{}", url.origin().ascii_serialization(), self.path(url))
    }

    /// The value of a header without secrets. Of credentials their kind stays, so that a recording still
    /// shows that a bearer token was sent.
    pub fn header(&self, name: &str, value: &str) -> String {
        if name.eq_ignore_ascii_case("authorization") {
            let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
            return match SCHEMES.iter().find(|known| known.eq_ignore_ascii_case(scheme)) {
                Some(known) => format!("{known} {REDACTED}"),
                None => REDACTED.to_owned(),
            };
        }
        let secret = is_secret_name(name)
            || HEADERS
                .iter()
                .any(|known| name.get(..known.len()).is_some_and(|head| head.eq_ignore_ascii_case(known)));
        if secret { REDACTED.to_owned() } else { self.text(value) }
    }

    /// A body without secrets, read as what its content type or its first character says it is.
    pub fn body(&self, content_type: &str, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        if content_type.contains("x-www-form-urlencoded") {
            return self.form(&text);
        }
        match serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) {
            Ok(value) if value.is_object() || value.is_array() => self.json(&value).to_string(),
            _ => self.text(&text),
        }
    }
}

/// Whether a byte may stand inside one part of a JWT (base64url).
fn is_jwt_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

/// The length of the JWT-shaped string at the start of this text, if there is one: a header that begins
/// like `{"`, and at least one more part after a dot.
fn jwt_length(text: &str) -> Option<usize> {
    if !text.starts_with("eyJ") {
        return None;
    }
    let bytes = text.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|b| is_jwt_byte(**b)).count();
    let mut end = run(0);
    let mut parts = 1;
    while parts < 5 && bytes.get(end) == Some(&b'.') && (run(end + 1) > 0 || parts >= 2) {
        end += 1 + run(end + 1);
        parts += 1;
    }
    (parts >= 2).then_some(end)
}

fn without_jwts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let inside_word = before.bytes().last().is_some_and(is_jwt_byte);
        let length = if inside_word { None } else { jwt_length(from) };
        if let Some(length) = length {
            out.push_str(REDACTED);
            rest = &from[length..];
        } else {
            out.push_str("eyJ");
            rest = &from[3..];
        }
    }
    out.push_str(rest);
    out
}

/// Takes out the values of secret `name=value` pairs, wherever they stand: in a query, a form, a sentence.
fn without_parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (head, tail) = rest.split_at(at + 1);
        out.push_str(head);
        let name = head[..at].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).next();
        let length = tail
            .find(|c: char| {
                c == '&' || c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | ')' | '#')
            })
            .unwrap_or(tail.len());
        if length > 0 && is_secret_parameter(name.unwrap_or_default(), &tail[..length]) {
            out.push_str(REDACTED);
            rest = &tail[length..];
        } else {
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGkifQ.c2lnbmF0dXJl-_";

    #[test]
    fn tokens_are_found_anywhere() {
        let redactor = Redactor::default();
        for (text, kept) in [
            (format!("Bearer {JWT}."), "Bearer [redacted]"),
            (format!("a {JWT} b {JWT}"), "a [redacted] b [redacted]"),
            ("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.".to_owned(), "[redacted]"),
            ("eyJust a word".to_owned(), "eyJust a word"),
            ("heyJude.fm.la".to_owned(), "heyJude.fm.la"),
        ] {
            let clean = redactor.text(&text);
            assert!(clean == kept || clean == format!("{kept}."), "{clean}");
        }
    }

    #[test]
    fn secret_parameters_lose_their_value_and_others_keep_it() {
        let redactor = Redactor::default();
        for (text, kept) in [
            ("http://localhost:1/?code=0.AXoA&state=s1", "http://localhost:1/?code=[redacted]&state=s1"),
            ("https://login.example/error?code=65001", "https://login.example/error?code=65001"),
            ("Client_Secret=abc~def", "Client_Secret=[redacted]"),
            ("error_code=AADSTS1&hint=abc", "error_code=AADSTS1&hint=abc"),
            ("<a href=\"x?refresh_token=r1\">y</a>", "<a href=\"x?refresh_token=[redacted]\">y</a>"),
            ("a==b= =", "a==b= ="),
        ] {
            assert_eq!(redactor.text(text), kept);
        }
        let form = "client_id=c&client_secret=a%2Bb&code=xyz&code_verifier=v&hint=a+b";
        assert_eq!(
            redactor.form(form),
            "client_id=c&client_secret=%5Bredacted%5D&code=%5Bredacted%5D&code_verifier=%5Bredacted%5D&hint=a+b"
        );
    }

    #[test]
    fn json_keeps_its_shape_and_error_codes() {
        let value = json!({
            "secretText": "s3cr3t~value", "hint": "s3c", "error": {"code": "Authorization_RequestDenied"},
            "list": [{"refresh_token": null, "id_token": JWT, "n": 3}]
        });
        assert_eq!(
            Redactor::default().json(&value),
            json!({
                "secretText": REDACTED, "hint": "s3c", "error": {"code": "Authorization_RequestDenied"},
                "list": [{"refresh_token": null, "id_token": REDACTED, "n": 3}]
            })
        );
    }

    #[test]
    fn a_value_that_was_sent_is_taken_out_of_what_comes_back() {
        let mut redactor = Redactor::default();
        redactor.learn_from_form("client_secret=Ab%7E%2B1%22xyz&client_id=not-a-secret");
        redactor.learn_from_json(&json!({"user_code": "ABCD1EFGH", "message": "enter ABCD1EFGH"}));
        assert_eq!(
            redactor.text("The value Ab~+1\"xyz (Ab%7E%2B1%22xyz, Ab~+1\\\"xyz) of not-a-secret; ABCD1EFGH"),
            "The value [redacted] ([redacted], [redacted]) of not-a-secret; [redacted]"
        );
        let body = redactor.body("text/html", b"<p>Ab~+1\"xyz</p>");
        assert_eq!(body, "<p>[redacted]</p>");
    }

    #[test]
    fn headers_go_by_their_name() {
        let redactor = Redactor::default();
        for name in ["Authorization", "set-cookie", "Cookie", "X-Functions-Key", "x-ms-token-aad-id-token"] {
            assert_eq!(redactor.header(name, "anything"), REDACTED, "{name}");
        }
        assert_eq!(redactor.header("authorization", "bearer some.secret token"), "Bearer [redacted]");
        assert_eq!(redactor.header("Authorization", "s3cret value"), REDACTED);
        assert_eq!(
            redactor.header("Location", "http://localhost:1/?code=AbC"),
            "http://localhost:1/?code=[redacted]"
        );
        assert_eq!(redactor.header("Date", "today"), "today");
    }

    #[test]
    fn bodies_are_read_leniently() {
        let redactor = Redactor::default();
        assert_eq!(
            redactor.body("text/plain", b"\xEF\xBB\xBF{\"access_token\":\"x\"}"),
            r#"{"access_token":"[redacted]"}"#
        );
        assert_eq!(
            redactor.body("application/x-www-form-urlencoded", b"a=1&password=2"),
            "a=1&password=%5Bredacted%5D"
        );
        assert_eq!(redactor.body("application/json", b"\xff not json"), "\u{fffd} not json");
    }
}
