//! The checks: facts in, findings out. One file per stage, each check one small pure function; what an issuer and an
//! excluded path mean stands beside.

mod connect;
mod excluded;
mod grant;
mod issuer;
mod pick;
mod protect;
mod register;
mod secret;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::choices::{AppChoice, Choices};
use super::clean::clean_line;
use super::client_id;
use super::clouds::Cloud;
use super::facts::{Application, Facts, Gap};
use super::findings::{Finding, Findings, StageFindings, Verdict};
use super::held::Held;
use super::ids::{CheckId, StageId};
use super::words::{say, say_with};

/// The scope that the connector is granted, the tutorial's own (microsoft-cloud 4.4).
pub const SCOPE: &str = "user_impersonation";
/// Client id of Microsoft Graph (microsoft-cloud 2.10).
pub const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Id of Graph's delegated `User.Read` (microsoft-cloud 3.1, at 90008).
pub const USER_READ_ID: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";

/// Evidence and notes are one line, never longer than this, in terminal cells.
const LONGEST_LINE: usize = 2_000;

/// Judges every check. Pure: the same input gives the same findings.
pub fn assess(cloud: &Cloud, facts: &Facts, choices: &Choices, held: &Held, now: Timestamp) -> Findings {
    let view = View { cloud, facts, choices, held, now };
    let stages = StageId::ALL
        .into_iter()
        .map(|id| StageFindings {
            id,
            checks: CheckId::ALL.iter().filter(|c| c.stage() == id).map(|c| view.judge(*c)).collect(),
        })
        .collect();
    Findings { stages }
}

/// The Resource URL in force: the chosen one, else the API's client id, which is always accepted
/// (power-platform 1.5).
pub fn resource_url(facts: &Facts, choices: &Choices) -> Option<String> {
    choices.resource_url.clone().or_else(|| client_id::of_api(facts, choices).map(str::to_owned))
}

/// Everything a check may look at.
struct View<'a> {
    cloud: &'a Cloud,
    facts: &'a Facts,
    choices: &'a Choices,
    held: &'a Held,
    now: Timestamp,
}

/// A verdict with its line of evidence and, where the case needs more words, a note.
struct Outcome {
    verdict: Verdict,
    evidence: String,
    note: Option<String>,
}

/// What a check answers. `Err` ends it early, with a verdict all the same, so that a check reads with `?`.
type Judged = Result<Outcome, Outcome>;

impl Outcome {
    fn new(verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self { verdict, evidence: evidence.into(), note: None }
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

fn pass(evidence: impl Into<String>) -> Outcome {
    Outcome::new(Verdict::Pass, evidence)
}

fn warn(evidence: impl Into<String>) -> Outcome {
    Outcome::new(Verdict::Warn, evidence)
}

fn fail(evidence: impl Into<String>) -> Outcome {
    Outcome::new(Verdict::Fail, evidence)
}

fn waiting(evidence: impl Into<String>) -> Outcome {
    Outcome::new(Verdict::Waiting, evidence)
}

fn unknown(evidence: impl Into<String>) -> Outcome {
    Outcome::new(Verdict::Unknown, evidence)
}

fn not_tried(evidence: impl Into<String>) -> Outcome {
    Outcome::new(Verdict::NotTried, evidence)
}

/// The evidence of what nobody looked at.
fn not_looked() -> &'static str {
    say("not_seen.not_looked")
}

/// The one place where a gap becomes a verdict: not there means that an earlier link is missing,
/// not seen means that we cannot tell.
impl From<Gap<'_>> for Outcome {
    fn from(gap: Gap<'_>) -> Self {
        match gap {
            Gap::NotLooked => unknown(not_looked()),
            Gap::CouldNot(trouble) => unknown(trouble.what.clone()).note(trouble.next.clone()),
            Gap::Absent => waiting(say("waits.earlier")),
        }
    }
}

/// Says in words what is missing when a fact is absent, and with which verdict.
fn absent<'a, T>(got: Result<&'a T, Gap<'a>>, instead: impl FnOnce() -> Outcome) -> Result<&'a T, Outcome> {
    got.map_err(|gap| if gap == Gap::Absent { instead() } else { gap.into() })
}

/// Ids and addresses compare without regard to case.
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

impl View<'_> {
    /// Whether the function app was looked for and is not there, and no address that was typed answers either.
    fn no_site(&self) -> bool {
        self.facts.site.is_absent() && !self.hidden_site()
    }

    /// Whether the function app is there, but not for this person's eyes.
    fn hidden_site(&self) -> bool {
        self.facts.hidden_site(self.choices)
    }

    /// Whether the app was named by an address, which can be asked whatever else is known.
    fn typed(&self) -> bool {
        matches!(self.choices.app, Some(AppChoice::Url(_)))
    }

    fn judge(&self, id: CheckId) -> Finding {
        let judged = match id {
            CheckId::AppExists => pick::exists(self),
            CheckId::AppAnswers if self.typed() => pick::answers(self),
            _ if self.no_site() => Ok(waiting(say("waits.function_app"))),
            CheckId::AppAnswers => pick::answers(self),
            CheckId::AppFunctions => pick::functions(self),
            CheckId::AppAuthLevel => pick::auth_level(self),
            CheckId::ApiApp => protect::api_app(self),
            CheckId::ApiPrincipal => protect::api_principal(self),
            CheckId::ApiScope => protect::api_scope(self),
            CheckId::AuthOn => protect::auth_on(self),
            CheckId::AuthTenant => protect::auth_tenant(self),
            CheckId::ApiIssuer => protect::token_issuer(self),
            CheckId::ApiAudience => protect::audience(self),
            CheckId::AuthRefuses => protect::refuses(self),
            CheckId::AuthExcluded => protect::excluded(self),
            CheckId::ClientApp => register::client_app(self),
            CheckId::ClientPrincipal => register::client_principal(self),
            CheckId::ClientSeparate => register::separate(self),
            CheckId::ClientAudience => register::audience(self),
            CheckId::ClientAllowed => register::allowed(self),
            CheckId::GrantRequested => grant::requested(self),
            CheckId::GrantProfile => grant::profile(self),
            CheckId::GrantConsent => grant::consent(self),
            CheckId::GrantEveryone => grant::everyone(self),
            CheckId::GrantAssignment => grant::assignment(self),
            CheckId::SecretExists => secret::exists(self),
            CheckId::SecretEnds => secret::ends(self),
            CheckId::SecretWorks => secret::works(self),
            CheckId::ResourceResolves => connect::resolves(self),
            CheckId::RedirectKnown => connect::known(self),
            CheckId::RedirectRegistered => connect::registered(self),
            CheckId::RedirectLeftover => connect::leftover(self),
            CheckId::TryAnswered => connect::answered(self),
        };
        let outcome = judged.unwrap_or_else(|early| early);
        // Looking ended at the function app, which is not there: this is its turn only after that one.
        let behind =
            self.facts.site.is_absent() && id != CheckId::AppExists && outcome.evidence == not_looked();
        let outcome = match behind {
            true if self.hidden_site() => unknown(say("not_seen.needs_role")),
            true => waiting(say("waits.function_app")),
            false => outcome,
        };
        let Outcome { verdict, evidence, mut note } = outcome;
        if verdict == Verdict::Unknown && note.is_none() && self.facts.person.not_looked() {
            note = Some(say("not_seen.needs_sign_in").to_owned());
        }
        // Values are compared as they came, so they are made harmless only here: a line break in one of them must not
        // draw a line that looks like another finding.
        Finding {
            id,
            verdict,
            evidence: clean_line(&evidence, LONGEST_LINE),
            note: note.map(|note| clean_line(&note, LONGEST_LINE)),
        }
    }

    /// The API's registration, or the verdict of a check that cannot go on without it.
    fn api(&self) -> Result<&Application, Outcome> {
        absent(self.facts.api_app.get(), || waiting(say("waits.api_app")))
    }

    /// The connector's registration, likewise.
    fn client(&self) -> Result<&Application, Outcome> {
        absent(self.facts.client_app.get(), || waiting(say("waits.client_app")))
    }
}
