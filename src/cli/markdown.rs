//! A report as Markdown, to paste into a ticket. Everything from outside is escaped.

use super::text::{first_broken, setup, summary};
use crate::engine::clean::clean_line;
use crate::engine::report::{CheckReport, Report};
use crate::engine::words::{ui, ui_with, verdict};

/// No line of evidence in a ticket is longer than this, in cells.
const LONGEST: usize = 400;

/// The whole report.
pub fn report(report: &Report) -> String {
    let mut text = format!("# Handclasp: {}\n\n{}\n", escaped(&setup(report)), escaped(&summary(report).1));
    if let Some(check) = first_broken(report) {
        text.push_str(&broken(check));
    }
    for stage in &report.stages {
        let step = ui_with("stage.step", &[("number", &stage.id.number().to_string())]);
        text.push_str(&format!(
            "\n## {step}: {} ({})\n\n| | Check | {} |\n|---|---|---|\n",
            stage.title,
            verdict(stage.status),
            ui("stage.evidence_label")
        ));
        for check in &stage.checks {
            text.push_str(&format!(
                "| {} | {} (`{}`) | {} |\n",
                verdict(check.status),
                escaped(&check.title),
                check.id,
                escaped(&check.evidence)
            ));
        }
    }
    text
}

fn broken(check: &CheckReport) -> String {
    let mut text = format!("\n## {}\n\n", escaped(&check.title));
    let mut point = |label: &str, words: &str| text.push_str(&format!("- **{label}:** {words}\n"));
    point(ui("stage.evidence_label"), &escaped(&check.evidence));
    point(ui("stage.why_label"), &escaped(&check.why));
    if let Some(remedy) = &check.remedy {
        point(ui("stage.remedy_label"), &escaped(&remedy.summary));
        if let Some(portal) = &remedy.portal {
            point("Portal", &format!("<{}>", clean_line(portal, LONGEST * 5)));
        }
        if let Some(az) = &remedy.az {
            point("Command", &code(az));
        }
    }
    text
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
    let command = clean_line(command, LONGEST * 5);
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{command}{fence}") } else { format!("{fence} {command} {fence}") }
}
