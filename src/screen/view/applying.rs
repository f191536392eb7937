//! A plan being carried out: every step with how it stands, and what to know when it stopped.

use super::{Paint, common};
use crate::engine::ids::StageId;
use crate::engine::words::{ui, ui_with};
use crate::flow::state::{Apply, Mark, Phase, State};
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::text::{cells, pad};

pub fn looking_first(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let plan = state.stage() != Some(StageId::Pick);
    doc.text(Role::Plain, ui(if plan { "screen.preparing" } else { "screen.preparing_first" }));
    doc.text(Role::Quiet, ui("stage.nothing_changed"));
    doc
}

pub fn body(_state: &State, apply: &Apply, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let key = if apply.at_rest() { "screen.apply_rest" } else { "screen.apply_running" };
    doc.text(Role::Plain, ui(key));
    doc.blank();
    let rest = apply.at_rest();
    let widest = MARKS.iter().map(|mark| cells(word(*mark, rest).1)).max().unwrap_or(0);
    for (index, step) in apply.steps.iter().enumerate() {
        let (sign, text, role) = word(step.mark, rest);
        let tag = format!("{sign} {}", pad(text, widest));
        let here = index == apply.current;
        let title = if here { Role::Strong } else { Role::Plain };
        let add = |doc: &mut Doc| doc.pieces(&[(&tag, role), ("   ", Role::Plain), (&step.title, title)]);
        if here { doc.focused(add) } else { add(&mut doc) }
    }
    doc.blank();
    match &apply.phase {
        Phase::Sending if apply.stopping => doc.text(Role::Caution, ui("screen.apply_stopping")),
        Phase::Sending => {}
        // Before the first change is sent, the line of what is waited for says it.
        Phase::Landing if apply.sent.is_none() => {}
        Phase::Landing => doc.text(Role::Quiet, ui("screen.apply_landing")),
        Phase::FindingOut(trouble) => {
            match trouble.status {
                Some(_) => doc.text(Role::Caution, &format!("{} {}", trouble.what, ui("plan.look_first"))),
                None => {
                    doc.text(Role::Caution, &format!("{} {}", ui("plan.uncertain"), ui("plan.look_first")));
                }
            }
            doc.text(Role::Quiet, &trouble.original);
        }
        Phase::Slow => doc.text(Role::Caution, ui("screen.apply_slow")),
        Phase::Stopped(trouble) => common::trouble(&mut doc, trouble),
        Phase::StoppedByPerson => doc.text(Role::Caution, &stopped(apply)),
    }
    doc
}

fn stopped(apply: &Apply) -> String {
    let done = apply.steps.iter().filter(|s| matches!(s.mark, Mark::Done | Mark::Accepted)).count();
    ui_with("plan.stopped", &[("done", &done.to_string()), ("count", &apply.steps.len().to_string())])
}

const MARKS: [Mark; 6] =
    [Mark::ToDo, Mark::Sending, Mark::Accepted, Mark::Done, Mark::NotNeeded, Mark::Failed];

/// A step's mark. Where nothing is on its way any more, what was sent and not answered is not known to be done.
fn word(mark: Mark, rest: bool) -> (&'static str, &'static str, Role) {
    match mark {
        Mark::Sending if rest => ("?", ui("screen.mark_unseen"), Role::Caution),
        Mark::ToDo => ("○", ui("screen.mark_todo"), Role::Quiet),
        Mark::Sending => ("…", ui("screen.mark_sending"), Role::Waiting),
        Mark::Accepted => ("…", ui("screen.mark_accepted"), Role::Waiting),
        Mark::Done => ("✓", ui("screen.mark_done"), Role::Good),
        Mark::NotNeeded => ("·", ui("screen.mark_not_needed"), Role::Quiet),
        Mark::Failed => ("✗", ui("screen.mark_failed"), Role::Bad),
    }
}
