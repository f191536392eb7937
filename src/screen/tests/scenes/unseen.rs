//! A connector whose registration cannot be seen: nobody is signed in, or registrations may not be read.

use super::*;
use crate::engine::choices::AppChoice;
use crate::engine::words::ui;

/// What anybody may look at, nobody being signed in.
fn public(id: StageId, client_app_id: Option<&str>) -> State {
    let all = fixtures::finished();
    let mut state = State::new(setup(), Choices::default(), now());
    state.public_only = true;
    state.page = Page::Stage(id);
    state.panel = if id == StageId::Connect { Panel::HandOver } else { Panel::Overview };
    state.choices.app = Some(AppChoice::Url(format!("https://{}", fixtures::HOST)));
    state.choices.client_app_id = client_app_id.map(str::to_owned);
    state.facts = Facts { tenant: all.tenant, host: all.host, probes: all.probes, ..Facts::default() };
    state.looked_at = Some(now());
    judge(&mut state);
    state
}

/// With a value that was pasted and tried.
fn tried(id: StageId, verdict: SecretVerdict) -> State {
    let mut state = public(id, Some(CLIENT));
    let held =
        HeldSecret { client_app_id: CLIENT.into(), key_id: None, ends: None, made: None, made_here: false };
    state.held = Held { secret: Some(held) };
    state.secret.verdict = Some(verdict.clone());
    state.secret.tried = true;
    let probe = SecretProbe { client_app_id: CLIENT.into(), key_id: None, verdict };
    state.facts.secret_probe = seen(probe);
    judge(&mut state);
    state
}

/// Signed in, but the directory's registrations may not be read.
fn forbidden() -> State {
    let mut facts = fixtures::finished();
    facts.client_app = Seen::could_not(trouble(), now(), "GET /applications");
    facts.client_candidates = Seen::default();
    stage(StageId::Register, facts)
}

/// The plan of a rehearsal, for an app that this address names and that Azure does not show.
fn rehearsal(path: &str) -> State {
    let mut facts = fixtures::finished();
    facts.site = Seen::absent(now(), "GET /subscriptions");
    (facts.functions, facts.auth, facts.auth_version) = Default::default();
    let app = AppChoice::at(&format!("https://{}{path}", fixtures::HOST));
    let choices = Choices { app: Some(app), ..fixtures::choices() };
    let redirect = Some("http://localhost:53682/handclasp-3f9a".to_owned());
    let input = PlanInput { rehearsal_redirect: redirect, ..input() };
    let plan = plan(StageId::Try, &cloud(), &facts, &choices, &input);
    let new = (0..plan.changes.len()).collect();
    let view = PlanView { stage: StageId::Try, plan, input, since: 0, asked: Asked::First, new };
    let mut state = stage(StageId::Try, facts);
    state.choices = choices;
    state.panel = Panel::Plan(view);
    judge(&mut state);
    state
}

pub fn unseen_scenes() -> Vec<(&'static str, State)> {
    let field = |text: &str, note: Option<&str>| {
        let mut state = public(StageId::Register, None);
        state.panel = Panel::ClientField;
        state.fields.client_id = Field::with(text);
        state.fields.client_id.note = note.map(|key| ui(key).to_owned());
        state
    };
    let unknown = SecretVerdict::Refused { code: "700016".into(), text: "Not found.".into() };
    let mut connect = tried(StageId::Connect, SecretVerdict::Works);
    connect.selected = Some(Item::Row(CopyItem::ClientSecret));
    vec![
        ("unseen_register", public(StageId::Register, None)),
        ("unseen_register_said", public(StageId::Register, Some(CLIENT))),
        ("unseen_register_forbidden", forbidden()),
        ("unseen_client_id", field("", None)),
        ("unseen_client_id_api", field(API, Some("client_id.api"))),
        ("unseen_client_id_none", field("contoso-hello connector", Some("client_id.not_one"))),
        ("unseen_secret", public(StageId::Secret, None)),
        ("unseen_secret_said", public(StageId::Secret, Some(CLIENT))),
        ("unseen_secret_works", tried(StageId::Secret, SecretVerdict::Works)),
        ("unseen_secret_unknown_client", tried(StageId::Secret, unknown)),
        ("unseen_connect", connect),
        ("unseen_rehearsal", rehearsal("/api/Hello")),
        ("unseen_rehearsal_nameless", rehearsal("")),
    ]
}
