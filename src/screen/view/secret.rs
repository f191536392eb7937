//! The masked field for a secret's value, which shows nothing of what is in it; and the choice of a lost one to remove.

use super::Paint;
use crate::engine::secret_shape::SecretShape;
use crate::engine::words::{ui, ui_with};
use crate::flow::derived;
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::field::secret_field;
use crate::screen::widgets::list::{Row, list};

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width.min(84));
    doc.text(Role::Plain, ui("secret.paste_here"));
    doc.text(Role::Quiet, ui("screen.secret_where"));
    doc.blank();
    let empty = state.secret.empty;
    let word = ui(if empty { "screen.secret_empty" } else { "screen.secret_something" });
    secret_field(&mut doc, ui("screen.label_value"), empty, word);
    if let Some(shape) = &state.secret.refused {
        doc.blank();
        doc.hanging("! ", Role::Bad, Role::Plain, &refusal(shape));
    }
    doc
}

/// The lost secrets, each as far as anybody may know it.
pub fn lost(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.lost"));
    doc.blank();
    let found = derived::lost(state);
    let selected = menu::selected(state);
    let cursor = found.iter().position(|secret| selected == Some(Item::Lost(secret.key_id.clone())));
    let rows: Vec<Row> = found
        .iter()
        .map(|secret| {
            let made = secret.start.map(|at| ui_with("screen.lost_made", &[("date", &paint.date(at))]));
            let ends = secret.end.map(|at| {
                let key = if at <= state.now { "screen.secret_ended" } else { "screen.secret_until" };
                ui_with(key, &[("date", &paint.date(at))])
            });
            let begins = Some(ui_with("screen.lost_begins", &[("hint", &secret.hint)]));
            let detail: Vec<String> = [begins, made, ends].into_iter().flatten().collect();
            Row { label: secret.display_name.clone(), detail: detail.join(" · ") }
        })
        .collect();
    list(&mut doc, &rows, cursor);
    doc
}

/// Why a value was not taken, by its shape alone.
fn refusal(shape: &SecretShape) -> String {
    match shape {
        SecretShape::Empty => ui("secret.empty").to_owned(),
        SecretShape::Id { .. } => ui("secret.looks_like_id").to_owned(),
        SecretShape::TooShort(count) => ui_with("secret.too_short", &[("count", &count.to_string())]),
        SecretShape::HasSpaces => ui("secret.has_spaces").to_owned(),
        SecretShape::Foreign => ui("secret.not_ascii").to_owned(),
        SecretShape::NotThisApps => ui("secret.hint_differs").to_owned(),
        SecretShape::TooLong(_) | SecretShape::Fits { .. } | SecretShape::Possible => {
            ui("screen.secret_odd").to_owned()
        }
    }
}
