//! A service that takes a token only from a stronger sign-in says with what claims to ask for it: reading that demand.
//!
//! The form is published (the identity platform's page about claims challenges): a 401 with
//! `WWW-Authenticate: Bearer …, error="insufficient_claims", claims="<base64 of JSON>"`. The token endpoint gives the
//! same JSON as text in its member `claims` (microsoft-cloud 2.3).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use serde_json::Value;

use super::easy_auth::parse::parameter;

/// Longest demand that is passed on, in bytes. It travels in an address, and real ones have a few hundred.
const LONGEST: usize = 4 * 1024;

/// The claims that an answer's challenge demands; `None` where it is no challenge of this kind, or not one that can be met.
pub(super) fn demanded(headers: &HeaderMap) -> Option<String> {
    headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).find_map(|challenge| {
        parameter(challenge, "error").filter(|error| error == "insufficient_claims")?;
        from_base64(&parameter(challenge, "claims")?)
    })
}

/// Services differ in alphabet and padding.
fn from_base64(text: &str) -> Option<String> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE].iter().find_map(|alphabet| {
        let decoded = GeneralPurpose::new(alphabet, lenient).decode(text).ok()?;
        checked(std::str::from_utf8(&decoded).ok()?)
    })
}

/// A demand that may be passed on: an object of objects, written anew, so that nothing else travels with it.
pub(super) fn checked(text: &str) -> Option<String> {
    let claims: Value = serde_json::from_str(text).ok().filter(|_| text.len() <= LONGEST)?;
    let members = claims.as_object().filter(|members| !members.is_empty())?;
    members.values().all(Value::is_object).then(|| claims.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    const CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"values":["p1?>"]}}}"#;

    fn header(challenge: &str) -> HeaderMap {
        [(WWW_AUTHENTICATE, challenge.parse().unwrap())].into_iter().collect()
    }

    fn challenge(claims: &str) -> HeaderMap {
        header(&format!(
            "Bearer realm=\"\", authorization_uri=\"https://login.example/common/oauth2/authorize\", \
             error=\"insufficient_claims\", claims=\"{claims}\""
        ))
    }

    #[test]
    fn a_demand_is_read_in_either_alphabet_with_and_without_padding() {
        for text in [BASE64_STANDARD.encode(CLAIMS), BASE64_URL_SAFE_NO_PAD.encode(CLAIMS)] {
            assert_eq!(demanded(&challenge(&text)).as_deref(), Some(CLAIMS), "{text}");
        }
        let mut two = header("Basic realm=\"x\"");
        two.append(WWW_AUTHENTICATE, challenge(&BASE64_STANDARD.encode(CLAIMS))[WWW_AUTHENTICATE].clone());
        assert_eq!(demanded(&two).as_deref(), Some(CLAIMS));
    }

    #[test]
    fn what_is_no_demand_or_cannot_be_one_is_none() {
        assert_eq!(demanded(&HeaderMap::new()), None);
        let other = format!("Bearer error=\"invalid_token\", claims=\"{}\"", BASE64_STANDARD.encode(CLAIMS));
        assert_eq!(demanded(&header(&other)), None);
        assert_eq!(demanded(&header("Bearer error=\"insufficient_claims\"")), None);
        let long = format!(r#"{{"access_token":{{"x":"{}"}}}}"#, "a".repeat(LONGEST));
        for claims in ["", "null", "{}", "[1]", r#"{"access_token":1}"#, "not json", &long] {
            assert_eq!(demanded(&challenge(&BASE64_STANDARD.encode(claims))), None, "{claims}");
        }
        assert_eq!(demanded(&challenge("%%%")), None);
    }
}
