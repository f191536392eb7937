//! Every text that a person reads, as data: checks, stages, names of things, and what the faces say. What checks,
//! plans and failures say is in [`sentences`].
//!
//! The texts are embedded TOML, each file parsed once, at its first use: the first frame waits for no more than it shows.
//! A test keeps a mistake in the data from ever being shipped, so that [`words`] gives the texts without anything to handle.

mod sentences;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::change::Right;
use super::findings::Verdict;
use super::ids::{CheckId, StageId};
pub use sentences::{say, say_with};

const CHECKS: &str = include_str!("../../assets/checks.toml");
const STAGES: &str = include_str!("../../assets/stages.toml");
const TERMS: &str = include_str!("../../assets/terms.toml");

/// The names that may stand in braces in a command or a link; each is filled from what was observed.
pub const PLACEHOLDERS: [&str; 18] = [
    "app",
    "resource_group",
    "subscription",
    "site_id",
    "host",
    "tenant",
    "api_app_id",
    "api_object_id",
    "api_principal",
    "client_app_id",
    "client_object_id",
    "client_principal",
    "scope_id",
    "issuer",
    "resource_url",
    "redirect_url",
    "portal",
    "maker",
];

/// What is wrong with the embedded texts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The texts in {file} are damaged: {problem}")]
pub struct WordsError {
    /// Which file under `assets`.
    pub file: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// The words of one check.
#[derive(Debug, Clone)]
pub struct CheckWords {
    /// Which check.
    pub id: CheckId,
    /// What is so when it passes.
    pub title: String,
    /// Why it matters, one sentence or two.
    pub why: String,
    /// What helps when it does not pass.
    pub remedy: String,
    /// The portal page to open, by its id in [`super::links`].
    pub portal: Option<String>,
    /// The remedy as an `az` command with placeholders; see [`fill_command`].
    pub az: Option<String>,
    /// Whether Handclasp can do it, after showing the plan.
    pub automatic: bool,
    /// A longer explanation of what it means when it fails.
    pub failing: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    id: String,
    title: String,
    why: String,
    remedy: String,
    portal: Option<String>,
    az: Option<String>,
    automatic: bool,
    failing: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecksFile {
    check: Vec<RawCheck>,
}

/// The words of one stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageWords {
    /// Which stage.
    pub id: StageId,
    /// Its title at the top of the screen.
    pub title: String,
    /// A shorter title, for the list of stages at the left.
    pub short: String,
    /// One sentence of why, at the top of the stage.
    pub why: String,
    /// What to say when all its checks pass.
    pub done: String,
    /// What "do it for me" is called here, and does.
    pub for_me: ForMe,
    /// The steps of doing it in the portal.
    #[serde(default)]
    pub myself: Vec<PortalStep>,
    /// The connector page's fields in their own order (stage 6 only; power-platform 1.3, 1.4).
    #[serde(default, rename = "field")]
    pub fields: Vec<ConnectorField>,
}

/// What "do it for me" does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForMe {
    /// The action's name.
    pub label: String,
    /// What it will do, one or two sentences.
    pub sentence: String,
}

/// One step in the portal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalStep {
    /// The check that it mends, where it is a step only for whom that one fails.
    pub check: Option<CheckId>,
    /// What to do, one imperative sentence.
    pub do_it: String,
    /// The path of labels in today's portal (microsoft-cloud 7.1).
    pub today: String,
    /// The 2020 tutorial's labels, where they differ.
    pub tutorial: Option<String>,
    /// The page to open, by its id in [`super::links`].
    pub link: Option<String>,
    /// The default or habit that breaks this.
    pub trap: Option<String>,
}

/// One field of the connector page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorField {
    /// The page it stands on, or `Then` for what comes after.
    pub page: String,
    /// Its label.
    pub label: String,
    /// An older label that some pages still show.
    pub older: Option<String>,
    /// What to choose, where it is the same for everybody; or what to do, as long as the page has not given its value.
    pub choose: Option<String>,
    /// Which value to hand over, where it is the person's own.
    pub value: Option<HandOver>,
    /// What to know about it.
    pub note: String,
}

/// A value that is handed over to the connector page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandOver {
    /// The function app's host name.
    Host,
    /// The client ID of the connector's app.
    ClientId,
    /// The client secret's value.
    ClientSecret,
    /// The sign-in address of the cloud.
    AuthorizationUrl,
    /// The tenant ID.
    TenantId,
    /// The Resource URL.
    ResourceUrl,
    /// The redirect URL, which the page gives and takes from nobody.
    RedirectUrl,
}

/// What the connector's Test page may show, and where to look.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestFailure {
    /// What is seen there.
    pub seen: String,
    /// What it means.
    pub means: String,
    /// The stage to go back to, where one is to blame.
    pub stage: Option<StageId>,
}

/// The welcome screen's texts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// The headline.
    pub title: String,
    /// What this is.
    pub lines: Vec<String>,
    /// What will happen: phrases that follow "We will".
    pub will: Vec<String>,
    /// What will not: phrases that follow "We will not".
    pub will_not: Vec<String>,
}

/// The end screen's texts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The headline.
    pub title: String,
    /// What was proven.
    pub proven: String,
    /// What was not, as long as the connector itself has not been read.
    pub not_seen: String,
    /// What to do in Power Apps next.
    pub next: Vec<String>,
    /// What the end of the secret means.
    pub secret: String,
    /// How to take everything back.
    pub undo: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StagesFile {
    welcome: Welcome,
    end: End,
    stage: Vec<StageWords>,
    test_failure: Vec<TestFailure>,
}

/// A thing, as a maker calls it and as the service does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The maker's word.
    pub word: String,
    /// The service's own term.
    pub service: String,
    /// What it is.
    pub means: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsFile {
    ui: toml::Table,
    term: Vec<Term>,
}

/// All texts.
#[derive(Debug, Default)]
pub struct Words {
    checks: Vec<CheckWords>,
    stages: Vec<StageWords>,
    welcome: Welcome,
    end: End,
    test_failures: Vec<TestFailure>,
    terms: Vec<Term>,
    ui: BTreeMap<String, String>,
}

static WORDS: OnceLock<Words> = OnceLock::new();

/// Parses every embedded text, those of [`sentences`], [`super::error_codes`] and [`super::links`] among them: a mistake in
/// one of them never ships.
///
/// # Errors
/// [`WordsError`] with the file and what is wrong with it.
#[cfg(test)]
fn load() -> Result<&'static Words, WordsError> {
    let parsed = Words::parse(CHECKS, STAGES, TERMS)?;
    sentences::load()?;
    super::error_codes::load()?;
    super::links::load()?;
    Ok(WORDS.get_or_init(|| parsed))
}

/// The texts, parsed at the first use. They are empty only if they do not parse, which a test holds back.
pub fn words() -> &'static Words {
    WORDS.get_or_init(|| Words::parse(CHECKS, STAGES, TERMS).unwrap_or_default())
}

/// The text that the faces use under this key, such as `clip.copied`. A key that does not exist comes back as itself,
/// so that the gap is seen; a test over the sources keeps that from happening.
pub fn ui(key: &str) -> &str {
    words().ui.get(key).map_or(key, String::as_str)
}

/// The text under this key with its placeholders filled, as in `ui_with("stage.step", &[("number", "3")])`.
pub fn ui_with(key: &str, values: &[(&str, &str)]) -> String {
    let text = ui(key);
    let known =
        |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    fill(text, known).unwrap_or_else(|| text.to_owned())
}

/// The word for a verdict.
pub fn verdict(verdict: Verdict) -> &'static str {
    ui(match verdict {
        Verdict::Pass => "verdict.pass",
        Verdict::Warn => "verdict.warn",
        Verdict::Fail => "verdict.fail",
        Verdict::Waiting => "verdict.waiting",
        Verdict::Unknown => "verdict.unknown",
        Verdict::NotTried => "verdict.not_tried",
        Verdict::NotApplicable => "verdict.not_applicable",
    })
}

/// What a right is called, to follow "needs".
pub fn right(right: Right) -> &'static str {
    ui(match right {
        Right::CreateApps => "right.create_apps",
        Right::OwnApp => "right.own_app",
        Right::WriteSite => "right.write_site",
        Right::ConsentForAll => "right.consent_for_all",
    })
}

/// A text with every `{name}` replaced by what `value` gives for it; `None` when one of them is not known.
/// Braces around anything else than a lower-case name stay as they are.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, name, after)) = next_placeholder(rest) {
        out.push_str(before);
        out.push_str(&value(name)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// A command with its placeholders filled. Each value is quoted for a shell where it holds anything unusual, since a
/// name from the cloud must not become a command of its own when somebody pastes the line.
pub fn fill_command(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    fill(template, |name| value(name).map(|value| shell_word(&value)))
}

/// A value as one word of a POSIX shell, and of PowerShell as far as both spell it alike.
pub fn shell_word(value: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '=' | '+');
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    // Each escapes an apostrophe within quotes in its own way; within double ones it needs no escape.
    if value.contains('\'') && !value.contains(['"', '$', '`', '\\', '!']) {
        return format!("\"{value}\"");
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// What stands before the next placeholder, its name, and what follows it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(start, _)| {
        let (name, after) = text[start + 1..].split_once('}')?;
        let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        fits.then_some((&text[..start], name, after))
    })
}

impl Words {
    fn parse(checks: &str, stages: &str, terms: &str) -> Result<Self, WordsError> {
        let checks: ChecksFile = read("checks.toml", checks)?;
        let stages: StagesFile = read("stages.toml", stages)?;
        let terms: TermsFile = read("terms.toml", terms)?;
        let mut ui = BTreeMap::new();
        flatten("terms.toml", "", terms.ui, &mut ui)?;
        let checks = checks.check.into_iter().map(check).collect::<Result<Vec<_>, _>>()?;
        if checks.iter().map(|check| check.id).ne(CheckId::ALL.iter().copied()) {
            return Err(damaged("checks.toml", "its checks are not the known ones in chain order"));
        }
        if stages.stage.iter().map(|stage| stage.id).ne(StageId::ALL) {
            return Err(damaged("stages.toml", "its stages are not the seven in their order"));
        }
        Ok(Self {
            checks,
            stages: stages.stage,
            welcome: stages.welcome,
            end: stages.end,
            test_failures: stages.test_failure,
            terms: terms.term,
            ui,
        })
    }

    /// The words of one check. `None` only where nothing could be parsed at all.
    pub fn check(&self, id: CheckId) -> Option<&CheckWords> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// The words of all checks in chain order.
    pub fn checks(&self) -> &[CheckWords] {
        &self.checks
    }

    /// The words of one stage. `None` only where nothing could be parsed at all.
    pub fn stage(&self, id: StageId) -> Option<&StageWords> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// The welcome screen's texts.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The end screen's texts.
    pub fn end(&self) -> &End {
        &self.end
    }

    /// What the connector's Test page may show, the most usual first.
    pub fn test_failures(&self) -> &[TestFailure] {
        &self.test_failures
    }

    /// The names of things, for the help.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, WordsError> {
    toml::from_str(text).map_err(|error| WordsError { file, problem: error.to_string() })
}

fn damaged(file: &'static str, problem: impl Into<String>) -> WordsError {
    WordsError { file, problem: problem.into() }
}

fn check(raw: RawCheck) -> Result<CheckWords, WordsError> {
    let id = CheckId::from_text(&raw.id)
        .ok_or_else(|| damaged("checks.toml", format!("there is no check called {}", raw.id)))?;
    Ok(CheckWords {
        id,
        title: raw.title,
        why: raw.why,
        remedy: raw.remedy,
        portal: raw.portal,
        az: raw.az,
        automatic: raw.automatic,
        failing: raw.failing,
    })
}

/// Turns nested tables into dotted keys.
fn flatten(
    file: &'static str,
    prefix: &str,
    table: toml::Table,
    into: &mut BTreeMap<String, String>,
) -> Result<(), WordsError> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => {
                into.insert(key, text);
            }
            toml::Value::Table(inner) => flatten(file, &key, inner, into)?,
            _ => return Err(damaged(file, format!("{key} is not a text"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
