//! What stands around a page: header, rail of stages, footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::doc::{Doc, Scroll, to_u16};
use super::text::{cells, fit};
use crate::engine::findings::Verdict;
use crate::engine::words::{ui_with, verdict};
use crate::screen::theme::{Role, Theme, mark};

/// From this many columns on the rail is shown.
pub const RAIL_FROM: u16 = 100;
/// The smallest terminal that a page is drawn in.
pub const SMALLEST: (u16, u16) = (60, 16);

/// What the header says.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// `Step 6 of 7`, empty outside the stages.
    pub step: String,
    /// The page's title.
    pub title: String,
    /// A word at the right end (`PRACTICE`).
    pub badge: String,
    /// App, tenant, who; those that are known.
    pub about: Vec<String>,
}

/// Draws the header's two lines.
pub fn header(theme: Theme, header: &Header, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let badge_width = cells(&header.badge);
    let room = width.saturating_sub(badge_width + 2);
    let step = if header.step.is_empty() { String::new() } else { format!("{}  ", header.step) };
    put(buffer, area, 0, 0, &step, theme.style(Role::Quiet));
    let at = to_u16(cells(&step));
    let title = fit(&header.title, room.saturating_sub(cells(&step)));
    put(buffer, area, at, 0, &title, theme.style(Role::Strong));
    put(
        buffer,
        area,
        to_u16(width.saturating_sub(badge_width)),
        0,
        &header.badge,
        theme.style(Role::Practice),
    );
    let mut about = String::new();
    for part in header.about.iter().filter(|p| !p.is_empty()) {
        if !about.is_empty() {
            about.push_str(" · ");
        }
        about.push_str(&fit(part, 48));
    }
    put(buffer, area, 0, 1, &fit(&about, width), theme.style(Role::Quiet));
}

fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) {
    if x < area.width && y < area.height {
        buffer.set_stringn(area.x + x, area.y + y, text, usize::from(area.width - x), style);
    }
}

/// One stage in the rail.
#[derive(Debug, Clone)]
pub struct RailRow {
    /// Its number and title.
    pub title: String,
    /// Its status, once it is known.
    pub status: Option<Verdict>,
    /// The status's word; it says more than mark and colour, so that it is the title that is short.
    pub word: &'static str,
    /// Whether it is the one that is shown.
    pub here: bool,
}

/// How wide the rail is, its line included. There is room for each of the words from the start, so that nothing moves
/// when the first are known.
pub fn rail_width(rows: &[RailRow]) -> u16 {
    let words = Verdict::ALL.into_iter().map(|one| cells(verdict(one))).max().unwrap_or(0);
    to_u16(4 + title_width(rows) + 2 + words + 4)
}

fn title_width(rows: &[RailRow]) -> usize {
    rows.iter().map(|r| cells(&r.title)).max().unwrap_or(0).min(24)
}

/// Draws the rail: `>` where we are, a mark and a colour for each stage, and a line on the right.
pub fn rail(theme: Theme, rows: &[RailRow], area: Rect, buffer: &mut Buffer) {
    let room = title_width(rows);
    for (y, row) in (0..area.height).zip(rows) {
        let style = theme.style(if row.here { Role::Strong } else { Role::Plain });
        if row.here {
            put(buffer, area, 0, y, ">", style);
        }
        if let Some(status) = row.status {
            put(buffer, area, 2, y, mark(status), theme.verdict(status));
        }
        put(buffer, area, 4, y, &fit(&row.title, room), style);
        let role = row.status.map_or(Role::Plain, Theme::role);
        put(buffer, area, to_u16(4 + room + 2), y, row.word, theme.style(role));
    }
    for y in 0..area.height {
        put(buffer, area, area.width.saturating_sub(3), y, "│", theme.style(Role::Quiet));
    }
}

/// The keys that work, as lines: a key and what it does, never broken in between. Where one line would be too short for
/// all of them, the arrow keys are drawn rather than named.
pub fn footer(theme: Theme, keys: &[(String, String)], width: u16) -> Doc {
    let mut doc = Doc::new(theme, width);
    let mut line: Vec<(String, Role)> = Vec::new();
    let mut used = 0;
    let items: usize = keys.iter().map(|(key, does)| cells(key) + 1 + cells(does)).sum();
    let fits = |gap: usize| items + gap * keys.len().saturating_sub(1) <= usize::from(width);
    let gap = if fits(3) { 3 } else { 2 };
    for (key, does) in keys {
        let key = &if fits(2) { key.clone() } else { arrows(key) };
        let item = cells(key) + 1 + cells(does);
        if used > 0 && used + gap + item > usize::from(width) {
            flush(&mut doc, &mut line);
            used = 0;
        }
        if used > 0 {
            line.push((" ".repeat(gap), Role::Plain));
            used += gap;
        }
        line.push((format!("{key} "), Role::Key));
        line.push((does.clone(), Role::Quiet));
        used += item;
    }
    flush(&mut doc, &mut line);
    doc
}

/// `Up/Down` as it stands on the keys.
pub fn arrows(key: &str) -> String {
    let drawn = |name: &str| match name {
        "Up" => "↑".to_owned(),
        "Down" => "↓".to_owned(),
        "Left" => "←".to_owned(),
        "Right" => "→".to_owned(),
        other => other.to_owned(),
    };
    key.split('/').map(drawn).collect()
}

fn flush(doc: &mut Doc, line: &mut Vec<(String, Role)>) {
    if !line.is_empty() {
        let pieces: Vec<(&str, Role)> = line.iter().map(|(text, role)| (text.as_str(), *role)).collect();
        doc.pieces(&pieces);
        line.clear();
    }
}

/// The one line that a terminal gets which is too small for a page.
pub fn too_small(theme: Theme, area: Rect, buffer: &mut Buffer) {
    let (width, height) = SMALLEST;
    let [width, height, now_width, now_height] =
        [width, height, area.width, area.height].map(|cells| cells.to_string());
    let text = ui_with(
        "screen.too_small",
        &[("width", &width), ("height", &height), ("now_width", &now_width), ("now_height", &now_height)],
    );
    let mut doc = Doc::new(theme, area.width);
    doc.text(Role::Plain, &text);
    doc.draw(&mut Scroll::default(), area, buffer);
}
