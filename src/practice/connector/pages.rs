//! The connector page: General, Security, Test. Plain HTML without scripts, with the real page's labels and defaults
//! (power-platform 1.3, 1.4, 1.7).

use std::fmt::Write as _;

use super::call::Tested;
use super::definition::{Operation, operations};
use super::fields::Fields;
use crate::practice::entra::page::{escape, page};
use crate::practice::wire::Reply;
use crate::practice::world::{Connection, Connector, World};

/// The list of saved connectors.
pub fn list(world: &World, base: &str) -> Reply {
    let mut html = format!(
        "<p>New custom connector: <a href=\"{base}/connectors/new\">Create from blank</a>, \
         <a href=\"{base}/connectors/import\">Import an OpenAPI file or a Postman collection</a></p>\n<ul>\n"
    );
    for connector in &world.connectors {
        // Writing to a String cannot fail.
        let _ = writeln!(
            html,
            "<li>{}: <a href=\"{base}/connectors/{name}\">Edit</a> <a href=\"{base}/connectors/{name}/test\">Test</a></li>",
            escape(&connector.display_name),
            name = escape(&connector.name)
        );
    }
    html.push_str("</ul>");
    page(200, "Custom connectors", &html)
}

/// The dialog in front of an import, with what was wrong with the file.
pub fn import(base: &str, problem: Option<&str>) -> Reply {
    let mut html = String::new();
    if let Some(problem) = problem {
        let _ = writeln!(html, "<p role=\"alert\"><b>{}</b></p>", escape(problem));
    }
    let _ = writeln!(
        html,
        "<form method=\"post\" enctype=\"multipart/form-data\" action=\"{base}/connectors/import\">"
    );
    html.push_str(&choice(
        "New custom connector",
        "kind",
        "openapi",
        &[("openapi", "Import an OpenAPI file"), ("postman", "Import a Postman collection")],
    ));
    html.push_str(&input("Connector name", "title", "", ""));
    html.push_str("<p><label>Import<br><input type=\"file\" name=\"file\"></label></p>\n");
    html.push_str("<button>Continue</button>\n</form>");
    page(if problem.is_some() { 400 } else { 200 }, "New custom connector", &html)
}

/// The page of a new connector or of a saved one, with what stands in its fields and what is wrong with it.
pub fn edit(base: &str, fields: &Fields, saved: Option<&Connector>, problem: Option<&str>) -> Reply {
    let action =
        saved.map_or_else(|| format!("{base}/connectors/new"), |c| format!("{base}/connectors/{}", c.name));
    let mut html = String::new();
    if let Some(problem) = problem {
        let _ = writeln!(html, "<p role=\"alert\"><b>{}</b></p>", escape(problem));
    }
    let _ = writeln!(html, "<form method=\"post\" action=\"{}\">", escape(&action));
    if let Some(definition) = &fields.definition {
        let text = escape(&definition.to_string());
        let _ = writeln!(html, "<input type=\"hidden\" name=\"definition\" value=\"{text}\">");
    }
    html.push_str("<h2>1. General</h2>\n");
    html.push_str(&input("Connector name", "title", &fields.title, ""));
    html.push_str(&choice("Scheme", "scheme", &fields.scheme, &[("https", "HTTPS"), ("http", "HTTP")]));
    html.push_str(&input("Host", "host", &fields.host, "api.contoso.com"));
    html.push_str(&input("Base URL", "base_url", &fields.base_url, "/"));
    html.push_str("<h2>2. Security</h2>\n");
    html.push_str(&choice("Authentication type", "authentication", "oauth2", &[("oauth2", "OAuth 2.0")]));
    html.push_str(&choice(
        "Identity Provider",
        "provider",
        &fields.provider,
        &[("oauth2generic", "Generic Oauth 2"), ("aad", "Azure Active Directory")],
    ));
    html.push_str(&input("Client ID", "client_id", &fields.client_id, "Client ID"));
    html.push_str(&choice("Secret options", "secret_options", "secret", &[("secret", "Use client secret")]));
    let note = if saved.is_some() { "********" } else { "Client secret" };
    let _ = writeln!(
        html,
        "<p><label>Client secret<br><input type=\"password\" name=\"client_secret\" value=\"\" placeholder=\"{note}\" \
         autocomplete=\"off\"></label></p>"
    );
    html.push_str("<fieldset><legend>With Azure Active Directory</legend>\n");
    html.push_str(&input("Authorization URL", "login_uri", &fields.login_uri, ""));
    html.push_str(&input("Tenant ID", "tenant_id", &fields.tenant_id, ""));
    html.push_str(&input("Resource URL", "resource_uri", &fields.resource_uri, "Resource URL"));
    html.push_str(&choice(
        "Enable on-behalf-of login",
        "on_behalf_of",
        &fields.on_behalf_of,
        &[("false", "false"), ("true", "true")],
    ));
    html.push_str("</fieldset>\n<fieldset><legend>With Generic Oauth 2</legend>\n");
    let [authorize, token, refresh] = &fields.generic_urls;
    html.push_str(&input("Authorization URL", "authorization_url", authorize, ""));
    html.push_str(&input("Token URL", "token_url", token, ""));
    html.push_str(&input("Refresh URL", "refresh_url", refresh, ""));
    html.push_str("</fieldset>\n");
    html.push_str(&input("Scope", "scope", &fields.scope, ""));
    let redirect =
        saved.map_or("Save the custom connector to generate the redirect URL", |c| c.redirect_url.as_str());
    let _ = writeln!(html, "<p>Redirect URL<br><code id=\"redirect-url\">{}</code></p>", escape(redirect));
    let button = if saved.is_some() { "Update connector" } else { "Create connector" };
    let _ = writeln!(html, "<button>{button}</button>\n</form>");
    if let Some(saved) = saved {
        let _ = writeln!(html, "<p><a href=\"{base}/connectors/{}/test\">Test</a></p>", escape(&saved.name));
    }
    page(if problem.is_some() { 400 } else { 200 }, "Custom connector", &html)
}

/// The Test page, with the outcome of a call if there was one.
pub fn test(base: &str, connector: &Connector, outcome: Option<&Tested>) -> Reply {
    let address = format!("{base}/connectors/{}", escape(&connector.name));
    let mut html = format!("<h2>{}</h2>\n<h3>Connections</h3>\n", escape(&connector.display_name));
    if connector.connections.is_empty() {
        html.push_str("<p>None</p>\n");
    } else {
        html.push_str("<ul>\n");
        for connection in &connector.connections {
            let _ = writeln!(html, "<li>{}</li>", connection_line(connection));
        }
        html.push_str("</ul>\n");
    }
    let _ = writeln!(
        html,
        "<form method=\"post\" action=\"{address}/connections\"><button>New connection</button></form>"
    );
    for operation in operations(&connector.definition) {
        html.push_str(&operation_form(&address, &operation));
    }
    if let Some(Tested { method, path, reply }) = outcome {
        let _ = writeln!(
            html,
            "<h3>Response</h3>\n<p>{method} {}</p>\n<p>Status <b id=\"response-status\">{}</b></p>\n\
             <pre id=\"response-body\">{}</pre>",
            escape(path),
            reply.status,
            escape(&String::from_utf8_lossy(&reply.body))
        );
    }
    let _ = writeln!(html, "<p><a href=\"{address}\">Edit</a></p>");
    page(200, "Test", &html)
}

/// One operation with a field for each of its parameters, and for each member of its body.
fn operation_form(address: &str, operation: &Operation) -> String {
    let id = escape(&operation.id);
    let title = if operation.summary.is_empty() { id.clone() } else { escape(&operation.summary) };
    let mut html = format!(
        "<form method=\"post\" action=\"{address}/test\"><h3>{title}</h3>\n\
         <input type=\"hidden\" name=\"operation\" value=\"{id}\">\n"
    );
    for parameter in &operation.parameters {
        let name = escape(parameter["name"].as_str().unwrap_or_default());
        match (parameter["in"].as_str(), parameter["schema"]["properties"].as_object()) {
            (Some("body"), Some(members)) if !members.is_empty() => {
                for member in members.keys().map(|member| escape(member)) {
                    html.push_str(&input(&member, &member, "", ""));
                }
            }
            (Some("body"), _) => html.push_str(&input("body", "body", "", "{}")),
            _ => html.push_str(&input(&name, &name, "", "")),
        }
    }
    html.push_str("<button>Test operation</button></form>\n");
    html
}

fn connection_line(connection: &Connection) -> String {
    match &connection.error {
        None => escape(&connection.status),
        Some(error) => format!("{}: {}", escape(&connection.status), escape(error)),
    }
}

fn input(label: &str, name: &str, value: &str, placeholder: &str) -> String {
    format!(
        "<p><label>{label}<br><input name=\"{name}\" value=\"{}\" placeholder=\"{placeholder}\" size=\"50\"></label></p>\n",
        escape(value)
    )
}

fn choice(label: &str, name: &str, value: &str, options: &[(&str, &str)]) -> String {
    let mut html = format!("<p><label>{label}<br><select name=\"{name}\">");
    for (key, text) in options {
        let selected = if *key == value { " selected" } else { "" };
        let _ = write!(html, "<option value=\"{key}\"{selected}>{text}</option>");
    }
    html.push_str("</select></label></p>\n");
    html
}
