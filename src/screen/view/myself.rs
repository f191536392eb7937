//! Doing it oneself: the portal's steps with today's labels and the tutorial's, while the checks are watched.

use super::Paint;
use crate::engine::ids::StageId;
use crate::engine::words::{ui, words};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn body(_state: &State, stage: StageId, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let steps = words().stage(stage).map_or(&[][..], |s| &s.myself);
    doc.text(Role::Plain, ui("screen.myself"));
    for (index, step) in steps.iter().enumerate() {
        doc.blank();
        doc.hanging(&format!("{}. ", index + 1), Role::Strong, Role::Strong, &step.do_it);
        doc.indented(3, |doc| {
            doc.hanging(ui("screen.portal_today"), Role::Quiet, Role::Value, &step.today);
            if let Some(tutorial) = &step.tutorial {
                doc.hanging(ui("screen.portal_tutorial"), Role::Quiet, Role::Quiet, tutorial);
            }
            if let Some(trap) = &step.trap {
                doc.hanging("! ", Role::Caution, Role::Plain, trap);
            }
        });
    }
    if stage == StageId::Try {
        doc.blank();
        doc.text(Role::Strong, ui("screen.test_page"));
        for failure in words().test_failures() {
            doc.hanging("- ", Role::Quiet, Role::Plain, &failure.seen);
            doc.indented(2, |doc| doc.text(Role::Quiet, &failure.means));
        }
    }
    doc
}
