//! Exit codes: what the shell is told, decided in one place.

use std::process::ExitCode;

use crate::engine::facts::{Fact, Facts, Seen};
use crate::engine::findings::{Findings, Verdict};
use crate::engine::ids::CheckId;
use crate::engine::trouble::{Class, Trouble};

/// How a command ended (design section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing fails.
    Fine,
    /// Something fails.
    Fails,
    /// The command line, or a file that it names, cannot be used.
    WrongUsage,
    /// Somebody has to sign in, again or at all.
    SignInNeeded,
    /// The cloud or the network failed.
    CloudFailed,
    /// A mistake in this program.
    OurFault,
    /// The person stopped it.
    Interrupted,
}

impl Exit {
    /// The number for the shell.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Fails => 1,
            Self::WrongUsage => 2,
            Self::SignInNeeded => 3,
            Self::CloudFailed => 4,
            Self::OurFault => 70,
            Self::Interrupted => 130,
        }
    }

    /// After a look at a set-up: 3 and 4 win over 1, since then the findings are not the whole truth.
    pub fn of_look(findings: &Findings, facts: &Facts, strict: bool) -> Self {
        match Self::reason(findings, facts) {
            Some(trouble) if trouble.class == Class::SignInRefused => return Self::SignInNeeded,
            Some(_) => return Self::CloudFailed,
            None => {}
        }
        let bad = |verdict: Verdict| match verdict {
            Verdict::Fail => true,
            Verdict::Warn | Verdict::Unknown => strict,
            Verdict::Pass | Verdict::Waiting | Verdict::NotTried | Verdict::NotApplicable => false,
        };
        if findings.all().any(|finding| bad(finding.verdict)) { Self::Fails } else { Self::Fine }
    }

    /// Why a look ends with 3 or 4: what could not be looked at, the sign-in first.
    pub fn reason<'a>(findings: &Findings, facts: &'a Facts) -> Option<&'a Trouble> {
        let refused = |trouble: &&Trouble| trouble.class == Class::SignInRefused;
        let network = |trouble: &&Trouble| trouble.class.is_network();
        troubles(findings, facts).find(refused).or_else(|| troubles(findings, facts).find(network))
    }

    /// After a trouble that ended a command early.
    pub const fn of_trouble(trouble: &Trouble) -> Self {
        match trouble.class {
            Class::SignInRefused => Self::SignInNeeded,
            Class::Cancelled => Self::Interrupted,
            Class::NotAllowed | Class::NotFound | Class::Refused | Class::Local => Self::Fails,
            Class::Offline
            | Class::Dns
            | Class::Proxy
            | Class::Tls
            | Class::TimeOut
            | Class::Throttled
            | Class::ServiceFault
            | Class::UnexpectedAnswer => Self::CloudFailed,
        }
    }
}

impl Exit {
    /// After a trouble that came before any look: 1 says what a look has found, so it is `otherwise` then.
    pub fn before_a_look(trouble: &Trouble, otherwise: Self) -> Self {
        match Self::of_trouble(trouble) {
            Self::Fails => otherwise,
            exit => exit,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What could not be looked at. That the function app's own host is out of reach counts only while no check has
/// blamed the set-up for it.
fn troubles<'a>(findings: &Findings, facts: &'a Facts) -> impl Iterator<Item = &'a Trouble> {
    fn of<T>(seen: &Seen<T>) -> Option<&Trouble> {
        match &seen.fact {
            Fact::CouldNot(trouble) => Some(trouble),
            Fact::NotLooked | Fact::Absent | Fact::Is(_) => None,
        }
    }
    let blamed = findings.check(CheckId::AppAnswers).is_some_and(|finding| finding.verdict == Verdict::Fail);
    let host =
        [of(&facts.host), of(&facts.probes.login), of(&facts.probes.browser), of(&facts.probes.program)];
    let services = [
        of(&facts.person),
        of(&facts.tenant),
        of(&facts.site),
        of(&facts.functions),
        of(&facts.auth),
        of(&facts.auth_version),
        of(&facts.api_app),
        of(&facts.api_principal),
        of(&facts.client_app),
        of(&facts.client_candidates),
        of(&facts.client_principal),
        of(&facts.grants),
        of(&facts.api_assigned),
        of(&facts.client_assigned),
        of(&facts.user_consent),
        of(&facts.resource),
        of(&facts.secret_probe),
        of(&facts.rehearsal),
    ];
    services.into_iter().chain(host.into_iter().filter(move |_| !blamed)).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::engine::findings::{Finding, StageFindings};

    fn findings(verdicts: &[(CheckId, Verdict)]) -> Findings {
        let checks = verdicts
            .iter()
            .map(|(id, verdict)| Finding { id: *id, verdict: *verdict, evidence: String::new(), note: None })
            .collect();
        Findings { stages: vec![StageFindings { id: crate::engine::ids::StageId::Pick, checks }] }
    }

    fn could_not<T>(class: Class) -> Seen<T> {
        Seen::could_not(Trouble::new(class, "", ""), Timestamp::UNIX_EPOCH, "")
    }

    #[test]
    fn verdicts_alone() {
        use Verdict::{Fail, NotApplicable, NotTried, Pass, Unknown, Waiting, Warn};
        for (verdict, usual, strict) in [
            (Pass, Exit::Fine, Exit::Fine),
            (NotApplicable, Exit::Fine, Exit::Fine),
            (NotTried, Exit::Fine, Exit::Fine),
            (Waiting, Exit::Fine, Exit::Fine),
            (Warn, Exit::Fine, Exit::Fails),
            (Unknown, Exit::Fine, Exit::Fails),
            (Fail, Exit::Fails, Exit::Fails),
        ] {
            let found = findings(&[(CheckId::AppExists, Pass), (CheckId::ApiIssuer, verdict)]);
            assert_eq!(Exit::of_look(&found, &Facts::default(), false), usual, "{verdict:?}");
            assert_eq!(Exit::of_look(&found, &Facts::default(), true), strict, "{verdict:?}");
        }
    }

    #[test]
    fn a_missing_sign_in_wins_over_the_network_and_both_over_a_failure() {
        let failing = findings(&[(CheckId::ApiIssuer, Verdict::Fail)]);
        let offline = Facts { auth: could_not(Class::Offline), ..Facts::default() };
        assert_eq!(Exit::of_look(&failing, &offline, false), Exit::CloudFailed);
        let both = Facts { person: could_not(Class::SignInRefused), ..offline };
        assert_eq!(Exit::of_look(&failing, &both, false), Exit::SignInNeeded);
        let forbidden = Facts { auth: could_not(Class::NotAllowed), ..Facts::default() };
        assert_eq!(Exit::of_look(&failing, &forbidden, false), Exit::Fails);
    }

    #[test]
    fn a_host_that_a_check_blames_is_no_network_failure() {
        let facts = Facts { host: could_not(Class::Dns), ..Facts::default() };
        let blamed = findings(&[(CheckId::AppAnswers, Verdict::Fail)]);
        assert_eq!(Exit::of_look(&blamed, &facts, false), Exit::Fails);
        let unseen = findings(&[(CheckId::AppAnswers, Verdict::Unknown)]);
        assert_eq!(Exit::of_look(&unseen, &facts, false), Exit::CloudFailed);
    }

    #[test]
    fn every_kind_of_trouble_has_its_code() {
        for (class, code) in [
            (Class::Offline, 4),
            (Class::Dns, 4),
            (Class::Proxy, 4),
            (Class::Tls, 4),
            (Class::TimeOut, 4),
            (Class::SignInRefused, 3),
            (Class::NotAllowed, 1),
            (Class::NotFound, 1),
            (Class::Throttled, 4),
            (Class::ServiceFault, 4),
            (Class::Refused, 1),
            (Class::UnexpectedAnswer, 4),
            (Class::Local, 1),
            (Class::Cancelled, 130),
        ] {
            assert_eq!(Exit::of_trouble(&Trouble::new(class, "", "")).code(), code, "{class:?}");
        }
        for class in [Class::NotAllowed, Class::NotFound, Class::Refused, Class::Local] {
            let trouble = Trouble::new(class, "", "");
            assert_eq!(Exit::before_a_look(&trouble, Exit::SignInNeeded).code(), 3, "{class:?}");
        }
        let offline = Trouble::new(Class::Offline, "", "");
        assert_eq!(Exit::before_a_look(&offline, Exit::SignInNeeded), Exit::CloudFailed);
        assert_eq!((Exit::OurFault.code(), Exit::WrongUsage.code(), Exit::Fine.code()), (70, 2, 0));
    }
}
