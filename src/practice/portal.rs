//! What a person does by hand in the Azure portal and on the connector page, as steps and as a page of buttons.
//!
//! Every step acts as a person of the scenario, with that person's rights, through the same services as any client.

mod maker;
mod person;
mod steps;

use std::fmt::Write as _;

use http::Method;
use serde_json::{Map, Value, json};

use super::entra::page::{button, escape, form, page};
use super::wire::{Caller, Reply, Request};
use super::world::World;
use person::{Person, without_lag};

/// The steps by name, with what a button for each says.
const STEPS: &[(&str, &str)] = &[
    ("protect", "Authentication: add Microsoft, create new registration"),
    ("register", "App registrations: new registration for the connector"),
    ("allow-connector", "Authentication: allow the connector's client application"),
    ("grant", "API permissions: add user_impersonation, grant admin consent"),
    ("secret", "Certificates & secrets: new client secret"),
    ("save-connector", "Connector page: fill in and save"),
    ("add-redirect", "Authentication: add the redirect URL"),
    ("test-connection", "Connector page: new connection, test operation"),
    ("import-solution", "Solutions: import the connector, which leaves its secret behind"),
    ("paste-secret-id", "Mistake: save the connector with the secret ID"),
    ("leave-tenant-common", "Mistake: leave the tenant at common"),
    ("leave-generic-oauth2", "Mistake: leave the provider at Generic Oauth 2"),
    ("add-bare-redirect", "Mistake: register the bare shared redirect URL"),
];

/// The names of the steps that [`step`] knows.
pub fn steps() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, _)| *name)
}

/// Answers one request to the portal: a page of buttons, one for each step.
pub fn handle(world: &mut World, request: &Request, _caller: &Caller) -> Reply {
    let outcome = match request.method {
        Method::GET => None,
        Method::POST => {
            let members: Map<String, Value> =
                request.form().into_iter().map(|(name, value)| (name, value.into())).collect();
            let arguments = Value::Object(members);
            let name = arguments["step"].as_str().unwrap_or_default().to_owned();
            Some(step(world, &name, &arguments))
        }
        _ => return Reply::empty(405),
    };
    let buttons: String = STEPS.iter().map(|(name, label)| button("step", name, label)).collect();
    let shown = match outcome {
        None => String::new(),
        Some(Ok(value)) => {
            let mut html = "<h2>Done</h2>\n<ul>\n".to_owned();
            for (name, value) in value.as_object().into_iter().flatten() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                // Writing to a String cannot fail.
                let _ = writeln!(html, "<li>{}: <code>{}</code></li>", escape(name), escape(&text));
            }
            html + "</ul>\n"
        }
        Some(Err(problem)) => format!("<p role=\"alert\"><b>{}</b></p>\n", escape(&problem)),
    };
    let action = if request.is_public() { "/" } else { "/_portal" };
    page(200, "Practice portal", &format!("{shown}{}", form("post", action, &[], &buttons)))
}

/// Does what a person would do in the portal, with the portal's defaults. `arguments` is the whole body of `POST do`:
/// `user` and `site` say who and where, the rest belongs to the step.
///
/// # Errors
/// A sentence that says why the step could not be done; an unknown step is one.
pub fn step(world: &mut World, name: &str, arguments: &Value) -> Result<Value, String> {
    if !steps().any(|known| known == name) {
        return Err(format!("There is no step named {name}."));
    }
    let person = Person::of(world, arguments)?;
    let with_mistake = |mistake: &str| {
        let mut arguments = if arguments.is_object() { arguments.clone() } else { json!({}) };
        arguments["mistake"] = mistake.into();
        arguments
    };
    let in_portal = |world: &mut World| match name {
        "protect" => steps::protect(world, &person, arguments),
        "allow-connector" => steps::allow_connector(world, &person, arguments),
        "register" => steps::register(world, &person, arguments),
        "grant" => steps::grant(world, &person, arguments),
        "secret" => steps::secret(world, &person, arguments),
        "save-connector" => maker::save(world, &person, arguments),
        "import-solution" => maker::import_solution(world, &person, arguments),
        "paste-secret-id" => maker::save(world, &person, &with_mistake("secret-id")),
        "leave-tenant-common" => maker::save(world, &person, &with_mistake("tenant-common")),
        "leave-generic-oauth2" => maker::save(world, &person, &with_mistake("generic-oauth2")),
        "add-redirect" => steps::add_redirect(world, &person, arguments),
        _ => steps::add_redirect(world, &person, &with_mistake("bare")),
    };
    // A connection signs in like everybody else, and meets whatever the sign-in service does not know yet.
    let outcome = match name {
        "test-connection" => maker::test(world, &person, arguments),
        _ => without_lag(world, in_portal),
    };
    let mut done = outcome?;
    done["done"] = name.into();
    done["user"] = person.user.upn.into();
    Ok(done)
}

#[cfg(test)]
mod tests;
