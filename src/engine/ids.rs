//! The stable names of stages and checks, and the order of the chain.

use serde::{Deserialize, Serialize};

/// The seven stages of the set-up, in order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum StageId {
    /// Pick the function app.
    Pick,
    /// Protect it: Easy Auth and the API's registration.
    Protect,
    /// Register the connector's own app.
    Register,
    /// Grant `user_impersonation` to it.
    Grant,
    /// Create its client secret.
    Secret,
    /// Fill in the connector page and bring the redirect URL back.
    Connect,
    /// Try the whole chain.
    Try,
}

impl StageId {
    /// All stages in the order they are walked.
    pub const ALL: [Self; 7] =
        [Self::Pick, Self::Protect, Self::Register, Self::Grant, Self::Secret, Self::Connect, Self::Try];

    /// The stable id, as it stands in the JSON report and in `assets/stages.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pick => "pick",
            Self::Protect => "protect",
            Self::Register => "register",
            Self::Grant => "grant",
            Self::Secret => "secret",
            Self::Connect => "connect",
            Self::Try => "try",
        }
    }

    /// One-based number, for "Step 3 of 7".
    pub const fn number(self) -> usize {
        self as usize + 1
    }

    /// The stage after this one, if there is one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }

    /// The stage before this one, if there is one.
    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).and_then(|i| Self::ALL.get(i).copied())
    }
}

macro_rules! check_ids {
    ($($(#[$doc:meta])* $name:ident = $text:literal in $stage:ident;)+) => {
        /// Every check, in chain order: the first failing one is what is broken first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CheckId { $($(#[$doc])* $name,)+ }

        impl CheckId {
            /// All checks in chain order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable id, as it stands in reports and in `assets/checks.toml`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The stage this check belongs to.
            pub const fn stage(self) -> StageId {
                match self { $(Self::$name => StageId::$stage,)+ }
            }

            /// The check with this stable id.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

impl<'de> Deserialize<'de> for CheckId {
    fn deserialize<D: serde::Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let text = String::deserialize(text)?;
        Self::from_text(&text).ok_or_else(|| serde::de::Error::custom(text))
    }
}

check_ids! {
    /// The function app exists.
    AppExists = "app.exists" in Pick;
    /// Its host answers over HTTPS.
    AppAnswers = "app.answers" in Pick;
    /// Its functions and routes are known.
    AppFunctions = "app.functions" in Pick;
    /// No function asks for a key on top of the sign-in.
    AppAuthLevel = "app.authlevel" in Pick;
    /// The API's app registration exists.
    ApiApp = "api.app" in Protect;
    /// The API's service principal exists and is enabled.
    ApiPrincipal = "api.principal" in Protect;
    /// `user_impersonation` is exposed and enabled.
    ApiScope = "api.scope" in Protect;
    /// Easy Auth is on and has a provider.
    AuthOn = "auth.on" in Protect;
    /// The provider is this tenant's.
    AuthTenant = "auth.tenant" in Protect;
    /// The configured issuer fits the API's token version.
    ApiIssuer = "api.issuer" in Protect;
    /// The audience that results from the Resource URL is accepted.
    ApiAudience = "api.audience" in Protect;
    /// Anonymous calls are refused.
    AuthRefuses = "auth.refuses" in Protect;
    /// No path is let through without a sign-in.
    AuthExcluded = "auth.excluded" in Protect;
    /// The connector's app registration exists.
    ClientApp = "client.app" in Register;
    /// Its service principal exists and is enabled.
    ClientPrincipal = "client.principal" in Register;
    /// It is not the API's own registration.
    ClientSeparate = "client.separate" in Register;
    /// It accepts the right kind of accounts.
    ClientAudience = "client.audience" in Register;
    /// Easy Auth admits both client ids.
    ClientAllowed = "client.allowed" in Register;
    /// The connector's app requests the API's permission.
    GrantRequested = "grant.requested" in Grant;
    /// It requests Graph's `User.Read`.
    GrantProfile = "grant.profile" in Grant;
    /// This person has consented, or need not.
    GrantConsent = "grant.consent" in Grant;
    /// Everyone else has, or need not.
    GrantEveryone = "grant.everyone" in Grant;
    /// Nobody is locked out by assignment rules.
    GrantAssignment = "grant.assignment" in Grant;
    /// A client secret exists.
    SecretExists = "secret.exists" in Secret;
    /// It does not end soon.
    SecretEnds = "secret.ends" in Secret;
    /// Its value was proved by a token request.
    SecretWorks = "secret.works" in Secret;
    /// The Resource URL names a service principal of the tenant.
    ResourceResolves = "resource.resolves" in Connect;
    /// The connector's redirect URL is known.
    RedirectKnown = "redirect.known" in Connect;
    /// It is registered exactly, under the Web platform.
    RedirectRegistered = "redirect.registered" in Connect;
    /// No redirect URI of a rehearsal was left behind.
    RedirectLeftover = "redirect.leftover" in Connect;
    /// The function answered a call made the connector's way.
    TryAnswered = "try.answered" in Try;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_stay_in_stage_order() {
        for id in CheckId::ALL {
            assert_eq!(CheckId::from_text(id.as_str()), Some(*id));
        }
        assert!(CheckId::ALL.windows(2).all(|w| w[0].stage() <= w[1].stage()));
        assert!(StageId::ALL.iter().all(|s| CheckId::ALL.iter().any(|c| c.stage() == *s)));
    }

    #[test]
    fn stages_step_forth_and_back() {
        assert_eq!(StageId::Pick.next(), Some(StageId::Protect));
        assert_eq!(StageId::Try.next(), None);
        assert_eq!(StageId::Pick.previous(), None);
        assert_eq!(StageId::Try.number(), 7);
    }
}
