//! What this person can do here, told beforehand: one line each, the selected one unfolded onto its evidence.

use super::Paint;
use crate::engine::findings::Verdict;
use crate::engine::forecast::{Can, Subject};
use crate::engine::words::{ui, ui_with};
use crate::flow::derived::outlooks;
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::checks::{CheckRow, checks};
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("forecast.intro"));
    doc.blank();
    let found = outlooks(state);
    let cursor = match menu::selected(state) {
        Some(Item::Outlook(subject)) => found.iter().position(|line| line.subject == subject),
        _ => None,
    };
    let open = found.iter().position(|line| line.can == Can::No);
    let open = open.or_else(|| found.iter().position(|line| line.can == Can::CannotTell));
    let rows: Vec<CheckRow<'_>> = found
        .iter()
        .map(|line| CheckRow {
            verdict: verdict(line.can),
            word: ui(word(line.can)),
            title: ui(title(line.subject)),
            evidence: &line.evidence,
            note: match line.can {
                Can::Yes => "",
                Can::No | Can::CannotTell => ui(where_to_look(line.subject)),
            },
        })
        .collect();
    checks(&mut doc, &rows, open, cursor);
    doc
}

/// One line that sums it up, for the page before.
pub fn summary(state: &State, doc: &mut Doc) {
    if state.facts.person.value().is_none() {
        return;
    }
    let found = outlooks(state);
    let count = |can: Can| found.iter().filter(|line| line.can == can).count().to_string();
    let (yes, no, open) = (count(Can::Yes), count(Can::No), count(Can::CannotTell));
    let line = ui_with("forecast.summary", &[("yes", &yes), ("no", &no), ("open", &open)]);
    doc.blank();
    // Agreeing can be spared by pre-authorising; the others hold the way up.
    let needed = |subject| !matches!(subject, Subject::ConsentSelf | Subject::ConsentEveryone);
    let missing = found.iter().any(|line| line.can == Can::No && needed(line.subject));
    let (mark, role) = if missing { ("! ", Role::Caution) } else { ("- ", Role::Quiet) };
    doc.hanging(mark, role, Role::Plain, &line);
}

/// The mark and colour that go with an answer are those of a check.
const fn verdict(can: Can) -> Verdict {
    match can {
        Can::Yes => Verdict::Pass,
        Can::No => Verdict::Fail,
        Can::CannotTell => Verdict::Unknown,
    }
}

const fn word(can: Can) -> &'static str {
    match can {
        Can::Yes => "forecast.yes",
        Can::No => "forecast.no",
        Can::CannotTell => "forecast.cannot_tell",
    }
}

const fn title(subject: Subject) -> &'static str {
    match subject {
        Subject::CreateApps => "forecast.create_apps",
        Subject::ChangeSite => "forecast.change_site",
        Subject::MakeSecrets => "forecast.make_secrets",
        Subject::ConsentSelf => "forecast.consent_self",
        Subject::ConsentEveryone => "forecast.consent_everyone",
        Subject::CreateConnector => "forecast.create_connector",
        Subject::DataPolicy => "forecast.data_policy",
        Subject::Licence => "forecast.licence",
    }
}

const fn where_to_look(subject: Subject) -> &'static str {
    match subject {
        Subject::CreateApps => "forecast.create_apps_look",
        Subject::ChangeSite => "forecast.change_site_look",
        Subject::MakeSecrets => "forecast.make_secrets_look",
        Subject::ConsentSelf => "forecast.consent_self_look",
        Subject::ConsentEveryone => "forecast.consent_everyone_look",
        Subject::CreateConnector => "forecast.create_connector_look",
        Subject::DataPolicy => "forecast.data_policy_look",
        Subject::Licence => "forecast.licence_look",
    }
}
