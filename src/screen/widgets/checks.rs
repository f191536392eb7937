//! The check list: one line for each check, the first one that is open unfolded onto its evidence.

use super::doc::Doc;
use super::text::{cells, pad};
use crate::engine::findings::Verdict;
use crate::screen::theme::{Role, Theme, mark};

/// One check, in words.
#[derive(Debug, Clone)]
pub struct CheckRow<'a> {
    /// Its verdict.
    pub verdict: Verdict,
    /// The verdict's word.
    pub word: &'a str,
    /// Its title.
    pub title: &'a str,
    /// One line of evidence.
    pub evidence: &'a str,
    /// What it means or what to do, where there is more to say than the evidence.
    pub note: &'a str,
}

/// A verdict as mark and word, padded so that what follows is aligned over rows whose longest word is `widest`.
pub fn tag(verdict: Verdict, word: &str, widest: usize) -> String {
    format!("{} {}", mark(verdict), pad(word, widest.max(cells(word))))
}

/// Adds the checks. The one at `open` is unfolded; the one at `cursor` is selected, and unfolded instead.
pub fn checks(doc: &mut Doc, rows: &[CheckRow<'_>], open: Option<usize>, cursor: Option<usize>) {
    let widest = rows.iter().map(|r| cells(r.word)).max().unwrap_or(0);
    let open = cursor.or(open);
    for (index, row) in rows.iter().enumerate() {
        let add = |doc: &mut Doc| {
            let from = doc.height();
            let lead = doc.theme.cursor(cursor == Some(index));
            let tag = tag(row.verdict, row.word, widest);
            let title = if open == Some(index) { Role::Strong } else { Role::Plain };
            doc.pieces(&[
                (lead, Role::Plain),
                (&tag, Theme::role(row.verdict)),
                ("   ", Role::Plain),
                (row.title, title),
            ]);
            if cursor == Some(index) {
                let style = doc.theme.style(Role::Selected);
                doc.bar(from, style);
            }
            if open == Some(index) {
                doc.indented(widest + 7, |doc| {
                    doc.text(Role::Plain, row.evidence);
                    doc.text(Role::Plain, row.note);
                });
            }
        };
        if open == Some(index) { doc.focused(add) } else { add(doc) }
    }
}
