//! A list to choose from: one row has the cursor, which is a leading `>` and reverse video.

use super::doc::Doc;
use super::text::{cells, pad};
use crate::screen::theme::Role;

/// One row of a list.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What it is.
    pub label: String,
    /// More about it, second in rank; aligned with that of the other rows.
    pub detail: String,
    /// The key that does the same, if there is one.
    pub key: String,
}

impl Row {
    /// A row with a label only.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// With more about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With a key that does the same.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }
}

/// Adds the rows; the one with the cursor is kept in view.
pub fn list(doc: &mut Doc, rows: &[Row], cursor: Option<usize>) {
    let most = doc.width().saturating_sub(2);
    let keys = rows.iter().map(|r| cells(&r.key)).max().unwrap_or(0);
    let key_room = if keys == 0 { 0 } else { keys + 2 };
    let details = rows.iter().any(|r| !r.detail.is_empty());
    let widest = rows.iter().map(|r| cells(&r.label)).max().unwrap_or(0);
    let label_room = match (details, most.saturating_sub(key_room)) {
        (true, room) => widest.min(room * 3 / 5),
        (false, room) => widest.min(room),
    };
    for (index, row) in rows.iter().enumerate() {
        let selected = cursor == Some(index);
        let add = |doc: &mut Doc| {
            let from = doc.height();
            let (mark, role) = if selected { ("> ", Role::Strong) } else { ("  ", Role::Plain) };
            let label = pad(&row.label, label_room);
            let key = if key_room == 0 { String::new() } else { format!("  {}", pad(&row.key, keys)) };
            let gap = if details { "  " } else { "" };
            let detail = row.detail.clone();
            doc.pieces(&[
                (mark, role),
                (&label, role),
                (&key, Role::Key),
                (gap, role),
                (&detail, Role::Quiet),
            ]);
            if selected {
                let style = doc.theme.style(Role::Selected);
                doc.bar(from, style);
            }
        };
        if selected { doc.focused(add) } else { add(doc) }
    }
}
