//! The practice cloud's sign-in service and Easy Auth, through real HTTP as a client meets them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod recordings;
mod tape;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use handclasp::practice::world::{Kind, UserConsent, View, World, first_party};
use handclasp::practice::{Options, Practice};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tape::Tape;
use url::Url;

static TAPE: Tape = Tape::new("practice-entra.jsonl");

const CLI: &str = first_party::AZURE_CLI;
const HOST: &str = "contoso-hello.azurewebsites.net";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn text_headers(answer: &Response) -> Value {
    answer.headers().iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect()
}

/// A practice cloud at a frozen moment, with a client that follows no redirects.
struct Stage {
    practice: Practice,
    http: Client,
    tenant: String,
}

impl Stage {
    async fn open(scenario: &str) -> Self {
        Self::with(scenario, None).await
    }

    async fn with(scenario: &str, auto_approve: Option<&str>) -> Self {
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
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .unwrap();
        let tenant = practice.world().lock().main_tenant().to_owned();
        Self { practice, http, tenant }
    }

    fn world<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut self.practice.world().lock())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{}", self.practice.origin(), path.trim_start_matches('/').replace("{tid}", &self.tenant))
    }

    async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.http.post(self.url(path)).form(form).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), text_headers(&answer));
        let body: Value = answer.json().await.unwrap();
        let sent = json!({"content-type": "application/x-www-form-urlencoded"});
        let form: serde_json::Map<String, Value> =
            form.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        TAPE.note(&json!({
            "method": "POST", "url": self.url(path), "request": {"headers": sent, "body": form},
            "status": status, "response": {"headers": headers, "body": body},
        }));
        (status, body)
    }

    async fn act(&self, step: &str) -> u16 {
        let body = json!({"step": step});
        let answer = self.http.post(self.url("_practice/do")).json(&body).send().await.unwrap();
        answer.status().as_u16()
    }

    fn user(&self, name: &str) -> String {
        self.world(|world| world.user(&format!("{name}@contoso.onmicrosoft.com")).unwrap().id.clone())
    }

    /// Client ids of the finished set-up: API and connector.
    fn apps(&self) -> (String, String) {
        self.world(|world| {
            let tenant = world.main_tenant().to_owned();
            let id = |start: &str| {
                let (found, _) = world
                    .objects(Kind::Application, &tenant, View::Now)
                    .find(|(_, doc)| doc["uniqueName"].as_str().is_some_and(|name| name.starts_with(start)))
                    .unwrap();
                found.app_id().to_owned()
            };
            (id("handclasp-api-"), id("handclasp-connector-"))
        })
    }

    fn edit(&self, app_id: &str, change: impl FnOnce(&mut Value)) {
        self.world(|world| {
            let object = world
                .directory
                .iter_mut()
                .find(|object| object.kind == Kind::Application && object.app_id() == app_id)
                .unwrap();
            change(&mut object.doc);
        });
    }

    fn edit_principal(&self, app_id: &str, change: impl FnOnce(&mut Value)) {
        let tenant = self.tenant.clone();
        self.world(|world| {
            let object = world
                .directory
                .iter_mut()
                .find(|object| {
                    object.kind == Kind::ServicePrincipal
                        && object.app_id() == app_id
                        && object.tenant == tenant
                })
                .unwrap();
            change(&mut object.doc);
        });
    }

    fn secret(&self) -> String {
        self.world(|world| world.connectors[0].client_secret.as_ref().unwrap().expose_secret().to_owned())
    }

    /// Where a browser on this machine is sent for the connector's redirect URL.
    fn way_back(&self) -> String {
        self.redirect_url().replace("https://global.consent.azure-apim.net", self.practice.origin())
    }

    fn redirect_url(&self) -> String {
        self.world(|world| world.connectors[0].redirect_url.clone())
    }

    /// The connector's own sign-in, up to the code: (redirected to, pairs).
    async fn connector_sign_in(&self, user: &str, extra: &[(&str, &str)]) -> Result<Url, (u16, String)> {
        let (api, connector) = self.apps();
        let redirect = self.redirect_url();
        let user = self.user(user);
        let mut query = vec![
            ("client_id", connector.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &redirect),
            ("resource", &api),
            ("prompt", "select_account"),
            ("state", "s1"),
            ("practice_user", &user),
        ];
        for (name, value) in extra {
            query.retain(|(known, _)| known != name);
            query.push((name, value));
        }
        let answer = self.http.get(self.url("{tid}/oauth2/authorize")).query(&query).send().await.unwrap();
        landed(answer).await
    }

    async fn redeem(&self, code: &str) -> (u16, Value) {
        let (api, connector) = self.apps();
        let (secret, redirect) = (self.secret(), self.redirect_url());
        self.post(
            "{tid}/oauth2/token",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", &connector),
                ("client_secret", &secret),
                ("code", code),
                ("redirect_uri", &redirect),
                ("resource", &api),
            ],
        )
        .await
    }

    async fn hello(&self, token: &str) -> Response {
        self.http.get(self.url("api/Hello")).header("host", HOST).bearer_auth(token).send().await.unwrap()
    }
}

/// Where a browser landed: a redirect target, or a page.
async fn landed(answer: Response) -> Result<Url, (u16, String)> {
    let status = answer.status().as_u16();
    match answer.headers().get("location") {
        Some(location) => Ok(Url::parse(location.to_str().unwrap()).unwrap()),
        None => Err((status, answer.text().await.unwrap())),
    }
}

fn pair(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn code_of(body: &Value) -> u64 {
    body["error_codes"][0].as_u64().unwrap_or_default()
}

#[tokio::test]
async fn metadata_turns_a_domain_into_a_tenant_id() {
    let stage = Stage::open("fresh").await;
    let (tid, origin) = (stage.tenant.clone(), stage.practice.origin().to_owned());
    for (path, issuer, authorize) in [
        (
            "contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration",
            format!("https://login.microsoftonline.com/{tid}/v2.0"),
            format!("{origin}/{tid}/oauth2/v2.0/authorize"),
        ),
        (
            "{tid}/.well-known/openid-configuration",
            format!("https://sts.windows.net/{tid}/"),
            format!("{origin}/{tid}/oauth2/authorize"),
        ),
        (
            "common/v2.0/.well-known/openid-configuration",
            "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
            format!("{origin}/common/oauth2/v2.0/authorize"),
        ),
        (
            "organizations/.well-known/openid-configuration",
            "https://sts.windows.net/{tenantid}/".to_owned(),
            format!("{origin}/organizations/oauth2/authorize"),
        ),
    ] {
        let answer = stage.get(path).await;
        assert_eq!(answer.headers()["cache-control"], "max-age=86400, private", "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            (body["issuer"].as_str(), body["authorization_endpoint"].as_str()),
            (Some(&*issuer), Some(&*authorize))
        );
    }
    let answer = stage.get("nobody.example/v2.0/.well-known/openid-configuration").await;
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(code_of(&body), 90002);
    assert!(
        body["error_description"]
            .as_str()
            .unwrap()
            .starts_with("AADSTS90002: Tenant 'nobody.example' not found.")
    );
    assert_eq!(body["timestamp"], "2026-11-21 09:34:12Z");
    assert!(stage.world(|world| world.unknown.is_empty()));
}

#[tokio::test]
async fn addresses_follow_the_forwarded_host() {
    let stage = Stage::open("fresh").await;
    let url = stage.url("{tid}/v2.0/.well-known/openid-configuration");
    let request = stage.http.get(url).header("x-forwarded-host", "login.microsoftonline.com");
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        body["token_endpoint"],
        format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", stage.tenant)
    );
    assert_eq!(body["userinfo_endpoint"], "https://graph.microsoft.com/oidc/userinfo");
}

#[tokio::test]
async fn tokens_are_signed_by_the_published_key() {
    let stage = Stage::with("fresh", Some("ada")).await;
    let (_, started) = stage
        .post(
            "organizations/oauth2/v2.0/devicecode",
            &[("client_id", CLI), ("scope", "https://management.azure.com//.default offline_access openid")],
        )
        .await;
    let code = started["device_code"].as_str().unwrap();
    let (status, body) = stage
        .post(
            "organizations/oauth2/v2.0/token",
            &[("grant_type", DEVICE_GRANT), ("client_id", CLI), ("device_code", code), ("client_info", "1")],
        )
        .await;
    assert_eq!(status, 200, "{body}");
    for version in ["", "v2.0/"] {
        let keys: Value = stage.get(&format!("{{tid}}/discovery/{version}keys")).await.json().await.unwrap();
        assert_eq!(keys["keys"][0].get("issuer").is_some(), version == "v2.0/");
        let jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        rules.validate_exp = false;
        rules.set_audience(&["https://management.azure.com/"]);
        let token = body["access_token"].as_str().unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap().claims;
        assert_eq!(claims["iss"], format!("https://sts.windows.net/{}/", stage.tenant));
        assert_eq!(
            (&claims["appid"], &claims["appidacr"], &claims["scp"]),
            (&json!(CLI), &json!("0"), &json!("user_impersonation"))
        );
        assert_eq!(claims["upn"], "ada@contoso.onmicrosoft.com");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    }
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(3599), &json!("Bearer")));
    assert_eq!(claims(body["id_token"].as_str().unwrap())["aud"], CLI);
    let info: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body["client_info"].as_str().unwrap()).unwrap())
            .unwrap();
    assert_eq!(info, json!({"uid": stage.user("ada"), "utid": stage.tenant}));

    // The refresh token is good for another resource.
    let (status, body) = stage
        .post(
            "{tid}/oauth2/v2.0/token",
            &[
                ("grant_type", "refresh_token"),
                ("client_id", CLI),
                ("refresh_token", body["refresh_token"].as_str().unwrap()),
                ("scope", "https://graph.microsoft.com/.default"),
            ],
        )
        .await;
    assert_eq!(status, 200, "{body}");
    let claims = claims(body["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert!(claims["scp"].as_str().unwrap().contains("Application.ReadWrite.All"));
}

#[tokio::test]
async fn the_device_flow_goes_through_its_states() {
    let stage = Stage::open("fresh").await;
    let start = async || {
        let (_, body) = stage
            .post(
                "{tid}/oauth2/v2.0/devicecode",
                &[("client_id", CLI), ("scope", "https://graph.microsoft.com/.default")],
            )
            .await;
        assert_eq!((&body["expires_in"], &body["interval"]), (&json!(900), &json!(5)));
        body["device_code"].as_str().unwrap().to_owned()
    };
    let poll = async |code: &str| {
        let form = [("grant_type", DEVICE_GRANT), ("client_id", CLI), ("device_code", code)];
        let (status, body) = stage.post("{tid}/oauth2/v2.0/token", &form).await;
        (status, body["error"].as_str().unwrap_or("none").to_owned())
    };
    let is = |status: u16, error: &str| (status, error.to_owned());

    let code = start().await;
    assert_eq!(poll(&code).await, is(400, "authorization_pending"));
    assert_eq!(poll(&code).await, is(400, "slow_down"));
    stage.world(|world| world.clock.advance(5));
    assert_eq!(poll(&code).await, is(400, "authorization_pending"));
    assert_eq!(stage.act("approve-device-code").await, 200);
    assert_eq!(poll(&code).await, is(200, "none"));
    assert_eq!(poll(&code).await, is(400, "invalid_grant"));

    let code = start().await;
    assert_eq!(stage.act("decline-device-code").await, 200);
    assert_eq!(poll(&code).await, is(400, "authorization_declined"));
    assert_eq!(stage.act("approve-device-code").await, 400);

    let code = start().await;
    stage.world(|world| world.clock.advance(900));
    assert_eq!(poll(&code).await, is(400, "expired_token"));
    assert_eq!(poll("junk").await, is(400, "bad_verification_code"));

    let code = start().await;
    stage.world(|world| world.switches.device_code_blocked = true);
    stage.act("approve-device-code").await;
    let form = [("grant_type", DEVICE_GRANT), ("client_id", CLI), ("device_code", &code)];
    let (status, body) = stage.post("{tid}/oauth2/v2.0/token", &form).await;
    assert_eq!((status, code_of(&body), body["suberror"].as_str()), (400, 53003, Some("message_only")));
    assert!(serde_json::from_str::<Value>(body["claims"].as_str().unwrap()).is_ok());
}

#[tokio::test]
async fn a_person_can_enter_the_device_code_at_the_page() {
    let stage = Stage::open("fresh").await;
    let (_, started) =
        stage.post("common/oauth2/v2.0/devicecode", &[("client_id", CLI), ("scope", "openid profile")]).await;
    let code = started["user_code"].as_str().unwrap();
    assert_eq!(started["verification_uri"], stage.url("devicelogin"));
    let page = stage.get(&format!("devicelogin?otc={code}")).await.text().await.unwrap();
    assert!(page.contains("Microsoft Azure CLI") && page.contains("ada@contoso.onmicrosoft.com"), "{page}");
    let user = stage.user("ada");
    let form = [("otc", code), ("practice_user", &user), ("answer", "approve")];
    let answer = stage.http.post(stage.url("devicelogin")).form(&form).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("You have signed in"));
    let device_code = started["device_code"].as_str().unwrap();
    let form = [("grant_type", DEVICE_GRANT), ("client_id", CLI), ("device_code", device_code)];
    assert_eq!(stage.post("common/oauth2/v2.0/token", &form).await.0, 200);
}

#[tokio::test]
async fn a_public_client_signs_in_on_any_loopback_port_with_pkce() {
    let stage = Stage::with("fresh", Some("ada")).await;
    let verifier = "0123456789012345678901234567890123456789abc";
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(digest.as_ref());
    let redirect = "http://localhost:53124";
    let sign_in = async || {
        let query = [
            ("client_id", CLI),
            ("response_type", "code"),
            ("redirect_uri", redirect),
            ("scope", "https://graph.microsoft.com/.default openid"),
            ("state", "s"),
            ("nonce", "n1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let url = stage.url("organizations/oauth2/v2.0/authorize");
        let back = landed(stage.http.get(url).query(&query).send().await.unwrap()).await.unwrap();
        assert_eq!(
            (back.host_str(), back.port(), pair(&back, "state")),
            (Some("localhost"), Some(53124), Some("s".into()))
        );
        pair(&back, "code").unwrap()
    };
    let code = sign_in().await;
    let redeem = async |code: &str, verifier: &str, more: &[(&str, &str)]| {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        form.extend(more);
        stage.post("organizations/oauth2/v2.0/token", &form).await
    };
    assert_eq!(code_of(&redeem(&code, "wrong", &[]).await.1), 501_481);
    let (_, body) = redeem(&code, verifier, &[("client_secret", "x")]).await;
    assert_eq!(code_of(&body), 700_025);
    let (status, body) = redeem(&code, verifier, &[]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(claims(body["id_token"].as_str().unwrap())["nonce"], "n1");
    assert_eq!(body.get("refresh_token"), None, "offline_access was not asked for");
    assert_eq!(code_of(&redeem(&code, verifier, &[]).await.1), 54005);
    let late = sign_in().await;
    stage.world(|world| world.clock.advance(600));
    assert_eq!(code_of(&redeem(&late, verifier, &[]).await.1), 70008);
}

#[tokio::test]
async fn the_finished_set_up_greets_a_person_by_the_connectors_own_road() {
    let stage = Stage::open("finished").await;
    let back = stage.connector_sign_in("ada", &[]).await.unwrap();
    assert!(back.as_str().starts_with(&stage.way_back()), "{back}");
    let code = pair(&back, "code").unwrap();
    let (status, body) = stage.redeem(&code).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((&body["expires_in"], &body["scope"]), (&json!("3599"), &json!("user_impersonation")));
    assert_eq!(body["resource"], stage.apps().0);
    assert!(
        body["expires_on"].is_string() && body["not_before"].is_string() && body["refresh_token"].is_string()
    );
    let token = body["access_token"].as_str().unwrap();
    let claims = claims(token);
    let (api, connector) = stage.apps();
    assert_eq!(
        (&claims["aud"], &claims["azp"], &claims["azpacr"]),
        (&json!(api), &json!(connector), &json!("1"))
    );
    let answer = stage.hello(token).await;
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert_eq!(
        text,
        "Hello, ada@contoso.onmicrosoft.com. This HTTP triggered function executed successfully."
    );
    assert_eq!(code_of(&stage.redeem(&code).await.1), 54005);
    assert!(stage.world(|world| world.unknown.is_empty() && world.calls.is_empty()));
}

#[tokio::test]
async fn each_faulty_scenario_breaks_at_its_own_link() {
    for (scenario, status, message) in [
        ("finished", 200, ""),
        ("issuer-mismatch", 401, "IDX10205"),
        ("wrong-audience", 401, "IDX10214"),
        ("caller-not-allowed", 403, ""),
    ] {
        let stage = Stage::open(scenario).await;
        let back = stage.connector_sign_in("ada", &[]).await.unwrap();
        let (_, body) = stage.redeem(&pair(&back, "code").unwrap()).await;
        let token = body["access_token"].as_str().unwrap_or_else(|| panic!("{scenario}: {body}"));
        let answer = stage.hello(token).await;
        assert_eq!(answer.status(), status, "{scenario}");
        assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401, "{scenario}");
        let exchange = stage.http.post(stage.url(".auth/login/aad")).header("host", HOST);
        let exchange = exchange.json(&json!({"access_token": token})).send().await.unwrap();
        assert_eq!(exchange.status(), status, "{scenario}");
        let text = exchange.text().await.unwrap();
        assert!(text.contains(message), "{scenario}: {text}");
    }

    let stage = Stage::open("secret-expired").await;
    let back = stage.connector_sign_in("ada", &[]).await.unwrap();
    let (status, body) = stage.redeem(&pair(&back, "code").unwrap()).await;
    assert_eq!((status, code_of(&body)), (401, 7_000_222));

    let stage = Stage::open("redirect-missing").await;
    let (status, page) = stage.connector_sign_in("ada", &[]).await.unwrap_err();
    assert_eq!(status, 200);
    assert!(page.contains("AADSTS50011") && page.contains(&stage.redirect_url()), "{page}");
}

#[tokio::test]
async fn authorize_errors_stay_on_the_page_until_the_redirect_is_trusted() {
    let stage = Stage::open("finished").await;
    let (_, connector) = stage.apps();
    let redirect = stage.redirect_url();
    let ask = async |path: &str, query: &[(&str, &str)]| {
        landed(stage.http.get(stage.url(path)).query(query).send().await.unwrap()).await
    };
    let v1 = "{tid}/oauth2/authorize";
    let good = |name, value| {
        let mut query = vec![
            ("client_id", connector.as_str()),
            ("response_type", "code"),
            ("redirect_uri", redirect.as_str()),
            ("resource", "https://graph.microsoft.com"),
        ];
        query.retain(|(known, _)| *known != name);
        query.push((name, value));
        query
    };
    let wrong = format!("{redirect}/");
    for (path, query, code) in [
        ("nobody.example/oauth2/authorize", good("state", "s"), 90002),
        (v1, good("client_id", ""), 900_144),
        (v1, good("client_id", "11111111-2222-4333-8444-555555555555"), 700_016),
        ("common/oauth2/authorize", good("state", "s"), 50194),
        (v1, good("redirect_uri", &wrong), 50011),
    ] {
        let (status, page) = ask(path, &query).await.unwrap_err();
        assert_eq!(status, 200);
        assert!(page.contains(&format!("AADSTS{code}:")), "{code}: {page}");
    }
    for (name, value, error, code) in [
        ("response_type", "", "invalid_request", "900144"),
        ("response_type", "token", "unsupported_response_type", "700051"),
        ("response_type", "code id_token", "unsupported_response_type", "700054"),
        ("resource", "https://contoso-hello.azurewebsites.net", "invalid_resource", "500011"),
        ("resource", "https://management.azure.com/", "invalid_resource", "650057"),
        ("prompt", "none", "login_required", "50058"),
        ("prompt", "whatever", "invalid_request", "90023"),
        ("code_challenge", "short", "invalid_request", "50147"),
    ] {
        let mut query = good(name, value);
        query.push(("state", "s 1&2"));
        query.push(("response_mode", "query"));
        let back = ask(v1, &query).await.unwrap();
        assert!(back.as_str().starts_with(&stage.way_back()));
        assert_eq!(pair(&back, "error").as_deref(), Some(error), "{name}={value}: {back}");
        assert!(pair(&back, "error_description").unwrap().starts_with(&format!("AADSTS{code}:")), "{back}");
        assert_eq!(pair(&back, "state").as_deref(), Some("s 1&2"));
    }
    stage.edit(&connector, |doc| doc["web"]["redirectUris"] = json!([]));
    stage.world(|world| world.switches.error_page_status = 400);
    let (status, page) = ask(v1, &good("state", "s")).await.unwrap_err();
    assert_eq!(status, 400);
    assert!(page.contains("AADSTS500113"));
}

#[tokio::test]
async fn answers_travel_as_query_fragment_or_form() {
    let stage = Stage::open("finished").await;
    let back = stage.connector_sign_in("ada", &[("response_mode", "fragment")]).await.unwrap();
    assert!(back.fragment().unwrap().contains("code=") && back.query().is_none());
    let (status, page) = stage.connector_sign_in("ada", &[("response_mode", "form_post")]).await.unwrap_err();
    assert_eq!(status, 200);
    assert!(
        page.contains("method=\"post\"") && page.contains("name=\"code\"") && page.contains("value=\"s1\"")
    );
}

#[tokio::test]
async fn behind_public_names_the_code_goes_to_the_registered_address() {
    let stage = Stage::with("finished", Some("ada")).await;
    let (api, connector) = stage.apps();
    let redirect = stage.redirect_url();
    let query = [
        ("client_id", connector.as_str()),
        ("response_type", "code"),
        ("redirect_uri", &redirect),
        ("resource", &api),
    ];
    let request = stage.http.get(stage.url("{tid}/oauth2/authorize")).query(&query);
    let answer = request.header("x-forwarded-host", "login.microsoftonline.com").send().await.unwrap();
    assert!(landed(answer).await.unwrap().as_str().starts_with(&redirect));
}

#[tokio::test]
async fn consent_is_asked_once_per_client_resource_and_person() {
    let stage = Stage::open("finished").await;
    let (api, _) = stage.apps();
    stage.edit(&api, |doc| doc["api"]["preAuthorizedApplications"] = json!([]));
    let tenant = stage.tenant.clone();
    let grants = |stage: &Stage| {
        stage.world(|world| {
            let all = world.objects(Kind::Grant, &tenant, View::Now);
            all.map(|(_, doc)| (doc["consentType"].clone(), doc["scope"].clone())).collect::<Vec<_>>()
        })
    };
    stage.world(|world| world.directory.retain(|object| object.kind != Kind::Grant));

    let (_, page) = stage.connector_sign_in("ada", &[]).await.unwrap_err();
    assert!(
        page.contains("Permissions requested")
            && page.contains("user_impersonation")
            && page.contains("User.Read")
    );
    assert!(!page.contains("on behalf of your organization"), "Ada is no admin");
    assert!(grants(&stage).is_empty());

    let back = stage.connector_sign_in("ada", &[("practice_consent", "decline")]).await.unwrap();
    assert_eq!(pair(&back, "error").as_deref(), Some("access_denied"));
    assert!(pair(&back, "error_description").unwrap().starts_with("AADSTS65004"));

    let back = stage.connector_sign_in("ada", &[("practice_consent", "accept")]).await.unwrap();
    assert!(pair(&back, "code").is_some());
    assert_eq!(
        grants(&stage),
        [(json!("Principal"), json!("user_impersonation")), (json!("Principal"), json!("User.Read")),]
    );
    assert!(
        pair(&stage.connector_sign_in("ada", &[]).await.unwrap(), "code").is_some(),
        "no second question"
    );
    assert!(stage.connector_sign_in("alan", &[]).await.is_err(), "Alan has not consented");

    let (_, page) = stage.connector_sign_in("grace", &[]).await.unwrap_err();
    assert!(page.contains("on behalf of your organization"));
    stage.connector_sign_in("grace", &[("practice_consent", "accept_all")]).await.unwrap();
    assert!(pair(&stage.connector_sign_in("alan", &[]).await.unwrap(), "code").is_some());
}

#[tokio::test]
async fn who_may_not_consent_is_told_so() {
    for (consent, workflow, code) in [
        (UserConsent::Allowed, false, None),
        (UserConsent::LowRisk, false, Some("AADSTS90094")),
        (UserConsent::Off, false, Some("AADSTS90094")),
        (UserConsent::Off, true, Some("AADSTS90095")),
    ] {
        let stage = Stage::open("finished").await;
        let (api, _) = stage.apps();
        stage.edit(&api, |doc| doc["api"]["preAuthorizedApplications"] = json!([]));
        stage.world(|world| {
            world.directory.retain(|object| object.kind != Kind::Grant);
            world.switches.user_consent = consent;
            world.switches.admin_consent_workflow = workflow;
        });
        let (_, page) = stage.connector_sign_in("ada", &[]).await.unwrap_err();
        assert_eq!(code.is_none(), page.contains("Permissions requested"), "{consent:?}");
        assert!(code.is_none_or(|code| page.contains(code)), "{consent:?}: {page}");
        // With nobody at the page, the answer comes back to the client.
        let ada = stage.user("ada");
        stage.world(|world| world.auto_approve = Some(ada));
        let back = stage.connector_sign_in("ada", &[]).await.unwrap();
        assert_eq!(pair(&back, "code").is_some(), code.is_none());
        let told = pair(&back, "error_description").unwrap_or_default();
        assert!(code.is_none_or(|code| told.starts_with(code)), "{told}");
    }
}

#[tokio::test]
async fn assignment_rules_lock_people_out() {
    for client in [false, true] {
        let stage = Stage::open("finished").await;
        let (api, connector) = stage.apps();
        let guarded = if client { connector } else { api };
        stage.edit_principal(&guarded, |doc| doc["appRoleAssignmentRequired"] = json!(true));
        let back = stage.connector_sign_in("ada", &[]).await.unwrap();
        assert_eq!(pair(&back, "error").as_deref(), Some("access_denied"));
        assert!(pair(&back, "error_description").unwrap().starts_with("AADSTS50105"));
        let ada = stage.user("ada");
        let tenant = stage.tenant.clone();
        stage.world(|world| {
            let principal = world.service_principal(&tenant, &guarded, View::Now).unwrap().0.id.clone();
            let doc = json!({"principalId": ada, "resourceId": principal, "appRoleId": "00000000-0000-0000-0000-000000000000"});
            world.add_object(Kind::AppRoleAssignment, &tenant, "a1", doc, vec![]);
        });
        assert!(pair(&stage.connector_sign_in("ada", &[]).await.unwrap(), "code").is_some());
    }
}

#[tokio::test]
async fn people_of_another_tenant_are_refused_on_the_page() {
    let stage = Stage::open("finished").await;
    let foreign = stage
        .world(|world| world.users.iter().find(|user| user.upn.starts_with("katherine")).unwrap().id.clone());
    let (_, page) = stage.connector_sign_in("ada", &[("practice_user", &foreign)]).await.unwrap_err();
    assert!(page.contains("AADSTS50020"), "{page}");
}

#[tokio::test]
async fn client_credentials_prove_a_secret() {
    let stage = Stage::open("finished").await;
    let (api, connector) = stage.apps();
    let secret = stage.secret();
    let key_id = stage.world(|world| {
        let app = world.application(&connector, View::Now).unwrap();
        app.1["passwordCredentials"][0]["keyId"].as_str().unwrap().to_owned()
    });
    let ask = async |path: &str, id: &str, secret: &str, scope: &str| {
        let mut form = vec![("grant_type", "client_credentials"), ("client_id", id), ("scope", scope)];
        if !secret.is_empty() {
            form.push(("client_secret", secret));
        }
        let (status, body) = stage.post(path, &form).await;
        (status, code_of(&body))
    };
    let (token, graph) = ("{tid}/oauth2/v2.0/token", "https://graph.microsoft.com/.default");
    let cases = [
        (token, connector.as_str(), secret.as_str(), graph, (200, 0)),
        (token, &connector, "", graph, (401, 7_000_218)),
        (token, &connector, "wrong", graph, (401, 7_000_215)),
        (token, &connector, &key_id, graph, (401, 7_000_215)),
        (token, "11111111-2222-4333-8444-555555555555", "x", graph, (400, 700_016)),
        (token, &connector, &secret, "User.Read", (400, 1_002_012)),
        (token, &connector, &secret, "https%3A%2F%2Fgraph.microsoft.com%2F.default", (400, 1_002_012)),
        (token, &connector, &secret, "api://nobody/.default", (400, 500_011)),
        ("common/oauth2/v2.0/token", &connector, &secret, graph, (400, 9_001_023)),
    ];
    for (path, id, value, scope, expected) in cases {
        assert_eq!(ask(path, id, value, scope).await, expected, "{path} {scope}");
    }
    let own = format!("{api}/.default");
    assert_eq!(ask(token, &connector, &secret, &own).await.0, 200, "any app gets a token for any API");
    stage.edit_principal(&api, |doc| doc["appRoleAssignmentRequired"] = json!(true));
    assert_eq!(ask(token, &connector, &secret, &own).await, (400, 501_051));
    stage.world(|world| world.switches.invalid_client_status = 400);
    assert_eq!(ask(token, &connector, "wrong", graph).await, (400, 7_000_215));
    stage.world(|world| world.switches.invalid_client_status = 401);
    stage.world(|world| {
        let id = connector.clone();
        world.directory.retain(|object| object.kind != Kind::ServicePrincipal || object.app_id() != id);
    });
    assert_eq!(ask(token, &connector, &secret, graph).await, (401, 7_000_229));
    stage.world(|world| world.clock.advance(200 * 24 * 3600));
    assert_eq!(ask(token, &connector, &secret, graph).await, (401, 7_000_222));
}

#[tokio::test]
async fn error_bodies_have_the_recorded_shape() {
    let stage = Stage::open("finished").await;
    let (_, connector) = stage.apps();
    let id = "0a1b2c3d-0000-4000-8000-00000000c0de";
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &*connector),
        ("client_secret", "x"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let request = stage.http.post(stage.url("{tid}/oauth2/v2.0/token")).form(&form);
    let answer = request.header("client-request-id", id).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store, no-cache");
    assert_eq!(answer.headers()["client-request-id"], id);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["correlation_id"], id);
    let text = body["error_description"].as_str().unwrap();
    let expected = format!(
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client \
         secret value, not the client secret ID, for a secret added to app '{connector}'. Trace ID: {} Correlation ID: \
         {id} Timestamp: 2026-11-21 09:34:12Z",
        body["trace_id"].as_str().unwrap()
    );
    assert_eq!(text, expected);
    let (status, body) = stage.post("{tid}/oauth2/v2.0/token", &[]).await;
    assert_eq!((status, code_of(&body)), (400, 900_144));
    let (_, body) =
        stage.post("{tid}/oauth2/v2.0/token", &[("grant_type", "magic"), ("client_id", CLI)]).await;
    assert_eq!(body["error"], "unsupported_grant_type");
    // The password grant has refusals of its own; nobody in practice has a password.
    for (name, code) in
        [("", 900_144), ("nobody@contoso.onmicrosoft.com", 50034), ("ada@contoso.onmicrosoft.com", 50126)]
    {
        let form = [("grant_type", "password"), ("client_id", CLI), ("username", name), ("password", "x")];
        let (status, body) = stage.post("{tid}/oauth2/v2.0/token", &form).await;
        assert_eq!((status, code_of(&body)), (400, code), "{name}");
    }
    // A body of another kind says nothing to it.
    let json = stage.http.post(stage.url("{tid}/oauth2/v2.0/token")).json(&json!({"grant_type": "password"}));
    let body: Value = json.send().await.unwrap().json().await.unwrap();
    assert_eq!(code_of(&body), 900_144);
}

#[tokio::test]
async fn a_redirect_under_another_platform_is_found_out_when_the_code_is_redeemed() {
    for (platform, refuses, code) in
        [("spa", true, 9_002_327), ("publicClient", true, 700_025), ("publicClient", false, 0)]
    {
        let stage = Stage::open("finished").await;
        let (_, connector) = stage.apps();
        let redirect = stage.redirect_url();
        stage.world(|world| world.switches.native_redirect_refuses_secret = refuses);
        stage.edit(&connector, |doc| {
            doc["web"]["redirectUris"] = json!([]);
            doc[platform]["redirectUris"] = json!([redirect]);
        });
        let back = stage.connector_sign_in("ada", &[]).await.unwrap();
        let (status, body) = stage.redeem(&pair(&back, "code").unwrap()).await;
        assert_eq!(status == 200, code == 0, "{platform}: {body}");
        if code == 0 {
            assert!(body["id_token"].is_string(), "with a code, v1 tells who signed in");
        } else {
            assert_eq!(code_of(&body), code, "{platform}");
        }
    }
}

#[tokio::test]
async fn what_is_disabled_in_either_place_is_out_of_use() {
    for (registration, of_api, code) in
        [(true, false, 7_000_112), (false, false, 7_000_112), (true, true, 50001), (false, true, 50001)]
    {
        let stage = Stage::open("finished").await;
        let (api, connector) = stage.apps();
        let app = if of_api { &api } else { &connector };
        let disable = |doc: &mut Value| doc["isDisabled"] = json!(true);
        if registration {
            stage.edit(app, disable);
        } else {
            stage.edit_principal(app, disable);
        }
        let told = match stage.connector_sign_in("ada", &[]).await {
            Ok(back) => pair(&back, "error_description").unwrap_or_default(),
            Err((_, page)) => page,
        };
        assert!(told.contains(&format!("AADSTS{code}:")), "{registration} {of_api}: {told}");
    }
}

#[tokio::test]
async fn a_plain_challenge_is_its_own_verifier() {
    let stage = Stage::with("fresh", Some("ada")).await;
    let verifier = "0123456789012345678901234567890123456789abc";
    for (sent, status) in [("0123456789012345678901234567890123456789xyz", 400), (verifier, 200)] {
        let query = [
            ("client_id", CLI),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:53124"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("code_challenge", verifier),
        ];
        let url = stage.url("organizations/oauth2/v2.0/authorize");
        let back = landed(stage.http.get(url).query(&query).send().await.unwrap()).await.unwrap();
        let code = pair(&back, "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("redirect_uri", "http://localhost:53124"),
            ("code", &code),
            ("code_verifier", sent),
        ];
        assert_eq!(stage.post("organizations/oauth2/v2.0/token", &form).await.0, status, "{sent}");
    }
}

#[tokio::test]
async fn personal_accounts_have_metadata_and_nothing_else_here() {
    let stage = Stage::open("fresh").await;
    let answer = stage.get("consumers/v2.0/.well-known/openid-configuration").await;
    let body: Value = answer.json().await.unwrap();
    let issuer = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    assert_eq!(body["issuer"], issuer);
    assert_eq!(body["token_endpoint"], stage.url("consumers/oauth2/v2.0/token"));
    let (status, body) =
        stage.post("consumers/oauth2/v2.0/token", &[("grant_type", "x"), ("client_id", CLI)]).await;
    assert_eq!((status, code_of(&body)), (400, 9_002_332));
}

#[tokio::test]
async fn a_new_secret_counts_only_when_the_sign_in_service_has_it() {
    let stage = Stage::open("finished").await;
    let (_, connector) = stage.apps();
    let tenant = stage.tenant.clone();
    let secret = stage.world(|world| {
        world.switches.sign_in_lag_s = 8;
        let id = world.application(&connector, View::Now).unwrap().0.id.clone();
        let now = world.now();
        let later = "2027-11-21T09:34:12Z".parse().unwrap();
        world.add_secret(&tenant, &id, None, now, later).unwrap().1
    });
    let probe = async || {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", connector.as_str()),
            ("client_secret", secret.expose_secret()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        code_of(&stage.post("{tid}/oauth2/v2.0/token", &form).await.1)
    };
    assert_eq!(probe().await, 7_000_215);
    stage.world(|world| world.clock.advance(8));
    assert_eq!(probe().await, 0);
}

#[tokio::test]
async fn the_resource_decides_about_the_token() {
    let stage = Stage::open("finished").await;
    let (api, _) = stage.apps();
    let uri = format!("api://{api}");
    for (version, resource, aud, ver) in [
        (json!(2), api.as_str(), api.as_str(), "2.0"),
        (json!(2), &uri, &api, "2.0"),
        (json!(null), &api, &api, "1.0"),
        (json!(1), &uri, &uri, "1.0"),
    ] {
        stage.edit(&api, |doc| doc["api"]["requestedAccessTokenVersion"] = version.clone());
        let back = stage.connector_sign_in("ada", &[("resource", resource)]).await.unwrap();
        let (status, body) = stage.redeem(&pair(&back, "code").unwrap()).await;
        assert_eq!(status, 200, "{body}");
        let claims = claims(body["access_token"].as_str().unwrap());
        assert_eq!(
            (claims["aud"].as_str(), claims["ver"].as_str()),
            (Some(aud), Some(ver)),
            "{version} {resource}"
        );
        assert_eq!(claims["iss"].as_str().unwrap().starts_with("https://sts.windows.net/"), ver == "1.0");
    }
}

#[tokio::test]
async fn azure_cli_gets_no_token_for_somebody_elses_api() {
    let stage = Stage::with("finished", Some("ada")).await;
    let (api, _) = stage.apps();
    let poll = async |scope: &str| {
        let form = [("client_id", CLI), ("scope", scope)];
        let (_, started) = stage.post("{tid}/oauth2/v2.0/devicecode", &form).await;
        let code = started["device_code"].as_str().unwrap_or_default();
        let form = [("grant_type", DEVICE_GRANT), ("client_id", CLI), ("device_code", code)];
        code_of(&stage.post("{tid}/oauth2/v2.0/token", &form).await.1)
    };
    assert_eq!(poll(&format!("{api}/.default")).await, 65001);
    assert_eq!(poll("https://graph.microsoft.com/Policy.Read.All").await, 65002);
    assert_eq!(poll("https://graph.microsoft.com/Application.ReadWrite.All").await, 0);
    stage.world(|world| world.switches.azure_cli_blocked = true);
    assert_eq!(poll("https://graph.microsoft.com/.default").await, 50105);
}

#[tokio::test]
async fn an_admin_consents_for_everybody_at_the_admin_consent_endpoint() {
    let stage = Stage::open("finished").await;
    let (_, connector) = stage.apps();
    stage.world(|world| world.directory.retain(|object| object.kind != Kind::Grant));
    let redirect = stage.redirect_url();
    for (name, outcome) in [("ada", "permission_denied"), ("grace", "True")] {
        let user = stage.user(name);
        let query = [
            ("client_id", connector.as_str()),
            ("redirect_uri", &redirect),
            ("state", "s"),
            ("practice_user", &user),
        ];
        let url = stage.url("{tid}/adminconsent");
        let back = landed(stage.http.get(url).query(&query).send().await.unwrap()).await.unwrap();
        let told = pair(&back, "error").or(pair(&back, "admin_consent"));
        assert_eq!((told.as_deref(), pair(&back, "state").as_deref()), (Some(outcome), Some("s")));
    }
    let tenant = stage.tenant.clone();
    let written = stage.world(|world| world.objects(Kind::Grant, &tenant, View::Now).count());
    assert_eq!(written, 1, "Graph; the API is pre-authorised already");
}

#[tokio::test]
async fn anonymous_calls_are_told_the_tenant_and_the_api() {
    let stage = Stage::open("finished").await;
    let (api, _) = stage.apps();
    let answer = stage.http.get(stage.url("api/Hello")).header("host", HOST).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let expected = format!(
        "Bearer realm=\"{HOST}\" authorization_uri=\"https://login.windows.net/{}/oauth2/v2.0/authorize\" \
         resource_id=\"{api}\"",
        stage.tenant
    );
    assert_eq!(answer.headers()["www-authenticate"], expected);
    assert_eq!(answer.headers()["server"], "Kestrel");
    // By path the same site answers, and its addresses stay on loopback.
    let answer = stage.get("_site/contoso-hello/.auth/login/aad").await;
    assert_eq!(answer.status(), 302);
    let login = answer.headers()["location"].to_str().unwrap();
    assert!(login.starts_with(&stage.url("{tid}/oauth2/v2.0/authorize")), "{login}");
}

#[tokio::test]
async fn instance_discovery_knows_the_login_hosts() {
    let stage = Stage::open("fresh").await;
    for (endpoint, status) in [
        ("https://login.microsoftonline.com/common/oauth2/v2.0/authorize".to_owned(), 200),
        (stage.url("common/oauth2/v2.0/authorize"), 200),
        ("https://login.example/common/oauth2/v2.0/authorize".to_owned(), 400),
    ] {
        let url = stage.url("common/discovery/instance");
        let query = [("api-version", "1.1"), ("authorization_endpoint", &endpoint)];
        let answer = stage.http.get(url).query(&query).send().await.unwrap();
        assert_eq!(answer.status(), status, "{endpoint}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"].as_str(), (status == 400).then_some("invalid_instance"));
    }
}

/// The realm of a user, as MSAL asks for it before it sends a name and a password.
#[tokio::test]
async fn who_signs_in_here_is_told_from_a_stranger() {
    let stage = Stage::open("fresh").await;
    let realm = async |target: &str| {
        let answer =
            stage.http.get(format!("{}/common/{target}", stage.practice.origin())).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let here = json!({
        "ver": "1.0", "account_type": "Managed", "domain_name": "contoso.onmicrosoft.com",
        "cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    });
    for target in ["userrealm/ada@contoso.onmicrosoft.com", "UserRealm/Nobody%40CONTOSO.onmicrosoft.com"] {
        assert_eq!(realm(&format!("{target}?api-version=1.0")).await, (200, here.clone()), "{target}");
    }
    for target in ["userrealm/ada@elsewhere.example", "userrealm/ada"] {
        let (status, body) = realm(&format!("{target}?api-version=1.0")).await;
        assert_eq!((status, &body["account_type"]), (200, &json!("Unknown")), "{body}");
        assert!(body.get("domain_name").is_none(), "{body}");
    }
    // What has another shape in other versions is not guessed.
    for version in ["", "?api-version=2.1"] {
        assert_eq!(realm(&format!("userrealm/ada@contoso.onmicrosoft.com{version}")).await.0, 404);
    }
}

#[tokio::test]
async fn the_summary_and_the_cloud_file_name_what_is_there() {
    let stage = Stage::open("fresh").await;
    let summary = stage.practice.summary();
    assert_eq!(summary["app"], json!({"name": "contoso-hello", "host": HOST, "function": "Hello"}));
    assert_eq!(summary["users"][0]["name"], "ada@contoso.onmicrosoft.com");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", summary["client"]["id"].as_str().unwrap()),
        ("client_secret", summary["client"]["secret"].as_str().unwrap()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let (status, body) = stage.post("{tid}/oauth2/v2.0/token", &form).await;
    assert_eq!(status, 200);
    let roles = claims(body["access_token"].as_str().unwrap())["roles"].clone();
    assert!(roles.as_array().unwrap().contains(&json!("Application.ReadWrite.All")));
    let file: toml::Table = stage.practice.cloud_toml().parse().unwrap();
    for key in [
        "name",
        "login",
        "graph",
        "arm",
        "arm_audience",
        "portal",
        "site_suffix",
        "site_origin",
        "power_apps",
        "power_apps_audience",
        "bap",
        "flow",
        "consent",
    ] {
        assert!(file[key].as_str().is_some_and(|value| !value.is_empty()), "{key}");
    }
}
