//! What lies over a page: a frame in the middle with a title, text that can be scrolled, and its own keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::doc::{Doc, Scroll, to_u16};
use super::text::{cells, fit};
use crate::screen::theme::{Role, Theme};

/// Cells between the frame and the text, on each side.
const MARGIN: u16 = 2;
/// Text is easiest to read up to this width.
const WIDEST: u16 = 88;

/// Less than this beside the frame would be scraps of the page, and no air.
const BESIDE: u16 = 8;

/// The width that text has in an overlay over this area.
pub fn text_width(area: Rect) -> u16 {
    let frame = 2 * (MARGIN + 1);
    let width = if area.width >= WIDEST + frame + 2 * BESIDE { WIDEST + frame } else { area.width };
    width.saturating_sub(frame)
}

/// Draws the overlay as high as its text needs, in the middle of `area`. Returns where the cursor is.
pub fn overlay(
    theme: Theme,
    title: &str,
    doc: &Doc,
    scroll: &mut Scroll,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let width = text_width(area) + 2 * (MARGIN + 1);
    // A line of air above and below the text, unless there is no room for air.
    let wanted = doc.height() + 4;
    let height = to_u16(wanted).min(area.height);
    let frame = area
        .centered(ratatui::layout::Constraint::Length(width), ratatui::layout::Constraint::Length(height));
    // Scraps of the page beside the frame would only be noise.
    let beside = Rect { x: buffer.area.x, width: buffer.area.width, ..frame };
    Clear.render(beside, buffer);
    let title = fit(title, usize::from(width.saturating_sub(6)));
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Quiet))
        .render(frame, buffer);
    let title_style = theme.style(Role::Strong).remove_modifier(Modifier::DIM);
    if frame.width > 6 {
        buffer.set_stringn(frame.x + 2, frame.y, format!(" {title} "), cells(&title) + 2, title_style);
    }
    let air = u16::from(usize::from(area.height) >= wanted);
    let inner = Rect {
        x: frame.x + 1 + MARGIN,
        y: frame.y + 1 + air,
        width: frame.width.saturating_sub(2 * (MARGIN + 1)),
        height: frame.height.saturating_sub(2 + 2 * air),
    };
    doc.draw(scroll, inner, buffer)
}
