//! Keys and values, aligned.

use super::doc::Doc;
use super::text::{cells, pad};
use crate::screen::theme::Role;

/// Adds rows of `(key, value)`; a value that is too long goes on below itself. Rows without a value are left out.
pub fn facts(doc: &mut Doc, rows: &[(&str, &str)]) {
    let widest = rows.iter().filter(|r| !r.1.is_empty()).map(|r| cells(r.0)).max().unwrap_or(0);
    for (key, value) in rows.iter().filter(|r| !r.1.is_empty()) {
        doc.hanging(&format!("{}  ", pad(key, widest)), Role::Quiet, Role::Plain, value);
    }
}
