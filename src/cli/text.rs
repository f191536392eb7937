//! A report as text for a terminal: readable at 80 columns, the first broken link unfolded.

use super::output::Ink;
use crate::engine::clean::clean_line;
use crate::engine::findings::Verdict;
use crate::engine::report::{CheckReport, Report, StageReport};
use crate::engine::words::{say_with, ui, ui_with, verdict};
use crate::screen::theme::{Role, Theme, mark};
use crate::screen::widgets::text::{cells, pad};

/// The width that the text is made for, whatever the terminal's: it is pasted and mailed as well.
const WIDTH: usize = 80;

/// No text in a report is longer than this, in cells.
const LONGEST: usize = 2_000;

/// The whole report.
pub fn report(report: &Report, ink: Ink) -> String {
    let words = Verdict::ALL.iter().map(|v| cells(verdict(*v))).max().unwrap_or(0);
    let mut page = Page { ink, text: String::new(), words };
    page.wrapped(Role::Strong, 0, &setup(report));
    for stage in &report.stages {
        page.stage(stage, report.first_broken.as_deref());
    }
    page.text.push('\n');
    let (role, last) = summary(report);
    page.wrapped(role, 0, &last);
    page.text
}

/// One line that tells where a set-up stands.
pub fn summary(report: &Report) -> (Role, String) {
    let count =
        |wanted: Verdict| report.stages.iter().flat_map(|s| &s.checks).filter(|c| c.status == wanted).count();
    let rest: Vec<String> = [Verdict::Warn, Verdict::Unknown, Verdict::Waiting, Verdict::NotTried]
        .into_iter()
        .filter_map(|v| Some(count(v)).filter(|n| *n > 0).map(|n| format!("{n} {}", verdict(v))))
        .collect();
    let rest = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
    match first_broken(report) {
        // What fails may simply not exist yet, so the line says where to go on, not how much is wrong.
        Some((stage, broken)) => {
            let (number, title) = (stage.id.number().to_string(), broken.title.as_str());
            let next = [("number", number.as_str()), ("stage", &stage.title), ("title", title)];
            (Role::Strong, format!("{} [{}]", ui_with("stage.next", &next), broken.id))
        }
        None if rest.is_empty() => (Role::Good, ui("stage.done").to_owned()),
        None => (Role::Strong, say_with("checking.nothing_broken", &[("rest", &rest)])),
    }
}

/// The first failing check, and its stage.
pub fn first_broken(report: &Report) -> Option<(&StageReport, &CheckReport)> {
    let id = report.first_broken.as_deref()?;
    report.stages.iter().find_map(|stage| {
        let check = stage.checks.iter().find(|check| check.id == id)?;
        Some((stage, check))
    })
}

/// Which set-up it is about, in one line.
pub fn setup(report: &Report) -> String {
    let setup = &report.setup;
    let app = setup.app.as_deref().map(|app| app.rsplit('/').find(|part| !part.is_empty()).unwrap_or(app));
    let tenant = setup.tenant.as_ref().map(|tenant| say_with("checking.tenant", &[("tenant", tenant)]));
    let parts: Vec<&str> =
        [app, Some(setup.cloud.as_str()), tenant.as_deref()].into_iter().flatten().collect();
    clean_line(&parts.join(" · "), WIDTH * 3)
}

/// A clean text in lines that are broken between words only: an address must stay in one piece to be copied.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in clean_line(text, LONGEST).split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if cells(line) + 1 + cells(word) <= width => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

struct Page {
    ink: Ink,
    text: String,
    words: usize,
}

impl Page {
    fn line(&mut self, role: Role, text: &str) {
        self.text.push_str(&self.ink.paint(role, text));
        self.text.push('\n');
    }

    /// A text in lines that begin at a column.
    fn wrapped(&mut self, role: Role, column: usize, text: &str) {
        for line in wrap(text, WIDTH - column) {
            self.text.push_str(&" ".repeat(column));
            self.line(role, &line);
        }
    }

    /// A label with a text beside it. What is to be copied stays in one piece, however long.
    fn labelled(&mut self, column: usize, label: &str, text: &str, whole: bool) {
        let width = cells(label) + 2;
        let lines =
            if whole { vec![text.to_owned()] } else { wrap(text, WIDTH.saturating_sub(column + width)) };
        for (number, line) in lines.iter().enumerate() {
            self.text.push_str(&" ".repeat(column));
            let label = if number == 0 { format!("{label}  ") } else { " ".repeat(width) };
            self.text.push_str(&self.ink.paint(Role::Strong, &label));
            self.line(if whole { Role::Value } else { Role::Plain }, line);
        }
    }

    fn stage(&mut self, stage: &StageReport, first_broken: Option<&str>) {
        let step = ui_with("stage.step", &[("number", &stage.id.number().to_string())]);
        let word = verdict(stage.status);
        let title = format!("{step}: {}", stage.title);
        self.text.push('\n');
        let title = pad(&title, (WIDTH - 1).saturating_sub(cells(word)));
        self.text.push_str(&self.ink.paint(Role::Strong, &title));
        self.text.push(' ');
        self.line(Theme::role(stage.status), word);
        for check in &stage.checks {
            self.check(check, first_broken == Some(check.id.as_str()));
        }
    }

    fn check(&mut self, check: &CheckReport, unfolded: bool) {
        let column = self.words + 6;
        let word = format!("  {} {}  ", mark(check.status), pad(verdict(check.status), self.words));
        self.text.push_str(&self.ink.paint(Theme::role(check.status), &word));
        self.line(if unfolded { Role::Strong } else { Role::Plain }, &check.title);
        self.wrapped(Role::Quiet, column, &check.evidence);
        if !unfolded {
            return;
        }
        let (why, helps) = (ui("stage.why_label"), ui("stage.remedy_label"));
        let widest = cells(why).max(cells(helps));
        self.labelled(column, &pad(why, widest), &check.why, false);
        if let Some(remedy) = &check.remedy {
            self.labelled(column, &pad(helps, widest), &remedy.summary, false);
            if let Some(portal) = &remedy.portal {
                self.labelled(column, &pad("Portal", widest), portal, true);
            }
            if let Some(az) = &remedy.az {
                self.labelled(column, &pad("Command", widest), az, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::markdown;
    use crate::engine::checks::assess;
    use crate::engine::facts::Facts;
    use crate::engine::fixtures;
    use crate::engine::held::Held;
    use crate::engine::report;

    fn of(facts: &Facts) -> Report {
        let (cloud, choices, held) = (fixtures::cloud(), fixtures::choices(), Held::default());
        let findings = assess(&cloud, facts, &choices, &held, fixtures::now());
        report::report(&cloud, facts, &choices, &held, &findings, fixtures::now())
    }

    fn wrong_issuer() -> Facts {
        let mut facts = fixtures::finished();
        if let crate::engine::facts::Fact::Is(auth) = &mut facts.auth.fact {
            auth.issuer = Some(format!("https://sts.windows.net/{}/", fixtures::TENANT));
        }
        facts
    }

    #[test]
    fn a_finished_set_up_as_text() {
        insta::assert_snapshot!(report(&of(&fixtures::finished()), Ink::plain()));
    }

    #[test]
    fn a_broken_link_is_unfolded() {
        insta::assert_snapshot!(report(&of(&wrong_issuer()), Ink::plain()));
    }

    #[test]
    fn a_broken_link_for_a_ticket() {
        insta::assert_snapshot!(markdown::report(&of(&wrong_issuer())));
    }

    #[test]
    fn the_last_line_says_where_to_go_on_and_calls_nothing_broken_that_only_is_not_there_yet() {
        let fresh = summary(&of(&fixtures::fresh())).1;
        assert!(fresh.starts_with("Next: step 2, Protect it."), "{fresh}");
        assert!(fresh.ends_with("[api.app]") && !fresh.contains("broken"), "{fresh}");
        assert_eq!(summary(&of(&fixtures::finished())).1, "Nothing is broken. (3 not tried)");
    }

    #[test]
    fn only_what_is_to_be_copied_is_wider_than_80_columns() {
        let all: [fn() -> Facts; 4] = [fixtures::finished, fixtures::fresh, wrong_issuer, Facts::default];
        for facts in all {
            for line in report(&of(&facts()), Ink::plain()).lines() {
                let copied = line.contains("Portal ") || line.contains("Command ");
                let one_word = line.trim().split(' ').count() == 1;
                assert!(cells(line) <= WIDTH || copied || one_word, "{line}");
            }
        }
    }

    #[test]
    fn nothing_from_outside_steers_the_terminal_or_the_ticket() {
        let mut facts = fixtures::finished();
        if let crate::engine::facts::Fact::Is(site) = &mut facts.site.fact {
            site.resource_group = "rg\u{1b}[2J\nfake".into();
            site.location = "<img src=x>|`*[a](b)".into();
        }
        let text = report(&of(&facts), Ink::plain());
        assert!(!text.contains('\u{1b}') && !text.contains("\nfake"), "{text}");
        let ticket = markdown::report(&of(&facts));
        assert!(
            !ticket.contains("<img") && !ticket.contains('\u{1b}') && !ticket.contains("[a](b)"),
            "{ticket}"
        );
    }
}
