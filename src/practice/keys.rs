//! The one signing key of the process, and the signing and checking of tokens with it.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::Value;

/// The RSA key that signs every token of the practice cloud. It is made once per process and never leaves it.
pub struct Keys {
    /// Key id, as in token headers and JWKS.
    pub kid: String,
    /// Public modulus, base64url.
    pub n: String,
    /// Public exponent, base64url.
    pub e: String,
    signing: EncodingKey,
    checking: DecodingKey,
}

static KEYS: OnceLock<Option<Keys>> = OnceLock::new();

/// The key, made on the first call. `None` if the machine's random source or the crypto library refused.
pub fn keys() -> Option<&'static Keys> {
    KEYS.get_or_init(Keys::generate).as_ref()
}

impl Keys {
    fn generate() -> Option<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let signing = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::RS256).ok()?;
        let AlgorithmParameters::RSA(public) = jwk.algorithm else { return None };
        let checking = DecodingKey::from_rsa_components(&public.n, &public.e).ok()?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public.n.as_bytes());
        let kid = URL_SAFE_NO_PAD.encode(digest.as_ref().get(..20)?);
        Some(Self { kid, n: public.n, e: public.e, signing, checking })
    }

    /// Signs claims as an RS256 JWT with `kid` and `x5t` in its header, as Entra's have.
    /// `None` only if the crypto library refuses.
    pub fn sign(&self, claims: &Value) -> Option<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        header.x5t = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.signing).ok()
    }

    /// The claims of a token that this key signed with RS256. Lifetime, issuer and audience are for the caller to
    /// judge, by the world's clock. `None` for anything else: other keys, other algorithms, `alg: none`, no JWT.
    pub fn verify(&self, token: &str) -> Option<Value> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<Value>(token, &self.checking, &validation).ok().map(|token| token.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_tokens_of_this_key_and_algorithm_hold() {
        let keys = keys().unwrap();
        let claims = json!({"aud": "a", "exp": 1});
        let good = keys.sign(&claims).unwrap();
        assert_eq!(keys.verify(&good), Some(claims.clone()));

        let other = Keys::generate().unwrap().sign(&claims).unwrap();
        let (body, signature) = good.rsplit_once('.').unwrap();
        let payload = body.split_once('.').unwrap().1;
        let none = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
        let changed = format!(
            "{}.{}.{signature}",
            body.split_once('.').unwrap().0,
            URL_SAFE_NO_PAD.encode(r#"{"aud":"b","exp":1}"#)
        );
        let by_secret = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(keys.n.as_bytes()),
        )
        .unwrap();
        for bad in [other, none, changed, by_secret, "junk".into(), "a.b.c".into(), String::new()] {
            assert_eq!(keys.verify(&bad), None, "{bad}");
        }
    }
}
