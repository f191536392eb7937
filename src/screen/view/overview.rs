//! A stage: one sentence of why, then the checks, the first open one unfolded onto its evidence.

use super::{Paint, common, forecast};
use crate::engine::findings::{Finding, Verdict};
use crate::engine::ids::StageId;
use crate::engine::words::{ui, ui_with, verdict, words};
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::checks::{CheckRow, checks};
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, id: StageId, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let text = words().stage(id);
    doc.text(Role::Plain, text.map_or("", |s| s.why.as_str()));
    doc.blank();
    let found = state.findings.stage(id).map_or(&[][..], |s| &s.checks);
    let cursor = match menu::selected(state) {
        Some(Item::Check(check)) => found.iter().position(|c| c.id == check),
        _ => None,
    };
    let first_open = state.findings.stage(id).and_then(|s| s.first_open()).map(|c| c.id);
    let open = found.iter().position(|c| Some(c.id) == first_open);
    let rows: Vec<CheckRow<'_>> = found.iter().map(row).collect();
    checks(&mut doc, &rows, open, cursor);
    if id == StageId::Secret {
        held(state, paint, &mut doc);
    }
    if id == StageId::Pick {
        forecast::summary(state, &mut doc);
    }
    if state.stage_done() {
        doc.blank();
        let done = text.map_or("", |s| s.done.as_str());
        doc.hanging("✓ ", Role::Good, Role::Good, &format!("{} {done}", ui("stage.done")));
    }
    doc
}

fn row(finding: &Finding) -> CheckRow<'_> {
    let text = words().check(finding.id);
    // What could not be seen may be right: nothing is advised but what the finding itself says.
    let helps = matches!(finding.verdict, Verdict::Fail | Verdict::Warn);
    let remedy = if helps { text.map_or("", |c| c.remedy.as_str()) } else { "" };
    CheckRow {
        verdict: finding.verdict,
        word: verdict(finding.verdict),
        title: text.map_or("", |c| c.title.as_str()),
        evidence: &finding.evidence,
        note: finding.note.as_deref().unwrap_or(remedy),
    }
}

/// What is held of the secret, and what became of trying it.
fn held(state: &State, paint: &Paint, doc: &mut Doc) {
    let secret = &state.secret;
    let Some(held) = &state.held.secret else { return };
    doc.blank();
    let line = match held.ends {
        Some(ends) => ui_with("secret.held", &[("date", &paint.date(ends))]),
        None => ui("screen.secret_held").to_owned(),
    };
    let (mark, role) = if secret.refused_by_entra() { ("✗ ", Role::Bad) } else { ("✓ ", Role::Good) };
    doc.hanging(mark, role, Role::Plain, &line);
    if secret.probing {
        doc.hanging("… ", Role::Waiting, Role::Plain, ui("screen.probing"));
    }
    if let Some(trouble) = &secret.trouble {
        common::remark(doc, trouble);
    }
}
