//! A report as Markdown, to paste into a ticket. Everything from outside is escaped.

use super::text::{first_broken, setup, summary};
use crate::engine::clean::clean_line;
use crate::engine::report::{CheckReport, Report};
use crate::engine::words::{ui, ui_with, verdict};

/// No line of evidence in a ticket is longer than this, in cells.
const LONGEST: usize = 400;

/// The whole report.
pub fn report(report: &Report) -> String {
    let mut lines =
        vec![format!("# Handclasp: {}", escaped(&setup(report))), String::new(), escaped(&summary(report).1)];
    if let Some((_, check)) = first_broken(report) {
        lines.extend([String::new(), format!("## {}", escaped(&check.title)), String::new()]);
        lines.extend(points(check));
    }
    for stage in &report.stages {
        let step = ui_with("stage.step", &[("number", &stage.id.number().to_string())]);
        lines.extend([
            String::new(),
            format!("## {step}: {} ({})", escaped(&stage.title), verdict(stage.status)),
            String::new(),
            format!("| | Check | {} |", ui("stage.evidence_label")),
            "|---|---|---|".to_owned(),
        ]);
        lines.extend(stage.checks.iter().map(row));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn row(check: &CheckReport) -> String {
    let (title, evidence) = (escaped(&check.title), escaped(&check.evidence));
    format!("| {} | {title} (`{}`) | {evidence} |", verdict(check.status), check.id)
}

/// What there is to say of the first broken link.
fn points(check: &CheckReport) -> Vec<String> {
    let remedy = check.remedy.as_ref();
    let points = [
        (ui("stage.evidence_label"), Some(escaped(&check.evidence))),
        (ui("stage.why_label"), Some(escaped(&check.why))),
        (ui("stage.remedy_label"), remedy.map(|r| escaped(&r.summary))),
        ("Portal", remedy.and_then(|r| r.portal.as_deref()).map(|url| format!("<{}>", whole(url)))),
        ("Command", remedy.and_then(|r| r.az.as_deref()).map(code)),
    ];
    points.into_iter().filter_map(|(label, words)| Some(format!("- **{label}:** {}", words?))).collect()
}

/// A clean line of what is to be copied, as good as never cut.
fn whole(text: &str) -> String {
    clean_line(text, LONGEST * 5)
}

/// Clean text in which nothing is taken for Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in clean_line(text, LONGEST).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// A command between as many backquotes as it takes.
fn code(command: &str) -> String {
    let command = whole(command);
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{command}{fence}") } else { format!("{fence} {command} {fence}") }
}
