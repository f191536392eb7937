//! The commands that plans, checks and cards print, carried out: read as a shell reads them, and sent to the practice cloud
//! as `az` would send them. What each was given for is seen afterwards.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is the failure of a test")]

mod desk;
mod recordings;

use std::collections::BTreeMap;

use desk::Desk;
use handclasp::cloud::sign_in::{Session, SignIn};
use handclasp::engine::cards::{Material, Need, card, foreseen, granted};
use handclasp::engine::change::{Change, ChangeKind, Pending, Right};
use handclasp::engine::checks::assess;
use handclasp::engine::choices::ConsentWay;
use handclasp::engine::clouds::{Audience, Cloud};
use handclasp::engine::facts::Facts;
use handclasp::engine::findings::Verdict;
use handclasp::engine::held::Held;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::remedy::command;
use handclasp::practice::scenarios;
use handclasp::practice::world::{AzureRole, Kind, SecretPolicy, View, World, directory_role, first_party};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

/// An `az` that is signed in as somebody.
struct Az {
    origin: String,
    graph: String,
    arm: String,
}

impl Az {
    /// As the person at the desk.
    async fn of(desk: &Desk) -> Self {
        Self::signed_in(desk, &desk.session).await
    }

    async fn signed_in(desk: &Desk, session: &Session) -> Self {
        let token = async |audience| session.token(audience).await.unwrap().expose_secret().to_owned();
        Self {
            origin: desk.practice.origin().trim_end_matches('/').to_owned(),
            graph: token(Audience::Graph).await,
            arm: token(Audience::Arm).await,
        }
    }

    /// Carries a command out, as a shell would: what stands in `$(…)` first. Gives what it prints.
    async fn run(&self, desk: &Desk, line: &str) -> String {
        let mut line = line.to_owned();
        while let Some(at) = line.find("$(") {
            let mut depth = 0;
            let end = line[at + 1..].find(|c: char| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            let end = at + 1 + end.unwrap();
            let printed = self.one(desk, &line[at + 2..end]).await;
            line.replace_range(at..=end, &printed);
        }
        self.one(desk, &line).await
    }

    async fn one(&self, desk: &Desk, line: &str) -> String {
        let words = shlex::split(line).unwrap();
        let at = words.iter().position(|word| word.starts_with("--")).unwrap();
        let mut options = BTreeMap::<&str, Vec<&str>>::new();
        let mut last = "";
        for word in &words[at..] {
            match word.strip_prefix("--") {
                Some(name) => {
                    last = name;
                    options.insert(last, Vec::new());
                }
                None => options.get_mut(last).unwrap().push(word.as_str()),
            }
        }
        let given = |name: &str| options.get(name).and_then(|values| values.first().copied());
        let need = |name: &str| given(name).unwrap_or_else(|| panic!("no --{name} in {line}"));
        let object = async || {
            let url = format!("/v1.0/applications(appId='{}')", need("id"));
            self.graph("GET", &url, &[], None).await
        };
        match words[..at].join(" ").as_str() {
            "az rest" => {
                let path = need("url").strip_prefix(&self.origin).unwrap_or_else(|| panic!("{line}"));
                let headers: Vec<(&str, &str)> = options
                    .get("headers")
                    .into_iter()
                    .flatten()
                    .map(|header| header.split_once('=').unwrap())
                    .collect();
                let body = given("body").map(|body| serde_json::from_str(body).unwrap());
                let token = if path.starts_with("/v1.0/") { &self.graph } else { &self.arm };
                let answer = self.send(token, need("method"), path, &headers, body).await;
                match given("query") {
                    Some(member) => answer[member].as_str().unwrap().to_owned(),
                    None => answer.to_string(),
                }
            }
            "az ad sp create" => {
                let body = json!({"appId": need("id")});
                self.graph("POST", "/v1.0/servicePrincipals", &[], Some(body)).await.to_string()
            }
            // The practice cloud's registrations take no owners over the wire.
            "az ad app owner add" => {
                let id = object().await["id"].as_str().unwrap().to_owned();
                let me = need("owner-object-id").to_owned();
                desk.world(|world| {
                    let tenant = world.main_tenant().to_owned();
                    world.object_mut(Kind::Application, &tenant, &id).unwrap().owners.push(me);
                });
                String::new()
            }
            "az ad app update" => {
                let body = json!({"signInAudience": need("sign-in-audience")});
                self.change(&object().await, body).await
            }
            "az ad app permission add" => {
                let app = object().await;
                let (scope, kind) = need("api-permissions").split_once('=').unwrap();
                let mut required = app["requiredResourceAccess"].as_array().unwrap().clone();
                let access = json!({"id": scope, "type": kind});
                match required.iter_mut().find(|entry| entry["resourceAppId"] == need("api")) {
                    Some(entry) => entry["resourceAccess"].as_array_mut().unwrap().push(access),
                    None => required.push(json!({"resourceAppId": need("api"), "resourceAccess": [access]})),
                }
                self.change(&app, json!({"requiredResourceAccess": required})).await
            }
            "az ad app credential reset" => {
                assert!(options.contains_key("append"), "without it the other secrets are lost: {line}");
                let end = match (given("end-date"), given("years")) {
                    (Some(end), None) => end.to_owned(),
                    (None, Some("1")) => desk
                        .http
                        .now()
                        .checked_add(jiff::SignedDuration::from_hours(365 * 24))
                        .unwrap()
                        .to_string(),
                    other => panic!("{other:?}"),
                };
                let body =
                    json!({"passwordCredential": {"displayName": need("display-name"), "endDateTime": end}});
                let path =
                    format!("/v1.0/applications/{}/addPassword", object().await["id"].as_str().unwrap());
                let made = self.graph("POST", &path, &[], Some(body)).await;
                made["secretText"].as_str().unwrap().to_owned()
            }
            "az webapp auth microsoft update" => {
                let site = format!(
                    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Web/sites/{}/config/authsettingsV2?api-version=2023-12-01",
                    need("subscription"),
                    need("resource-group"),
                    need("name"),
                );
                let mut settings = self.send(&self.arm, "GET", &site, &[], None).await;
                let provider = &mut settings["properties"]["identityProviders"]["azureActiveDirectory"];
                provider["registration"]["openIdIssuer"] = need("issuer").into();
                let body = json!({"properties": settings["properties"]});
                self.send(&self.arm, "PUT", &site, &[], Some(body)).await.to_string()
            }
            "az functionapp start" => {
                let (host, group) = (need("name").to_owned(), need("resource-group").to_owned());
                desk.world(|world| {
                    let id = world.site_by_host(&host).unwrap().resource_id();
                    assert!(id.contains(&format!("/resourceGroups/{group}/")), "{id}");
                    world.site_by_id_mut(&id).unwrap().state = "Running".into();
                });
                String::new()
            }
            "az role assignment create" => {
                let role = AzureRole {
                    principal: need("assignee-object-id").to_owned(),
                    role: need("role").to_owned(),
                    scope: need("scope").to_owned(),
                };
                desk.world(|world| world.azure_roles.push(role));
                String::new()
            }
            other => panic!("no az knows {other}"),
        }
    }

    async fn change(&self, app: &Value, body: Value) -> String {
        let path = format!("/v1.0/applications/{}", app["id"].as_str().unwrap());
        self.graph("PATCH", &path, &[], Some(body)).await.to_string()
    }

    async fn graph(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Value {
        self.send(&self.graph, method, path, headers, body).await
    }

    /// Sends a request with nothing but what the command says; whatever is refused ends the test.
    async fn send(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Value {
        let visitor = reqwest::Client::builder().no_proxy().build().unwrap();
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let mut request = visitor.request(method, format!("{}{path}", self.origin)).bearer_auth(token);
        if let Some(body) = &body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        for (name, value) in headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type")) {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// What the desk's person is told of a check, and the command for it.
async fn told(desk: &Desk, id: CheckId) -> (Verdict, Option<String>) {
    let facts = desk.look().await;
    let (cloud, now) = (desk.http.cloud(), desk.http.now());
    let findings = assess(cloud, &facts, &desk.choices, &Held::default(), now);
    let finding = findings.check(id).unwrap();
    (finding.verdict, command(finding, cloud, &facts, &desk.choices))
}

#[tokio::test]
async fn the_commands_of_the_plans_alone_go_the_whole_way() {
    for consent in [ConsentWay::PreAuthorize, ConsentWay::Everyone] {
        let mut desk = Desk::start("fresh").await;
        desk.choices.consent = Some(consent);
        let me = desk.look().await.person.value().unwrap().object_id.clone();
        desk.world(|world| {
            let me = world.users.iter_mut().find(|user| user.id == me).unwrap();
            me.directory_roles.push(directory_role::GLOBAL_ADMINISTRATOR.to_owned());
        });
        let az = Az::of(&desk).await;
        let mut secret = String::new();
        let input = desk.input();
        for stage in [StageId::Protect, StageId::Register, StageId::Grant, StageId::Secret, StageId::Connect]
        {
            if stage == StageId::Connect {
                let chain = desk::chain(&desk.look().await);
                let told = desk
                    .act(json!({
                        "step": "save-connector", "client_id": chain.client_app_id, "client_secret": secret,
                        "tenant_id": chain.tenant, "resource_url": chain.resource, "host": chain.host,
                    }))
                    .await;
                desk.choices.redirect_url = Some(told["redirect_url"].as_str().unwrap().to_owned());
            }
            loop {
                let (facts, planned) = desk.plan(stage, &input).await;
                let Some(change) = planned.changes.into_iter().next() else { break };
                let printed = az.run(&desk, &change.az).await;
                if stage == StageId::Secret {
                    secret = printed;
                }
                desk.settle(&facts, &change).await;
            }
        }
        desk.world(|world| world.clock.advance(60));
        let told = desk.act(json!({"step": "test-connection"})).await;
        assert_eq!((&told["connected"], &told["status"]), (&json!(true), &json!(200)), "{consent:?}: {told}");
        let created = desk.writes().iter().filter(|call| call.contains("(uniqueName=")).count();
        assert_eq!(created, 2, "{consent:?}");
    }
}

/// A command of an inverse, with what was made put in for each mark.
fn made(line: &str, facts: &Facts) -> String {
    let grant = facts.grants.value().and_then(|grants| grants.iter().find(|grant| grant.principal.is_none()));
    let secret = facts.client_app.value().and_then(|app| app.secrets.last());
    let values = [
        (Pending::ApiAppId, facts.api_app.value().map(|app| app.app_id.clone())),
        (Pending::ClientAppId, facts.client_app.value().map(|app| app.app_id.clone())),
        (Pending::ApiObjectId, facts.api_app.value().map(|app| app.object_id.clone())),
        (Pending::ClientObjectId, facts.client_app.value().map(|app| app.object_id.clone())),
        (Pending::GrantId, grant.map(|grant| grant.id.clone())),
        (Pending::SecretKeyId, secret.map(|secret| secret.key_id.clone())),
    ];
    let put = values.into_iter().fold(line.to_owned(), |line, (mark, value)| match value {
        Some(value) => line.replace(mark.mark(), &value),
        None => line,
    });
    assert_eq!(Pending::find(&put), None, "{put}");
    put
}

#[tokio::test]
async fn what_takes_the_changes_back_newest_first_leaves_the_world_as_it_was_found() {
    for consent in [ConsentWay::PreAuthorize, ConsentWay::Everyone] {
        let mut desk = Desk::start("fresh").await;
        desk.choices.consent = Some(consent);
        desk.choices.redirect_url = Some("https://global.consent.azure-apim.net/redirect/contoso-5f1".into());
        let found = desk.look().await;
        let me = found.person.value().unwrap().object_id.clone();
        desk.world(|world| {
            let me = world.users.iter_mut().find(|user| user.id == me).unwrap();
            me.directory_roles.push(directory_role::GLOBAL_ADMINISTRATOR.to_owned());
        });
        let az = Az::of(&desk).await;
        let mut input = desk.input();
        let mut back = Vec::new();
        for stage in StageId::ALL {
            if stage == StageId::Try {
                input.rehearsal_redirect = Some("http://localhost:40111/handclasp-0123456789abcdef".into());
            }
            loop {
                let (facts, planned) = desk.plan(stage, &input).await;
                let adds = |change: &&Change| change.kind != ChangeKind::RemoveRehearsalRedirect;
                let Some(change) = planned.changes.iter().find(adds) else { break };
                az.run(&desk, &change.az).await;
                desk.settle(&facts, change).await;
                back.push((change.kind, change.undo_az.clone()));
            }
        }
        let all = desk.look().await;
        assert!(
            all.client_app.value().is_some_and(|app| app.secrets.len() == 1 && !app.web_redirects.is_empty())
        );
        for (kind, commands) in back.iter().rev() {
            assert!(!commands.is_empty(), "{kind:?}");
            for command in commands {
                az.run(&desk, &made(command, &all)).await;
            }
        }
        desk.world(|world| world.clock.advance(600));
        let left = desk.look().await;
        assert_eq!(left.api_app.fact, found.api_app.fact, "{consent:?}");
        assert_eq!(left.client_app.fact, found.client_app.fact);
        assert_eq!(left.api_principal.fact, found.api_principal.fact);
        assert_eq!(left.client_principal.fact, found.client_principal.fact);
        // The service fills what it is sent with defaults of its own.
        let auth = left.auth.value().unwrap();
        assert!(!auth.enabled && auth.client_id.is_none() && auth.allowed_applications.is_none(), "{auth:?}");
        assert_eq!(left.probes.program.value().unwrap().status, found.probes.program.value().unwrap().status);
    }
}

#[tokio::test]
async fn a_permission_that_was_added_to_somebodys_api_is_switched_off_before_it_is_taken_away() {
    let desk = Desk::start("finished").await;
    desk.world(|world| {
        spoil(world, API, |doc| {
            doc["api"]["oauth2PermissionScopes"] = json!([]);
            doc["api"]["preAuthorizedApplications"] = json!([]);
        });
    });
    let az = Az::of(&desk).await;
    let (found, planned) = desk.plan(StageId::Protect, &desk.input()).await;
    let change = planned.changes.iter().find(|change| change.kind == ChangeKind::ExposeScope).unwrap();
    az.run(&desk, &change.az).await;
    desk.settle(&found, change).await;
    assert_eq!(change.undo_az.len(), 2, "one that is on is refused to go: {:?}", change.undo_az);
    for command in &change.undo_az {
        az.run(&desk, command).await;
    }
    desk.world(|world| world.clock.advance(600));
    let left = desk.look().await;
    assert_eq!(left.api_app.value(), found.api_app.value());
}

/// Spoils the finished set-up: the registration of the API or of the connector, as Graph shows it.
fn spoil(world: &mut World, name: &str, change: impl FnOnce(&mut Value)) {
    let tenant = world.main_tenant().to_owned();
    let found = world
        .objects(Kind::Application, &tenant, View::Now)
        .find(|(_, doc)| doc["displayName"] == name)
        .map(|(object, doc)| (object.id.clone(), doc.clone()));
    let (id, mut doc) = found.unwrap();
    change(&mut doc);
    world.object_mut(Kind::Application, &tenant, &id).unwrap().doc = doc;
}

fn without_principal(world: &mut World, app: &str) {
    let tenant = world.main_tenant().to_owned();
    let found = world
        .objects(Kind::ServicePrincipal, &tenant, View::Now)
        .find(|(_, doc)| doc["displayName"] == app)
        .map(|(object, _)| object.id.clone());
    let id = found.unwrap();
    world.directory.retain(|object| object.id != id);
}

const API: &str = "contoso-hello API";
const CONNECTOR: &str = "contoso-hello connector";

#[tokio::test]
async fn the_command_for_a_check_makes_it_pass() {
    type Spoil = fn(&mut World);
    let cases: [(&str, CheckId, Spoil); 10] = [
        ("finished", CheckId::ApiPrincipal, |world| without_principal(world, API)),
        ("issuer-mismatch", CheckId::ApiIssuer, |_| ()),
        ("finished", CheckId::AuthTenant, |world| {
            let foreign = "https://login.microsoftonline.com/99999999-0000-4000-8000-000000000009/v2.0";
            let settings = world.sites[0].auth_v2.as_mut().unwrap();
            let registration = "/identityProviders/azureActiveDirectory/registration/openIdIssuer";
            *settings.pointer_mut(registration).unwrap() = foreign.into();
        }),
        ("finished", CheckId::ClientPrincipal, |world| without_principal(world, CONNECTOR)),
        ("finished", CheckId::ClientAudience, |world| {
            spoil(world, CONNECTOR, |doc| {
                doc["signInAudience"] = "AzureADandPersonalMicrosoftAccount".into();
            });
        }),
        ("finished", CheckId::GrantRequested, |world| {
            spoil(world, CONNECTOR, |doc| drop(doc["requiredResourceAccess"].as_array_mut().unwrap().pop()));
        }),
        ("finished", CheckId::GrantProfile, |world| {
            spoil(world, CONNECTOR, |doc| {
                drop(doc["requiredResourceAccess"].as_array_mut().unwrap().remove(0));
            });
        }),
        ("finished", CheckId::SecretExists, |world| {
            spoil(world, CONNECTOR, |doc| doc["passwordCredentials"] = json!([]));
        }),
        ("secret-expired", CheckId::SecretEnds, |_| ()),
        ("finished", CheckId::AppExists, |world| world.sites[0].state = "Stopped".into()),
    ];
    let tried: Vec<CheckId> = cases.iter().map(|(_, id, _)| *id).collect();
    let words = handclasp::engine::words::words();
    let given = words.checks().iter().filter(|check| check.az.is_some());
    assert!(given.clone().all(|check| tried.contains(&check.id)), "a command that is not tried here");
    for (scenario, id, spoil) in cases {
        let desk = Desk::start(scenario).await;
        desk.world(spoil);
        let (verdict, az) = told(&desk, id).await;
        assert!(!verdict.settled(), "{id:?} {verdict:?}");
        let az = az.unwrap_or_else(|| panic!("no command for {id:?}"));
        let printed = Az::of(&desk).await.run(&desk, &az).await;
        // Settings count once the app has restarted.
        desk.world(|world| world.clock.advance(120));
        assert_eq!(told(&desk, id).await.0, Verdict::Pass, "{id:?}: {az}\n{printed}");
    }
}

#[tokio::test]
async fn the_commands_of_a_card_bring_what_it_asks_for() {
    // Ada may not register apps. Somebody who may runs the card's commands, and one card is enough for a stage.
    let mut desk = Desk::start("fresh").await;
    desk.choices.consent = Some(ConsentWay::PreAuthorize);
    desk.world(|world| {
        world.switches.users_may_create_apps = false;
        world.switches.policies_readable = true;
    });
    let grace = desk.world(|world| {
        let grace = world.users.iter().find(|user| user.upn.starts_with("grace@"));
        grace.unwrap().id.clone()
    });
    let ada = desk.world(|world| world.auto_approve.replace(grace));
    let (events, _heard) = unbounded_channel();
    let session = SignIn::new(&desk.http, None).with_device_code(&events).await.unwrap();
    desk.world(|world| world.auto_approve = ada);
    let admin = Az::signed_in(&desk, &session).await;
    let input = desk.input();
    for stage in [StageId::Protect, StageId::Register] {
        let need = Need::Right(Right::CreateApps);
        let facts = desk.look().await;
        let of = Material { cloud: desk.http.cloud(), facts: &facts, choices: &desk.choices, input: &input };
        assert_eq!(foreseen(stage, &of), Some(need), "{stage:?}");
        let card = card(stage, need, &of);
        assert_eq!(card.ways[0].commands.len(), 3, "{stage:?}: {card:?}");
        for az in &card.ways[0].commands {
            admin.run(&desk, az).await;
            // The directory takes its time, as the card says.
            desk.world(|world| world.clock.advance(60));
        }
        let facts = desk.look().await;
        assert!(granted(stage, need, &Material { facts: &facts, ..of }), "{stage:?}");
        // What is left of the stage is Ada's own to do.
        desk.work(stage).await;
    }
}

/// Graph's PowerShell module, in which an administrator carries out what a card says.
struct GraphModule<'a> {
    desk: &'a Desk,
    token: String,
}

impl<'a> GraphModule<'a> {
    /// `Connect-MgGraph` with a tenant and scopes: the administrator signs in by a code and agrees to them.
    async fn connect(desk: &'a Desk, line: &str, user: &str) -> Self {
        let words = shlex::split(line).unwrap();
        let given = |name: &str| words[words.iter().position(|word| word == name).unwrap() + 1].as_str();
        assert_eq!((words[0].as_str(), given("-Environment")), ("Connect-MgGraph", "Global"));
        let origin = desk.practice.origin().trim_end_matches('/');
        let login = format!("{origin}/{}/oauth2/v2.0", given("-TenantId"));
        let visitor = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = async |path: &str, form: &[(&str, &str)]| -> Value {
            visitor.post(format!("{login}/{path}")).form(form).send().await.unwrap().json().await.unwrap()
        };
        let client = first_party::GRAPH_POWERSHELL;
        let person = desk.world(|world| world.auto_approve.take());
        let scope = given("-Scopes").replace(',', " ");
        let device = post("devicecode", &[("client_id", client), ("scope", &scope)]).await;
        let code = device["device_code"].as_str().unwrap_or_else(|| panic!("{device}"));
        let user_code = &device["user_code"];
        desk.act(json!({"step": "approve-device-code", "user": user, "user_code": user_code})).await;
        // The module asks every few seconds, and the sign-in service knows of the consent by then.
        desk.world(|world| world.clock.advance(5));
        let kind = "urn:ietf:params:oauth:grant-type:device_code";
        let form = [("client_id", client), ("grant_type", kind), ("device_code", code)];
        let tokens = post("token", &form).await;
        desk.world(|world| world.auto_approve = person);
        let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
        Self { desk, token: token.to_owned() }
    }

    /// `Invoke-MgGraphRequest`, with `$policy.id` as the answer before has it. Gives the answer.
    async fn invoke(&self, line: &str, before: &Value) -> Value {
        let line = line.strip_prefix("$policy = ").unwrap_or(line);
        let at =
            |name: &str| line.find(&format!(" -{name} ")).map(|at| line[at..].split_once(' ').unwrap().1);
        let after = |name: &str| at(name).map(|rest| rest.split_once(' ').unwrap().1);
        assert!(line.starts_with("Invoke-MgGraphRequest -Method "), "{line}");
        let method = after("Method").unwrap().split(' ').next().unwrap();
        let uri = after("Uri").unwrap().split('\'').nth(1).unwrap();
        // What stands in quotes, and what is put between two of them.
        let body: Option<String> = after("Body").map(|body| {
            let parts = body.trim_matches(['(', ')']).split('\'').enumerate();
            let id = before["id"].as_str().unwrap_or_default();
            parts
                .map(|(n, part)| {
                    if n % 2 == 1 {
                        part
                    } else if part == " + $policy.id + " {
                        id
                    } else {
                        ""
                    }
                })
                .collect()
        });
        let body: Option<Value> = body.map(|body| serde_json::from_str(&body).unwrap());
        let path = uri.strip_prefix("https://graph.microsoft.com").unwrap();
        Az::of(self.desk).await.send(&self.token, method, path, &[], body).await
    }
}

#[tokio::test]
async fn the_exception_that_a_card_asks_for_lets_a_secret_be_made() {
    let desk = Desk::start("finished").await;
    let forbidden = SecretPolicy { forbidden: true, ..SecretPolicy::default() };
    desk.world(|world| {
        world.switches.secret_policy = forbidden;
        world.switches.policies_readable = true;
    });
    let public = Cloud::named("public").unwrap();
    let input = desk.input();
    let facts = desk.look().await;
    let of = Material { cloud: &public, facts: &facts, choices: &desk.choices, input: &input };
    assert_eq!(foreseen(StageId::Secret, &of), Some(Need::Secrets));
    let card = card(StageId::Secret, Need::Secrets, &of);
    let [sign_in, policy, assign] = &card.ways[0].commands[..] else { panic!("{card:?}") };
    let refused = async || {
        let (_, planned) = desk.plan(StageId::Secret, &desk.input()).await;
        let made = desk.writer().apply(&planned.changes[0]).await;
        made.err().map(|trouble| trouble.code.unwrap_or_default())
    };
    assert_eq!(refused().await.as_deref(), Some("CredentialTypeNotAllowedAsPerAppPolicy"));

    let module = GraphModule::connect(&desk, sign_in, "grace").await;
    let made = module.invoke(policy, &Value::Null).await;
    assert_eq!(refused().await.as_deref(), Some("CredentialTypeNotAllowedAsPerAppPolicy"));
    module.invoke(assign, &made).await;
    assert_eq!(refused().await, None, "the connector's app has a secret");

    // As the card says to take it back: that policy is deleted, and the tenant's counts again.
    let uri = format!("/v1.0/policies/appManagementPolicies/{}", made["id"].as_str().unwrap());
    Az::of(&desk).await.send(&module.token, "DELETE", &uri, &[], None).await;
    assert_eq!(refused().await.as_deref(), Some("CredentialTypeNotAllowedAsPerAppPolicy"));
    desk.world(|world| world.clock.advance(60));
    let left = desk.look().await.client_app.value().unwrap().secrets.len();
    assert_eq!(left, 2, "the secret that was made stays");
}

#[tokio::test]
async fn no_two_pieces_of_advice_contradict_each_other() {
    for scenario in scenarios() {
        let desk = Desk::start(&scenario.name).await;
        let facts = desk.look().await;
        let Some(api) = facts.api_app.value() else { continue };
        let findings = assess(desk.http.cloud(), &facts, &desk.choices, &Held::default(), desk.http.now());
        for finding in findings.stages.iter().flat_map(|stage| &stage.checks) {
            let note = finding.note.clone().unwrap_or_default();
            for sentence in note.split(". ") {
                // What is to become the Resource URL, or Easy Auth's own, is the API's client ID and no other.
                let about_it = sentence.contains("Resource URL") || sentence.contains("API's client ID");
                let ids = sentence.split([' ', ',', '.']).filter(|word| uuid::Uuid::try_parse(word).is_ok());
                for id in ids.filter(|_| about_it) {
                    assert_eq!(id, api.app_id, "{}: {:?}: {note}", scenario.name, finding.id);
                }
            }
        }
    }
}
