//! What lies over a page: help, the log of calls, one check explained, a trouble, a notice, the question before leaving.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Paint, common};
use crate::engine::change::Right;
use crate::engine::findings::Verdict;
use crate::engine::ids::CheckId;
use crate::engine::remedy::command;
use crate::engine::trouble::Class;
use crate::engine::words::{ui, ui_with, verdict, words};
use crate::flow::derived::{link_address, logged, secret_given};
use crate::flow::event::{CallLine, RightUsed};
use crate::flow::menu;
use crate::flow::state::{Overlay, State};
use crate::screen::theme::{Role, Theme, mark};
use crate::screen::widgets::checks::tag;
use crate::screen::widgets::doc::{Doc, Scroll};
use crate::screen::widgets::list;
use crate::screen::widgets::overlay::{overlay, text_width};
use crate::screen::widgets::table::facts;
use crate::screen::widgets::text::{cells, chop, pad};

pub fn render(
    state: &State,
    paint: &Paint,
    scroll: &mut Scroll,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let top = state.overlays.last()?;
    let mut doc = paint.doc(text_width(area));
    let mut fixed = None;
    let title = match top {
        Overlay::Help => help(state, &mut doc),
        Overlay::CallLog { back } => {
            let visible = usize::from(area.height.saturating_sub(2));
            let end = log(state, *back, paint, &mut doc);
            fixed = Some(Scroll::at(end.saturating_sub(visible)).reading(true));
            ui("log.title")
        }
        Overlay::More => ui("flow.more"),
        Overlay::Explain(check) => explain(state, *check, &mut doc),
        Overlay::Trouble(trouble) => {
            common::trouble(&mut doc, trouble);
            ui("screen.trouble")
        }
        Overlay::Notice { title, text } => {
            doc.text(Role::Plain, text);
            title
        }
        Overlay::ConfirmQuit { .. } => quit(state, &mut doc),
    };
    let buttons = common::buttons(state);
    // One way out needs no button: the footer names its key.
    if buttons.len() > 1 {
        if doc.height() > 0 {
            doc.blank();
        }
        list::menu(&mut doc, &buttons);
    }
    let scroll = fixed.as_mut().unwrap_or(scroll);
    overlay(paint.theme, title, &doc, scroll, area, buffer)
}

fn help(state: &State, doc: &mut Doc) -> &'static str {
    doc.text(Role::Plain, ui("help.safe"));
    if let Some(stage) = state.stage().and_then(|id| words().stage(id)) {
        doc.blank();
        doc.text(Role::Strong, &stage.title);
        doc.text(Role::Plain, &stage.why);
        doc.text(Role::Plain, &stage.for_me.sentence);
    }
    doc.blank();
    doc.text(Role::Strong, ui("help.keys"));
    let below = State { overlays: Vec::new(), ..state.clone() };
    let keys = menu::footer_in_full(&below);
    let widest = keys.iter().map(|k| cells(&k.key)).max().unwrap_or(0);
    for key in keys {
        doc.hanging(&format!("{}  ", pad(&key.key, widest)), Role::Key, Role::Plain, &key.label);
    }
    doc.blank();
    doc.text(Role::Strong, ui("help.verdicts"));
    let widest = Verdict::ALL.iter().map(|v| cells(verdict(*v))).max().unwrap_or(0);
    for found in Verdict::ALL {
        let means = ui(means(found));
        let tag = tag(found, verdict(found), widest);
        doc.hanging(&format!("{tag}  "), Theme::role(found), Role::Plain, means);
    }
    doc.blank();
    doc.text(Role::Strong, ui("help.terms"));
    for term in words().terms() {
        doc.pieces(&[(&term.word, Role::Plain), ("  ", Role::Plain), (&term.service, Role::Quiet)]);
        doc.indented(2, |doc| doc.text(Role::Plain, &term.means));
    }
    ui("help.title")
}

const fn means(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "verdict_means.pass",
        Verdict::Warn => "verdict_means.warn",
        Verdict::Fail => "verdict_means.fail",
        Verdict::Waiting => "verdict_means.waiting",
        Verdict::Unknown => "verdict_means.unknown",
        Verdict::NotTried => "verdict_means.not_tried",
        Verdict::NotApplicable => "verdict_means.not_applicable",
    }
}

/// All the calls; and behind which line the one ends that stands lowest when this many newer ones are left out.
fn log(state: &State, back: usize, paint: &Paint, doc: &mut Doc) -> usize {
    if state.calls.is_empty() {
        doc.text(Role::Plain, ui("log.empty"));
    }
    if state.calls_left_out > 0 {
        doc.text(Role::Quiet, &ui_with("log.left_out", &[("count", &state.calls_left_out.to_string())]));
    }
    if state.only_changes {
        doc.text(Role::Quiet, ui("log.only_changes"));
    }
    let lowest = logged(state).count().saturating_sub(back + 1);
    let mut end = doc.height();
    for (index, call) in logged(state).enumerate() {
        one_call(call, paint, doc);
        if index <= lowest {
            end = doc.height();
        }
    }
    end
}

/// One call: when, what came of it, and where to; its whole path, since what tells two calls apart stands at its end, with
/// as much of the query as fits beside it; then how long it took, whose right it used, and its id.
fn one_call(call: &CallLine, paint: &Paint, doc: &mut Doc) {
    let status = call.status.map_or_else(|| "---".to_owned(), |s| s.to_string());
    let role = match call.status {
        Some(200..=399) => Role::Good,
        Some(_) => Role::Caution,
        None => Role::Bad,
    };
    let method = if call.writes { Role::Strong } else { Role::Plain };
    let kind = pad(ui(if call.writes { "log.write" } else { "log.read" }), 6);
    doc.pieces(&[
        (&paint.clock_to_the_second(call.at), Role::Quiet),
        ("  ", Role::Plain),
        (&pad(&status, 3), role),
        ("  ", Role::Plain),
        (&kind, method),
        ("  ", Role::Plain),
        (&pad(&call.method, 6), method),
        (&call.host, Role::Plain),
    ]);
    let (path, query) = call.path.split_at(call.path.find('?').unwrap_or(call.path.len()));
    doc.indented(4, |doc| {
        let mut lines = chop(path, doc.width());
        let last = lines.pop().unwrap_or_default();
        for line in &lines {
            doc.pieces(&[(line, Role::Plain)]);
        }
        doc.pieces(&[(&last, Role::Plain), (query, Role::Quiet)]);
    });
    let used = match call.used {
        RightUsed::Nobodys => "log.nobodys",
        RightUsed::Persons => "log.persons",
        RightUsed::Connectors => "log.connectors",
        RightUsed::Rehearsals => "log.rehearsals",
    };
    let right = call.right.map(|right| format!(": {}", right_used(right))).unwrap_or_default();
    let mut how = vec![format!("{} ms", call.millis)];
    how.extend(call.problem.map(|class| ui(unanswered(class)).to_owned()));
    how.push(format!("{}{right}", ui(used)));
    let how = how.join(" · ");
    let id = call.correlation.as_deref().map(|id| ui_with("log.id", &[("id", id)]));
    // An id that is cut helps nobody to find the call again: it goes below where it does not fit.
    let lines = match id {
        Some(id) if 4 + cells(&how) + 3 + cells(&id) <= doc.width() => vec![[how, id].join(" · ")],
        id => std::iter::once(how).chain(id).collect(),
    };
    doc.indented(4, |doc| lines.iter().for_each(|line| doc.pieces(&[(line, Role::Quiet)])));
}

/// Why there was no answer, in few words.
const fn unanswered(class: Class) -> &'static str {
    match class {
        Class::Offline => "log.offline",
        Class::Dns => "log.dns",
        Class::Proxy => "log.proxy",
        Class::Tls => "log.tls",
        Class::TimeOut => "log.time_out",
        Class::Cancelled => "log.cancelled",
        _ => "log.no_answer",
    }
}

/// A right in few words.
fn right_used(right: Right) -> &'static str {
    ui(match right {
        Right::CreateApps => "log.create_apps",
        Right::OwnApp => "log.own_app",
        Right::WriteSite => "log.write_site",
        Right::ConsentForAll => "log.consent_for_all",
    })
}

fn explain(state: &State, check: CheckId, doc: &mut Doc) -> &'static str {
    let found = state.findings.check(check);
    let Some(text) = words().check(check) else { return "" };
    if let Some(finding) = found {
        let tag = format!("{} {}", mark(finding.verdict), verdict(finding.verdict));
        doc.pieces(&[(&tag, Theme::role(finding.verdict))]);
        doc.blank();
        section(doc, "stage.evidence_label", &finding.evidence);
    }
    section(doc, "stage.why_label", &text.why);
    if let Some(finding) = found.filter(|f| !f.verdict.settled()) {
        if let Some(failing) = text.failing.as_deref().filter(|_| finding.verdict == Verdict::Fail) {
            section(doc, "explain.means", failing);
        }
        let helps = matches!(finding.verdict, Verdict::Fail | Verdict::Warn | Verdict::NotTried);
        let remedy = if helps { text.remedy.as_str() } else { "" };
        section(doc, "stage.remedy_label", finding.note.as_deref().unwrap_or(remedy));
        let page = text.portal.as_deref().and_then(|id| link_address(state, id)).unwrap_or_default();
        let az = command(finding, &state.setup.cloud, &state.facts, &state.choices).unwrap_or_default();
        facts(doc, &[(ui("screen.explain_page"), &page), (ui("screen.plan_az"), &az)]);
        doc.blank();
    }
    doc.text(Role::Quiet, check.as_str());
    &text.title
}

fn section(doc: &mut Doc, label: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    doc.text(Role::Strong, ui(label));
    doc.text(Role::Plain, text);
    doc.blank();
}

fn quit(state: &State, doc: &mut Doc) -> &'static str {
    if state.held.secret.is_some() {
        let key = match secret_given(state) {
            // Nobody should put it into the connector.
            _ if state.secret.refused_by_entra() => "screen.quit_refused",
            Some(true) => "screen.quit_handed",
            Some(false) => "screen.quit_held",
            None => "screen.quit_perhaps",
        };
        doc.text(Role::Plain, ui(key));
    }
    if state.secret_on_clipboard {
        let key = if state.secret_surely_on_clipboard() {
            "screen.quit_clipboard"
        } else if state.secret_only_sent() {
            "screen.quit_clipboard_sent"
        } else {
            "screen.quit_clipboard_maybe"
        };
        doc.text(Role::Plain, ui(key));
    }
    if !state.secret_live() {
        doc.text(Role::Plain, ui("quit.resume"));
    }
    ui("quit.ask")
}
