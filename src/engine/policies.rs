//! What a tenant's policy for secrets allows, learnt from the policy where it can be read, else from the refusal
//! (microsoft-cloud 4.10).

use super::trouble::Trouble;

/// What a refused secret was refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretRefusal {
    /// No secret at all.
    Forbidden,
    /// Not for as long as was asked.
    TooLong,
}

/// Reads a refusal by its code. The status that comes with it is not certain, and does not count.
pub fn secret_refusal(trouble: &Trouble) -> Option<SecretRefusal> {
    match trouble.code.as_deref()? {
        "CredentialTypeNotAllowedAsPerAppPolicy" => Some(SecretRefusal::Forbidden),
        "CredentialInvalidLifetimeAsPerAppPolicy" => Some(SecretRefusal::TooLong),
        _ => None,
    }
}

/// The next length to ask for, in days, after this one was refused as too long. The refusal does not say what is
/// allowed, so the usual limits are gone through, the longest first; `None` when even a day was too long.
pub fn shorter(refused: i64) -> Option<i64> {
    [365, 180, 90, 60, 30, 14, 7, 1].into_iter().find(|days| *days < refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trouble::Class;

    #[test]
    fn a_refusal_is_read_by_its_code_alone() {
        for (code, expected) in [
            ("CredentialTypeNotAllowedAsPerAppPolicy", Some(SecretRefusal::Forbidden)),
            ("CredentialInvalidLifetimeAsPerAppPolicy", Some(SecretRefusal::TooLong)),
            ("Authorization_RequestDenied", None),
        ] {
            for class in [Class::Refused, Class::NotAllowed] {
                let mut trouble = Trouble::new(class, "No.", "Ask.");
                trouble.code = Some(code.into());
                assert_eq!(secret_refusal(&trouble), expected, "{code}");
            }
        }
        assert_eq!(secret_refusal(&Trouble::new(Class::NotAllowed, "No.", "Ask.")), None);
    }

    #[test]
    fn lengths_get_shorter_until_there_is_none() {
        let mut asked = 180;
        let mut all = Vec::new();
        while let Some(next) = shorter(asked) {
            all.push(next);
            asked = next;
        }
        assert_eq!(all, [90, 60, 30, 14, 7, 1]);
        assert_eq!(shorter(100), Some(90));
    }
}
