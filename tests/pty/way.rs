//! Steps of the way through the wizard, each held against what the practice cloud has seen.

use handclasp::engine::change::Pending;
use serde_json::{Value, json};

use super::plan::{Shown, read};
use super::practice::Control;
use super::{Terminal, key};

/// Takes "for me", reads the plan, agrees to it; what was shown, and the calls that were then seen. Nothing is called
/// before the person agrees.
pub fn agree(
    terminal: &Terminal,
    control: &Control,
    ask: &str,
    yes: &str,
    done: &str,
) -> (Vec<Shown>, Vec<Value>) {
    let before = control.calls();
    terminal.choose(ask);
    let shown = plan(terminal, yes);
    assert_eq!(control.calls(), before, "nothing is changed before the confirmation");
    terminal.choose(yes);
    terminal.wait_for(done);
    (shown, control.calls().split_off(before.len()))
}

/// From the welcome to the list of apps, the person's part at the sign-in page being played.
pub fn sign_in(terminal: &Terminal) {
    terminal.choose("Begin");
    terminal.choose("Sign in with the browser");
    terminal.choose("Do my part at the sign-in page (practice)");
}

/// The sign-in done and the function app picked.
pub fn at_step_2(terminal: &Terminal) {
    sign_in(terminal);
    terminal.choose("contoso-hello");
    terminal.wait_for("Function keys");
    terminal.choose("Continue");
}

/// Steps 2 to 5, each done for the person.
pub fn to_step_6(terminal: &Terminal) {
    for (ask, done) in [
        ("Set it up for me", "All checks pass"),
        ("Register it for me", "All checks pass"),
        ("Grant it for me", "All checks pass"),
        ("Create a new secret", "its value was proven to work"),
    ] {
        terminal.choose(ask);
        terminal.choose("Yes, make");
        terminal.wait_for(done);
        terminal.choose("Continue");
    }
}

pub fn plan(terminal: &Terminal, yes: &str) -> Vec<Shown> {
    terminal.wait_for(yes);
    read(terminal)
}

/// The ids of what was registered, each with the mark that stood for it before.
fn ids(control: &Control) -> Vec<(Pending, String)> {
    let world = control.see("world");
    let directory = world["directory"].as_array().unwrap().clone();
    let find = |kind: &str, name: &str| {
        let found =
            directory.iter().find(|object| object["kind"] == kind && object["doc"]["displayName"] == name);
        let text = |member: &str| found.map(|object| object["doc"][member].as_str().unwrap().to_owned());
        (text("id"), text("appId"))
    };
    let (api, api_id) = find("application", "contoso-hello API");
    let (client, client_id) = find("application", "contoso-hello connector");
    let all = [
        (Pending::ApiObjectId, api),
        (Pending::ApiAppId, api_id),
        (Pending::ApiPrincipalId, find("service_principal", "contoso-hello API").0),
        (Pending::ClientObjectId, client),
        (Pending::ClientAppId, client_id),
        (Pending::ClientPrincipalId, find("service_principal", "contoso-hello connector").0),
    ];
    all.into_iter().filter_map(|(pending, id)| Some((pending, id?))).collect()
}

#[track_caller]
pub fn assert_as_shown(control: &Control, (shown, calls): &(Vec<Shown>, Vec<Value>)) {
    let ids = ids(control);
    assert_eq!(calls.len(), shown.len(), "{calls:#?}\n{shown:#?}");
    for (shown, call) in shown.iter().zip(calls) {
        shown.assert_is(call, &ids);
        let status = call["status"].as_u64().unwrap();
        assert!((200..300).contains(&status), "{call}");
    }
}

/// Copies the connector page's values row by row with Enter, and compares them with the world. What somebody would then
/// have pasted there, by its name in the step that saves the connector.
pub fn hand_over(terminal: &Terminal, control: &Control) -> Value {
    let ids = ids(control);
    let id = |wanted| ids.iter().find(|(pending, _)| *pending == wanted).unwrap().1.clone();
    let world = control.see("world");
    terminal.wait_for("Step 6 of 7");
    let mut pasted = json!({});
    for (row, field, value) in [
        ("Host", "host", "contoso-hello.azurewebsites.net".to_owned()),
        ("Client ID", "client_id", id(Pending::ClientAppId)),
        ("Tenant ID", "tenant_id", world["tenants"][0]["id"].as_str().unwrap().to_owned()),
        ("Resource URL", "resource_url", id(Pending::ApiAppId)),
    ] {
        pasted[field] = terminal.copy(row).into();
        assert_eq!(pasted[field], value, "{row}");
    }
    pasted["client_secret"] = copy_secret(terminal).into();
    pasted
}

/// Copies the secret's value. The terminal cannot mark it as a secret, so it is asked about first; after that, the same row
/// sends it.
pub fn copy_secret(terminal: &Terminal) -> String {
    terminal.choose("Client secret");
    terminal.wait_for("It cannot be marked as a secret there");
    terminal.enter();
    terminal.wait_gone("It cannot be marked as a secret there");
    terminal.read_it();
    assert!(
        terminal.selected().contains("Client secret"),
        "Enter once more means this row: {}",
        terminal.selected()
    );
    let secret = terminal.copied_by(key::ENTER);
    // What every value of Entra's holds (microsoft-cloud 4.5).
    assert!(secret.len() > 30 && secret.contains("8Q~"), "this is no secret's value: {secret}");
    secret
}
