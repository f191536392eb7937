//! A cloud small enough to read at a glance: a table of answers over real HTTP, and a list of what was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use handclasp::cloud::http::{CloudConfig, Http, Limits};
use handclasp::cloud::reader::Reader;
use handclasp::engine::clouds::Cloud;
use serde_json::{Value, json};

pub const TENANT: &str = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
pub const SITE: &str = "/subscriptions/11112222-3333-4444-8555-666677778888/resourceGroups/rg-hello/providers/Microsoft.Web/sites/contoso-hello";
pub const HOST: &str = "contoso-hello.azurewebsites.net";
pub const API: &str = "be70217c-0000-4000-8000-000000009a04";
pub const CLIENT: &str = "59259fa1-0000-4000-8000-00000000c21a";
pub const ME: &str = "ada0ada0-0000-4000-8000-000000000001";

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub host: String,
    /// Path with query, `$select` taken out.
    pub path: String,
    pub prefer: Option<String>,
    pub body: Value,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

pub fn reply(status: u16, body: Value) -> Reply {
    Reply { status, headers: Vec::new(), body }
}

impl Reply {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

type Answerer = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

#[derive(Clone)]
pub struct SmallCloud {
    pub http: Http,
    pub reader: Reader,
    asked: Arc<Mutex<Vec<Asked>>>,
    envelopes: Envelopes,
}

/// What the next batches are answered with as a whole, the first first.
type Envelopes = Arc<Mutex<VecDeque<Reply>>>;

/// What the server answers by, and where it writes down what was asked.
type Table = (Answerer, Arc<Mutex<Vec<Asked>>>, Envelopes);

impl SmallCloud {
    /// The next batch that is not spoken for is answered so, whatever it holds.
    pub fn next_batch(&self, reply: Reply) {
        self.envelopes.lock().unwrap().push_back(reply);
    }

    /// Serves on a port that the system chose. The answerer sees single Graph reads, also those of a batch.
    pub async fn serve(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static, read_only: bool) -> Self {
        Self::with(answer, read_only, 1000).await
    }

    /// One whose clients' waits go by so many times as fast as they are called.
    pub async fn at_speed(speed: u32, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(answer, false, speed).await
    }

    async fn with(
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        read_only: bool,
        speed: u32,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer: Answerer = Arc::new(answer);
        let envelopes = Envelopes::default();
        let app = Router::new().fallback(take).with_state((answer, asked.clone(), envelopes.clone()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let cloud = Cloud::from_toml(&format!(
            "name = \"Small\"\nlogin = \"{origin}\"\ngraph = \"{origin}\"\ngraph_audience = \"https://graph.microsoft.com\"\n\
             arm = \"{origin}\"\narm_audience = \"https://management.azure.com/\"\nportal = \"{origin}\"\n\
             site_suffix = \"azurewebsites.net\"\nsite_origin = \"{origin}\"\n"
        ))
        .unwrap();
        let now = Arc::new(|| "2026-11-21T09:00:00Z".parse().unwrap());
        let limits = Limits {
            tries: 2,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(1),
            speed,
            ..Limits::default()
        };
        let config = CloudConfig { read_only, limits, ..CloudConfig::new(Arc::new(cloud), "client", now) };
        let http = Http::new(config);
        let tokens = Arc::new(|_| -> futures_util::future::BoxFuture<'static, _> {
            Box::pin(std::future::ready(Ok("token".into())))
        });
        Self { reader: Reader::new(http.clone(), tokens), http, asked, envelopes }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often something whose path holds these words was asked over the wire.
    pub fn count(&self, words: &str) -> usize {
        self.asked().iter().filter(|a| a.path.contains(words)).count()
    }
}

fn without_select(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|p| !p.starts_with("$select=")).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

async fn take(State((answer, log, envelopes)): State<Table>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| head.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let asked = Asked {
        method: head.method.to_string(),
        host: header("host").unwrap_or_default(),
        // An address escapes the quotes of its query, a batch does not.
        path: without_select(&head.uri.to_string().replace("%27", "'")),
        prefer: header("prefer"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    log.lock().unwrap().push(asked.clone());
    let batched = asked.path == "/v1.0/$batch";
    let whole = if batched { envelopes.lock().unwrap().pop_front() } else { None };
    let reply = match whole {
        Some(reply) => reply,
        None if batched => batch(&answer, &asked),
        None => answer(&asked),
    };
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).unwrap());
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let text = if reply.body.is_null() { String::new() } else { reply.body.to_string() };
    response.body(text.into()).unwrap()
}

/// Answers a batch as Graph does: each for itself, in any order, here the last first.
fn batch(answer: &Answerer, envelope: &Asked) -> Reply {
    // A status of 1 in the table leaves the answer out.
    let mut responses = Vec::new();
    let requests = envelope.body["requests"].as_array().unwrap();
    assert!(requests.len() <= 20, "at most 20 fit");
    for one in requests.iter().rev() {
        let path = without_select(one["url"].as_str().unwrap());
        let asked = Asked { method: "BATCHED".into(), path: format!("/v1.0{path}"), ..envelope.clone() };
        let reply = answer(&asked);
        if reply.status == 1 {
            continue;
        }
        let headers: BTreeMap<_, _> = reply.headers.iter().cloned().collect();
        responses
            .push(json!({"id": one["id"], "status": reply.status, "headers": headers, "body": reply.body}));
    }
    reply(200, json!({"responses": responses}))
}

pub fn graph_error(status: u16, code: &str, message: &str) -> Reply {
    reply(status, json!({"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}))
}

pub fn not_found() -> Reply {
    graph_error(
        404,
        "Request_ResourceNotFound",
        "Resource 'x' does not exist or one of its queried reference-property objects are not present.",
    )
}

#[allow(clippy::needless_pass_by_value, reason = "a table reads better with plain values")]
pub fn list(items: Value) -> Reply {
    reply(200, json!({"value": items}))
}

pub fn api_app() -> Value {
    json!({"id": "a1a1a1a1-0000-4000-8000-000000000001", "appId": API, "displayName": "Hello API", "signInAudience": "AzureADMyOrg",
        "identifierUris": [format!("api://{API}")], "api": {"requestedAccessTokenVersion": 2, "preAuthorizedApplications": [],
        "oauth2PermissionScopes": [{"id": "6f0f2b0e-0000-4000-8000-00000000a001", "value": "user_impersonation", "type": "User", "isEnabled": true}]},
        "requiredResourceAccess": [], "web": {"redirectUris": []}, "passwordCredentials": []})
}

pub fn client_app(app_id: &str, name: &str, unique: Option<&str>, requests: bool) -> Value {
    let required = if requests {
        json!([{"resourceAppId": API, "resourceAccess": [{"id": "6f0f2b0e-0000-4000-8000-00000000a001", "type": "Scope"}]}])
    } else {
        json!([])
    };
    json!({"id": format!("obj-{app_id}"), "appId": app_id, "displayName": name, "uniqueName": unique, "api": {},
        "signInAudience": "AzureADMyOrg", "requiredResourceAccess": required, "passwordCredentials": []})
}

/// A set-up that is done, without our marker on the API and with it on the connector.
pub fn finished(asked: &Asked) -> Reply {
    let unique = handclasp::engine::markers::connector_unique_name(SITE);
    if asked.host == HOST {
        return site_face(asked);
    }
    let principal = |app: &str| {
        reply(
            200,
            json!({"id": format!("sp-{app}"), "appId": app, "accountEnabled": true,
            "appRoleAssignmentRequired": app == API, "servicePrincipalNames": [app, format!("api://{app}")]}),
        )
    };
    let sp_api = format!("/v1.0/servicePrincipals(appId='{API}')");
    let sp_client = format!("/v1.0/servicePrincipals(appId='{CLIENT}')");
    let api = format!("/v1.0/applications(appId='{API}')");
    let client = format!("/v1.0/applications(appId='{CLIENT}')");
    let ours = format!("/v1.0/applications(uniqueName='{unique}')");
    let assigned = format!("/v1.0/servicePrincipals/sp-{API}/appRoleAssignedTo");
    let grants = format!(
        "/v1.0/oauth2PermissionGrants?$filter=clientId%20eq%20'sp-{CLIENT}'%20and%20resourceId%20eq%20'sp-{API}'"
    );
    match asked.path.as_str() {
        "/v1.0/me" => reply(
            200,
            json!({"id": ME, "displayName": "Ada \u{1b}[2JLovelace", "userPrincipalName": "ada@contoso.onmicrosoft.com", "userType": "Member"}),
        ),
        "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole?$count=true" => {
            list(json!([{"id": "r", "roleTemplateId": "62e90394-69f5-4237-9190-012177145e10"}]))
        }
        "/v1.0/me/licenseDetails" => list(json!([{"skuPartNumber": "POWERAPPS_DEV", "servicePlans": [
            {"servicePlanName": "POWERAPPS_DEV_VIRAL", "provisioningStatus": "Success"}]}])),
        "/v1.0/me/memberOf/microsoft.graph.group?$count=true" => list(json!([{"id": "group-makers"}])),
        "/v1.0/me/ownedObjects/microsoft.graph.application?$count=true" => {
            list(json!([client_app(CLIENT, "Hello connector", Some(&unique), true)]))
        }
        "/v1.0/organization" => list(
            json!([{"id": TENANT, "displayName": "Contoso", "verifiedDomains": [{"name": "contoso.onmicrosoft.com", "isDefault": true}]}]),
        ),
        "/v1.0/policies/authorizationPolicy" => reply(
            200,
            json!({"defaultUserRolePermissions": {"allowedToCreateApps": false, "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"]}}),
        ),
        "/v1.0/policies/defaultAppManagementPolicy" => reply(
            200,
            json!({"id": "p", "isEnabled": true, "applicationRestrictions": {"passwordCredentials": [
                {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"}]}}),
        ),
        path if path == api => reply(200, api_app()),
        path if path == ours || path == client => {
            reply(200, client_app(CLIENT, "Hello connector", Some(&unique), true))
        }
        path if path == sp_api => principal(API),
        path if path == sp_client => principal(CLIENT),
        path if path == assigned => {
            list(json!([{"id": "x", "principalId": "group-makers", "principalType": "Group"}]))
        }
        path if path == grants => list(
            json!([{"id": "g1", "clientId": "sp", "consentType": "AllPrincipals", "principalId": null, "scope": " user_impersonation"}]),
        ),
        path if path.starts_with(
            "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(n:n%20eq%20'api%3A%2F%2F",
        ) =>
        {
            list(json!([{"id": "sp", "appId": API}]))
        }
        path if path.starts_with("/v1.0/servicePrincipals?$filter=") => list(json!([])),
        path if path.starts_with("/v1.0/") => not_found(),
        path if path.ends_with("/.well-known/openid-configuration") => metadata(path),
        path => arm(path),
    }
}

fn metadata(path: &str) -> Reply {
    if !path.contains(TENANT) {
        return reply(
            400,
            json!({"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant 'x' not found.", "error_codes": [90002]}),
        );
    }
    let v2 = path.contains("/v2.0/");
    let issuer = if v2 {
        format!("https://login.microsoftonline.com/{TENANT}/v2.0")
    } else {
        format!("https://sts.windows.net/{TENANT}/")
    };
    reply(
        200,
        json!({"issuer": issuer, "token_endpoint": format!("https://login.microsoftonline.com/{TENANT}/oauth2/token")}),
    )
}

fn arm(path: &str) -> Reply {
    let site = json!({"id": SITE, "name": "contoso-hello", "kind": "functionapp,linux", "location": "East US 2",
        "properties": {"state": "Running", "defaultHostName": HOST, "hostNames": [HOST]}});
    let below = path.strip_prefix(SITE).and_then(|p| p.split('?').next());
    match below {
        Some("") => reply(200, site),
        Some("/functions") => list(
            json!([{"name": "contoso-hello/Hello", "properties": {"invoke_url_template": format!("https://{HOST}/api/hello"),
            "config": {"bindings": [{"type": "httpTrigger", "authLevel": "anonymous", "methods": ["get"]}]}}}]),
        ),
        Some("/config/authsettingsV2") => reply(
            200,
            json!({"properties": {"platform": {"enabled": true},
            "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401"},
            "identityProviders": {"azureActiveDirectory": {"registration": {"clientId": API, "openIdIssuer": format!("https://login.microsoftonline.com/{TENANT}/v2.0")},
                "validation": {"allowedAudiences": [], "defaultAuthorizationPolicy": {"allowedApplications": [API, CLIENT]}}}}}}),
        ),
        Some("/providers/Microsoft.Authorization/permissions") => {
            list(json!([{"actions": ["*/read"], "notActions": []}]))
        }
        Some("/config/authsettings/list") => {
            reply(200, json!({"properties": {"configVersion": "v2", "clientSecret": "canary"}}))
        }
        _ => match path.split('?').next().unwrap() {
            "/subscriptions" => list(
                json!([{"subscriptionId": "11112222-3333-4444-8555-666677778888", "displayName": "Contoso Dev", "state": "Enabled"},
                {"subscriptionId": "22223333-3333-4444-8555-666677778888", "displayName": "Locked", "state": "Enabled"}]),
            ),
            "/subscriptions/11112222-3333-4444-8555-666677778888/providers/Microsoft.Web/sites" => {
                list(json!([site,
                {"id": SITE.replace("hello", "flow"), "name": "contoso-flow", "kind": "functionapp,workflowapp", "properties": {"defaultHostName": "contoso-flow.azurewebsites.net"}}]))
            }
            "/subscriptions/22223333-3333-4444-8555-666677778888/providers/Microsoft.Web/sites" => {
                reply(403, json!({"error": {"code": "AuthorizationFailed", "message": "no"}}))
            }
            _ => reply(404, json!({"error": {"code": "ResourceNotFound", "message": "no"}})),
        },
    }
}

fn site_face(asked: &Asked) -> Reply {
    let challenge = format!(
        "Bearer realm=\"{HOST}\" authorization_uri=\"https://login.windows.net/{TENANT}/oauth2/v2.0/authorize\" resource_id=\"{API}\""
    );
    if asked.path == "/.auth/login/aad" {
        let location = format!(
            "https://login.windows.net/{TENANT}/oauth2/v2.0/authorize?client_id={API}&response_type=code"
        );
        return reply(302, Value::Null).with("location", &location);
    }
    reply(401, Value::Null).with("www-authenticate", &challenge)
}
