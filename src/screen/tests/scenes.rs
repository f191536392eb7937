//! States of the wizard made by hand, one for each thing that can be on the screen.

mod connecting;
mod picking;
mod plans;
mod secrets;
mod unseen;

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::engine::cards::Need;
use crate::engine::change::{Change, Right};
use crate::engine::checks::assess;
use crate::engine::choices::Choices;
use crate::engine::error_codes::explain_pasted;
use crate::engine::facts::{
    Candidate, CandidateReason, Environment, Facts, Permission, Rehearsal, SecretInfo, SecretProbe,
    SecretVerdict, Seen,
};
use crate::engine::fixtures::{self, API, CLIENT, REDIRECT, SITE, TENANT, cloud, now, seen};
use crate::engine::forecast::Subject;
use crate::engine::held::{Held, HeldSecret};
use crate::engine::ids::{CheckId, StageId};
use crate::engine::plan::{PlanInput, plan};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::ui;
use crate::flow::effect::{CopyItem, Part, SignInMethod};
use crate::flow::event::{
    AppList, AppRow, CallLine, CopyOutcome, RightUsed, SignedIn, SubscriptionRow, TenantRow, Waiting,
};
use crate::flow::menu::{ActionId, Item};
use crate::flow::state::{
    Apply, Asked, Field, Listing, Mark, Overlay, Page, Panel, Phase, PlanView, PublicClient, RehearsalStep,
    RehearsalView, Setup, SignInState, SignInStep, State, Step, Timing, Watch,
};
use connecting::connect_scenes;
use picking::*;
use plans::*;
use secrets::secret_scenes;
use unseen::unseen_scenes;

pub fn setup() -> Setup {
    Setup {
        practice: true,
        read_only: false,
        no_browser: false,
        remote: false,
        cloud: cloud(),
        client: PublicClient { id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46".into(), name: "Azure CLI".into() },
        methods: vec![SignInMethod::Browser, SignInMethod::DeviceCode, SignInMethod::AzCli],
        files_dir: "handclasp-files".into(),
        secret_days: 180,
        timing: Timing::default(),
    }
}

pub fn empty() -> State {
    State::new(setup(), Choices::default(), now())
}

/// On a stage, with these facts, judged.
pub fn stage(id: StageId, facts: Facts) -> State {
    let mut state = State::new(setup(), fixtures::choices(), now());
    state.page = Page::Stage(id);
    state.panel = if id == StageId::Connect { Panel::HandOver } else { Panel::Overview };
    state.signed_in = Some(SignedIn {
        upn: "ada@contoso.onmicrosoft.com".into(),
        tenant_name: "Contoso".into(),
        tenant_id: TENANT.into(),
    });
    state.facts = facts;
    state.looked_at = Some(now());
    judge(&mut state);
    state
}

pub fn judge(state: &mut State) {
    state.findings = assess(&cloud(), &state.facts, &state.choices, &state.held, now());
}

pub fn trouble() -> Trouble {
    Trouble::new(
        Class::NotAllowed,
        "You are signed in, but may not do this.",
        "Use an account that owns this registration, or send the card to an administrator.",
    )
    .meaning("The connector's app belongs to somebody else.")
    .original(
        "403 Authorization_RequestDenied: Insufficient privileges to complete the operation. request-id 5d2f",
    )
}

fn watching(mut state: State) -> State {
    state.watch = Some(Watch { part: Part::All, every_s: 10, next: None });
    state
}

pub fn hold(state: &mut State) {
    state.held = Held {
        secret: Some(HeldSecret {
            client_app_id: CLIENT.into(),
            key_id: Some("c0ffee00-0000-4000-8000-000000000001".into()),
            ends: Some("2027-05-19T00:00:00Z".parse().unwrap()),
            made: None,
            made_here: true,
        }),
    };
    judge(state);
}

fn without_redirect() -> Facts {
    let mut facts = fixtures::finished();
    let mut app = facts.client_app.value().unwrap().clone();
    app.web_redirects.clear();
    facts.client_app = seen(app);
    facts
}

fn without_secret() -> Facts {
    let mut facts = without_redirect();
    let mut app = facts.client_app.value().unwrap().clone();
    app.secrets.clear();
    facts.client_app = seen(app);
    facts
}

/// The card for what was found missing.
fn asking(id: StageId, facts: Facts, need: Need) -> State {
    let mut state = on(id, facts, Panel::AskAdmin);
    state.not_allowed.insert(id, need);
    state.facts.rights.register_apps = seen(false);
    state
}

fn issuer_mismatch() -> Facts {
    let mut facts = fixtures::finished();
    let mut auth = facts.auth.value().unwrap().clone();
    auth.issuer = Some(format!("https://sts.windows.net/{TENANT}/"));
    facts.auth = seen(auth);
    facts
}

pub fn rehearsed() -> Facts {
    let mut facts = fixtures::finished();
    facts.secret_probe = seen(SecretProbe {
        client_app_id: CLIENT.into(),
        key_id: Some("c0ffee00-0000-4000-8000-000000000001".into()),
        verdict: SecretVerdict::Works,
    });
    facts.rehearsal = seen(Rehearsal {
        called: format!("GET https://{}/api/Hello?name=Ada", fixtures::HOST),
        answer: "Hello, Ada. This HTTP triggered function executed successfully.".into(),
        ..fixtures::rehearsed()
    });
    facts
}

fn sign_in(step: SignInStep, trouble: Option<Trouble>) -> State {
    let mut state = empty();
    state.page = Page::SignIn(SignInState { step, trouble: trouble.map(Box::new) });
    state
}

fn rehearsal(step: RehearsalStep, trouble: Option<Trouble>) -> RehearsalView {
    RehearsalView {
        redirect: "http://localhost:53682/handclasp-3f9a".into(),
        confirmed: VecDeque::new(),
        input: input(),
        token_to: None,
        step,
        trouble,
    }
}

const AUTHORIZE: &str = "https://login.microsoftonline.com/0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f/oauth2/authorize?client_id=59259fa1-7d11-4c33-8a77-2b1f90e2c21a&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A53682%2Fhandclasp-3f9a&resource=be70217c-58a1-4c0e-9f43-7d2f61c09a04&prompt=select_account&state=3f9a";

fn on(id: StageId, facts: Facts, panel: Panel) -> State {
    let mut state = stage(id, facts);
    state.panel = panel;
    state
}

fn without_browser(mut state: State) -> State {
    state.setup.no_browser = true;
    state
}

fn over(mut state: State, overlay: Overlay) -> State {
    state.overlays.push(overlay);
    state
}

fn at(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

/// Every scene with its name.
pub fn all() -> Vec<(&'static str, State)> {
    let mut list = vec![("welcome", empty())];
    list.extend(sign_in_scenes());
    list.extend(stage_scenes());
    list.extend(plan_scenes());
    list.extend(secret_scenes());
    list.extend(unseen_scenes());
    list.extend(connect_scenes());
    list.extend(try_scenes());
    list.extend(overlay_scenes());
    list
}

fn sign_in_scenes() -> Vec<(&'static str, State)> {
    let expired = Trouble::new(
        Class::SignInRefused,
        "The code ran out.",
        "Choose a way to sign in; a new code is made.",
    )
    .original("AADSTS70020: expired_token");
    let code = SignInStep::DeviceCode {
        code: "FJ4K9QZ2C".into(),
        address: "https://microsoft.com/devicelogin".into(),
        ends: at(15),
    };
    let mut typing = sign_in(SignInStep::Address, None);
    typing.fields.app_url = Field::with("https://contoso-hello.azurewebsites.net");
    let mut tenant = sign_in(SignInStep::Tenant, None);
    tenant.fields.tenant = Field::with("contoso.onmicrosoft.com");
    let no_tenant = Trouble {
        means: "There is no tenant with this name or ID in this cloud.".into(),
        ..Trouble::new(
            Class::SignInRefused,
            "Microsoft Entra sign-in says: Tenant not found.",
            ui("sign_in.tenant_unknown_next"),
        )
        .original("AADSTS90002: Tenant 'nosuch.example' not found.")
    };
    let mut unknown = sign_in(SignInStep::Choose, Some(no_tenant));
    unknown.choices.tenant = Some("nosuch.example".into());
    unknown.selected = Some(Item::Action(ActionId::NameTenant));
    vec![
        ("sign_in_choose", sign_in(SignInStep::Choose, None)),
        ("sign_in_starting", sign_in(SignInStep::Starting(SignInMethod::Browser), None)),
        ("sign_in_failed", sign_in(SignInStep::Choose, Some(expired))),
        ("sign_in_code", sign_in(code, None)),
        ("sign_in_browser", sign_in(SignInStep::Browser { address: AUTHORIZE.into() }, None)),
        ("sign_in_address", typing),
        ("sign_in_tenant", tenant),
        ("sign_in_page_error", sign_in(SignInStep::PageError, None)),
        ("sign_in_tenant_unknown", unknown),
    ]
}

/// A plain user in a strict tenant, whose policies cannot be read.
fn forecast_limited() -> State {
    let mut facts = fixtures::fresh();
    let refused = Trouble::new(Class::NotAllowed, "You may not read this.", "Ask an administrator.");
    facts.rights.register_apps = seen(false);
    facts.rights.secret_policy = Seen::could_not(refused, now(), "GET /policies/defaultAppManagementPolicy");
    facts.rights.site = seen(vec![Permission { actions: vec!["*/read".into()], not_actions: vec![] }]);
    facts.rights.environments =
        seen(vec![Environment { name: "Contoso (default)".into(), create_connectors: false }]);
    let mut state = on(StageId::Pick, facts, Panel::Forecast);
    state.selected = Some(Item::Outlook(Subject::MakeSecrets));
    state
}

fn stage_scenes() -> Vec<(&'static str, State)> {
    let mut listing = pick("");
    listing.apps = Listing::Asked;
    let mut refused = stage(StageId::Register, fixtures::fresh());
    refused.not_allowed.insert(StageId::Register, Need::Right(Right::CreateApps));
    let mut candidates = fixtures::finished();
    candidates.client_candidates = seen(vec![
        Candidate {
            app_id: CLIENT.into(),
            display_name: "contoso-hello connector".into(),
            why: CandidateReason::Requests,
        },
        Candidate { app_id: API.into(), display_name: "An older one".into(), why: CandidateReason::Owned },
    ]);
    let mut selected = stage(StageId::Protect, issuer_mismatch());
    selected.selected = Some(Item::Check(CheckId::AuthExcluded));
    vec![
        ("pick_listing", listing),
        ("pick_apps", pick("")),
        ("pick_filtered", pick("contoso-hel")),
        ("pick_narrowed", narrowed()),
        ("pick_subscription", subscriptions()),
        ("pick_none_here", abroad()),
        ("pick_tenant", tenants("")),
        ("pick_tenant_filtered", tenants("fabr")),
        ("pick_switching", switching()),
        ("pick_slot", branched(Panel::PickSlot)),
        ("pick_host", branched(Panel::PickHost)),
        ("stage_pick_branched", branched(Panel::Overview)),
        ("sign_in_kept", kept()),
        ("pick_address", on(StageId::Pick, Facts::default(), Panel::TypeUrl)),
        ("stage_pick", stage(StageId::Pick, fixtures::fresh())),
        ("stage_pick_down", down(Panel::Overview)),
        ("myself_pick", down(Panel::Myself)),
        ("myself_address", without_browser(down(Panel::Myself))),
        ("forecast", on(StageId::Pick, fixtures::fresh(), Panel::Forecast)),
        ("forecast_limited", forecast_limited()),
        ("stage_protect_fresh", stage(StageId::Protect, fixtures::fresh())),
        ("stage_protect_issuer", stage(StageId::Protect, issuer_mismatch())),
        ("stage_protect_selected", selected),
        ("stage_protect_done", stage(StageId::Protect, fixtures::finished())),
        ("stage_register_refused", refused),
        ("stage_register_pick", on(StageId::Register, candidates, Panel::PickClient)),
        ("stage_grant", stage(StageId::Grant, fixtures::finished())),
        ("myself_protect", watching(on(StageId::Protect, fixtures::fresh(), Panel::Myself))),
        ("myself_done", watching(on(StageId::Grant, fixtures::finished(), Panel::Myself))),
        ("myself_try", watching(on(StageId::Try, fixtures::finished(), Panel::Myself))),
        ("admin", watching(on(StageId::Grant, fixtures::finished(), Panel::AskAdmin))),
        (
            "admin_create",
            watching(asking(StageId::Protect, fixtures::fresh(), Need::Right(Right::CreateApps))),
        ),
        ("admin_secrets", watching(asking(StageId::Secret, without_secret(), Need::Secrets))),
    ]
}

/// What the window of a connection that was refused shows.
const PASTED: &str = "AADSTS65001: The user or administrator has not consented to use the application. Trace ID: \
    0a1b2c3d-0000-4000-8000-00000000f001 Correlation ID: 0a1b2c3d-0000-4000-8000-00000000f002 \
    Timestamp: 2026-11-21 09:34:12Z";

fn try_scenes() -> Vec<(&'static str, State)> {
    let step = RehearsalStep::SignIn { address: AUTHORIZE.into() };
    let refused = Trouble::new(
        Class::Refused,
        "There is no code in this address.",
        "Copy the whole address from the browser, with everything after the question mark.",
    );
    let pasting = Panel::RehearsalPaste(rehearsal(step.clone(), Some(refused)));
    let mut end = stage(StageId::Try, rehearsed());
    end.choices.redirect_url = Some(REDIRECT.into());
    hold(&mut end);
    end.page = Page::End;
    let mut open = stage(StageId::Try, without_secret());
    open.page = Page::End;
    vec![
        ("try_stage", stage(StageId::Try, fixtures::finished())),
        ("try_binding", on(StageId::Try, fixtures::finished(), Panel::Binding)),
        ("try_sign_in", on(StageId::Try, fixtures::finished(), Panel::Rehearsal(rehearsal(step, None)))),
        (
            "try_calling",
            on(StageId::Try, fixtures::finished(), Panel::Rehearsal(rehearsal(RehearsalStep::Calling, None))),
        ),
        ("try_paste", on(StageId::Try, fixtures::finished(), pasting)),
        ("try_answer", on(StageId::Try, rehearsed(), Panel::Answer)),
        (
            "try_explained",
            on(StageId::Try, fixtures::finished(), Panel::Explained(Box::new(explain_pasted(PASTED)))),
        ),
        ("end", end),
        ("end_open", open),
    ]
}

fn overlay_scenes() -> Vec<(&'static str, State)> {
    let base = || stage(StageId::Protect, issuer_mismatch());
    let mut log = base();
    log.calls = (0..40)
        .map(|i| CallLine {
            at: at(i / 10),
            method: if i % 9 == 8 { "PATCH" } else { "GET" }.into(),
            host: if i % 4 == 2 { "management.azure.com" } else { "graph.microsoft.com" }.into(),
            path: if i % 4 == 2 {
                format!("{SITE}/config/authsettingsV2?api-version=2023-12-01")
            } else {
                format!("/v1.0/applications/{i}?$select=id,appId,displayName")
            },
            status: if i == 30 { None } else { Some(if i % 13 == 12 { 429 } else { 200 }) },
            problem: (i == 30).then_some(Class::TimeOut),
            millis: 120,
            writes: i % 9 == 8,
            used: if i % 9 == 7 { RightUsed::Nobodys } else { RightUsed::Persons },
            right: (i % 9 == 8).then_some(Right::OwnApp),
            correlation: Some(format!("7449b021-6ef3-4bd9-b91c-464eec92a4{i:02}")),
        })
        .collect();
    let mut quit = stage(StageId::Connect, without_redirect());
    hold(&mut quit);
    quit.secret_on_clipboard = true;
    quit.secret.copied = true;
    quit.last_copied = Some(CopyItem::ClientSecret);
    let mut sent = quit.clone();
    quit.copied.insert(CopyItem::ClientSecret, CopyOutcome::Copied);
    sent.copied.insert(CopyItem::ClientSecret, CopyOutcome::Sent);
    sent.secret.copied = false;
    let notice = Overlay::Notice {
        title: "Nothing to paste".into(),
        text: "The clipboard is empty, or holds no text.".into(),
    };
    vec![
        ("over_help", over(base(), Overlay::Help)),
        ("over_log", over(log, Overlay::CallLog { back: 0 })),
        ("over_explain", over(base(), Overlay::Explain(CheckId::ApiIssuer))),
        ("over_trouble", over(base(), Overlay::Trouble(trouble()))),
        ("over_notice", over(base(), notice)),
        ("over_quit", over(quit, Overlay::ConfirmQuit { since: 1 })),
        ("over_quit_sent", over(sent, Overlay::ConfirmQuit { since: 1 })),
    ]
}
