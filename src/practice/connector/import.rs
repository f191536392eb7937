//! "Import an OpenAPI file" and "Import a Postman collection": from the file that was chosen to the page's fields
//! (power-platform 1.1, 4.1, 4.3).

use serde_json::Value;

use super::definition;
use super::fields::Fields;
use super::postman;
use crate::practice::world::World;

/// Largest Postman file, in bytes (power-platform 4.1, 4.3).
const LARGEST_COLLECTION: usize = 1024 * 1024;

/// What the menu of "New custom connector" offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Import an OpenAPI file.
    OpenApi,
    /// Import a Postman collection.
    Postman,
}

impl Kind {
    /// What a person who knows the file would choose.
    pub fn of(file: &[u8]) -> Self {
        let document: Value = read(file).unwrap_or_default();
        if document["swagger"].is_string() || document["openapi"].is_string() {
            Self::OpenApi
        } else {
            Self::Postman
        }
    }
}

fn read(file: &[u8]) -> Result<Value, String> {
    // A mark of the byte order is no part of the text.
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let document: Value =
        serde_json::from_slice(text).map_err(|error| format!("The file is not valid JSON: {error}."))?;
    if document.is_object() { Ok(document) } else { Err("The file does not hold an object.".to_owned()) }
}

/// The page as it opens after an import: host, scheme and base URL from the file, everything else as always. The error is
/// what the dialog says.
pub fn import(world: &World, kind: Kind, name: &str, file: &[u8]) -> Result<Fields, String> {
    let document = match kind {
        Kind::OpenApi => read(file)?,
        Kind::Postman if file.len() >= LARGEST_COLLECTION => {
            return Err("The Postman collection has to be smaller than 1 MB.".to_owned());
        }
        Kind::Postman => postman::converted(&read(file)?)?,
    };
    if let Some(problem) = definition::problem(&document, world.switches.connector_page_is_strict) {
        return Err(problem);
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let start = Fields::default();
    Ok(Fields {
        title: if name.is_empty() { text(&document["info"]["title"]) } else { name.to_owned() },
        // The first one counts (power-platform 4.1).
        scheme: document["schemes"][0].as_str().map_or(start.scheme, str::to_owned),
        host: text(&document["host"]),
        base_url: Some(text(&document["basePath"])).filter(|base| !base.is_empty()).unwrap_or(start.base_url),
        definition: Some(document),
        ..Fields::default()
    })
}
