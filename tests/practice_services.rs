//! The practice cloud's Graph, ARM, portal steps and connector page, through real HTTP as a client meets them.
//!
//! The exchanges are left in the target folder as JSON lines, to be held against published descriptions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod recordings;
mod tape;

use handclasp::practice::{Options, Practice};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tape::Tape;

static TAPE: Tape = Tape::new("practice-services.jsonl");

const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const GRAPH: &str = "https://graph.microsoft.com/.default";
const ARM: &str = "https://management.core.windows.net//.default";
const POWER_APPS: &str = "https://service.powerapps.com//.default";
const USER_READ: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";
const V: &str = "api-version=2023-12-01";
/// The version for subscriptions, tenants and resource groups.
const R: &str = "api-version=2022-12-01";
/// The version for permissions.
const P: &str = "api-version=2022-04-01";

struct Stage {
    practice: Practice,
    http: Client,
    tenant: String,
}

impl Stage {
    async fn open(scenario: &str, auto_approve: Option<&str>) -> Self {
        let options = Options {
            start_at: Some("2026-11-21T09:34:12Z".parse().unwrap()),
            frozen: true,
            auto_approve: auto_approve.map(str::to_owned),
            ..Options::default()
        };
        let practice = Practice::start(scenario, options).await.unwrap();
        // The clock stands still here; what delays do has tests of its own.
        practice.world().lock().switches.without_lags();
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .unwrap();
        let tenant = practice.world().lock().main_tenant().to_owned();
        Self { practice, http, tenant }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.practice.origin()) }
    }

    async fn form(&self, path: &str, form: &[(&str, &str)]) -> Value {
        self.http.post(self.url(path)).form(form).send().await.unwrap().json().await.unwrap()
    }

    async fn act(&self, body: Value) -> Value {
        let answer = self.http.post(self.url("/_practice/do")).json(&body).send().await.unwrap();
        let status = answer.status();
        let told: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{body}: {told}");
        told
    }

    /// A token for a person, by the device code flow of the Azure CLI's client.
    async fn token(&self, user: &str, scope: &str) -> String {
        let start = format!("/{}/oauth2/v2.0/devicecode", self.tenant);
        let flow = self.form(&start, &[("client_id", CLI), ("scope", scope)]).await;
        self.act(json!({"step": "approve-device-code", "user": user, "user_code": flow["user_code"]})).await;
        let tokens = self
            .form(
                &format!("/{}/oauth2/v2.0/token", self.tenant),
                &[
                    ("client_id", CLI),
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("device_code", flow["device_code"].as_str().unwrap()),
                ],
            )
            .await;
        tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
    }

    /// Sends a request and keeps it on the tape.
    async fn send(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
        extra: &[(&str, &str)],
    ) -> Answer {
        let mut request: RequestBuilder =
            self.http.request(method.clone(), self.url(path)).bearer_auth(token);
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        let mut sent = serde_json::Map::from_iter([("authorization".to_owned(), json!("Bearer x"))]);
        if !body.is_null() {
            sent.insert("content-type".to_owned(), json!("application/json"));
        }
        sent.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        let line = json!({
            "method": method.as_str(), "url": self.url(path), "request": {"headers": sent, "body": body},
            "status": answer.status, "response": {"headers": answer.headers, "body": answer.body},
        });
        TAPE.note(&line);
        answer
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(token, Method::GET, path, &Value::Null, &[]).await
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(token, Method::POST, path, body, &[]).await
    }
}

struct Answer {
    status: u16,
    headers: Value,
    body: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
            .collect();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { status, headers, body }
    }

    fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    fn text(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{}", self.body))
            .to_owned()
    }
}

/// The tutorial's registrations and settings, made over the wire by somebody who may.
#[tokio::test]
async fn the_whole_set_up_over_the_wire() {
    let stage = Stage::open("fresh", None).await;
    let graph = stage.token("ada", GRAPH).await;
    let arm = stage.token("ada", ARM).await;
    let admin = stage.token("grace", GRAPH).await;

    // Where we are.
    assert_eq!(
        stage.get(&graph, "/v1.0/me?$select=id,displayName,userPrincipalName,userType").await.ok(200)["userType"],
        "Member"
    );
    stage.get(&graph, "/v1.0/me").await.ok(200);
    stage.get(&graph, "/v1.0/me/memberOf?$select=id").await.ok(200);
    stage.get(&graph, "/v1.0/organization?$select=id,displayName,verifiedDomains,tenantType").await.ok(200);
    stage.get(&graph, "/v1.0/organization").await.ok(200);
    stage.get(&graph, "/v1.0/domains").await.ok(200);
    stage.get(&graph, "/v1.0/directoryRoles").await.ok(200);
    stage.get(&graph, "/v1.0/users").await.ok(200);
    stage.get(&graph, "/v1.0/policies/authorizationPolicy").await.ok(403);
    stage.get(&arm, &format!("/tenants?{R}")).await.ok(200);
    let subscriptions = stage.get(&arm, &format!("/subscriptions?{R}")).await.ok(200);
    let subscription = subscriptions["value"][0]["id"].as_str().unwrap().to_owned();
    stage.get(&arm, &format!("{subscription}?{R}")).await.ok(200);
    stage.get(&arm, &format!("{subscription}/resourcegroups?{R}")).await.ok(200);
    let sites = stage.get(&arm, &format!("{subscription}/providers/Microsoft.Web/sites?{V}")).await.ok(200);
    let site = sites["value"][0]["id"].as_str().unwrap().to_owned();
    let group = site.split("/providers/").next().unwrap().to_owned();
    stage.get(&arm, &format!("{group}?{R}")).await.ok(200);
    stage.get(&arm, &format!("{group}/providers/Microsoft.Web/sites?{V}")).await.ok(200);
    let read = stage.get(&arm, &format!("{site}?{V}")).await;
    assert!(
        read.headers["etag"].is_string()
            && read.headers["x-ms-ratelimit-remaining-subscription-reads"].is_string()
    );
    let host = read.text("/properties/defaultHostName");
    for below in [
        "/config/web",
        "/config/authsettingsV2",
        "/config/authsettingsV2/list",
        "/config/slotConfigNames",
        "/functions",
        "/functions/Hello",
        "/hostNameBindings",
        "/slots",
    ] {
        stage.get(&arm, &format!("{site}{below}?{V}")).await.ok(200);
    }
    let permissions = format!("{site}/providers/Microsoft.Authorization/permissions?{P}");
    stage.get(&arm, &permissions).await.ok(200);
    for below in ["/config/appsettings/list", "/config/authsettings/list", "/host/default/listkeys"] {
        stage.post(&arm, &format!("{site}{below}?{V}"), &Value::Null).await.ok(200);
    }

    // The API.
    let scope = "6f0f2b0e-0000-4000-8000-00000000a001";
    let api = stage
        .send(
            &graph,
            Method::PATCH,
            "/v1.0/applications(uniqueName='handclasp-api')",
            &json!({
                "displayName": "Hello API", "signInAudience": "AzureADMyOrg",
                "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [{
                    "id": scope, "value": "user_impersonation", "type": "User", "isEnabled": true,
                    "adminConsentDisplayName": "Access Hello API", "adminConsentDescription": "Access Hello API",
                    "userConsentDisplayName": "Access Hello API", "userConsentDescription": "Access Hello API",
                }]},
                "web": {"redirectUris": [format!("https://{host}/.auth/login/aad/callback")],
                    "implicitGrantSettings": {"enableIdTokenIssuance": true}},
                "requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000",
                    "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}],
            }),
            &[("prefer", "create-if-missing")],
        )
        .await;
    assert_eq!(api.status, 201, "{}", api.body);
    let (api_object, api_id) = (api.text("/id"), api.text("/appId"));
    let api_path = format!("/v1.0/applications/{api_object}");
    let uris = json!({"identifierUris": [format!("api://{api_id}")]});
    stage.send(&graph, Method::PATCH, &api_path, &uris, &[]).await.ok(204);
    let api_principal =
        stage.post(&graph, "/v1.0/servicePrincipals", &json!({"appId": api_id})).await.ok(201);
    stage.post(&graph, "/v1.0/servicePrincipals", &json!({"appId": api_id})).await.ok(409);

    // The connector's app.
    let connector = stage
        .post(
            &graph,
            "/v1.0/applications",
            &json!({
                "displayName": "Hello connector", "signInAudience": "AzureADMyOrg",
                "requiredResourceAccess": [
                    {"resourceAppId": "00000003-0000-0000-c000-000000000000",
                        "resourceAccess": [{"id": USER_READ, "type": "Scope"}]},
                    {"resourceAppId": api_id, "resourceAccess": [{"id": scope, "type": "Scope"}]},
                ],
            }),
        )
        .await;
    let (connector_object, connector_id) = (connector.text("/id"), connector.text("/appId"));
    let connector_path = format!("/v1.0/applications/{connector_object}");
    let principal =
        stage.post(&graph, "/v1.0/servicePrincipals", &json!({"appId": connector_id})).await.ok(201);
    let secret = stage
        .post(
            &graph,
            &format!("{connector_path}/addPassword"),
            &json!({"passwordCredential": {"displayName": "connector", "endDateTime": "2027-05-21T00:00:00Z"}}),
        )
        .await;
    assert_eq!((secret.status, secret.text("/secretText").len()), (200, 40));
    let spare = stage.post(&graph, &format!("{connector_path}/addPassword"), &json!({})).await;
    let key = json!({"keyId": spare.text("/keyId")});
    stage.post(&graph, &format!("{connector_path}/removePassword"), &key).await.ok(204);

    // Consent.
    let grant = json!({"clientId": principal["id"], "consentType": "AllPrincipals", "principalId": null,
        "resourceId": api_principal["id"], "scope": "user_impersonation"});
    stage.post(&graph, "/v1.0/oauth2PermissionGrants", &grant).await.ok(403);
    let written = stage.post(&admin, "/v1.0/oauth2PermissionGrants", &grant).await;
    let grant_path = format!("/v1.0/oauth2PermissionGrants/{}", written.text("/id"));
    let wider = json!({"scope": "user_impersonation openid"});
    stage.send(&admin, Method::PATCH, &grant_path, &wider, &[]).await.ok(204);
    stage.get(&graph, &grant_path).await.ok(200);
    let (client, resource) = (written.text("/clientId"), written.text("/resourceId"));
    let filter =
        format!("/v1.0/oauth2PermissionGrants?$filter=clientId eq '{client}' and resourceId eq '{resource}'");
    assert_eq!(stage.get(&graph, &filter).await.ok(200)["value"].as_array().unwrap().len(), 1);
    stage.get(&graph, &format!("/v1.0/servicePrincipals/{client}/oauth2PermissionGrants")).await.ok(200);
    let me = stage.get(&graph, "/v1.0/me?$select=id").await.text("/id");
    let assigned = format!("/v1.0/servicePrincipals/{resource}/appRoleAssignedTo");
    let role = json!({"principalId": me, "resourceId": resource, "appRoleId": "00000000-0000-0000-0000-000000000000"});
    stage.post(&graph, &assigned, &role).await.ok(201);
    stage.get(&graph, &assigned).await.ok(200);
    stage.get(&graph, "/v1.0/me/appRoleAssignments").await.ok(200);
    stage.get(&graph, "/v1.0/me/oauth2PermissionGrants").await.ok(200);

    // Reading it all back.
    stage.get(&graph, "/v1.0/applications").await.ok(200);
    stage.get(&graph, "/v1.0/servicePrincipals").await.ok(200);
    stage
        .get(&graph, &format!("/v1.0/applications(appId='{api_id}')?$select=id,appId,api,web"))
        .await
        .ok(200);
    stage.get(&graph, &format!("/v1.0/servicePrincipals(appId='{api_id}')")).await.ok(200);
    stage.get(&graph, &format!("{api_path}/owners?$select=id")).await.ok(200);
    stage.get(&graph, &format!("{api_path}/federatedIdentityCredentials")).await.ok(200);
    stage.get(&graph, "/v1.0/me/ownedObjects?$select=id").await.ok(200);
    let search = "/v1.0/applications?$search=\"displayName:hello\"&$count=true&$top=1";
    stage.get(&graph, search).await.ok(400);
    let found = stage
        .send(&graph, Method::GET, search, &Value::Null, &[("consistencylevel", "eventual")])
        .await
        .ok(200);
    assert_eq!(found["@odata.count"], 2);
    let batch = stage
        .post(
            &graph,
            "/v1.0/$batch",
            &json!({"requests": [
                {"id": "1", "method": "GET", "url": format!("/applications(appId='{api_id}')?$select=id,api")},
                {"id": "2", "method": "GET", "url": format!("/servicePrincipals(appId='{connector_id}')?$select=id")},
                {"id": "3", "method": "GET", "url": "/applications/00000000-0000-4000-8000-000000000000"},
            ]}),
        )
        .await
        .ok(200);
    assert_eq!(batch["responses"].as_array().unwrap().len(), 3);

    // Easy Auth.
    let settings = json!({"properties": {
        "platform": {"enabled": true, "runtimeVersion": "~1"},
        "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401"},
        "identityProviders": {"azureActiveDirectory": {"enabled": true,
            "registration": {"openIdIssuer": format!("https://login.microsoftonline.com/{}/v2.0", stage.tenant), "clientId": api_id},
            "validation": {"allowedAudiences": [format!("api://{api_id}")],
                "defaultAuthorizationPolicy": {"allowedApplications": [api_id, connector_id]}}}},
        "httpSettings": {"requireHttps": true, "routes": {"apiPrefix": "/.auth"}},
    }});
    let v2 = format!("{site}/config/authsettingsV2?{V}");
    let stored = stage.send(&arm, Method::PUT, &v2, &settings, &[]).await.ok(200);
    assert_eq!(stage.get(&arm, &v2).await.ok(200)["properties"], stored["properties"]);
    stage.post(&arm, &format!("{site}/config/authsettings/list?{V}"), &Value::Null).await.ok(200);
    let cors = json!({"properties": {"cors": {"allowedOrigins": ["https://make.powerapps.com"], "supportCredentials": false}}});
    stage.send(&arm, Method::PATCH, &format!("{site}/config/web?{V}"), &cors, &[]).await.ok(200);
    stage.post(&arm, &format!("{site}/restart?{V}"), &Value::Null).await;

    // The connector, by hand, and what its API says of it.
    let saved = stage
        .act(json!({"step": "save-connector", "client_id": connector_id, "client_secret": secret.text("/secretText"),
            "resource_url": api_id, "tenant_id": stage.tenant, "host": host, "name": "Hello Function"}))
        .await;
    let power_apps = stage.token("ada", POWER_APPS).await;
    let environment = format!("Default-{}", stage.tenant);
    let filter = format!("api-version=2016-11-01&$filter=environment eq '{environment}'");
    let name = saved["connector"].as_str().unwrap();
    let read = stage.get(&power_apps, &format!("/providers/Microsoft.PowerApps/apis/{name}?{filter}")).await;
    let redirect = read.text("/properties/connectionParameters/token/oAuthSettings/redirectUrl");
    assert_eq!(saved["redirect_url"], json!(redirect));
    stage
        .get(&power_apps, &format!("/providers/Microsoft.PowerApps/apis?{filter} and IsCustomApi eq 'True'"))
        .await
        .ok(200);
    let web = json!({"web": {"redirectUris": [redirect]}});
    stage.send(&graph, Method::PATCH, &connector_path, &web, &[]).await.ok(204);
    let tested = stage.act(json!({"step": "test-connection", "query_name": "Ada"})).await;
    assert_eq!((&tested["connected"], &tested["status"]), (&json!(true), &json!(200)), "{tested}");

    // And away with it.
    stage.send(&admin, Method::DELETE, &grant_path, &Value::Null, &[]).await.ok(204);
    for path in [&connector_path, &api_path] {
        stage.send(&graph, Method::DELETE, path, &Value::Null, &[]).await.ok(204);
        stage.get(&graph, path).await.ok(404);
    }

    let world = stage.practice.world();
    let world = world.lock();
    assert!(world.unknown.is_empty(), "{:?}", world.unknown);
    let log = serde_json::to_string(&world.calls).unwrap();
    assert!(log.contains("addPassword") && !log.contains(secret.body["secretText"].as_str().unwrap()));
}

/// The page as a browser submits it: forms and redirects, and the code lands on this machine.
#[tokio::test]
async fn a_browser_saves_connects_and_tests_on_the_pages() {
    let stage = Stage::open("fresh", Some("ada")).await;
    for step in ["protect", "register", "allow-connector", "grant"] {
        stage.act(json!({"step": step})).await;
    }
    let registered = stage.act(json!({"step": "secret"})).await;
    let (client, api) = {
        let world = stage.practice.world();
        let world = world.lock();
        let v2 = world.sites[0].auth_v2.clone().unwrap();
        let api = v2["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"]
            .as_str()
            .unwrap()
            .to_owned();
        (world.copied.client_id.clone().unwrap(), api)
    };
    let page = |path: &str| stage.http.get(stage.url(path));
    assert!(
        page("/_make/connectors/new").send().await.unwrap().text().await.unwrap().contains("Generic Oauth 2")
    );
    let form = [
        ("title", "Hello"),
        ("host", "contoso-hello.azurewebsites.net"),
        ("provider", "aad"),
        ("client_id", &client),
        ("client_secret", registered["value"].as_str().unwrap()),
        ("tenant_id", &stage.tenant),
        ("resource_uri", &api),
    ];
    let created = stage.http.post(stage.url("/_make/connectors/new")).form(&form).send().await.unwrap();
    assert_eq!(created.status(), 302);
    let edit = created.headers()["location"].to_str().unwrap().to_owned();
    let html = page(&edit).send().await.unwrap().text().await.unwrap();
    let redirect = html.split("id=\"redirect-url\">").nth(1).unwrap().split('<').next().unwrap();
    assert!(!html.contains(registered["value"].as_str().unwrap()));
    stage.act(json!({"step": "add-redirect", "redirect_url": redirect})).await;

    let mut next = {
        let begun = stage.http.post(stage.url(&format!("{edit}/connections"))).send().await.unwrap();
        begun.headers()["location"].to_str().unwrap().to_owned()
    };
    let mut visited = Vec::new();
    while let Some(location) = {
        visited.push(next.clone());
        let answer = stage.http.get(stage.url(&next)).send().await.unwrap();
        answer.headers().get("location").map(|location| location.to_str().unwrap().to_owned())
    } {
        next = location;
    }
    let origin = stage.practice.origin();
    assert!(
        visited.iter().all(|address| address.starts_with(origin) || address.starts_with('/')),
        "{visited:?}"
    );
    assert_eq!(visited.len(), 3, "authorize, consent host, test page: {visited:?}");
    let tested =
        stage.http.post(stage.url(&format!("{edit}/test"))).form(&[("name", "Ada")]).send().await.unwrap();
    let html = tested.text().await.unwrap();
    assert!(html.contains("<b id=\"response-status\">200</b>") && html.contains("Ada"), "{html}");
}

/// Lag and faults as a client meets them.
#[tokio::test]
async fn a_slow_directory_and_a_throttled_one() {
    let stage = Stage::open("fresh", None).await;
    let graph = stage.token("ada", GRAPH).await;
    stage.practice.world().lock().switches.by_id_lag_s = 10;
    let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg"});
    let app = stage.post(&graph, "/v1.0/applications", &body).await;
    let path = format!("/v1.0/applications/{}", app.text("/id"));
    let refused = stage.get(&graph, &path).await;
    assert_eq!((refused.status, refused.text("/error/code").as_str()), (404, "Request_ResourceNotFound"));
    assert!(refused.headers["request-id"].is_string() && refused.headers["client-request-id"].is_string());
    stage.http.post(stage.url("/_practice/clock")).json(&json!({"advance_s": 10})).send().await.unwrap();
    stage.get(&graph, &path).await.ok(200);

    let fault = json!({"service": "graph", "path": "/v1.0/organization", "action": {"kind": "status", "status": 429, "retry_after_s": 3}});
    stage.http.post(stage.url("/_practice/faults")).json(&fault).send().await.unwrap();
    let batch = json!({"requests": [{"id": "1", "method": "GET", "url": "/organization"}, {"id": "2", "method": "GET", "url": "/me"}]});
    let answer = stage.post(&graph, "/v1.0/$batch", &batch).await.ok(200);
    let by_id =
        |id: &str| answer["responses"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap().clone();
    assert_eq!((&by_id("1")["status"], &by_id("1")["headers"]["Retry-After"]), (&json!(429), &json!("3")));
    assert_eq!(by_id("2")["status"], 200);
}

/// The wrong token for the service, and none at all.
#[tokio::test]
async fn tokens_are_for_one_service() {
    let stage = Stage::open("fresh", None).await;
    let (graph, arm) = (stage.token("ada", GRAPH).await, stage.token("ada", ARM).await);
    for (token, path, code) in [
        (&arm, "/v1.0/me".to_owned(), "InvalidAuthenticationToken"),
        (&graph, format!("/subscriptions?{R}"), "InvalidAuthenticationToken"),
        (
            &graph,
            "/providers/Microsoft.PowerApps/apis?api-version=2016-11-01".to_owned(),
            "InvalidAuthenticationToken",
        ),
        (&"junk".to_owned(), format!("/subscriptions?{R}"), "InvalidAuthenticationToken"),
    ] {
        let answer = stage.get(token, &path).await;
        assert_eq!((answer.status, answer.text("/error/code").as_str()), (401, code), "{path}");
        assert!(path.contains("PowerApps") || answer.headers["www-authenticate"].is_string(), "{path}");
    }
    let anonymous = stage.http.get(stage.url(&format!("/tenants?{R}"))).send().await.unwrap();
    assert_eq!(Answer::of(anonymous).await.text("/error/code"), "AuthenticationFailed");
}

/// The scenarios fail where they say, when the connector is tried as a person tries it.
#[tokio::test]
async fn each_scenario_fails_at_its_own_place() {
    for (scenario, status, message) in [
        ("finished", Some(200), None),
        ("issuer-mismatch", Some(401), None),
        ("caller-not-allowed", Some(403), None),
        ("wrong-audience", Some(401), None),
        ("secret-expired", None, Some("AADSTS7000222")),
        ("redirect-missing", None, Some("AADSTS50011")),
    ] {
        let stage = Stage::open(scenario, None).await;
        let told = stage.act(json!({"step": "test-connection"})).await;
        if let Some(status) = status {
            assert_eq!(
                (&told["connected"], &told["status"]),
                (&json!(true), &json!(status)),
                "{scenario} {told}"
            );
        }
        if let Some(message) = message {
            assert_eq!(told["connected"], json!(false), "{scenario} {told}");
            assert!(told["message"].as_str().unwrap().contains(message), "{scenario} {told}");
        }
    }
}

/// The client for automation may do everything.
#[tokio::test]
async fn the_automation_client_may_do_everything() {
    let stage = Stage::open("fresh", None).await;
    let client = stage.practice.summary()["client"].clone();
    let token = async |scope: &str| {
        let answer = stage
            .form(
                &format!("/{}/oauth2/v2.0/token", stage.tenant),
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", client["id"].as_str().unwrap()),
                    ("client_secret", client["secret"].as_str().unwrap()),
                    ("scope", scope),
                ],
            )
            .await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let (graph, arm) = (token(GRAPH).await, token(ARM).await);
    for path in [
        "/v1.0/applications",
        "/v1.0/servicePrincipals",
        "/v1.0/oauth2PermissionGrants",
        "/v1.0/organization",
        "/v1.0/users",
        "/v1.0/policies/authorizationPolicy",
        "/v1.0/policies/defaultAppManagementPolicy",
    ] {
        stage.get(&graph, path).await.ok(200);
    }
    assert_eq!(stage.get(&graph, "/v1.0/me").await.status, 400);
    let app = stage
        .post(&graph, "/v1.0/applications", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}))
        .await;
    let id = app.text("/appId");
    let principal = stage.post(&graph, "/v1.0/servicePrincipals", &json!({"appId": id})).await;
    let of_graph =
        stage.get(&graph, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").await;
    let grant = json!({"clientId": principal.text("/id"), "consentType": "AllPrincipals", "resourceId": of_graph.text("/id"),
        "scope": "User.Read"});
    stage.post(&graph, "/v1.0/oauth2PermissionGrants", &grant).await.ok(201);
    let site = stage.practice.world().lock().sites[0].resource_id();
    stage.post(&arm, &format!("{site}/config/appsettings/list?{V}"), &Value::Null).await.ok(200);
    let off = json!({"properties": {"platform": {"enabled": false}}});
    stage.send(&arm, Method::PUT, &format!("{site}/config/authsettingsV2?{V}"), &off, &[]).await.ok(200);
}

/// What the finished scenario shows is in Graph's and ARM's own shape.
#[tokio::test]
async fn the_finished_set_up_is_read_in_one_batch_and_a_few_calls() {
    let stage = Stage::open("finished", None).await;
    let (graph, arm) = (stage.token("ada", GRAPH).await, stage.token("ada", ARM).await);
    let site = stage.practice.world().lock().sites[0].resource_id();
    let settings = stage.get(&arm, &format!("{site}/config/authsettingsV2?{V}")).await;
    let api = settings.text("/properties/identityProviders/azureActiveDirectory/registration/clientId");
    stage.post(&arm, &format!("{site}/config/authsettings/list?{V}"), &Value::Null).await.ok(200);
    let requests = [
        format!("/applications(appId='{api}')"),
        format!("/servicePrincipals(appId='{api}')"),
        "/applications?$filter=startswith(uniqueName,'handclasp-')".to_owned(),
        "/oauth2PermissionGrants".to_owned(),
        "/me/ownedObjects?$select=id".to_owned(),
    ]
    .iter()
    .enumerate()
    .map(|(id, url)| json!({"id": id.to_string(), "method": "GET", "url": url}))
    .collect::<Vec<_>>();
    let batch = stage.post(&graph, "/v1.0/$batch", &json!({"requests": requests})).await.ok(200);
    let responses = batch["responses"].as_array().unwrap();
    assert!(responses.iter().all(|response| response["status"] == 200), "{batch}");
    let marked = responses.iter().find(|response| response["id"] == "2").unwrap();
    assert_eq!(marked["body"]["value"].as_array().unwrap().len(), 2);
}

/// What the set-up does not need, but other people's clients ask for.
#[tokio::test]
async fn what_a_general_client_asks_for_is_there() {
    let stage = Stage::open("finished", None).await;
    let (graph, arm) = (stage.token("ada", GRAPH).await, stage.token("ada", ARM).await);
    let (me, tenant) = (stage.get(&graph, "/v1.0/me?$select=id").await.text("/id"), &stage.tenant);
    let app =
        stage.get(&graph, "/v1.0/applications?$filter=startswith(uniqueName,'handclasp-api')").await.ok(200);
    let (object, client) = (&app["value"][0]["id"], &app["value"][0]["appId"]);
    let principal = stage
        .get(&graph, &format!("/v1.0/servicePrincipals(appId='{}')", client.as_str().unwrap()))
        .await
        .text("/id");
    let principal_path = format!("/v1.0/servicePrincipals/{principal}");
    for path in [
        "/v1.0/me/memberOf".to_owned(),
        "/v1.0/me/transitiveMemberOf".to_owned(),
        "/v1.0/me/ownedObjects".to_owned(),
        format!("/v1.0/users/{me}"),
        format!("/v1.0/organization/{tenant}"),
        format!("/v1.0/applications/{}", object.as_str().unwrap()),
        format!("/v1.0/applications/{}/owners", object.as_str().unwrap()),
        principal_path.clone(),
        format!("{principal_path}/owners"),
        format!("{principal_path}/appRoleAssignedTo"),
        format!("{principal_path}/appRoleAssignments"),
        "/v1.0/oauth2PermissionGrants?$top=1".to_owned(),
        "/v1.0/servicePrincipals?$top=2".to_owned(),
        "/v1.0/directoryRoles".to_owned(),
    ] {
        stage.get(&graph, &path).await.ok(200);
    }
    let ids = json!({"ids": [object, principal, me], "types": ["application", "servicePrincipal", "user"]});
    let found = stage.post(&graph, "/v1.0/directoryObjects/getByIds", &ids).await.ok(200);
    assert_eq!(found["value"].as_array().unwrap().len(), 3);
    let role = json!({"principalId": me, "resourceId": principal, "appRoleId": "00000000-0000-0000-0000-000000000000"});
    stage.post(&graph, &format!("{principal_path}/appRoleAssignedTo"), &role).await.ok(201);
    let required = json!({"appRoleAssignmentRequired": true});
    stage.send(&graph, Method::PATCH, &principal_path, &required, &[]).await.ok(204);
    assert_eq!(stage.get(&graph, &principal_path).await.ok(200)["appRoleAssignmentRequired"], true);

    let site = stage.practice.world().lock().sites[0].resource_id();
    let group = site.split("/providers/").next().unwrap().to_owned();
    let subscription = group.split("/resourceGroups/").next().unwrap().to_owned();
    stage.get(&arm, &format!("{group}/providers/Microsoft.Authorization/permissions?{P}")).await.ok(200);
    for (method, below, body) in [
        ("POST", "/functions/Hello/listkeys", Value::Null),
        ("POST", "/functions/Hello/listsecrets", Value::Null),
        (
            "PUT",
            "/config/appsettings",
            json!({"properties": {"FUNCTIONS_WORKER_RUNTIME": "node", "GREETING": "Hello"}}),
        ),
        ("PUT", "/config/slotConfigNames", json!({"properties": {"appSettingNames": ["GREETING"]}})),
        ("PUT", "/config/web", json!({"properties": {"minTlsVersion": "1.3"}})),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        stage.send(&arm, method, &format!("{site}{below}?{V}"), &body, &[]).await.ok(200);
    }
    let classic = format!("{site}/config/authsettings?{V}");
    let off = json!({"properties": {"enabled": false}});
    let refused = stage.send(&arm, Method::PUT, &classic, &off, &[]).await;
    assert!((400..500).contains(&refused.status), "the site has the current settings: {}", refused.status);

    let everything = "api-version=2025-04-01&$filter=resourceType eq 'Microsoft.Web/sites'";
    for path in [
        format!("{subscription}/locations?api-version=2022-12-01"),
        format!("{subscription}/providers/Microsoft.Web?api-version=2025-04-01"),
        format!("{subscription}/resources?{everything}"),
        format!("{subscription}/providers/Microsoft.Web/serverfarms?{V}"),
    ] {
        stage.get(&arm, &path).await.ok(200);
    }

    // Errors have their service's own shape.
    let nobody = "0c0ffee0-0000-4000-8000-000000000000";
    for (token, path, status) in [
        (&graph, format!("/v1.0/users/{nobody}"), 404),
        (&graph, format!("/v1.0/servicePrincipals/{nobody}"), 404),
        (&graph, "/v1.0/applications?$filter=nonsense".to_owned(), 400),
        (&arm, format!("/subscriptions/{nobody}?{R}"), 404),
        (&arm, format!("{subscription}/resourcegroups/nothing?{R}"), 403),
        (&arm, format!("{site}-nothing?{V}"), 403),
        (&arm, format!("{subscription}?api-version=tomorrow"), 400),
    ] {
        let answer = stage.get(token, &path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.pointer("/error/message").is_some_and(Value::is_string), "{path}");
    }

    // Microsoft's own shape for a site that still has the classic settings.
    let stage = Stage::open("fresh", None).await;
    let arm = stage.token("ada", ARM).await;
    let classic = json!({"properties": {"enabled": true, "unauthenticatedClientAction": "RedirectToLoginPage",
        "defaultProvider": "AzureActiveDirectory", "clientId": "59259fa1-0000-4000-8000-00000000c21a"}});
    let site = stage.practice.world().lock().sites[0].resource_id();
    let path = format!("{site}/config/authsettings?{V}");
    stage.send(&arm, Method::PUT, &path, &classic, &[]).await.ok(200);
    stage.post(&arm, &format!("{site}/config/authsettings/list?{V}"), &Value::Null).await.ok(200);
    stage.get(&arm, &format!("{site}/config/authsettingsV2?{V}")).await.ok(200);
}
