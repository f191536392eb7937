//! The check list: one line for each check, the first one that is open unfolded onto its evidence.

use super::doc::Doc;
use super::text::{cells, pad};
use crate::engine::findings::Verdict;
use crate::screen::theme::{Role, Theme};

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

/// The verdict's word between brackets, padded so that titles stand below each other.
pub fn tag(word: &str, widest: usize) -> String {
    pad(&format!("[{word}]"), widest + 2)
}

/// Adds the checks; the one at `open` is unfolded.
pub fn checks(doc: &mut Doc, rows: &[CheckRow<'_>], open: Option<usize>) {
    let widest = rows.iter().map(|r| cells(r.word)).max().unwrap_or(0);
    for (index, row) in rows.iter().enumerate() {
        let role = Theme::role(row.verdict);
        let title = if open == Some(index) { Role::Strong } else { Role::Plain };
        doc.pieces(&[(&tag(row.word, widest), role), ("  ", Role::Plain), (row.title, title)]);
        if open == Some(index) {
            doc.indented(widest + 4, |doc| {
                doc.text(Role::Plain, row.evidence);
                doc.text(Role::Quiet, row.note);
            });
        }
    }
}
