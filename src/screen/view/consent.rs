//! Choosing how the connector is let in, the least powerful way first.

use super::Paint;
use crate::engine::choices::ConsentWay;
use crate::engine::words::ui;
use crate::flow::derived::way_title;
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::list::choice;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("consent.intro"));
    let selected = menu::selected(state);
    for way in ConsentWay::ALL {
        doc.blank();
        let here = selected == Some(Item::Consent(way));
        choice(&mut doc, here, ui(way_title(way)), Role::Plain, |doc| {
            if state.choices.consent_way() == way {
                doc.text(Role::Quiet, ui("screen.chosen"));
            }
            doc.text(Role::Plain, ui(means(way)));
        });
    }
    doc
}

const fn means(way: ConsentWay) -> &'static str {
    match way {
        ConsentWay::PreAuthorize => "consent.pre_authorize_means",
        ConsentWay::Everyone => "consent.everyone_means",
        ConsentWay::WhenConnecting => "consent.when_connecting_means",
    }
}
