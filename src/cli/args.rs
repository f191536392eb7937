//! The command line as it can be typed: commands, options, and their help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::engine::choices::tenant_named;
use crate::engine::clean::clean_line;
use crate::engine::words::{say, say_with};
use crate::practice::scenario::DEFAULT;

/// The longest argument that is a name, an address or an id, in bytes.
const LONGEST: usize = 2_000;

/// From an Azure Function to a working custom connector that signs people in.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "handclasp",
    version,
    about = "From an Azure Function to a working custom connector that signs people in.",
    after_help = "Without a command, the wizard starts. Starting it changes nothing.\n\
                  To practise without Azure: handclasp --practice\n\n\
                  Exit codes: 0 nothing fails, 1 something fails, 2 wrong usage, 3 sign-in needed,\n\
                  4 cloud or network failure, 70 our own fault, 130 interrupted.",
    disable_help_subcommand = true,
    subcommand_precedence_over_arg = true
)]
pub struct Args {
    /// What to do; the wizard when nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which set-up, and how to get at it.
    #[command(flatten)]
    pub common: Common,
}

/// The commands that look at no set-up, and the common options that mean something to them all the same. The others would
/// be passed over without a word, and somebody would rely on what they say.
const LOOK_AT_NONE: [(&str, &[&str]); 2] =
    [("sign-out", &["tenant", "cloud", "client_id", "choices", "ascii"]), ("practice", &["ascii"])];

impl Args {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// For wrong usage, which an option is that means nothing to its command; and for help and the version.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::tailored();
        let mut matches = command.try_get_matches_from_mut(line)?;
        refuse_idle(&mut command, &matches)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }

    /// The definition, in which no command's help has an option that means nothing to it.
    fn tailored() -> clap::Command {
        LOOK_AT_NONE.into_iter().fold(Self::command(), |root, (name, takes)| {
            let idle: Vec<_> = idle_options(&root, takes).map(|option| option.clone().hide(true)).collect();
            root.mut_subcommand(name, |command| command.args(idle))
        })
    }
}

/// The common options but for these.
fn idle_options<'a>(root: &'a clap::Command, takes: &[&str]) -> impl Iterator<Item = &'a clap::Arg> {
    root.get_arguments().filter(|option| option.is_global_set() && !takes.contains(&option.get_id().as_str()))
}

/// Refuses an option that means nothing to the command. What `--practice` would be taken for there is told with more words,
/// where the command is carried out.
fn refuse_idle(root: &mut clap::Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((name, below)) = matches.subcommand() else { return Ok(()) };
    let Some((_, takes)) = LOOK_AT_NONE.into_iter().find(|(known, _)| *known == name) else { return Ok(()) };
    let given = |option: &&clap::Arg| {
        let id = option.get_id().as_str();
        id != "practice" && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    let option = idle_options(root, takes).find(given).and_then(|option| option.get_long());
    let Some(option) = option.map(|option| format!("--{option}")) else { return Ok(()) };
    let command: Vec<_> = [Some(name), below.subcommand_name()].into_iter().flatten().collect();
    let text = say_with("argument.idle", &[("option", &option), ("command", &command.join(" "))]);
    Err(root.error(ErrorKind::UnknownArgument, text))
}

/// The options of every command that looks at a set-up.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "With every command that looks at a set-up")]
pub struct Common {
    /// Practise on the built-in cloud (usually: fresh)
    #[arg(long, global = true, value_name = "SCENARIO", num_args = 0..=1,
        default_missing_value = DEFAULT, value_parser = word)]
    pub practice: Option<String>,
    /// The function app
    #[arg(long, global = true, value_name = "NAME|URL|ID", value_parser = word)]
    pub app: Option<String>,
    /// The tenant, by id or domain
    #[arg(long, global = true, value_name = "TENANT", value_parser = tenant)]
    pub tenant: Option<String>,
    /// A built-in cloud, or a file with endpoints
    #[arg(long, global = true, value_name = "NAME|FILE", value_parser = word, conflicts_with = "practice")]
    pub cloud: Option<String>,
    /// The app to sign in with, instead of Azure CLI's
    #[arg(long, global = true, value_name = "ID", value_parser = client_id)]
    pub client_id: Option<String>,
    /// Keep the sign-in in this computer's keyring
    #[arg(long, global = true, conflicts_with = "practice")]
    pub keep_signed_in: bool,
    /// Where your choices are kept
    #[arg(long, global = true, value_name = "FILE")]
    pub choices: Option<PathBuf>,
    /// Record every exchange without secrets, as HAR
    #[arg(long, global = true, value_name = "FILE")]
    pub har: Option<PathBuf>,
    /// Trust these certificates (PEM) as well
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Look only; nothing can be changed
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Open no browser; show addresses instead
    #[arg(long, global = true)]
    pub no_browser: bool,
    /// Draw with plain letters only
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub ascii: bool,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Look at the whole set-up once and say what is right and what is not
    Check(Check),
    /// Copy one value for the connector page to your clipboard
    Copy(Copy),
    /// Write the files to import into the connector page
    Files(Files),
    /// Forget the sign-in that was kept in this computer's keyring
    SignOut,
    /// The practice cloud by itself
    #[command(subcommand)]
    Practice(Practice),
}

/// `handclasp check`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Check {
    /// Keep looking, every 15 seconds; print what changes
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "15",
        value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub watch: Option<u32>,
    /// Print JSON (schema version 1)
    #[arg(long)]
    pub json: bool,
    /// Print Markdown, to paste into a ticket
    #[arg(long, conflicts_with_all = ["json", "watch"])]
    pub markdown: bool,
    /// Count warnings and what could not be seen, too
    #[arg(long)]
    pub strict: bool,
}

/// `handclasp copy`.
#[derive(Debug, Clone, clap::Args)]
pub struct Copy {
    /// Which one
    #[arg(value_enum)]
    pub value: CopyValue,
    /// Print it instead of copying it
    #[arg(long)]
    pub print: bool,
}

/// A value that can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CopyValue {
    /// The function app's host name.
    Host,
    /// The client ID of the connector's app.
    ClientId,
    /// The tenant ID.
    TenantId,
    /// The Resource URL.
    ResourceUrl,
    /// Known only to be refused with a reason.
    #[value(hide = true, alias = "client-secret")]
    Secret,
}

/// `handclasp files`.
#[derive(Debug, Clone, clap::Args)]
pub struct Files {
    /// The folder to write them into
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Replace files of the same name that hold something else
    #[arg(long)]
    pub force: bool,
}

/// `handclasp practice`.
#[derive(Debug, Clone, Subcommand)]
pub enum Practice {
    /// Serve the practice cloud until stopped; its addresses as JSON
    Serve(Serve),
    /// What can be practised
    Scenarios(Scenarios),
}

/// `handclasp practice serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct Serve {
    /// What to practise
    #[arg(value_name = "SCENARIO", default_value = DEFAULT, value_parser = word)]
    pub scenario: String,
    /// The port; without it or with 0, one that is free
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Sign this user in with nobody at the page
    #[arg(long, value_name = "USER", value_parser = word)]
    pub auto_approve: Option<String>,
    /// Speak HTTPS, with a certificate made for this run
    #[arg(long)]
    pub tls: bool,
}

/// `handclasp practice scenarios`.
#[derive(Debug, Clone, clap::Args)]
pub struct Scenarios {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A word from the command line: not empty, not huge, nothing hidden in it.
fn word(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(say("argument.empty").to_owned());
    }
    if text.len() > LONGEST {
        return Err(say_with("argument.too_long", &[("longest", &LONGEST.to_string())]));
    }
    if clean_line(text, LONGEST) != text {
        return Err(say("argument.hidden").to_owned());
    }
    Ok(text.to_owned())
}

/// A tenant's id or domain: what may stand in the path of a sign-in address.
fn tenant(text: &str) -> Result<String, String> {
    tenant_named(text).ok_or_else(|| say("argument.tenant").to_owned())
}

/// The client id of an app registration.
fn client_id(text: &str) -> Result<String, String> {
    uuid::Uuid::try_parse(text)
        .map(|id| id.hyphenated().to_string())
        .map_err(|_| say("argument.client_id").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Args, clap::Error> {
        Args::read([&["handclasp"], line].concat().into_iter().map(OsString::from))
    }

    fn parsed(line: &[&str]) -> Args {
        read(line).unwrap_or_else(|e| panic!("{line:?}: {e}"))
    }

    fn refused(line: &[&str]) -> clap::Error {
        read(line).unwrap_err()
    }

    #[test]
    fn an_option_that_means_nothing_to_a_command_is_refused_and_not_in_its_help() {
        let values = [
            ("--app", "x"),
            ("--tenant", "contoso.com"),
            ("--cloud", "nofile.toml"),
            ("--client-id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
            ("--choices", "x.toml"),
            ("--har", "zz.har"),
            ("--ca-file", "x.pem"),
            ("--keep-signed-in", ""),
            ("--read-only", ""),
            ("--no-browser", ""),
        ];
        for (line, takes) in [
            (&["practice", "scenarios"] as &[&str], &[] as &[&str]),
            (&["practice", "serve", "finished"], &[]),
            (&["sign-out"], &["--tenant", "--cloud", "--client-id", "--choices"]),
        ] {
            let help = refused(&[line, &["--help"]].concat()).to_string();
            assert!(help.contains("--ascii") && !help.contains("--practice"), "{help}");
            parsed(&[line, &["--ascii"]].concat());
            for (option, value) in values {
                let given: &[&str] = if value.is_empty() { &[option] } else { &[option, value] };
                assert_eq!(help.contains(option), takes.contains(&option), "{option}: {help}");
                for whole in [[line, given].concat(), [given, line].concat()] {
                    if takes.contains(&option) {
                        parsed(&whole);
                        continue;
                    }
                    let error = refused(&whole);
                    assert_eq!(error.exit_code(), 2, "{whole:?}");
                    let text = error.to_string();
                    assert!(text.contains(option) && text.contains(line[0]), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_definition_is_sound_and_every_help_fits_80_columns() {
        let mut root = Args::tailored();
        root.build();
        root.clone().debug_assert();
        let mut waiting = vec![root];
        while let Some(mut command) = waiting.pop() {
            for long in [command.render_help().to_string(), command.render_long_help().to_string()] {
                for line in long.lines() {
                    assert!(line.chars().count() <= 80, "{line:?} of {}", command.get_name());
                }
            }
            waiting.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn practice_may_stand_before_and_after_a_command_with_and_without_a_scenario() {
        assert_eq!(parsed(&["--practice"]).common.practice.as_deref(), Some("fresh"));
        assert_eq!(parsed(&["--practice", "finished"]).common.practice.as_deref(), Some("finished"));
        for line in [
            &["check", "--practice", "finished", "--json"] as &[&str],
            &["--practice", "finished", "check", "--json"],
            &["check", "--json", "--practice=finished"],
        ] {
            let args = parsed(line);
            assert_eq!(args.common.practice.as_deref(), Some("finished"), "{line:?}");
            assert!(matches!(args.command, Some(Command::Check(Check { json: true, .. }))), "{line:?}");
        }
        let args = parsed(&["--practice", "check"]);
        assert_eq!(args.common.practice.as_deref(), Some("fresh"), "a command is no scenario");
        assert!(matches!(args.command, Some(Command::Check(_))));
        assert_eq!(parsed(&["check", "--practice", "--strict"]).common.practice.as_deref(), Some("fresh"));
        assert!(parsed(&[]).command.is_none());
    }

    #[test]
    fn watching_has_a_usual_pace() {
        let watch = |line: &[&str]| match parsed(line).command {
            Some(Command::Check(check)) => check.watch,
            _ => None,
        };
        assert_eq!(watch(&["check"]), None);
        assert_eq!(watch(&["check", "--watch"]), Some(15));
        assert_eq!(watch(&["check", "--watch", "2", "--json"]), Some(2));
    }

    #[test]
    fn what_makes_no_sense_is_refused_as_wrong_usage() {
        for line in [
            &["fly"] as &[&str],
            &["check", "--watch", "0"],
            &["check", "--json", "--markdown"],
            &["check", "--markdown", "--watch"],
            &["check", "--cloud", "public", "--practice"],
            &["check", "--practice", "--keep-signed-in"],
            &["check", "--app", ""],
            &["check", "--app", "a\u{1b}[2Jb"],
            &["check", "--tenant", "../x"],
            &["check", "--tenant", "a/b"],
            &["check", "--client-id", "contoso"],
            &["copy"],
            &["copy", "everything"],
            &["files"],
            &["practice"],
            &["practice", "serve", "--port", "-1"],
            &["practice", "serve", "--port", "70000"],
        ] {
            let error = refused(line);
            assert!(error.use_stderr(), "{line:?}");
            assert_eq!(error.exit_code(), 2, "{line:?}");
        }
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(refused(&["check", "--app", &long]).exit_code(), 2);
    }

    #[test]
    fn a_client_id_is_taken_in_any_spelling() {
        let args = parsed(&["check", "--client-id", "04B07795-8DDB-461A-BBEE-02F9E1BF7B46"]);
        assert_eq!(args.common.client_id.as_deref(), Some("04b07795-8ddb-461a-bbee-02f9e1bf7b46"));
    }

    #[test]
    fn the_secret_is_no_offered_value() {
        let help = Args::command().find_subcommand_mut("copy").unwrap().render_help().to_string();
        assert!(help.contains("resource-url") && !help.contains("secret"), "{help}");
        assert!(matches!(
            parsed(&["copy", "secret"]).command,
            Some(Command::Copy(Copy { value: CopyValue::Secret, .. }))
        ));
    }
}
