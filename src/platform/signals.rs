//! What the system tells the program from outside: stop, hang up, go on; and going to sleep at Ctrl-Z.
//!
//! In raw mode Ctrl-C and Ctrl-Z are keys, not signals (rust-tui-models (f)); what arrives here was sent by
//! another program, by a closing terminal, or by Ctrl-C in the plain mode.

use std::io;

/// A signal, by what it asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C in the plain mode, or SIGINT from elsewhere.
    Interrupt,
    /// Somebody asks the program to end: SIGTERM; on Windows Ctrl-Break, log-off or shutdown.
    Terminate,
    /// The terminal is gone or its window is closing.
    Hangup,
    /// The program goes on after it was stopped: the terminal's modes must be set again.
    Continue,
}

/// How a suspension ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// The program was stopped and has been brought back.
    Resumed,
    /// Nothing stopped the program: no job control watches over it.
    NotStopped,
}

#[cfg(unix)]
mod imp {
    use std::future::pending;
    use std::time::Duration;

    use futures_util::FutureExt;
    use rustix::process;
    use tokio::signal::unix::{self, SignalKind};

    use super::{Signal, Suspension, io};

    /// Being stopped takes effect at once; without job control we go on after this.
    const STOP_WITHIN: Duration = Duration::from_millis(300);

    /// A stream of signals.
    #[derive(Debug)]
    pub struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hangup: unix::Signal,
        resumed: unix::Signal,
    }

    impl Signals {
        /// Starts listening. From here on these signals no longer end the program by themselves.
        ///
        /// # Errors
        /// If the system does not let us listen. Must be called within a tokio runtime.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: unix::signal(SignalKind::interrupt())?,
                terminate: unix::signal(SignalKind::terminate())?,
                hangup: unix::signal(SignalKind::hangup())?,
                resumed: unix::signal(SignalKind::from_raw(process::Signal::CONT.as_raw()))?,
            })
        }

        /// The next signal. May be dropped and called again without losing one.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                biased;
                () = arrived(&mut self.terminate) => Signal::Terminate,
                () = arrived(&mut self.hangup) => Signal::Hangup,
                () = arrived(&mut self.interrupt) => Signal::Interrupt,
                () = arrived(&mut self.resumed) => Signal::Continue,
            }
        }

        /// Stops the whole process group, as Ctrl-Z at a shell does, and comes back when it is continued.
        /// The terminal must have been restored before, and its modes set again afterwards.
        ///
        /// # Errors
        /// If the signal cannot be sent.
        pub async fn suspend(&mut self) -> io::Result<Suspension> {
            // One that came earlier must not be taken for the end of this suspension.
            while self.resumed.recv().now_or_never().flatten().is_some() {}
            process::kill_current_process_group(process::Signal::TSTP)?;
            Ok(tokio::select! {
                biased;
                () = arrived(&mut self.resumed) => Suspension::Resumed,
                () = tokio::time::sleep(STOP_WITHIN) => Suspension::NotStopped,
            })
        }
    }

    async fn arrived(signal: &mut unix::Signal) {
        if signal.recv().await.is_none() {
            // The runtime no longer delivers this one; the others must still be heard.
            pending::<()>().await;
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::future::pending;

    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_logoff,
        ctrl_shutdown,
    };

    use super::{Signal, Suspension, io};

    /// A stream of console events.
    #[derive(Debug)]
    pub struct Signals {
        ctrl_c: CtrlC,
        ctrl_break: CtrlBreak,
        close: CtrlClose,
        logoff: CtrlLogoff,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        /// Starts listening. From here on these events no longer end the program by themselves.
        ///
        /// # Errors
        /// If the system does not let us listen. Must be called within a tokio runtime.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                ctrl_c: ctrl_c()?,
                ctrl_break: ctrl_break()?,
                close: ctrl_close()?,
                logoff: ctrl_logoff()?,
                shutdown: ctrl_shutdown()?,
            })
        }

        /// The next event. May be dropped and called again without losing one.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                biased;
                Some(()) = self.shutdown.recv() => Signal::Terminate,
                Some(()) = self.logoff.recv() => Signal::Terminate,
                Some(()) = self.ctrl_break.recv() => Signal::Terminate,
                Some(()) = self.close.recv() => Signal::Hangup,
                Some(()) = self.ctrl_c.recv() => Signal::Interrupt,
                else => pending().await,
            }
        }

        /// Windows has no such thing.
        ///
        /// # Errors
        /// Always [`io::ErrorKind::Unsupported`].
        #[expect(clippy::unused_async, reason = "the same signature as where it exists")]
        pub async fn suspend(&mut self) -> io::Result<Suspension> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

pub use imp::Signals;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    use rustix::process::{self, Pid, WaitOptions};

    use super::*;

    /// Set in the process that a test starts from itself: signals must not reach the other tests.
    const IN_CHILD: &str = "HANDCLASP_TEST_SIGNALS";

    #[expect(clippy::disallowed_methods, reason = "the child is told by a variable what it is")]
    fn is_child() -> bool {
        std::env::var_os(IN_CHILD).is_some()
    }

    /// Runs one test of this file again, in a process group of its own.
    fn start_alone(test: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("platform::signals::tests::{test}")])
            .env(IN_CHILD, "1")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn passes(child: Child) {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn a_signal_from_outside_arrives() {
        if !is_child() {
            return passes(start_alone("a_signal_from_outside_arrives"));
        }
        block_on(async {
            let mut signals = Signals::listen().unwrap();
            for (sent, expected) in [
                (process::Signal::HUP, Signal::Hangup),
                (process::Signal::TERM, Signal::Terminate),
                (process::Signal::INT, Signal::Interrupt),
                (process::Signal::CONT, Signal::Continue),
            ] {
                process::kill_process(process::getpid(), sent).unwrap();
                assert_eq!(signals.next().await, expected);
            }
        });
    }

    #[test]
    fn a_suspended_program_stops_and_comes_back() {
        if !is_child() {
            let child = start_alone("a_suspended_program_stops_and_comes_back");
            let pid = Pid::from_child(&child);
            let (_, stopped) = process::waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
            assert!(stopped.stopped(), "the child stops: {stopped:?}");
            process::kill_process(pid, process::Signal::CONT).unwrap();
            return passes(child);
        }
        let ended = block_on(async { Signals::listen()?.suspend().await });
        assert_eq!(ended.unwrap(), Suspension::Resumed);
    }
}
