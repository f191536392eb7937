//! The one place that reads the environment: captured once at start, then passed around as a value.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The operating system that we run on, as a value, so that every decision can be tested on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux, the BSDs and other Unix systems with X11 or Wayland.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// The system that this program was built for.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Unix
        }
    }
}

/// What `TERM` says about the terminal, as far as we care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// `TERM=dumb`: no cursor movement, no colours.
    Dumb,
    /// `TERM=linux`: the kernel's own console, with few glyphs and no clipboard.
    LinuxConsole,
    /// Everything else, also where `TERM` is not set (Windows).
    Capable,
}

/// The person's surroundings as they were when the program started.
///
/// The fields are public so that a test can describe any machine; start from [`Environment::desktop`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The operating system.
    pub system: System,
    /// The session came over SSH: clipboard, display and browser belong to another machine.
    pub is_remote: bool,
    /// `DISPLAY` (X11), if it is set and not empty.
    pub x11_display: Option<String>,
    /// `WAYLAND_DISPLAY`, if it is set and not empty.
    pub wayland_display: Option<String>,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// Linux inside Windows (WSL).
    pub is_wsl: bool,
    /// WSL may start Windows programs, judged by the same kernel file as the `webbrowser` crate does.
    pub wsl_interop: bool,
    /// What `TERM` says.
    pub terminal: Terminal,
    /// The locale is UTF-8, so that characters beyond ASCII can be shown.
    pub unicode: bool,
    /// We run inside tmux.
    pub is_tmux: bool,
    /// The folders that programs are looked for in (`PATH`). Only whole paths: a program that lies in the present
    /// folder was put there by somebody else.
    pub program_folders: Vec<PathBuf>,
    /// A file with certificates to trust (`SSL_CERT_FILE`). The system's own store does not know that variable on Windows
    /// and macOS; elsewhere it reads the file by itself, and says nothing where that is not possible.
    pub certificate_file: Option<PathBuf>,
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
}

/// The command line, the program's own name first.
pub fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os()
}

impl Environment {
    /// Reads the real environment. Meant to be called once, at start.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn capture() -> Self {
        let mut here = Self::read(System::current(), |name| std::env::var_os(name));
        here.is_wsl |= here.system == System::Unix && kernel_is_wsl();
        here.wsl_interop = here.is_wsl && interop_is_enabled();
        here.stdin_is_terminal = std::io::stdin().is_terminal();
        here.stdout_is_terminal = std::io::stdout().is_terminal();
        here.stderr_is_terminal = std::io::stderr().is_terminal();
        here
    }

    /// A local X11 desktop with a capable UTF-8 terminal: where most tests start.
    pub fn desktop() -> Self {
        Self {
            system: System::Unix,
            is_remote: false,
            x11_display: Some(":0".to_owned()),
            wayland_display: None,
            no_color: false,
            is_wsl: false,
            wsl_interop: false,
            terminal: Terminal::Capable,
            unicode: true,
            is_tmux: false,
            program_folders: Vec::new(),
            certificate_file: None,
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            stderr_is_terminal: true,
        }
    }

    /// Whether a graphical program started from here would be seen by the person.
    ///
    /// Over SSH this is false even if a display is forwarded: it would open on the wrong machine or crawl.
    pub fn has_display(&self) -> bool {
        if self.is_remote {
            return false;
        }
        match self.system {
            System::MacOs | System::Windows => true,
            System::Unix => self.x11_display.is_some() || self.wayland_display.is_some(),
        }
    }

    /// Whether the full-screen wizard can run: both ends are a terminal, and it is not a dumb one.
    pub fn can_draw(&self) -> bool {
        self.stdin_is_terminal && self.stdout_is_terminal && self.terminal != Terminal::Dumb
    }

    /// Everything that variables alone can tell; `variable` looks one up.
    fn read(system: System, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| {
            variable(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
        };
        let is_set = |name: &str| text(name).is_some();
        let terminal = match text("TERM").as_deref() {
            Some("dumb") => Terminal::Dumb,
            Some("linux") => Terminal::LinuxConsole,
            _ => Terminal::Capable,
        };
        // The first of the three that is set wins, as in POSIX.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        let unicode = match system {
            // The console takes UTF-16 from the standard library whatever its code page.
            System::Windows => true,
            // Terminals there are UTF-8 unless told otherwise, and often set no locale.
            System::MacOs => locale.as_deref().is_none_or(is_utf8),
            System::Unix => locale.as_deref().is_some_and(is_utf8),
        };
        Self {
            system,
            is_remote: is_set("SSH_TTY") || is_set("SSH_CONNECTION"),
            x11_display: text("DISPLAY"),
            wayland_display: text("WAYLAND_DISPLAY"),
            no_color: is_set("NO_COLOR"),
            is_wsl: is_set("WSL_DISTRO_NAME") || is_set("WSL_INTEROP"),
            wsl_interop: false,
            terminal,
            unicode,
            is_tmux: is_set("TMUX"),
            program_folders: variable("PATH")
                .map(|path| std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect())
                .unwrap_or_default(),
            certificate_file: text("SSL_CERT_FILE").map(PathBuf::from),
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A root shell or a service in WSL may lack the variables; the kernel's name still tells.
fn kernel_is_wsl() -> bool {
    std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .is_ok_and(|release| release.to_ascii_lowercase().contains("microsoft"))
}

fn interop_is_enabled() -> bool {
    std::fs::read_to_string("/proc/sys/fs/binfmt_misc/WSLInterop").is_ok_and(|s| s.contains("enabled"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(system: System, variables: &[(&str, &str)]) -> Environment {
        Environment::read(system, |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn either_ssh_variable_means_remote() {
        assert!(with(System::Unix, &[("SSH_TTY", "/dev/pts/1")]).is_remote);
        assert!(with(System::Windows, &[("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")]).is_remote);
        assert!(!with(System::Unix, &[("SSH_TTY", "")]).is_remote);
        assert!(!with(System::Unix, &[]).is_remote);
    }

    #[test]
    fn a_display_is_needed_only_where_there_are_displays() {
        assert!(with(System::Unix, &[("DISPLAY", ":0")]).has_display());
        assert!(with(System::Unix, &[("WAYLAND_DISPLAY", "wayland-0")]).has_display());
        assert!(!with(System::Unix, &[("DISPLAY", "")]).has_display());
        assert!(with(System::Windows, &[]).has_display());
        assert!(with(System::MacOs, &[]).has_display());
    }

    #[test]
    fn a_forwarded_display_does_not_count() {
        let forwarded = with(System::Unix, &[("DISPLAY", "localhost:10.0"), ("SSH_TTY", "/dev/pts/1")]);
        assert!(!forwarded.has_display());
        assert!(!with(System::MacOs, &[("SSH_TTY", "/dev/ttys001")]).has_display());
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        assert!(with(System::Unix, &[("LANG", "de_DE.UTF-8")]).unicode);
        assert!(with(System::Unix, &[("LC_CTYPE", "C.utf8"), ("LANG", "C")]).unicode);
        assert!(!with(System::Unix, &[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).unicode);
        assert!(with(System::Unix, &[("LC_ALL", ""), ("LANG", "en_US.UTF-8")]).unicode);
        assert!(!with(System::Unix, &[]).unicode);
    }

    #[test]
    fn without_a_locale_windows_and_macos_still_speak_unicode() {
        assert!(with(System::Windows, &[]).unicode);
        assert!(with(System::MacOs, &[]).unicode);
        assert!(!with(System::MacOs, &[("LC_ALL", "C")]).unicode);
    }

    #[test]
    fn term_is_told_apart() {
        assert_eq!(with(System::Unix, &[("TERM", "dumb")]).terminal, Terminal::Dumb);
        assert_eq!(with(System::Unix, &[("TERM", "linux")]).terminal, Terminal::LinuxConsole);
        assert_eq!(with(System::Unix, &[("TERM", "xterm-256color")]).terminal, Terminal::Capable);
        assert_eq!(with(System::Windows, &[]).terminal, Terminal::Capable);
    }

    #[test]
    fn an_empty_no_color_does_not_count() {
        assert!(with(System::Unix, &[("NO_COLOR", "1")]).no_color);
        assert!(!with(System::Unix, &[("NO_COLOR", "")]).no_color);
    }

    #[test]
    fn wsl_and_tmux_are_seen() {
        assert!(with(System::Unix, &[("WSL_DISTRO_NAME", "Ubuntu")]).is_wsl);
        assert!(with(System::Unix, &[("WSL_INTEROP", "/run/WSL/8_interop")]).is_wsl);
        assert!(!with(System::Unix, &[]).is_wsl);
        assert!(with(System::Unix, &[("TMUX", "/tmp/tmux-1000/default,1,0")]).is_tmux);
    }

    #[test]
    fn programs_are_looked_for_at_whole_paths_only() {
        let folder = std::env::temp_dir();
        let path = std::env::join_paths([".", folder.to_str().unwrap(), "", "bin"]).unwrap();
        let here = with(System::Unix, &[("PATH", path.to_str().unwrap())]);
        assert_eq!(here.program_folders, [folder]);
        assert!(with(System::Unix, &[]).program_folders.is_empty());
    }

    #[test]
    fn a_file_of_certificates_is_named_by_a_variable() {
        for system in [System::Windows, System::MacOs, System::Unix] {
            let named = with(system, &[("SSL_CERT_FILE", "contoso.pem")]).certificate_file;
            assert_eq!(named, Some(PathBuf::from("contoso.pem")));
        }
        assert_eq!(with(System::Windows, &[("SSL_CERT_FILE", "")]).certificate_file, None);
    }

    #[test]
    fn a_value_that_is_not_text_still_counts_as_set() {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;
            let odd = Environment::read(System::Unix, |name| {
                (name == "SSH_TTY").then(|| OsString::from_vec(vec![0xff, 0xfe]))
            });
            assert!(odd.is_remote);
        }
        assert!(with(System::Unix, &[("SSH_TTY", "\u{1b}[2J")]).is_remote);
    }

    #[test]
    fn drawing_needs_both_ends_and_a_terminal_that_can() {
        let desktop = Environment::desktop();
        assert!(desktop.can_draw());
        assert!(!Environment { stdin_is_terminal: false, ..desktop.clone() }.can_draw());
        assert!(!Environment { stdout_is_terminal: false, ..desktop.clone() }.can_draw());
        assert!(!Environment { terminal: Terminal::Dumb, ..desktop }.can_draw());
    }

    #[test]
    fn the_real_environment_can_be_captured() {
        assert_eq!(Environment::capture().system, System::current());
    }
}
