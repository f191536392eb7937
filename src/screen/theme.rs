//! How things look: the word first, then the mark, then the colour. The 16 ANSI colours and the terminal's own
//! background only, so that it fits whatever palette the person chose (rust-tui-models 2 g).

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::engine::findings::Verdict;

/// What the person's terminal can and may show; found out by `platform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colours are wanted (no `NO_COLOR`).
    pub colour: bool,
    /// Marks and lines beyond ASCII can be shown.
    pub unicode: bool,
}

/// What a piece of text is, for choosing its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Plain,
    /// Titles and the headings of groups.
    Strong,
    /// Second in rank: addresses, the original words of a service, hints.
    Quiet,
    /// The row that the next Enter acts on.
    Selected,
    /// A key that can be pressed.
    Key,
    /// Something to copy or type exactly as it stands.
    Value,
    /// Something that went right.
    Good,
    /// Something that went wrong.
    Bad,
    /// Something to look at.
    Caution,
    /// Something that is waited for.
    Waiting,
    /// Something that could not be seen.
    Unsure,
    /// The word that tells the practice cloud from the real one.
    Practice,
}

/// The styles and marks in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    look: Look,
    behind: bool,
}

impl Theme {
    /// The theme for this terminal.
    pub const fn new(look: Look) -> Self {
        Self { look, behind: false }
    }

    /// The same for a page that lies behind something: nothing there is chosen with the next key.
    #[must_use]
    pub const fn behind(self) -> Self {
        Self { behind: true, ..self }
    }

    /// What stands before a row or button, selected or not.
    pub const fn cursor(self, selected: bool) -> &'static str {
        if selected && !self.behind { "> " } else { "  " }
    }

    /// The style of a role. Without colours only bold, dim and reverse tell roles apart, and never by themselves.
    pub const fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let (colour, modifier) = match role {
            Role::Plain => (None, Modifier::empty()),
            Role::Strong => (None, Modifier::BOLD),
            // Not the palette's grey: on some palettes it is the background itself.
            Role::Quiet => (None, Modifier::DIM),
            Role::Selected => (None, Modifier::REVERSED),
            Role::Key | Role::Value => (Some(Color::Cyan), Modifier::empty()),
            Role::Good => (Some(Color::Green), Modifier::empty()),
            Role::Bad => (Some(Color::Red), Modifier::BOLD),
            Role::Caution => (Some(Color::Yellow), Modifier::empty()),
            Role::Waiting => (Some(Color::LightBlue), Modifier::empty()),
            Role::Unsure => (Some(Color::Magenta), Modifier::empty()),
            Role::Practice => (Some(Color::Yellow), Modifier::BOLD),
        };
        let style = plain.add_modifier(modifier);
        match (colour, self.look.colour) {
            (Some(colour), true) => style.fg(colour),
            (Some(_), false) if matches!(role, Role::Key | Role::Value) => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    /// How a verdict is coloured.
    pub const fn role(verdict: Verdict) -> Role {
        match verdict {
            Verdict::Pass => Role::Good,
            Verdict::Warn => Role::Caution,
            Verdict::Fail => Role::Bad,
            Verdict::Waiting => Role::Waiting,
            Verdict::Unknown => Role::Unsure,
            Verdict::NotTried => Role::Plain,
            Verdict::NotApplicable => Role::Quiet,
        }
    }

    /// The style of a verdict.
    pub const fn verdict(self, verdict: Verdict) -> Style {
        self.style(Self::role(verdict))
    }

    /// Replaces what ASCII cannot show, cell by cell, where the terminal shows ASCII only: each of our own marks has
    /// a one-cell stand-in. Other characters stay: a name is better garbled than gone.
    pub fn settle(self, buffer: &mut Buffer) {
        if self.look.unicode {
            return;
        }
        for cell in &mut buffer.content {
            let mut chars = cell.symbol().chars();
            if let (Some(c), None) = (chars.next(), chars.next())
                && let Some(plain) = ascii(c)
            {
                cell.set_char(plain);
            }
        }
    }
}

/// The mark of a verdict, one cell, where there is no room for its word.
pub const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Warn => "!",
        Verdict::Fail => "✗",
        Verdict::Waiting => "…",
        Verdict::Unknown => "?",
        Verdict::NotTried => "○",
        Verdict::NotApplicable => "·",
    }
}

/// The mask of a secret: always as long, whatever is behind it.
pub const MASK: &str = "••••••••••••";

/// The stand-in for a mark of ours, where only ASCII can be shown.
pub const fn ascii(c: char) -> Option<char> {
    Some(match c {
        '✗' => 'x',
        '○' => 'o',
        '·' | '–' | '—' | '─' => '-',
        '…' => '~',
        '•' => '*',
        '→' | '⟩' | '›' => '>',
        '←' | '⟨' => '<',
        '↑' => '^',
        '↓' => 'v',
        '│' => '|',
        '✓' | '╭' | '╮' | '╰' | '╯' => '+',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 12] = [
        Role::Plain,
        Role::Strong,
        Role::Quiet,
        Role::Selected,
        Role::Key,
        Role::Value,
        Role::Good,
        Role::Bad,
        Role::Caution,
        Role::Waiting,
        Role::Unsure,
        Role::Practice,
    ];

    #[test]
    fn only_the_sixteen_colours_and_never_a_background() {
        let theme = Theme::new(Look { colour: true, unicode: true });
        for role in ROLES {
            let style = theme.style(role);
            assert_eq!(style.bg, None, "{role:?}");
            assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))), "{role:?}");
        }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let theme = Theme::new(Look { colour: false, unicode: true });
        assert!(ROLES.iter().all(|role| theme.style(*role).fg.is_none()));
        assert!(theme.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn every_verdict_has_its_own_mark_in_both_sets() {
        let marks: Vec<char> = Verdict::ALL.iter().flat_map(|v| mark(*v).chars()).collect();
        let plain: Vec<char> = marks.iter().map(|c| ascii(*c).unwrap_or(*c)).collect();
        for set in [&marks, &plain] {
            let different: std::collections::BTreeSet<_> = set.iter().collect();
            assert_eq!(different.len(), Verdict::ALL.len());
        }
        assert!(plain.iter().all(char::is_ascii));
    }

    #[test]
    fn our_own_marks_are_spelt_in_ascii_where_need_be() {
        let mut buffer = Buffer::with_lines(["a … b → c · d – e ⟨api client id⟩ ’x” › •"]);
        let before = buffer.clone();
        Theme::new(Look { colour: true, unicode: true }).settle(&mut buffer);
        assert_eq!(buffer, before);
        Theme::new(Look { colour: true, unicode: false }).settle(&mut buffer);
        assert!(buffer.content.iter().all(|c| c.symbol().is_ascii()), "{buffer:?}");
    }
}
