//! Doing it oneself: the portal's steps with today's labels and the tutorial's, while the checks are watched.

use super::Paint;
use crate::engine::ids::StageId;
use crate::engine::words::{PortalStep, ui, words};
use crate::flow::derived::{by_hand, page_address, portal_steps};
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::text::{cells, pad};

pub fn body(state: &State, id: StageId, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, if id == StageId::Try { ui("screen.myself_try") } else { ui("screen.myself") });
    let steps = portal_steps(state);
    for check in by_hand(state, id) {
        // A step says it with the page and the labels.
        if steps.iter().any(|step| step.check == Some(check)) {
            continue;
        }
        let remedy = words().check(check).map_or("", |check| check.remedy.as_str());
        doc.blank();
        doc.hanging("→ ", Role::Strong, Role::Strong, remedy);
    }
    let selected = menu::selected(state);
    let address = written_address(state);
    for (index, step) in steps.into_iter().enumerate() {
        doc.blank();
        let here = selected == Some(Item::Step(index));
        let its = address.as_ref().filter(|(at, _)| *at == index).map(|(_, address)| address.as_str());
        let add = |doc: &mut Doc| one(doc, index, step, here, its);
        if here { doc.focused(add) } else { add(&mut doc) }
    }
    if id == StageId::Try {
        doc.blank();
        doc.text(Role::Strong, ui("screen.test_page"));
        for failure in words().test_failures() {
            doc.hanging("- ", Role::Quiet, Role::Plain, &failure.seen);
            doc.indented(2, |doc| doc.text(Role::Quiet, &failure.means));
        }
    }
    doc
}

/// The address of the page that is talked about, and the step it belongs to, where perhaps nothing else brings the person
/// there: no browser is opened, or this terminal is not on their computer.
fn written_address(state: &State) -> Option<(usize, String)> {
    if !state.setup.no_browser && !state.setup.remote {
        return None;
    }
    let steps = portal_steps(state);
    let at = match &state.selected {
        Some(Item::Step(at)) if steps.get(*at).is_some_and(|step| step.link.is_some()) => Some(*at),
        _ => steps.iter().position(|step| step.link.is_some()),
    };
    Some((at?, page_address(state)?))
}

fn one(doc: &mut Doc, index: usize, step: &PortalStep, here: bool, address: Option<&str>) {
    let from = doc.height();
    let lead = format!("{}{}. ", doc.theme.cursor(here), index + 1);
    doc.hanging(&lead, Role::Strong, Role::Strong, &step.do_it);
    if here {
        let style = doc.theme.style(Role::Selected);
        doc.bar(from, style);
    }
    doc.indented(cells(&lead), |doc| {
        let (today, tutorial) = (ui("screen.portal_today"), ui("screen.portal_tutorial"));
        let widest = cells(today).max(cells(tutorial));
        doc.hanging(&format!("{}  ", pad(today, widest)), Role::Quiet, Role::Value, &step.today);
        if let Some(labels) = &step.tutorial {
            doc.hanging(&format!("{}  ", pad(tutorial, widest)), Role::Quiet, Role::Quiet, labels);
        }
        if let Some(trap) = &step.trap {
            doc.hanging("! ", Role::Caution, Role::Plain, trap);
        }
        if let Some(address) = address {
            doc.value(address);
        }
    });
}
