//! A page's body as lines: built to a width, then drawn into a height with the row in focus in view.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text::{cells, chop, fit, wrap};
use crate::engine::words::ui_with;
use crate::screen::theme::{Role, Theme};

/// Lines under construction. Every text that comes in is cleaned; what is drawn never holds a control character.
pub struct Doc {
    /// Styles and marks.
    pub theme: Theme,
    width: usize,
    indent: usize,
    gap: bool,
    lines: Vec<Line<'static>>,
    focus: Option<Range<usize>>,
    cursor: Option<(usize, usize)>,
}

impl Doc {
    /// An empty page of this many cells.
    pub fn new(theme: Theme, width: u16) -> Self {
        Self {
            theme,
            width: usize::from(width),
            indent: 0,
            gap: false,
            lines: Vec::new(),
            focus: None,
            cursor: None,
        }
    }

    /// How many cells a line may still use.
    pub fn width(&self) -> usize {
        self.width.saturating_sub(self.indent)
    }

    /// How many lines there are.
    pub fn height(&self) -> usize {
        self.lines.len()
    }

    /// One empty line between groups: never two, and none at either end.
    pub fn blank(&mut self) {
        self.gap = !self.lines.is_empty();
    }

    fn close_gap(&mut self) {
        if std::mem::take(&mut self.gap) {
            self.lines.push(Line::default());
        }
    }

    /// A paragraph.
    pub fn text(&mut self, role: Role, text: &str) {
        let style = self.theme.style(role);
        for line in wrap(text, self.width()) {
            self.push(vec![Span::styled(line, style)]);
        }
    }

    /// A long value, broken wherever the line ends, so that it can be selected and read whole.
    pub fn value(&mut self, text: &str) {
        let style = self.theme.style(Role::Value);
        for line in chop(text, self.width()) {
            self.push(vec![Span::styled(line, style)]);
        }
    }

    /// A paragraph behind something short, with its further lines hanging below the first one.
    pub fn hanging(&mut self, lead: &str, lead_role: Role, role: Role, text: &str) {
        let room = self.width().saturating_sub(cells(lead));
        let style = self.theme.style(role);
        let blank = " ".repeat(cells(lead));
        let lines = wrap(text, room);
        if lines.is_empty() {
            self.push(vec![Span::styled(lead.to_owned(), self.theme.style(lead_role))]);
            return;
        }
        for (i, line) in lines.into_iter().enumerate() {
            let lead = if i == 0 {
                Span::styled(lead.to_owned(), self.theme.style(lead_role))
            } else {
                Span::raw(blank.clone())
            };
            self.push(vec![lead, Span::styled(line, style)]);
        }
    }

    /// A numbered or dotted list's item.
    pub fn item(&mut self, lead: &str, text: &str) {
        self.hanging(lead, Role::Quiet, Role::Plain, text);
    }

    /// A line of ready spans whose texts are already clean and fit.
    pub fn push(&mut self, spans: Vec<Span<'static>>) {
        self.close_gap();
        let mut all = Vec::with_capacity(spans.len() + 1);
        if self.indent > 0 {
            all.push(Span::raw(" ".repeat(self.indent)));
        }
        all.extend(spans);
        self.lines.push(Line::from(all));
    }

    /// One line of pieces, each cleaned; what does not fit is cut with an ellipsis.
    pub fn pieces(&mut self, pieces: &[(&str, Role)]) {
        let mut room = self.width();
        let mut spans = Vec::with_capacity(pieces.len());
        for (text, role) in pieces {
            // Spaces at the ends are alignment here, so the piece is cleaned between them.
            let inner = text.trim_matches(' ');
            let lead = text.len() - text.trim_start_matches(' ').len();
            let tail = if inner.is_empty() { 0 } else { text.len() - text.trim_end_matches(' ').len() };
            let text = format!("{}{}", " ".repeat(lead.min(room)), fit(inner, room.saturating_sub(lead)));
            let used = cells(&text);
            room -= used.min(room);
            let tail = tail.min(room);
            room -= tail;
            spans.push(Span::styled(text + &" ".repeat(tail), self.theme.style(*role)));
        }
        self.push(spans);
    }

    /// What is added inside stands further to the right.
    pub fn indented(&mut self, by: usize, add: impl FnOnce(&mut Self)) {
        self.indent += by;
        add(self);
        self.indent -= by;
    }

    /// What is added inside is kept in view.
    pub fn focused(&mut self, add: impl FnOnce(&mut Self)) {
        self.close_gap();
        let from = self.lines.len();
        add(self);
        self.focus = Some(from..self.lines.len());
    }

    /// Puts the terminal's cursor onto the line added last, this many cells behind the indent.
    pub fn cursor_at(&mut self, column: usize) {
        self.cursor = self.lines.len().checked_sub(1).map(|line| (line, self.indent + column));
    }

    /// Styles the whole of the lines added since `from`, to the page's width.
    pub fn bar(&mut self, from: usize, style: Style) {
        let width = self.width;
        for line in self.lines.iter_mut().skip(from) {
            let used = line.width();
            line.spans.push(Span::raw(" ".repeat(width.saturating_sub(used))));
            for span in &mut line.spans {
                span.style = style;
            }
        }
    }

    /// Draws it, scrolled as `scroll` says. What is out of view is said: how many lines, and the key that shows them.
    /// Returns where the cursor is, if the page has one.
    pub fn draw(&self, scroll: &mut Scroll, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let height = usize::from(area.height);
        let total = self.lines.len();
        if height == 0 {
            return None;
        }
        let focus = self.focus.clone().or(self.cursor.map(|(line, _)| line..line + 1)).unwrap_or(0..0);
        let most = total.saturating_sub(height);
        let offset = scroll.by_hand.unwrap_or_else(|| self.offset_for(&focus, height)).min(most);
        let below = most - offset;
        // A hint may lie over the first and the last line that are in view.
        let cut_above = offset > 0 && !focus.is_empty() && focus.start <= offset;
        let cut_below = below > 0 && !focus.is_empty() && focus.end >= offset + height;
        let page = height.saturating_sub(2).max(1);
        let hints = height > 2 && !scroll.behind;
        *scroll = Scroll { offset, most, page, cut_above, cut_below, ..*scroll };
        let key = |down: bool| match (down, scroll.with_arrow(down)) {
            (false, true) => "Up",
            (false, false) => "PgUp",
            (true, true) => "Down",
            (true, false) => "PgDn",
        };
        let mut cursor = None;
        for (row, index) in (offset..total.min(offset + height)).enumerate() {
            let at = Rect { y: area.y + to_u16(row), height: 1, ..area };
            let above_hint = offset > 0 && row == 0 && hints;
            let below_hint = below > 0 && row + 1 == height && hints;
            if above_hint || below_hint {
                let hint = if above_hint {
                    ui_with(
                        "screen.more_above",
                        &[("number", &(offset + 1).to_string()), ("key", key(false))],
                    )
                } else {
                    ui_with("screen.more_below", &[("number", &(below + 1).to_string()), ("key", key(true))])
                };
                buffer.set_stringn(at.x, at.y, hint, usize::from(area.width), self.theme.style(Role::Quiet));
                continue;
            }
            buffer.set_line(at.x, at.y, &self.lines[index], area.width);
            if let Some((line, column)) = self.cursor
                && line == index
            {
                cursor = Some(Position::new(at.x + to_u16(column).min(area.width.saturating_sub(1)), at.y));
            }
        }
        cursor
    }

    /// How far to scroll so that the focus, with a line of context, is in view and not under a hint.
    fn offset_for(&self, focus: &Range<usize>, height: usize) -> usize {
        if self.lines.len() <= height || height == 0 {
            return 0;
        }
        let needed = (focus.end + 1 + usize::from(focus.end < self.lines.len())).saturating_sub(height);
        // A focus taller than the page shows its beginning.
        needed.min(focus.start.saturating_sub(1))
    }
}

/// How far a page is scrolled, and how far it could be; kept from frame to frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    /// Set by the keys that scroll; else the focus decides.
    by_hand: Option<usize>,
    /// The arrows read on before they choose.
    text_first: bool,
    /// Nothing is said of what is out of view: no key would show it now.
    behind: bool,
    offset: usize,
    most: usize,
    page: usize,
    /// What is selected begins above, or ends below, what is in view.
    cut_above: bool,
    cut_below: bool,
}

impl Scroll {
    /// Scrolled to this line.
    pub fn at(line: usize) -> Self {
        Self { by_hand: Some(line), ..Self::default() }
    }

    /// For a page that lies behind something else.
    pub fn behind() -> Self {
        Self { behind: true, ..Self::default() }
    }

    /// The same place, on a page whose text is read with the arrows before they choose.
    #[must_use]
    pub fn reading(self, text_first: bool) -> Self {
        Self { text_first, ..self }
    }

    /// Whether there is something out of view in this direction.
    pub fn more(&self, down: bool) -> bool {
        if down { self.offset < self.most } else { self.offset > 0 }
    }

    /// Whether the arrow of this direction reads on, whatever is selected.
    pub fn with_arrow(&self, down: bool) -> bool {
        self.text_first || if down { self.cut_below } else { self.cut_above }
    }

    /// Scrolls by a page; false where there is nothing more to show in that direction.
    pub fn turn(&mut self, down: bool) -> bool {
        self.by(self.page, down)
    }

    /// Scrolls by half a page, as the arrows do; false where there is nothing more to show in that direction.
    pub fn step(&mut self, down: bool) -> bool {
        self.by((self.page / 2).max(1), down)
    }

    fn by(&mut self, lines: usize, down: bool) -> bool {
        let to = if down { (self.offset + lines).min(self.most) } else { self.offset.saturating_sub(lines) };
        let moved = to != self.offset;
        if moved {
            self.by_hand = Some(to);
        }
        moved
    }
}

/// For places on a screen, which never exceed what fits.
pub fn to_u16(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::theme::Look;

    fn doc(width: u16) -> Doc {
        Doc::new(Theme::new(Look { colour: false, unicode: true }), width)
    }

    fn shown(doc: &Doc, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        doc.draw(&mut Scroll::default(), area, &mut buffer);
        (0..height)
            .map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn the_focus_is_always_in_view() {
        for focus in 0..20 {
            let mut page = doc(20);
            for i in 0..20 {
                let line = |d: &mut Doc| d.text(Role::Plain, &format!("line {i}."));
                if i == focus { page.focused(line) } else { line(&mut page) }
            }
            for height in 3..22 {
                let rows = shown(&page, 20, height);
                assert!(rows.contains(&format!("line {focus}.")), "{focus} at {height}: {rows:#?}");
            }
        }
    }

    #[test]
    fn what_is_out_of_view_is_counted() {
        let mut page = doc(20);
        for i in 0..10 {
            page.text(Role::Plain, &i.to_string());
        }
        assert_eq!(shown(&page, 30, 4), ["0", "1", "2", "↓ 7 more lines below (PgDn)"]);
    }

    #[test]
    fn every_line_can_be_reached_by_turning_pages() {
        let mut page = doc(30);
        for i in 0..40 {
            page.text(Role::Plain, &format!("line {i}."));
        }
        let area = Rect::new(0, 0, 30, 7);
        let (mut scroll, mut seen) = (Scroll::default(), std::collections::BTreeSet::new());
        loop {
            let mut buffer = Buffer::empty(area);
            page.draw(&mut scroll, area, &mut buffer);
            let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
            seen.extend((0..40).filter(|i| text.contains(&format!("line {i}."))));
            if !scroll.turn(true) {
                break;
            }
        }
        assert_eq!(seen.len(), 40);
        while scroll.turn(false) {
            page.draw(&mut scroll, area, &mut Buffer::empty(area));
        }
        assert_eq!(scroll.offset, 0);
    }

    #[test]
    fn pieces_keep_their_alignment_and_lose_what_does_not_fit() {
        let mut page = doc(12);
        page.pieces(&[("  a  ", Role::Plain), ("b\u{1b}[2J\n", Role::Strong), ("a long tail", Role::Plain)]);
        assert_eq!(shown(&page, 12, 1), ["  a  b[2Ja…"]);
    }

    #[test]
    fn hanging_text_stays_right_of_its_lead() {
        let mut page = doc(12);
        page.item("1. ", "one two three");
        assert_eq!(shown(&page, 12, 2), ["1. one two", "   three"]);
    }
}
