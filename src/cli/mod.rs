//! One file per command: arguments in, text or JSON out.

pub mod args;
pub mod check;
pub mod copy;
pub mod exit;
pub mod failure;
pub mod files;
pub mod ground;
pub mod markdown;
pub mod output;
pub mod person;
pub mod person_part;
pub mod practice;
pub mod session;
pub mod sign_out;
pub mod text;
pub mod wizard;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use crate::engine::words::{say, say_with};
use crate::platform::env::{Environment, arguments};
use crate::platform::signals::{Signal, Signals};
use args::{Args, Command, Practice};
use exit::Exit;
use failure::Failure;
use output::Output;

/// Reads the command line, carries it out, and says how it ended.
pub fn run() -> ExitCode {
    guarded(|| {
        let environment = Environment::capture();
        let args = match Args::read(arguments()) {
            Ok(args) => args,
            Err(error) => return usage(&error, &environment),
        };
        let mut output = Output::of_process(&environment, args.common.ascii);
        let mut exit = match carry_out(&args, &environment, &mut output) {
            Ok(exit) => exit,
            Err(failure) => {
                if failure.exit != Exit::Interrupted {
                    output.fail(&failure);
                }
                failure.exit
            }
        };
        if let Some(problem) = output.finish() {
            // Where the output goes stands on the command line, so what cannot be written to is wrong usage, as a file
            // named there would be. 1 would claim findings that nobody has got; what never was a look keeps its code.
            exit = if matches!(exit, Exit::Fine | Exit::Fails) { Exit::WrongUsage } else { exit };
            let mut output = Output::of_process(&environment, args.common.ascii);
            output.fail(&Failure::new(
                exit,
                say_with("at_start.no_output", &[("problem", &problem.to_string())]),
            ));
        }
        exit
    })
    .into()
}

/// Turns a mistake of ours into a short message and its exit code. Its own words stay out: they may hold a value.
fn guarded(body: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(|mistake| {
        let place = mistake.location().map_or_else(String::new, |place| format!(" ({place})"));
        let mut output = Output::of_process(&Environment::capture(), true);
        output.fail(
            &Failure::new(Exit::OurFault, format!("This is a mistake in Handclasp itself{place}.")).next(
                "Start it again: it goes on from what is there. Please report it with the place above.",
            ),
        );
    }));
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or(Exit::OurFault)
}

/// Help and the version are data; wrong usage is not.
fn usage(error: &clap::Error, environment: &Environment) -> Exit {
    let mut output = Output::of_process(environment, false);
    let text = error.render().to_string();
    if error.use_stderr() {
        output.say(&text);
        Exit::WrongUsage
    } else {
        output.data(&text);
        Exit::Fine
    }
}

fn carry_out(args: &Args, environment: &Environment, output: &mut Output) -> Result<Exit, Failure> {
    if args.common.practice.is_some() && matches!(args.command, Some(Command::Practice(_))) {
        return Err(
            Failure::wrong_usage(say("argument.practice_twice")).next(say("argument.practice_twice_next"))
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::OurFault, say_with("at_start.no_work", &[("error", &error.to_string())]))
    })?;
    let exit = runtime.block_on(async {
        let common = &args.common;
        match &args.command {
            None => Box::pin(wizard::start(common, environment, output)).await,
            Some(Command::Practice(Practice::Scenarios(list))) => Ok(practice::list(list, output)),
            Some(Command::Copy(copy)) => {
                let found = until_stopped(Box::pin(copy::find(copy, common, environment, output))).await?;
                // Once copied, a value may have to stay until the person says so: that is no interruption.
                copy::hand_over(&found, copy, environment, output).await
            }
            Some(Command::Check(check)) => {
                until_stopped(Box::pin(check::run(check, common, environment, output))).await
            }
            Some(Command::Files(files)) => {
                until_stopped(Box::pin(files::run(files, common, environment, output))).await
            }
            Some(Command::SignOut) => until_stopped(sign_out::run(common, environment, output)).await,
            Some(Command::Practice(Practice::Serve(serve))) => {
                until_stopped(practice::serve(serve, output)).await
            }
        }
    });
    // Whatever still runs in the background must not hold up the end.
    runtime.shutdown_background();
    exit
}

/// Carries a command out until it ends or somebody stops it.
async fn until_stopped<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut signals = Signals::listen().map_err(|error| {
        Failure::new(Exit::OurFault, say_with("at_start.no_signals", &[("error", &error.to_string())]))
    })?;
    let stopped = async { while signals.next().await == Signal::Continue {} };
    tokio::select! {
        outcome = work => outcome,
        () = stopped => Err(Failure::interrupted()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_of_ours_has_its_own_exit_code() {
        assert_eq!(guarded(|| Exit::Fails), Exit::Fails);
        assert_eq!(guarded(|| panic!("canary-4711")), Exit::OurFault);
        let _ = panic::take_hook();
    }
}
