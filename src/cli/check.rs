//! `handclasp check`: all checks once, or again and again, as text, JSON or Markdown.

use std::time::Duration;

use crate::engine::checks::assess;
use crate::engine::clean::clean_line;
use crate::engine::facts::Facts;
use crate::engine::findings::{Findings, Verdict};
use crate::engine::held::Held;
use crate::engine::report::{CheckReport, Report, report};
use crate::engine::trouble::Trouble;
use crate::engine::words::{say, say_with, ui, verdict};
use crate::platform::env::Environment;
use crate::screen::theme::{Theme, mark};

use super::args::{Check, Common};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Ink, Output};
use super::session::Desk;
use super::{markdown, text};

/// No line of a change is longer than this, in cells.
const LONGEST: usize = 400;

/// How often it is asked between two looks whether anybody still reads.
const ASK_FOR_READER: Duration = Duration::from_secs(1);

/// Runs the command.
///
/// # Errors
/// When the set-up could not be looked at.
pub async fn run(
    check: &Check,
    common: &Common,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut desk = Desk::open_or_public(common, environment, output).await?;
    if let Some(nobody) = &desk.nobody {
        output.fail(nobody);
    }
    let exit = match check.watch {
        Some(seconds) => watch(&mut desk, check, Duration::from_secs(seconds.into()), output).await,
        None => once(&mut desk, check, output).await,
    };
    desk.finish(output).await;
    exit
}

/// One look.
struct Look {
    report: Report,
    findings: Findings,
    facts: Facts,
}

impl Look {
    async fn take(desk: &mut Desk, output: &mut Output) -> Result<Self, Failure> {
        let facts = desk.look(output).await?;
        let (ground, held) = (&desk.ground, Held::default());
        let now = ground.clock.now();
        let findings = assess(&ground.cloud, &facts, &ground.choices, &held, now);
        let report = report(&ground.cloud, &facts, &ground.choices, &held, &findings, now);
        Ok(Self { report, findings, facts })
    }

    fn exit(&self, strict: bool) -> Exit {
        Exit::of_look(&self.findings, &self.facts, strict)
    }
}

async fn once(desk: &mut Desk, check: &Check, output: &mut Output) -> Result<Exit, Failure> {
    let look = Look::take(desk, output).await?;
    let text = if check.json {
        json(&look.report, true)
    } else if check.markdown {
        markdown::report(&look.report)
    } else {
        text::report(&look.report, output.ink())
    };
    output.data(&text);
    if let Some(trouble) = Exit::reason(&look.findings, &look.facts) {
        output.fail(&incomplete(trouble));
    }
    Ok(of_desk(desk, look.exit(check.strict)))
}

/// Findings without a sign-in are not the whole truth, whatever they are.
fn of_desk(desk: &Desk, exit: Exit) -> Exit {
    match &desk.nobody {
        Some(nobody) if exit != Exit::CloudFailed => nobody.exit,
        _ => exit,
    }
}

/// Why the findings are not the whole truth. A stronger sign-in needs somebody at a page, whom the wizard brings there.
fn incomplete(trouble: &Trouble) -> Failure {
    let failure = Failure::from(trouble.clone());
    if trouble.demand.is_some() { failure.next(ui("sign_in.stronger_in_wizard")) } else { failure }
}

/// Looks until nobody reads any more, which is how such a command is meant to end whatever it has found; being stopped by a
/// signal ends it from outside.
async fn watch(desk: &mut Desk, check: &Check, pace: Duration, output: &mut Output) -> Result<Exit, Failure> {
    match pace.as_secs() {
        1 => output.say(say("checking.pace_one")),
        seconds => output.say(&say_with("checking.pace", &[("seconds", &seconds.to_string())])),
    }
    let mut before: Option<Look> = None;
    loop {
        let look = Look::take(desk, output).await?;
        let time = desk.ground.clock.local_hhmm(desk.ground.clock.now());
        let news = match (&before, check.json) {
            (Some(before), true) if before.report == look.report => String::new(),
            (_, true) => json(&look.report, false),
            (None, false) => {
                let (role, summary) = text::summary(&look.report);
                format!("{time}  {}\n", output.ink().paint(role, &summary))
            }
            (Some(before), false) => changes(&before.report, &look.report, &time, output.ink()),
        };
        if !news.is_empty() && !output.data(&news) {
            return Ok(Exit::Fine);
        }
        before = Some(look);
        if !rest(pace).await {
            return Ok(Exit::Fine);
        }
    }
}

/// Waits for the next look. `false` as soon as nobody reads any more: only news is written, so that without any a pipe that
/// is closed would never show.
async fn rest(pace: Duration) -> bool {
    let mut left = pace;
    while !left.is_zero() {
        let step = left.min(ASK_FOR_READER);
        tokio::time::sleep(step).await;
        if Output::reader_has_gone() {
            return false;
        }
        left -= step;
    }
    true
}

/// One line for every check whose verdict changed, or whose evidence did while it does not pass.
fn changes(before: &Report, after: &Report, time: &str, ink: Ink) -> String {
    let all = |report: &Report| -> Vec<CheckReport> {
        report.stages.iter().flat_map(|stage| stage.checks.clone()).collect()
    };
    let mut lines = String::new();
    for (was, is) in all(before).iter().zip(all(after)) {
        let told = matches!(is.status, Verdict::Fail | Verdict::Warn) && was.evidence != is.evidence;
        if was.status == is.status && !told {
            continue;
        }
        let word = ink.paint(Theme::role(is.status), &format!("{} {}", mark(is.status), verdict(is.status)));
        let line = clean_line(&format!("{} [{}]: {}", is.title, is.id, is.evidence), LONGEST);
        lines.extend([time, "  ", &word, "  ", &ink.settle(&line), "\n"]);
    }
    lines
}

/// The report as JSON: fields in the order of the contract, on one line or indented.
fn json(report: &Report, indented: bool) -> String {
    let text = if indented { serde_json::to_string_pretty(report) } else { serde_json::to_string(report) };
    // Nothing in a report has a key that is not a text or a value that cannot be written.
    text.map_or_else(|_| String::new(), |text| format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures;

    fn of(facts: &Facts) -> Report {
        let (cloud, choices, held) = (fixtures::cloud(), fixtures::choices(), Held::default());
        let findings = assess(&cloud, facts, &choices, &held, fixtures::now());
        report(&cloud, facts, &choices, &held, &findings, fixtures::now())
    }

    #[test]
    fn only_what_changed_is_told_one_line_each() {
        let finished = of(&fixtures::finished());
        assert_eq!(changes(&finished, &finished, "14:03", Ink::plain()), "");
        let mut facts = fixtures::finished();
        if let crate::engine::facts::Fact::Is(auth) = &mut facts.auth.fact {
            auth.excluded_paths = vec!["/api/open\u{1b}[2J".into()];
        }
        let open = of(&facts);
        let told = changes(&finished, &open, "14:03", Ink::plain());
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.starts_with("14:03  ") && told.contains("[auth.excluded]"), "{told}");
        assert!(!told.contains('\u{1b}'));
    }

    #[test]
    fn the_json_keeps_the_order_of_the_contract() {
        let text = json(&of(&fixtures::finished()), false);
        let at = |key: &str| text.find(&format!("\"{key}\":")).unwrap();
        assert!(at("schema") < at("setup") && at("setup") < at("stages"));
        assert!(at("stages") < at("values") && at("values") < at("first_broken"));
        assert_eq!(text.lines().count(), 1);
    }
}
