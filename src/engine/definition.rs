//! The files that a person imports into the connector page, made from the app's real host and the functions' routes.

mod actions;
mod postman;
mod swagger;

use serde_json::Value;

use super::clean::clean_line;
use super::facts::Function;
use super::words::{say, say_with};

/// What the files describe.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The function app's name; becomes the connector's title.
    pub name: &'a str,
    /// Its host name, as Azure reports it.
    pub host: &'a str,
    /// Its functions. Those that are switched off or not triggered by HTTP are left out.
    pub functions: &'a [Function],
    /// The sign-in address of the cloud, without a path, as in [`super::clouds::Cloud::login_in_files`].
    pub login: &'a str,
    /// The tenant ID, where it is known.
    pub tenant: Option<&'a str>,
}

/// One file, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, safe on every system, without a folder.
    pub name: String,
    /// Its text.
    pub contents: String,
}

/// Why there is nothing to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// No function can be called over HTTP.
    #[error("{}", say("import.nothing_to_call"))]
    NoActions,
    /// The host name holds characters that the connector page refuses.
    #[error("{}", say("import.no_host"))]
    BadHost,
}

/// All files: the tutorial's Postman collection (V1), the newer Postman form (V2.1), and a Swagger 2.0 definition.
/// The same input gives the same files, ids included.
///
/// # Errors
/// [`DefinitionError`] where there is nothing to describe.
pub fn files(source: &Source<'_>) -> Result<Vec<File>, DefinitionError> {
    Ok(vec![postman_v1(source)?, postman_v2(source)?, swagger(source)?])
}

/// The Postman collection in the tutorial's own form, V1 (power-platform 4.3).
///
/// # Errors
/// [`DefinitionError`] where there is nothing to describe.
pub fn postman_v1(source: &Source<'_>) -> Result<File, DefinitionError> {
    let described = Described::of(source)?;
    Ok(described.file("postman-v1.json", &postman::v1(&described)))
}

/// The Postman collection in the form that Postman itself still opens, V2.1 (power-platform 4.3).
///
/// # Errors
/// [`DefinitionError`] where there is nothing to describe.
pub fn postman_v2(source: &Source<'_>) -> Result<File, DefinitionError> {
    let described = Described::of(source)?;
    Ok(described.file("postman-v2.1.json", &postman::v2(&described)))
}

/// The Swagger 2.0 definition (power-platform 4.1, 4.2).
///
/// # Errors
/// [`DefinitionError`] where there is nothing to describe.
pub fn swagger(source: &Source<'_>) -> Result<File, DefinitionError> {
    let described = Described::of(source)?;
    Ok(described.file("swagger.json", &swagger::document(&described)))
}

/// The source after its parts were checked and put into the connector's terms.
struct Described {
    title: String,
    description: String,
    host: String,
    authority: String,
    actions: Vec<actions::Action>,
}

impl Described {
    fn of(source: &Source<'_>) -> Result<Self, DefinitionError> {
        let host = source.host.to_ascii_lowercase();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if host.is_empty() || host.len() > 253 || !host.chars().all(fits) {
            return Err(DefinitionError::BadHost);
        }
        let actions = actions::of(source.functions);
        if actions.is_empty() {
            return Err(DefinitionError::NoActions);
        }
        Ok(Self {
            title: title(source.name),
            description: say_with("import.description", &[("app", &clean_line(source.name, 60))]),
            host,
            authority: format!(
                "{}/{}",
                source.login.trim_end_matches('/'),
                source.tenant.unwrap_or("common")
            ),
            actions,
        })
    }

    fn file(&self, ending: &str, document: &Value) -> File {
        // `{:#}` writes indented JSON with a stable order of members, and cannot fail.
        File { name: format!("{}.{ending}", self.title), contents: format!("{document:#}\n") }
    }
}

/// A title that every import accepts: at most 30 letters, digits, `-` or `_`, a letter or digit in front
/// (power-platform 4.1).
fn title(name: &str) -> String {
    let mut title = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => title.push(c),
            '-' | '_' | ' ' | '.' if !title.is_empty() && !title.ends_with('-') => title.push('-'),
            _ => {}
        }
        if title.len() == 30 {
            break;
        }
    }
    title.truncate(title.trim_end_matches('-').len());
    if title.is_empty() { "functions".to_owned() } else { title }
}

#[cfg(test)]
mod tests;
