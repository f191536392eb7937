//! Which ways lead to the person's clipboard from here, in the order in which they are tried.

use super::{Concern, MAX_COPY, MAX_TERMINAL_COPY};
use crate::platform::env::{Environment, System, Terminal};

/// One way to the person's clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The desktop's own clipboard.
    Native,
    /// From WSL, Windows' clipboard through Windows' shell.
    WindowsShell,
    /// tmux passes the text on to the terminal that it runs in.
    Tmux,
    /// The escape sequence OSC 52, for the screen to write.
    Terminal,
}

/// The ways that make sense here, best first. It may be none.
pub(super) fn plan(here: &Environment) -> Vec<Route> {
    let mut routes = Vec::new();
    if !here.is_remote {
        if here.has_display() {
            routes.push(Route::Native);
        }
        if is_wsl(here) {
            routes.push(Route::WindowsShell);
        }
    }
    if here.is_tmux {
        routes.push(Route::Tmux);
    }
    if here.stdout_is_terminal && here.terminal == Terminal::Capable {
        routes.push(Route::Terminal);
    }
    routes
}

impl Route {
    /// What the person should agree to before a secret goes this way.
    pub(super) fn concern(self, here: &Environment) -> Option<Concern> {
        match self {
            Self::Tmux | Self::Terminal => Some(Concern::Terminal),
            Self::WindowsShell => Some(Concern::WindowsHistory),
            // The mark that the Linux side sets does not cross over to Windows.
            Self::Native => is_wsl(here).then_some(Concern::WindowsHistory),
        }
    }

    /// The longest text that this way takes, in bytes.
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::Native | Self::WindowsShell => MAX_COPY,
            Self::Tmux | Self::Terminal => MAX_TERMINAL_COPY,
        }
    }
}

fn is_wsl(here: &Environment) -> bool {
    here.system == System::Unix && here.is_wsl
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headless() -> Environment {
        Environment { x11_display: None, ..Environment::desktop() }
    }

    #[test]
    fn a_desktop_uses_its_own_clipboard_and_the_terminal_as_a_spare() {
        assert_eq!(plan(&Environment::desktop()), [Route::Native, Route::Terminal]);
        assert_eq!(
            plan(&Environment { system: System::Windows, ..headless() }),
            [Route::Native, Route::Terminal]
        );
    }

    #[test]
    fn a_remote_session_never_uses_the_clipboard_of_the_far_machine() {
        let remote = Environment { is_remote: true, is_wsl: true, ..Environment::desktop() };
        assert_eq!(plan(&remote), [Route::Terminal]);
        assert_eq!(plan(&Environment { is_tmux: true, ..remote }), [Route::Tmux, Route::Terminal]);
    }

    #[test]
    fn wsl_has_two_ways_before_the_terminal() {
        let wsl = Environment { is_wsl: true, ..Environment::desktop() };
        assert_eq!(plan(&wsl), [Route::Native, Route::WindowsShell, Route::Terminal]);
        let wsl = Environment { is_wsl: true, ..headless() };
        assert_eq!(plan(&wsl), [Route::WindowsShell, Route::Terminal]);
    }

    #[test]
    fn a_terminal_that_cannot_is_not_asked() {
        assert_eq!(plan(&headless()), [Route::Terminal]);
        assert_eq!(plan(&Environment { stdout_is_terminal: false, ..headless() }), []);
        assert_eq!(plan(&Environment { terminal: Terminal::Dumb, ..headless() }), []);
        assert_eq!(plan(&Environment { terminal: Terminal::LinuxConsole, ..headless() }), []);
    }

    #[test]
    fn a_secret_needs_consent_where_it_cannot_be_marked() {
        let desktop = Environment::desktop();
        let wsl = Environment { is_wsl: true, ..Environment::desktop() };
        assert_eq!(Route::Native.concern(&desktop), None);
        assert_eq!(Route::Native.concern(&wsl), Some(Concern::WindowsHistory));
        assert_eq!(Route::WindowsShell.concern(&wsl), Some(Concern::WindowsHistory));
        assert_eq!(Route::Tmux.concern(&desktop), Some(Concern::Terminal));
        assert_eq!(Route::Terminal.concern(&desktop), Some(Concern::Terminal));
    }
}
