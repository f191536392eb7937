//! The budgets of the design, printed as figures beside an empty ratatui program. Nothing here ever fails for being slow.
//!
//! `cargo bench` runs it all, `cargo bench -- idle` the part with that word in its title. What only Linux can tell says
//! so elsewhere.

#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

mod list;
mod look;
mod process;
mod rows;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use handclasp::engine::words::{ui, words};
use terminal::Program;

/// What a measurement gives, or why it could not be had.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The program, built as it is released.
const HANDCLASP: &str = env!("CARGO_BIN_EXE_handclasp");
/// The wizard on the practice cloud.
const PRACTICE: [&str; 2] = ["--practice", "--no-browser"];
/// The practised function app.
const APP: &str = "contoso-hello";
/// How often a start is measured.
const STARTS: usize = 15;
/// How often a key is measured.
const KEYS: usize = 40;
/// How long idling is watched.
const IDLE: Duration = Duration::from_secs(20);
/// What stands in for a figure that only Linux can tell.
const LINUX_ONLY: &str = "only told on Linux";

const UP: &[u8] = b"\x1b[A";
const DOWN: &[u8] = b"\x1b[B";

fn main() {
    println!("\nThe budgets of Handclasp as measured here. Figures, not judgements.");
    if cfg!(debug_assertions) {
        println!("This is a debug build, so they say little.");
    }
    let empty = empty_program();
    let empty = empty.as_deref().map_err(ToString::to_string);
    if let Err(problem) = &empty {
        println!("There is no empty program to compare with: {problem}");
    }
    let empty = empty.ok();
    section("Start to the first frame", || start(empty));
    section("A key until it is on the screen", || key(empty));
    section("A full check, every answer delayed by 100 ms", check);
    section("The first list of apps, every answer delayed by 100 ms", first_list);
    section("Idle for 20 seconds", || idle(empty));
    section("Memory and size", || weight(empty));
}

/// Prints what a measurement says, or why there is none. Left out where other ones were asked for.
fn section(title: &str, measure: impl FnOnce() -> Result<()>) {
    let mut asked = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
    if asked.peek().is_some() && !asked.any(|word| title.to_lowercase().contains(&word.to_lowercase())) {
        return;
    }
    println!("\n{title}");
    if let Err(problem) = measure() {
        println!("  could not be measured: {problem}");
    }
}

fn line(what: &str, figure: &str, budget: &str) {
    println!("  {what:<44} {figure:<28} {budget}");
}

fn start(empty: Option<&Path>) -> Result<()> {
    let nowhere = tempfile::tempdir()?;
    let choices = nowhere.path().join("choices.toml");
    let choices = choices.to_str().ok_or("the folder for passing files has no plain name")?;
    let (mut practice, mut public, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    // One after the other, so that whatever else the machine does disturbs all alike. The first round only warms up.
    for round in 0..=STARTS {
        let took = [
            Some(first_frame(&PRACTICE)?.1),
            // The first page makes no call.
            Some(first_frame(&["--no-browser", "--choices", choices])?.1),
            empty.map(|path| Program::start(path, &[])?.until_shown("empty 0")).transpose()?,
        ];
        if round > 0 {
            for (all, took) in [&mut practice, &mut public, &mut theirs].into_iter().zip(took) {
                all.extend(took);
            }
        }
    }
    line("handclasp --practice, median", &milliseconds(median(&practice)), "budget 50 ms");
    line("handclasp, median", &milliseconds(median(&public)), "budget 50 ms");
    if !theirs.is_empty() {
        let twice = format!("budget for ours: twice this, {}", milliseconds(2 * median(&theirs)));
        line("an empty ratatui program, median", &milliseconds(median(&theirs)), &twice);
    }
    Ok(())
}

fn key(empty: Option<&Path>) -> Result<()> {
    let measured = |program: &mut Program| -> Result<Vec<Duration>> {
        (0..KEYS)
            .map(|n| {
                std::thread::sleep(Duration::from_millis(50));
                program.answer_to(if n % 2 == 0 { DOWN } else { UP })
            })
            .collect()
    };
    let say = |what: &str, took: &[Duration], budget: &str| {
        let longest = took.iter().max().copied().unwrap_or_default();
        let figure = format!("{}, longest {}", milliseconds(median(took)), milliseconds(longest));
        line(what, &figure, budget);
    };
    say(
        "handclasp --practice, in a pseudo-terminal",
        &measured(&mut first_frame(&PRACTICE)?.0)?,
        "budget 16 ms",
    );
    if let Some(path) = empty {
        let mut program = Program::start(path, &[])?;
        program.until_shown("empty 0")?;
        say("an empty ratatui program, likewise", &measured(&mut program)?, "");
    }
    let title = format!("while {} rows change, without a terminal", rows::ROWS);
    say(&title, &rows::keys(KEYS)?, "budget 16 ms");
    Ok(())
}

fn check() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (first, mut later) = runtime.block_on(look::looks(9))?;
    later.sort_by_key(|look| look.took);
    let middle = &later[later.len() / 2];
    for (what, look) in [("the first one, tokens included", &first), ("later ones, median", middle)] {
        let chain = look::DELAY.saturating_mul(u32::try_from(look.chain.len())?);
        let more = (look.took.as_secs_f64() / chain.as_secs_f64() - 1.0) * 100.0;
        let budget = format!("budget 10 % above the chain; here {more:.1} %");
        line(what, &format!("{} for {} calls", milliseconds(look.took), look.calls), &budget);
        line(
            "  the chain of calls that held it up",
            &format!("{} calls, {}", look.chain.len(), milliseconds(chain)),
            "",
        );
        println!("    {}", look.chain.join(" > "));
        let bodies = format!("{} sent, {} received", kilobytes(look.sent), kilobytes(look.received));
        line("  the bodies of these calls", &bodies, "");
    }
    Ok(())
}

fn first_list() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let list = list::first(&runtime)?;
    let what = format!("from the start, in a tenant with {} apps", list.apps);
    line(&what, &milliseconds(list.from_start), "the person's keys left out");
    line("  of it, the sign-in with a code and the list", &milliseconds(list.from_sign_in), "");
    Ok(())
}

fn idle(empty: Option<&Path>) -> Result<()> {
    let mut idlers =
        vec![("handclasp --practice, first page", first_frame(&PRACTICE)?.0, "budget 0 bytes; 0 wake-ups")];
    match watching() {
        Ok(program) => idlers.push((
            "the same, looking again every 2 s",
            program,
            "budget 0 bytes; only its looks and the practice cloud's answers wake it",
        )),
        Err(problem) => println!("  the page that looks again was not reached: {problem}"),
    }
    if let Some(path) = empty {
        let mut program = Program::start(path, &[])?;
        program.until_shown("empty 0")?;
        idlers.push(("an empty ratatui program", program, ""));
    }
    // What follows the last key has to settle first.
    std::thread::sleep(Duration::from_secs(3));
    let before: Vec<Option<u64>> = idlers
        .iter_mut()
        .map(|(_, program, _)| {
            program.drain();
            program.id().and_then(process::wake_ups)
        })
        .collect();
    std::thread::sleep(IDLE);
    for ((what, program, budget), before) in idlers.iter_mut().zip(before) {
        let after = program.id().and_then(process::wake_ups);
        let bytes = program.drain();
        let woken = before.zip(after).map(|(before, after)| after.saturating_sub(before));
        let woken = woken.map_or_else(|| LINUX_ONLY.to_owned(), |woken| woken.to_string());
        line(what, &format!("{bytes} bytes; wake-ups {woken}"), budget);
    }
    Ok(())
}

fn weight(empty: Option<&Path>) -> Result<()> {
    let resident = |program: &Program| {
        let kib = program.id().and_then(process::resident_kib);
        kib.map_or_else(|| LINUX_ONLY.to_owned(), |kib| megabytes(kib * 1024))
    };
    let (mut program, _) = first_frame(&PRACTICE)?;
    program.bytes_within(Duration::from_secs(1));
    line("memory, first page, practice cloud included", &resident(&program), "budget under 40 MB");
    match watching() {
        Ok(mut program) => {
            program.bytes_within(Duration::from_secs(5));
            line("memory, while it looks again and again", &resident(&program), "budget under 40 MB");
        }
        Err(problem) => println!("  the page that looks again was not reached: {problem}"),
    }
    if let Some(path) = empty {
        let mut program = Program::start(path, &[])?;
        program.until_shown("empty 0")?;
        line("memory, an empty ratatui program", &resident(&program), "");
    }
    line("size of the program", &megabytes(std::fs::metadata(HANDCLASP)?.len()), "budget under 15 MB");
    if let Some(path) = empty {
        line("size of an empty ratatui program", &megabytes(std::fs::metadata(path)?.len()), "");
    }
    Ok(())
}

/// The wizard at its first page, and how long that took.
fn first_frame(arguments: &[&str]) -> Result<(Program, Duration)> {
    let mut program = Program::start(Path::new(HANDCLASP), arguments)?;
    let title = words().welcome().title.as_str();
    let took = program.until_shown(title)?;
    Ok((program, took))
}

/// The wizard at a page that looks again and again: signed in, the portal's steps before the person.
fn watching() -> Result<Program> {
    let (mut program, _) = first_frame(&PRACTICE)?;
    let way =
        ["flow.begin", "sign_in.device", "flow.practice_sign_in", "", "action.continue", "action.myself"];
    for key in way {
        program.choose(if key.is_empty() { APP } else { ui(key) })?;
    }
    program.until_shown(ui("action.do_my_part"))?;
    Ok(program)
}

/// The empty program, built the same way as ours. Cargo has everything it needs already.
fn empty_program() -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["build", "--quiet", "--example", "empty", "--message-format", "json"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let built = cargo.stderr(Stdio::inherit()).output()?;
    let told = String::from_utf8(built.stdout)?;
    let path = told.lines().find_map(|line| {
        let told: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(told["executable"].as_str()?))
    });
    path.ok_or_else(|| "cargo built none".into())
}

fn median(took: &[Duration]) -> Duration {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to one digit")]
fn kilobytes(bytes: u64) -> String {
    format!("{:.1} kB", bytes as f64 / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to one digit")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1_000_000.0)
}
