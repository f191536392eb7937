//! The first page: what this is, and what will and will not happen.

use super::Paint;
use crate::engine::words::{ui, words};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let welcome = words().welcome();
    let mut doc = paint.doc(width.min(84));
    doc.text(Role::Strong, &welcome.title);
    doc.blank();
    for line in &welcome.lines {
        doc.text(Role::Plain, line);
    }
    doc.blank();
    doc.text(Role::Quiet, ui("screen.will"));
    for line in &welcome.will {
        doc.hanging("  + ", Role::Good, Role::Plain, line);
    }
    doc.text(Role::Quiet, ui("screen.will_not"));
    for line in &welcome.will_not {
        doc.hanging("  - ", Role::Caution, Role::Plain, line);
    }
    if state.setup.practice {
        doc.blank();
        doc.text(Role::Practice, ui("practice.intro"));
    }
    doc
}
