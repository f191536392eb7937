//! `handclasp files`: the files to import into the connector page.

use std::path::Path;

use crate::cloud::observe::Part;
use crate::engine::definition::{self, File, Source};
use crate::engine::facts::{Facts, Gap, Seen};
use crate::platform::env::Environment;
use crate::platform::files::{self, Overwrite, Problem, Readers, Written};

use super::args::{Common, Files};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::session::Desk;
use crate::engine::words::{say, say_with};

/// Runs the command.
///
/// # Errors
/// When the function app cannot be read, there is nothing to import, or a file cannot be written.
pub async fn run(
    files: &Files,
    common: &Common,
    environment: &Environment,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let desk = Desk::open(common, environment, output).await?;
    let facts = desk.observer.observe_parts(&Facts::default(), &desk.ground.choices, &[Part::Site]).await;
    desk.finish(output).await;
    let site = seen(&facts.site, say("writing_files.no_app"))?;
    let functions = seen(&facts.functions, say("writing_files.no_functions"))?;
    let login = desk.ground.cloud.login_in_files();
    let made = definition::files(&Source {
        name: &site.name,
        host: &site.host,
        functions,
        login: &login,
        tenant: desk.tenant.as_deref(),
    })?;
    write(&made, &files.dir, files.force, output)
}

fn seen<'a, T>(seen: &'a Seen<T>, otherwise: &str) -> Result<&'a T, Failure> {
    seen.get().map_err(|gap| match gap {
        Gap::CouldNot(trouble) => trouble.clone().into(),
        Gap::Absent | Gap::NotLooked => {
            Failure::new(Exit::Fails, otherwise).next(say("writing_files.no_app_next"))
        }
    })
}

/// Writes them all, or says which ones stand in the way. The paths are the data.
fn write(made: &[File], dir: &Path, force: bool, output: &mut Output) -> Result<Exit, Failure> {
    let overwrite = if force { Overwrite::Allow } else { Overwrite::Refuse };
    let mut in_the_way = Vec::new();
    for file in made {
        let path = dir.join(&file.name);
        match files::write_new_or_same(&path, file.contents.as_bytes(), Readers::Usual, overwrite) {
            Ok(written) => {
                output.data(&format!("{}\n", path.display()));
                if written == Written::Same {
                    output.say(&say_with("writing_files.same", &[("file", &file.name)]));
                }
            }
            Err(error) if error.problem == Problem::Exists => in_the_way.push(file.name.as_str()),
            Err(error) => return Err(error.into()),
        }
    }
    if in_the_way.is_empty() {
        return Ok(Exit::Fine);
    }
    let names = in_the_way.join(", ");
    Err(Failure::new(Exit::Fails, say_with("writing_files.in_the_way", &[("names", &names)]))
        .next(say("writing_files.in_the_way_next")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, contents: &str) -> File {
        File { name: name.into(), contents: contents.into() }
    }

    #[test]
    fn a_different_file_is_left_alone_until_it_is_forced() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::of_process(&Environment::desktop(), true);
        let old = [file("a.json", "old"), file("b.json", "same")];
        assert_eq!(write(&old, folder.path(), false, &mut output), Ok(Exit::Fine));
        let new = [file("a.json", "new"), file("b.json", "same"), file("c.json", "more")];
        let failure = write(&new, folder.path(), false, &mut output).unwrap_err();
        assert!(failure.what.ends_with("a.json") && failure.next.contains("--force"), "{failure:?}");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("a.json").as_str(), read("c.json").as_str()), ("old", "more"));
        assert_eq!(write(&new, folder.path(), true, &mut output), Ok(Exit::Fine));
        assert_eq!(read("a.json"), "new");
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::write(&taken, "x").unwrap();
        let mut output = Output::of_process(&Environment::desktop(), true);
        let failure = write(&[file("a.json", "x")], &taken, false, &mut output).unwrap_err();
        assert!(failure.what.contains("taken"), "{failure:?}");
    }
}
