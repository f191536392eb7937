//! Other programs that can reach the person's clipboard for us: tmux, and from WSL the shell of Windows. Texts
//! travel through standard input, never as an argument that others could see.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use zeroize::Zeroizing;

use super::lease::Mark;
use super::{Cleared, MAX_READ, Sensitivity};

/// Windows' shell takes a second or two to start.
const SHELL_PATIENCE: Duration = Duration::from_secs(10);

const TMUX_PATIENCE: Duration = Duration::from_secs(2);

/// The tmux buffer that a text passes through.
const BUFFER: &str = "handclasp";

const WRITE: &str = "[Console]::InputEncoding = [Text.UTF8Encoding]::new($false); \
     Set-Clipboard -Value ([Console]::In.ReadToEnd())";
const READ: &str = "[Console]::OutputEncoding = [Text.UTF8Encoding]::new($false); \
     [Console]::Out.Write((Get-Clipboard -Raw))";
const CLEAR: &str = "Add-Type -AssemblyName System.Windows.Forms; [Windows.Forms.Clipboard]::Clear()";

/// The programs that may be asked. `None` takes a way out of use.
#[derive(Clone, Debug, Default)]
pub(super) struct Helpers {
    tmux: Option<Program>,
    shell: Option<Program>,
}

#[derive(Clone, Debug)]
struct Program {
    name: OsString,
    leading: Vec<OsString>,
}

impl Program {
    fn named(name: &str) -> Self {
        Self { name: name.into(), leading: Vec::new() }
    }
}

impl Helpers {
    pub(super) fn usual() -> Self {
        Self { tmux: Some(Program::named("tmux")), shell: Some(Program::named("powershell.exe")) }
    }

    /// Hands a text to the terminal that tmux runs in. tmux ignores our own escape sequence under its default
    /// settings, but does this for its own buffers, if the outer terminal is known to have a clipboard.
    pub(super) async fn send_through_tmux(
        &self,
        text: &SecretString,
        sensitivity: Sensitivity,
    ) -> io::Result<()> {
        let tmux = self.tmux.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let run = |args: &'static [&'static str], input| run(tmux, args, input, TMUX_PATIENCE);
        let features = run(&["display-message", "-p", "#{client_termfeatures}"], "").await?;
        if !features.split(',').any(|feature| feature.trim() == "clipboard") {
            return Err(io::Error::other("tmux knows of no clipboard in its terminal"));
        }
        run(&["load-buffer", "-b", BUFFER, "-w", "-"], text.expose_secret()).await?;
        if sensitivity == Sensitivity::Secret {
            // It is on its way; tmux's own list of buffers is no place for it.
            run(&["delete-buffer", "-b", BUFFER], "").await?;
        }
        Ok(())
    }

    /// Puts a text on Windows' clipboard.
    pub(super) async fn write_to_windows(&self, text: &SecretString) -> io::Result<()> {
        self.shell(WRITE, text.expose_secret()).await.map(drop)
    }

    /// The text on Windows' clipboard; empty if there is none.
    pub(super) async fn read_from_windows(&self) -> io::Result<Zeroizing<String>> {
        self.shell(READ, "").await
    }

    /// Whether the marked text is on Windows' clipboard.
    pub(super) async fn windows_holds(&self, mark: &Mark) -> io::Result<bool> {
        Ok(mark.matches(&self.read_from_windows().await?))
    }

    /// Empties Windows' clipboard if the marked text is on it.
    pub(super) async fn clear_windows_if(&self, mark: &Mark) -> io::Result<Cleared> {
        if !self.windows_holds(mark).await? {
            return Ok(Cleared::NotOurs);
        }
        self.shell(CLEAR, "").await?;
        Ok(Cleared::Cleared)
    }

    async fn shell(&self, script: &str, input: &str) -> io::Result<Zeroizing<String>> {
        let shell = self.shell.as_ref().ok_or(io::ErrorKind::NotFound)?;
        run(shell, &["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script], input, SHELL_PATIENCE)
            .await
    }
}

/// Runs a program to its end and answers with what it wrote, within `patience` and a size limit.
async fn run(
    program: &Program,
    args: &[&str],
    input: &str,
    patience: Duration,
) -> io::Result<Zeroizing<String>> {
    let mut child = Command::new(&program.name)
        .args(&program.leading)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // The screen is ours: nobody else may write to it.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let limit = u64::try_from(MAX_READ).unwrap_or(u64::MAX).saturating_add(1);
    let work = async {
        if let Some(mut stdin) = stdin {
            match stdin.write_all(input.as_bytes()).await {
                // A program may end well without reading what it does not need.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
                _ => {}
            }
        }
        let mut output = Zeroizing::new(Vec::new());
        if let Some(stdout) = stdout {
            stdout.take(limit).read_to_end(&mut output).await?;
        }
        let status = child.wait().await?;
        if !status.success() {
            return Err(failed(status));
        }
        let text = std::str::from_utf8(&output).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Zeroizing::new(text.to_owned()))
    };
    tokio::time::timeout(patience, work).await.map_err(|_| io::ErrorKind::TimedOut)?
}

fn failed(status: ExitStatus) -> io::Error {
    io::Error::other(format!("the program ended with {status}"))
}

/// Small shell scripts stand in for the programs, so these run where a shell is.
#[cfg(test)]
#[cfg(unix)]
pub(super) mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// A folder with a stand-in for the program. Its tests read what it left in the folder.
    pub(in super::super) struct StandIn(TempDir);

    impl StandIn {
        pub(in super::super) fn new(script: &str) -> Self {
            let place = tempfile::tempdir().unwrap();
            let script = format!("cd '{}' || exit 9\n{script}", place.path().display());
            fs::write(place.path().join("script"), script).unwrap();
            Self(place)
        }

        /// The shell reads the script: starting a file that was just written may fail as busy.
        fn program(&self) -> Program {
            Program { name: "sh".into(), leading: vec![self.0.path().join("script").into()] }
        }

        /// A clipboard of Windows that is a file.
        pub(in super::super) fn windows() -> Self {
            Self::new(
                "case \"$5\" in *Set-Clipboard*) cat >clip;; *Get-Clipboard*) cat clip;; *Clear*) : >clip;; esac",
            )
        }

        pub(in super::super) fn as_tmux(&self) -> Helpers {
            Helpers { tmux: Some(self.program()), shell: None }
        }

        pub(in super::super) fn as_shell(&self) -> Helpers {
            Helpers { tmux: None, shell: Some(self.program()) }
        }

        pub(in super::super) fn left(&self, name: &str) -> Option<String> {
            fs::read_to_string(self.0.path().join(name)).ok()
        }
    }

    const TMUX: &str = "echo \"$@\" >>calls; case $1 in display-message) echo '256,clipboard,title';; \
                        load-buffer) cat >buffer;; esac";

    #[tokio::test]
    async fn tmux_gets_the_text_on_its_standard_input() {
        let stand_in = StandIn::new(TMUX);
        stand_in.as_tmux().send_through_tmux(&"grüße".into(), Sensitivity::Plain).await.unwrap();
        assert_eq!(stand_in.left("buffer").as_deref(), Some("grüße"));
        let calls = stand_in.left("calls").unwrap();
        assert!(calls.ends_with("load-buffer -b handclasp -w -\n"), "{calls}");
    }

    #[tokio::test]
    async fn a_secret_does_not_stay_in_tmux_nor_show_in_arguments() {
        let stand_in = StandIn::new(TMUX);
        stand_in.as_tmux().send_through_tmux(&"canary".into(), Sensitivity::Secret).await.unwrap();
        let calls = stand_in.left("calls").unwrap();
        assert!(calls.ends_with("delete-buffer -b handclasp\n") && !calls.contains("canary"), "{calls}");
    }

    #[tokio::test]
    async fn tmux_is_not_used_when_its_terminal_has_no_clipboard() {
        let stand_in = StandIn::new("echo '256,title'; case $1 in load-buffer) cat >buffer;; esac");
        let refused = stand_in.as_tmux().send_through_tmux(&"x".into(), Sensitivity::Plain).await;
        assert!(refused.is_err());
        assert_eq!(stand_in.left("buffer"), None);
    }

    #[tokio::test]
    async fn windows_clipboard_is_written_read_and_cleared_only_if_ours() {
        let stand_in = StandIn::windows();
        let helpers = stand_in.as_shell();
        let text = SecretString::from("ours");
        let mark = Mark::of(&text);
        helpers.write_to_windows(&text).await.unwrap();
        assert_eq!(*helpers.read_from_windows().await.unwrap(), "ours");
        helpers.write_to_windows(&"theirs".into()).await.unwrap();
        assert_eq!(helpers.clear_windows_if(&mark).await.unwrap(), Cleared::NotOurs);
        helpers.write_to_windows(&text).await.unwrap();
        assert_eq!(helpers.clear_windows_if(&mark).await.unwrap(), Cleared::Cleared);
        assert_eq!(stand_in.left("clip").as_deref(), Some(""));
    }

    #[tokio::test]
    async fn a_program_that_fails_hangs_or_is_missing_is_an_error() {
        let fails = StandIn::new("exit 3");
        assert!(fails.as_shell().read_from_windows().await.is_err());
        let hangs = StandIn::new("exec sleep 600");
        let error = run(&hangs.program(), &[], "", Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(Helpers::default().read_from_windows().await.is_err());
        let missing = Helpers { shell: Some(Program::named("/no/such/program")), tmux: None };
        assert!(missing.read_from_windows().await.is_err());
    }
}
