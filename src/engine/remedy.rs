//! The command that mends what a check found, where one command can. What takes several, or a choice, is the plan's.

use super::choices::Choices;
use super::clouds::Cloud;
use super::facts::{AuthVersion, Facts};
use super::findings::{Finding, Verdict};
use super::ids::CheckId;
use super::known::known;
use super::words::{fill_command, words};

/// The command after which this check passes; `None` where there is none, or where it cannot be told whether it would.
pub fn command(finding: &Finding, cloud: &Cloud, facts: &Facts, choices: &Choices) -> Option<String> {
    // What could not be seen may be right, and what waits is mended elsewhere.
    if !matches!(finding.verdict, Verdict::Fail | Verdict::Warn) || !fits(finding.id, facts) {
        return None;
    }
    let template = words().check(finding.id)?.az.as_deref()?;
    fill_command(template, |name| known(cloud, facts, choices, name))
}

/// Whether a check's command is for what was seen: the same check can fail for reasons that it does not mend.
fn fits(id: CheckId, facts: &Facts) -> bool {
    let site = facts.site.value();
    // A slot has no name that these commands would take for an app's.
    let app = site.filter(|site| !site.id.to_ascii_lowercase().contains("/slots/"));
    match id {
        CheckId::AppExists => app.is_some_and(|site| {
            let logic_app = site.kind.to_ascii_lowercase().contains("workflowapp");
            !logic_app && !site.state.eq_ignore_ascii_case("Running")
        }),
        // One that is switched off is there already.
        CheckId::ApiPrincipal => facts.api_principal.is_absent(),
        CheckId::ClientPrincipal => facts.client_principal.is_absent(),
        // `az webapp auth` refuses an app on the classic settings.
        CheckId::AuthTenant | CheckId::ApiIssuer => {
            app.is_some()
                && !matches!(facts.auth_version.value(), Some(AuthVersion::V1 { enabled: true, .. }))
        }
        // A policy may refuse a secret that lasts for a year.
        CheckId::SecretExists | CheckId::SecretEnds => {
            let made = facts.client_app.value().and_then(|app| app.created);
            facts
                .rights
                .secret_policy
                .value()
                .is_none_or(|policy| !policy.forbids(made) && policy.limit(made).is_none())
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::checks::assess;
    use crate::engine::facts::{AppsSince, Fact, SecretPolicy};
    use crate::engine::fixtures::*;
    use crate::engine::held::Held;

    /// The command that is given for a check when the finished set-up is spoilt like this.
    fn given(id: CheckId, spoil: impl FnOnce(&mut Facts)) -> Option<String> {
        let mut facts = finished();
        spoil(&mut facts);
        let findings = assess(&cloud(), &facts, &choices(), &Held::default(), now());
        let finding = findings.check(id).unwrap();
        assert!(!finding.verdict.settled(), "{id:?}: {finding:?}");
        command(finding, &cloud(), &facts, &choices())
    }

    #[test]
    fn a_command_is_given_only_for_what_it_mends() {
        let created = given(CheckId::ApiPrincipal, |f| f.api_principal = gone());
        assert_eq!(created, Some(format!("az ad sp create --id {API}")));
        let switched_off = given(CheckId::ApiPrincipal, |f| {
            if let Fact::Is(principal) = &mut f.api_principal.fact {
                principal.enabled = false;
            }
        });
        assert_eq!(switched_off, None, "it is there already");
        let v1 = |f: &mut Facts| {
            if let Fact::Is(app) = &mut f.api_app.fact {
                app.token_version = None;
            }
        };
        let issuer = given(CheckId::ApiIssuer, v1).unwrap();
        assert!(issuer.ends_with(&format!("--issuer https://sts.windows.net/{TENANT}/")), "{issuer}");
        let of_slot = given(CheckId::ApiIssuer, |f| {
            v1(f);
            if let Fact::Is(site) = &mut f.site.fact {
                site.id = format!("{SITE}/slots/staging");
            }
        });
        assert_eq!(of_slot, None, "it would change the app itself");
        let bare = |f: &mut Facts| {
            if let Fact::Is(app) = &mut f.client_app.fact {
                app.secrets.clear();
            }
        };
        assert!(given(CheckId::SecretExists, bare).is_some());
        let forbidden = given(CheckId::SecretExists, |f| {
            bare(f);
            f.rights.secret_policy =
                seen(SecretPolicy { forbidden: Some(AppsSince(None)), ..SecretPolicy::default() });
        });
        assert_eq!(forbidden, None);
        let unseen = given(CheckId::ClientApp, |f| f.client_app = crate::engine::facts::Seen::default());
        assert_eq!(unseen, None, "it may be there");
    }

    #[test]
    fn nothing_is_given_that_one_command_cannot_bring_about() {
        // A registration needs its scope, its token version and its marker; protection a provider; agreeing has a way with
        // less than a grant for everyone, which is what the command without a person's name would be.
        for id in [
            CheckId::ApiApp,
            CheckId::AuthOn,
            CheckId::AuthRefuses,
            CheckId::ClientApp,
            CheckId::GrantConsent,
            CheckId::GrantEveryone,
        ] {
            assert_eq!(words().check(id).unwrap().az, None, "{id:?}");
        }
    }
}
