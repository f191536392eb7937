//! The wizard as pages: one file for each page or panel, put into the frame of header, rail and footer here.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::theme::{Look, Role, Theme};
use super::widgets::doc::{Doc, Scroll, to_u16};
use super::widgets::frame::{Header, RAIL_FROM, SMALLEST, footer, header, rail, rail_width, too_small};
use crate::engine::words::{ui, ui_with, words};
use crate::flow::menu;
use crate::flow::state::{Page, Panel, State};

mod admin;
mod answer;
mod applying;
mod client;
mod common;
mod consent;
mod end;
mod explained;
mod forecast;
mod hand_over;
mod myself;
mod overlays;
mod overview;
mod pick;
mod plan;
mod redirect;
mod rehearsal;
mod resource;
mod secret;
mod sign_in;
mod welcome;

/// From this width of the page on, a list and its detail stand beside each other.
const SIDE_BY_SIDE: u16 = 90;

/// What every view draws with: the person's terminal, and the person's time zone (found out by `platform`).
#[derive(Clone)]
pub struct Paint {
    /// Styles and marks.
    pub theme: Theme,
    /// For clock times; asked for when the first one is drawn, since the first page has none and should stand at once.
    zone: Arc<dyn Fn() -> TimeZone + Send + Sync>,
}

impl Paint {
    /// For a terminal and a time zone.
    pub fn new(look: Look, zone: impl Fn() -> TimeZone + Send + Sync + 'static) -> Self {
        Self { theme: Theme::new(look), zone: Arc::new(zone) }
    }

    /// A time of day, to the minute: nothing redraws for the sake of a clock.
    fn clock(&self, at: Timestamp) -> String {
        at.to_zoned((self.zone)()).strftime("%H:%M").to_string()
    }

    /// A time of day, to the second, of what is over.
    fn clock_to_the_second(&self, at: Timestamp) -> String {
        at.to_zoned((self.zone)()).strftime("%H:%M:%S").to_string()
    }

    /// A day.
    fn date(&self, at: Timestamp) -> String {
        at.to_zoned((self.zone)()).strftime("%-d %B %Y").to_string()
    }

    fn doc(&self, width: u16) -> Doc {
        Doc::new(self.theme, width)
    }
}

/// What a page shows between header and footer.
enum Body {
    /// One text.
    One(Doc),
    /// A list, and the detail of what is selected in it: beside it where there is room, else below.
    Two {
        /// The list.
        list: Doc,
        /// The detail.
        detail: Doc,
    },
}

/// Whether a page can be drawn here.
pub fn has_room(area: Rect) -> bool {
    area.width >= SMALLEST.0 && area.height >= SMALLEST.1
}

/// Draws the whole wizard. Returns where the terminal's cursor is to stand, if a field is open.
pub fn render(
    state: &State,
    paint: &Paint,
    scroll: &mut Scroll,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let cursor = if has_room(area) {
        page(state, paint, scroll, area, buffer)
    } else {
        too_small(paint.theme, area, buffer);
        None
    };
    paint.theme.settle(buffer);
    cursor
}

fn page(
    state: &State,
    paint: &Paint,
    scroll: &mut Scroll,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let margin = if area.width >= RAIL_FROM { 2 } else { 1 };
    let inner = Rect { x: area.x + margin, width: area.width - 2 * margin, ..area };
    let head = header_of(state);
    header(paint.theme, &head, Rect { height: 2, ..inner }, buffer);

    let keys: Vec<(String, String)> = menu::footer(state).into_iter().map(|k| (k.key, k.label)).collect();
    let foot = footer(paint.theme, &keys, inner.width);
    let foot_height = to_u16(foot.height()).min(3);
    let foot_at = Rect { y: inner.bottom() - foot_height, height: foot_height, ..inner };

    let head_height = if head.about.is_empty() { 1 } else { 2 };
    let mut middle =
        Rect { y: inner.y + head_height, height: inner.height - head_height - foot_height - 1, ..inner };
    if area.width >= RAIL_FROM {
        let rows = common::rail_rows(state);
        let width = rail_width(&rows);
        rail(
            paint.theme,
            &rows,
            Rect { y: middle.y + 1, width, height: middle.height - 1, ..middle },
            buffer,
        );
        middle = Rect { x: middle.x + width, width: middle.width - width, ..middle };
    }

    let cursor = if state.overlays.is_empty() {
        content(state, paint, scroll, middle, buffer)
    } else {
        // What lies below is still there, but steps back.
        let below = State { overlays: Vec::new(), ..state.clone() };
        let behind = Paint { theme: paint.theme.behind(), ..paint.clone() };
        content(&below, &behind, &mut Scroll::behind(), middle, buffer);
        step_back(buffer, Rect { y: middle.y, height: middle.height, ..area });
        let over = Rect { y: inner.y + 2, height: inner.height - 2 - foot_height - 1, ..inner };
        overlays::render(state, paint, scroll, over, buffer)
    };
    // Notes stand in the empty line above the footer, so that nothing moves when one comes or goes.
    let note_at = Rect { y: foot_at.y - 1, height: 1, ..inner };
    if let Some(note) = common::note(state, paint, inner.width) {
        note.draw(&mut Scroll::default(), note_at, buffer);
    }
    foot.draw(&mut Scroll::default(), foot_at, buffer);
    cursor
}

fn step_back(buffer: &mut Buffer, area: Rect) {
    let quiet = Style::new()
        .fg(Color::Reset)
        .remove_modifier(Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED)
        .add_modifier(Modifier::DIM);
    buffer.set_style(area, quiet);
}

/// The page's body, its status, and what can be done, from the top down.
///
/// The layout is the airiest one that fits: buttons below each other, then beside each other, then without the empty
/// line before them, at last without the one under the header. What is then still too long is scrolled.
fn content(
    state: &State,
    paint: &Paint,
    scroll: &mut Scroll,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let body = body(state, paint, area.width);
    let status = common::status(state, paint, area.width);
    let buttons = common::buttons(state);
    let menu = common::menu(paint, &buttons, area.width);
    let row = common::flow(paint, &buttons, area.width);
    let body_height = match &body {
        Body::One(doc) => doc.height(),
        // A list needs some room for its detail, and takes more where there is more.
        Body::Two { list, .. } => list.height() + 8,
    };
    let below = |gap: usize, menu: &Doc| 1 + status.height() + gap + menu.height();
    let airy = usize::from(status.height() > 0);
    // The first row of the area is the empty line under the header.
    let room = usize::from(area.height) - 1;
    let (gap, menu) = if body_height + below(airy, &menu) <= room {
        (airy, menu)
    } else if body_height + below(airy, &row) <= room {
        (airy, row)
    } else {
        (0, row)
    };
    let below = below(gap, &menu).min(room.saturating_sub(3));
    // Beside the list of stages that row stays empty, as it is there.
    let alone = buffer.area.width < RAIL_FROM;
    let tight = alone && matches!(body, Body::One(_)) && body_height + below == room + 1;
    let area = if tight { area } else { Rect { y: area.y + 1, height: area.height - 1, ..area } };
    let room = usize::from(area.height);
    let top = match &body {
        Body::One(_) => body_height.min(room - below),
        Body::Two { .. } => room - below,
    };

    let top = to_u16(top);
    let body_at = Rect { height: top, ..area };
    let cursor = match body {
        Body::One(doc) => doc.draw(scroll, body_at, buffer),
        Body::Two { list, detail } => {
            two(paint, &list, &detail, scroll, body_at, buffer);
            None
        }
    };
    let status_at = Rect { y: area.y + top + 1, height: to_u16(status.height()), ..area };
    status.draw(&mut Scroll::default(), status_at.intersection(area), buffer);
    let menu_y = area.y + top + 1 + to_u16(status.height() + gap);
    let menu_at = Rect { y: menu_y, height: area.bottom().saturating_sub(menu_y), ..area };
    menu.draw(&mut Scroll::default(), menu_at.intersection(area), buffer);
    cursor
}

fn two(paint: &Paint, list: &Doc, detail: &Doc, scroll: &mut Scroll, area: Rect, buffer: &mut Buffer) {
    if area.width >= SIDE_BY_SIDE {
        let left = side_width(area.width);
        list.draw(&mut Scroll::default(), Rect { width: left, ..area }, buffer);
        detail.draw(scroll, Rect { x: area.x + left + 3, width: area.width - left - 3, ..area }, buffer);
        return;
    }
    let height = to_u16(list.height()).min(area.height / 2);
    list.draw(&mut Scroll::default(), Rect { height, ..area }, buffer);
    let rule = "─".repeat(usize::from(area.width));
    buffer.set_stringn(
        area.x,
        area.y + height,
        rule,
        usize::from(area.width),
        paint.theme.style(Role::Quiet),
    );
    let rest = Rect { y: area.y + height + 1, height: area.height.saturating_sub(height + 1), ..area };
    detail.draw(scroll, rest, buffer);
}

/// How wide the list of two is, beside its detail.
fn side_width(width: u16) -> u16 {
    width * 2 / 5
}

/// The widths of a list and its detail on a page of this width.
fn two_widths(width: u16) -> (u16, u16) {
    if width >= SIDE_BY_SIDE { (side_width(width), width - side_width(width) - 3) } else { (width, width) }
}

fn body(state: &State, paint: &Paint, width: u16) -> Body {
    let doc = match &state.page {
        Page::Welcome => welcome::body(state, paint, width),
        Page::SignIn(sign_in) => sign_in::body(state, sign_in, paint, width),
        Page::End => end::body(state, paint, width),
        Page::Stage(id) => match &state.panel {
            Panel::Overview => overview::body(state, *id, paint, width),
            Panel::Forecast => forecast::body(state, paint, width),
            Panel::PickApp => pick::apps(state, paint, width),
            Panel::TypeUrl => pick::address(state, paint, width),
            Panel::PickTenant => pick::tenants(state, paint, width),
            Panel::Switching(row) => pick::switching(row, paint, width),
            Panel::PickSubscription => pick::subscriptions(state, paint, width),
            Panel::PickSlot => pick::slots(state, paint, width),
            Panel::PickHost => pick::hosts(state, paint, width),
            Panel::PickClient => pick::clients(state, paint, width),
            Panel::ClientField => client::body(state, paint, width),
            Panel::Preparing => applying::looking_first(state, paint, width),
            Panel::Plan(view) => return plan::body(state, view, paint, width),
            Panel::Applying(apply) => applying::body(state, apply, paint, width),
            Panel::Myself => myself::body(state, *id, paint, width),
            Panel::AskAdmin => admin::body(state, paint, width),
            Panel::SecretField => secret::body(state, paint, width),
            Panel::LostSecrets => secret::lost(state, paint, width),
            Panel::HandOver => hand_over::body(state, paint, width),
            Panel::Consent => consent::body(state, paint, width),
            Panel::Resource => resource::body(state, paint, width),
            Panel::RedirectField => redirect::typing(state, paint, width),
            Panel::ErrorField => explained::pasting(state, paint, width),
            Panel::Explained(found) => explained::body(found, paint, width),
            Panel::Binding => rehearsal::binding(paint, width),
            Panel::Rehearsal(view) => rehearsal::running(state, view, paint, width),
            Panel::RehearsalPaste(view) => rehearsal::pasting(state, view, paint, width),
            Panel::Answer => answer::body(state, paint, width),
        },
    };
    Body::One(doc)
}

fn header_of(state: &State) -> Header {
    let words = words();
    let (step, title) = match &state.page {
        Page::Welcome => (String::new(), ui("screen.name").to_owned()),
        Page::SignIn(_) => (String::new(), ui("sign_in.title").to_owned()),
        Page::End => (String::new(), end::title(state).to_owned()),
        Page::Stage(id) => (
            ui_with("stage.step", &[("number", &id.number().to_string())]),
            words.stage(*id).map(|s| s.title.clone()).unwrap_or_default(),
        ),
    };
    let badge = match (state.setup.practice, state.setup.read_only) {
        (true, true) => format!("{}  {}", ui("stage.practice"), ui("stage.read_only")),
        (true, false) => ui("stage.practice").to_owned(),
        (false, true) => ui("stage.read_only").to_owned(),
        (false, false) => String::new(),
    };
    Header { step, title, badge, about: common::about(state) }
}
