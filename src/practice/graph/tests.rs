//! Graph without the wire: who may do what, the traps, lag, lists.

mod app_policies;
mod people;
mod refusals;

use super::*;
use crate::practice::scenario::worlds;
use crate::practice::world::first_party;

const CLI_SCOPES: &[&str] = &[
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "User.Read.All",
];

fn user(world: &World, name: &str) -> Caller {
    worlds::caller(world, name, CLI_SCOPES)
}

fn send(
    world: &mut World,
    name: &str,
    method: Method,
    target: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Reply {
    let caller = user(world, name);
    let mut request = Request::get(target);
    request.method = method;
    for (name, value) in headers {
        let name = http::HeaderName::try_from(*name).unwrap();
        request.headers.insert(name, value.parse().unwrap());
    }
    if !body.is_null() {
        request.body = body.to_string().into_bytes();
        let json = http::HeaderValue::from_static("application/json");
        request.headers.entry("content-type").or_insert(json);
    }
    handle(world, &request, &caller)
}

fn get(world: &mut World, name: &str, target: &str) -> (u16, Value) {
    let reply = send(world, name, Method::GET, target, &Value::Null, &[]);
    (reply.status, reply.to_json())
}

fn post(world: &mut World, name: &str, target: &str, body: &Value) -> (u16, Value) {
    let reply = send(world, name, Method::POST, target, body, &[]);
    (reply.status, reply.to_json())
}

fn patch(world: &mut World, name: &str, target: &str, body: &Value) -> (u16, Value) {
    let reply = send(world, name, Method::PATCH, target, body, &[]);
    (reply.status, reply.to_json())
}

fn new_app(world: &mut World, name: &str, body: &Value) -> (String, String) {
    let (status, app) = post(world, name, "/v1.0/applications", body);
    assert_eq!(status, 201, "{app}");
    (app["id"].as_str().unwrap().to_owned(), app["appId"].as_str().unwrap().to_owned())
}

fn scope(id: u8, enabled: bool) -> Value {
    json!({"id": format!("6f0f2b0e-0000-4000-8000-0000000000{id:02}"), "value": format!("scope{id}"), "type": "User",
        "isEnabled": enabled, "adminConsentDisplayName": "A", "adminConsentDescription": "B"})
}

#[test]
fn a_new_application_is_whole_and_falls_into_the_default_audience() {
    let mut world = worlds::bare();
    let (status, app) = post(&mut world, "ada", "/v1.0/applications", &json!({"displayName": "Hello API"}));
    assert_eq!(status, 201);
    assert_eq!(app["signInAudience"], "AzureADandPersonalMicrosoftAccount");
    assert_eq!(app["api"]["requestedAccessTokenVersion"], 2);
    for list in [
        "identifierUris",
        "tags",
        "appRoles",
        "requiredResourceAccess",
        "passwordCredentials",
        "keyCredentials",
    ] {
        assert_eq!(app[list], json!([]), "{list}");
    }
    let (_, app) = post(
        &mut world,
        "ada",
        "/v1.0/applications",
        &json!({"displayName": "Hello API", "signInAudience": "AzureADMyOrg"}),
    );
    assert!(app["api"]["requestedAccessTokenVersion"].is_null());
    let owners =
        get(&mut world, "ada", &format!("/v1.0/applications/{}/owners", app["id"].as_str().unwrap())).1;
    assert_eq!(owners["value"][0]["userPrincipalName"], "ada@contoso.onmicrosoft.com");
}

#[test]
fn bodies_that_graph_refuses_are_refused() {
    let mut world = worlds::bare();
    for body in [
        json!({}),
        json!({"displayName": ""}),
        json!({"displayName": "x", "colour": "red"}),
        json!({"displayName": "x", "appId": "6f0f2b0e-0000-4000-8000-000000000001"}),
        json!({"displayName": "x", "signInAudience": "Everybody"}),
        json!({"displayName": "x", "tags": "one"}),
        json!({"displayName": "x", "api": {"colour": 1}}),
        json!({"displayName": "x", "web": {"redirectUris": ["http://contoso.com/"]}}),
        json!({"displayName": "x", "web": {"redirectUris": ["https://contoso.com/#a"]}}),
        json!({"displayName": "x", "api": {"requestedAccessTokenVersion": 1}}),
        json!({"displayName": "x", "api": {"oauth2PermissionScopes": [scope(1, true), scope(1, true)]}}),
        json!({"displayName": "x", "api": {"preAuthorizedApplications": [{"appId": "no", "delegatedPermissionIds": []}]}}),
        json!({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": "no", "resourceAccess": []}]}),
    ] {
        let (status, answer) = post(&mut world, "ada", "/v1.0/applications", &body);
        assert_eq!(status, 400, "{body} {answer}");
        assert!(answer["error"]["innerError"]["request-id"].is_string());
    }
}

#[test]
fn rights_are_the_tokens_bounded_by_the_persons() {
    let mut world = worlds::bare();
    let (id, app_id) =
        new_app(&mut world, "ada", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}));
    let target = format!("/v1.0/applications/{id}");
    let change = json!({"notes": "n"});
    assert_eq!(patch(&mut world, "ada", &target, &change).0, 204);
    assert_eq!(patch(&mut world, "grace", &target, &change).0, 204);
    assert_eq!(patch(&mut world, "alan", &target, &change).1["error"]["code"], "Authorization_RequestDenied");
    assert_eq!(get(&mut world, "alan", &target).0, 200);
    assert_eq!(post(&mut world, "alan", "/v1.0/servicePrincipals", &json!({"appId": app_id})).0, 403);
    assert_eq!(post(&mut world, "ada", "/v1.0/servicePrincipals", &json!({"appId": app_id})).0, 201);
    let (status, again) = post(&mut world, "ada", "/v1.0/servicePrincipals", &json!({"appId": app_id}));
    assert_eq!(
        (status, again["error"]["code"].as_str()),
        (409, Some("Request_MultipleObjectsWithSameKeyValue"))
    );
    world.switches.users_may_create_apps = false;
    assert_eq!(post(&mut world, "alan", "/v1.0/applications", &json!({"displayName": "y"})).0, 403);
    assert_eq!(post(&mut world, "grace", "/v1.0/applications", &json!({"displayName": "y"})).0, 201);
    assert_eq!(get(&mut world, "ada", "/v1.0/policies/authorizationPolicy").0, 403);
    world.switches.policies_readable = true;
    let (_, policy) = get(&mut world, "ada", "/v1.0/policies/authorizationPolicy");
    assert_eq!(policy["defaultUserRolePermissions"]["allowedToCreateApps"], json!(false));
    let mut weak = user(&world, "ada");
    if let Caller::User { scopes, .. } = &mut weak {
        *scopes = vec!["User.Read".into()];
    }
    assert_eq!(handle(&mut world, &Request::get("/v1.0/me"), &weak).status, 200);
    assert_eq!(handle(&mut world, &Request::get("/v1.0/applications"), &weak).status, 403);
    assert_eq!(handle(&mut world, &Request::get("/v1.0/me"), &Caller::Anonymous).status, 401);
}

#[test]
fn a_patch_replaces_lists_keeps_the_rest_and_guards_enabled_scopes() {
    let mut world = worlds::bare();
    let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg",
        "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [scope(1, true)]}});
    let (id, _) = new_app(&mut world, "ada", &body);
    let target = format!("/v1.0/applications/{id}");
    let (status, refused) =
        patch(&mut world, "ada", &target, &json!({"api": {"oauth2PermissionScopes": []}}));
    assert_eq!(
        (status, refused["error"]["code"].as_str()),
        (400, Some("CannotDeleteOrUpdateEnabledEntitlement"))
    );
    let client = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    let allow = json!({"api": {"preAuthorizedApplications": [{"appId": client, "delegatedPermissionIds": [scope(1, true)["id"]]}]}});
    assert_eq!(patch(&mut world, "ada", &target, &allow).0, 204);
    let (_, app) = get(&mut world, "ada", &target);
    assert_eq!(app["api"]["requestedAccessTokenVersion"], 2);
    assert_eq!(app["api"]["oauth2PermissionScopes"].as_array().unwrap().len(), 1);
    for scopes in [json!([scope(1, false)]), json!([])] {
        let body = json!({"api": {"oauth2PermissionScopes": scopes, "preAuthorizedApplications": []}});
        assert_eq!(patch(&mut world, "ada", &target, &body).0, 204);
    }
    world.switches.patch_keeps_unsent_members = false;
    let body = json!({"api": {"knownClientApplications": []}});
    assert_eq!(patch(&mut world, "ada", &target, &body).0, 204);
    assert!(get(&mut world, "ada", &target).1["api"]["requestedAccessTokenVersion"].is_null());
}

#[test]
fn identifier_uris_follow_the_tenants_rules() {
    let mut world = worlds::bare();
    let tenant = world.main_tenant().to_owned();
    for (version, uri, code) in [
        (json!(null), "api://{app}".to_owned(), None),
        (json!(null), "api://hello/{app}".to_owned(), None),
        (json!(null), format!("api://{tenant}/hello"), None),
        (json!(null), "https://contoso.onmicrosoft.com/hello".to_owned(), None),
        (json!(null), "https://api.contoso.onmicrosoft.com".to_owned(), None),
        (json!(null), "api://hello".to_owned(), Some("InvalidUniqueTenantIdentifierAsPerAppPolicy")),
        (json!(2), "api://hello".to_owned(), None),
        (json!(2), "https://contoso-hello.azurewebsites.net".to_owned(), Some("HostNameNotOnVerifiedDomain")),
        (json!(2), "https://evilcontoso.onmicrosoft.com".to_owned(), Some("HostNameNotOnVerifiedDomain")),
        (json!(2), "hello".to_owned(), Some("Request_BadRequest")),
    ] {
        let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg", "api": {"requestedAccessTokenVersion": version}});
        let (id, app_id) = new_app(&mut world, "ada", &body);
        let target = format!("/v1.0/applications/{id}");
        let uri = uri.replace("{app}", &app_id);
        let (status, answer) = patch(&mut world, "ada", &target, &json!({"identifierUris": [uri]}));
        assert_eq!(answer["error"]["code"].as_str(), code, "{uri}");
        if status == 204 {
            let (other, _) = new_app(&mut world, "ada", &body);
            let (status, _) = patch(
                &mut world,
                "ada",
                &format!("/v1.0/applications/{other}"),
                &json!({"identifierUris": [uri]}),
            );
            assert_eq!(status, 400, "{uri} belongs to another application");
            send(&mut world, "ada", Method::DELETE, &target, &Value::Null, &[]);
            send(
                &mut world,
                "ada",
                Method::DELETE,
                &format!("/v1.0/directory/deletedItems/{id}"),
                &Value::Null,
                &[],
            );
        }
    }
}

#[test]
fn an_upsert_on_the_unique_name_makes_no_twin() {
    let mut world = worlds::bare();
    let target = "/v1.0/applications(uniqueName='handclasp-x')";
    let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg"});
    assert_eq!(patch(&mut world, "ada", target, &body).0, 404);
    let upsert = |world: &mut World, body: &Value| {
        send(world, "ada", Method::PATCH, target, body, &[("prefer", "create-if-missing")])
    };
    world.switches.by_id_lag_s = 60;
    let created = upsert(&mut world, &body);
    assert_eq!((created.status, created.to_json()["uniqueName"].as_str()), (201, Some("handclasp-x")));
    assert_eq!(upsert(&mut world, &json!({"displayName": "y"})).status, 204);
    world.clock.advance(60);
    assert_eq!(get(&mut world, "ada", target).1["displayName"], "y");
    let (_, list) = get(&mut world, "ada", "/v1.0/applications?$filter=uniqueName eq 'handclasp-x'");
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
}

#[test]
fn each_read_lags_as_its_switch_says() {
    let mut world = worlds::bare();
    world.switches.by_id_lag_s = 5;
    world.switches.list_lag_s = 20;
    let (id, app_id) =
        new_app(&mut world, "ada", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}));
    let target = format!("/v1.0/applications/{id}");
    let filter = format!("/v1.0/applications?$filter=appId eq '{app_id}'");
    assert_eq!(get(&mut world, "ada", &target).1["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(patch(&mut world, "ada", &target, &json!({"notes": "n"})).0, 404);
    let (status, refused) = post(&mut world, "ada", "/v1.0/servicePrincipals", &json!({"appId": app_id}));
    assert_eq!(status, 400);
    let text = refused["error"]["message"].as_str().unwrap();
    assert!(text.contains("does not reference a valid application object"), "{text}");
    world.clock.advance(5);
    assert_eq!(get(&mut world, "ada", &target).0, 200);
    assert_eq!(get(&mut world, "ada", &filter).1["value"], json!([]));
    world.clock.advance(15);
    assert_eq!(get(&mut world, "ada", &filter).1["value"][0]["id"], id);
}

#[test]
fn a_secret_is_shown_once() {
    let mut world = worlds::bare();
    let (id, _) = new_app(&mut world, "ada", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}));
    let add = format!("/v1.0/applications/{id}/addPassword");
    let (status, secret) =
        post(&mut world, "ada", &add, &json!({"passwordCredential": {"displayName": "connector"}}));
    assert_eq!(status, 200);
    assert_eq!(secret["secretText"].as_str().unwrap().len(), 40);
    assert_eq!(secret["endDateTime"], "2028-11-21T09:00:00Z");
    let (_, app) = get(&mut world, "ada", &format!("/v1.0/applications/{id}?$select=passwordCredentials"));
    assert!(app["passwordCredentials"][0]["secretText"].is_null());
    assert_eq!(
        app["passwordCredentials"][0]["hint"].as_str(),
        secret["secretText"].as_str().unwrap().get(..3)
    );
    let long = json!({"passwordCredential": {"endDateTime": "2027-11-21T09:00:00Z"}});
    world.switches.secret_policy.max_lifetime_days = Some(180);
    assert_eq!(
        post(&mut world, "ada", &add, &long).1["error"]["code"],
        "CredentialInvalidLifetimeAsPerAppPolicy"
    );
    world.switches.secret_policy.forbidden = true;
    assert_eq!(
        post(&mut world, "ada", &add, &json!({})).1["error"]["code"],
        "CredentialTypeNotAllowedAsPerAppPolicy"
    );
    let remove = format!("/v1.0/applications/{id}/removePassword");
    assert_eq!(post(&mut world, "ada", &remove, &json!({"keyId": secret["keyId"]})).0, 204);
    assert_eq!(post(&mut world, "ada", &remove, &json!({"keyId": secret["keyId"]})).0, 400);
    assert_eq!(
        get(&mut world, "ada", &format!("/v1.0/applications/{id}")).1["passwordCredentials"],
        json!([])
    );
}

#[test]
fn a_service_principal_mirrors_its_application() {
    let mut world = worlds::bare();
    let (id, app_id) =
        new_app(&mut world, "ada", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}));
    post(&mut world, "ada", "/v1.0/servicePrincipals", &json!({"appId": app_id}));
    let uri = format!("api://{app_id}");
    patch(
        &mut world,
        "ada",
        &format!("/v1.0/applications/{id}"),
        &json!({"identifierUris": [uri], "displayName": "z"}),
    );
    let query = format!("/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(n:n eq '{uri}')");
    let (_, found) = get(&mut world, "ada", &query);
    assert_eq!(found["value"][0]["displayName"], "z");
    assert_eq!(found["value"][0]["servicePrincipalNames"], json!([app_id, uri]));
    let target = format!("/v1.0/servicePrincipals(appId='{app_id}')");
    assert_eq!(patch(&mut world, "ada", &target, &json!({"appRoleAssignmentRequired": true})).0, 204);
    assert_eq!(get(&mut world, "ada", &target).1["appRoleAssignmentRequired"], json!(true));
    let (sp, me) = (found["value"][0]["id"].clone(), get(&mut world, "ada", "/v1.0/me").1["id"].clone());
    let assign = format!("/v1.0/servicePrincipals/{}/appRoleAssignedTo", sp.as_str().unwrap());
    let body =
        json!({"principalId": me, "resourceId": sp, "appRoleId": "00000000-0000-0000-0000-000000000000"});
    assert_eq!(post(&mut world, "alan", &assign, &body).0, 403);
    assert_eq!(post(&mut world, "ada", &assign, &body).0, 201);
    assert_eq!(post(&mut world, "ada", &assign, &body).0, 400);
    assert_eq!(get(&mut world, "ada", &assign).1["value"][0]["principalType"], "User");
    send(&mut world, "ada", Method::DELETE, &format!("/v1.0/applications/{id}"), &Value::Null, &[]);
    assert_eq!(get(&mut world, "ada", &target).0, 404);
    let (_, deleted) = get(&mut world, "ada", "/v1.0/directory/deletedItems/microsoft.graph.application");
    assert_eq!(deleted["value"][0]["deletedDateTime"], "2026-11-21T09:00:00Z");
}

#[test]
fn grants_are_written_by_those_who_may_and_only_once() {
    let mut world = worlds::bare();
    let (_, app_id) =
        new_app(&mut world, "ada", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}));
    let (_, client) = post(&mut world, "ada", "/v1.0/servicePrincipals", &json!({"appId": app_id}));
    let (_, graph) =
        get(&mut world, "ada", &format!("/v1.0/servicePrincipals(appId='{}')", first_party::GRAPH));
    let body = json!({"clientId": client["id"], "consentType": "AllPrincipals", "principalId": null,
        "resourceId": graph["id"], "scope": "User.Read"});
    assert_eq!(post(&mut world, "ada", "/v1.0/oauth2PermissionGrants", &body).0, 403);
    let (status, grant) = post(&mut world, "grace", "/v1.0/oauth2PermissionGrants", &body);
    assert_eq!(status, 201, "{grant}");
    let (status, again) = post(&mut world, "grace", "/v1.0/oauth2PermissionGrants", &body);
    assert_eq!((status, again["error"]["message"].as_str()), (409, Some("Permission entry already exists.")));
    let wrong = json!({"clientId": client["id"], "consentType": "Principal", "resourceId": graph["id"], "scope": "x"});
    assert_eq!(post(&mut world, "grace", "/v1.0/oauth2PermissionGrants", &wrong).0, 400);
    let target = format!("/v1.0/oauth2PermissionGrants/{}", grant["id"].as_str().unwrap());
    assert_eq!(patch(&mut world, "grace", &target, &json!({"scope": "User.Read openid"})).0, 204);
    let filter = format!(
        "/v1.0/oauth2PermissionGrants?$filter=clientId eq '{}' and resourceId eq '{}'",
        client["id"].as_str().unwrap(),
        graph["id"].as_str().unwrap()
    );
    assert_eq!(get(&mut world, "ada", &filter).1["value"][0]["scope"], "User.Read openid");
    assert_eq!(send(&mut world, "grace", Method::DELETE, &target, &Value::Null, &[]).status, 204);
    assert_eq!(get(&mut world, "ada", &filter).1["value"], json!([]));
    assert_eq!(post(&mut world, "grace", "/v1.0/oauth2PermissionGrants", &body).0, 201);
}

#[test]
fn advanced_queries_need_their_header_and_lists_are_paged() {
    let mut world = worlds::bare();
    for number in 0..3 {
        new_app(
            &mut world,
            "ada",
            &json!({"displayName": format!("Hello {number}"), "signInAudience": "AzureADMyOrg"}),
        );
    }
    let search = "/v1.0/applications?$search=\"displayName:hello\"&$count=true&$select=id,displayName&$top=2";
    assert_eq!(get(&mut world, "ada", search).1["error"]["code"], "Request_UnsupportedQuery");
    let eventual = [("ConsistencyLevel", "eventual")];
    let first = send(&mut world, "ada", Method::GET, search, &Value::Null, &eventual).to_json();
    assert_eq!((&first["@odata.count"], first["value"].as_array().unwrap().len()), (&json!(3), 2));
    let next =
        first["@odata.nextLink"].as_str().unwrap().strip_prefix("http://127.0.0.1").unwrap().to_owned();
    let last = send(&mut world, "ada", Method::GET, &next, &Value::Null, &eventual).to_json();
    assert_eq!((last["value"].as_array().unwrap().len(), last.get("@odata.nextLink")), (1, None));
    for (query, status) in [
        ("$filter=appId ne 'x'", 400),
        ("$filter=colour eq 'x'", 400),
        ("$filter=appId eq", 400),
        ("$select=colour", 400),
        ("$top=1000", 400),
        ("$filter=startswith(displayName,'He')", 200),
    ] {
        let target = format!("/v1.0/applications?{query}");
        assert_eq!(get(&mut world, "ada", &target).0, status, "{query}");
    }
}

#[test]
fn a_batch_answers_by_id_and_fails_what_depended_on_a_failure() {
    let mut world = worlds::bare();
    let json_body = json!({"Content-Type": "application/json"});
    let steps = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/me?$select=id"},
        {"id": "b", "method": "GET", "url": "/applications(appId='00000000-0000-0000-0000-000000000001')"},
        {"id": "c", "method": "GET", "url": "/organization", "dependsOn": ["b"]},
        {"id": "d", "method": "POST", "url": "/applications", "headers": json_body, "body": {"displayName": "x"}},
    ]});
    let (status, answer) = post(&mut world, "ada", "/v1.0/$batch", &steps);
    assert_eq!(status, 200);
    let responses = answer["responses"].as_array().unwrap();
    let by_id = |id: &str| responses.iter().find(|response| response["id"] == id).unwrap();
    assert_ne!(responses[0]["id"], "a", "the order is not the order of asking");
    assert_eq!(["a", "b", "c", "d"].map(|id| by_id(id)["status"].as_u64().unwrap()), [200, 404, 424, 201]);
    assert_eq!(world.calls.len(), 1, "the creation inside the batch is in the log");
    let many: Vec<Value> =
        (0..21).map(|id| json!({"id": id.to_string(), "method": "GET", "url": "/me"})).collect();
    for bad in [
        json!({"requests": many}),
        json!({"requests": []}),
        json!({}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}, {"id": "1", "method": "GET", "url": "/me"}]}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"]}]}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me", "dependsOn": ["1"]}]}),
        json!({"requests": [{"id": "1", "method": "POST", "url": "/applications", "body": {}}]}),
    ] {
        assert_eq!(post(&mut world, "ada", "/v1.0/$batch", &bad).0, 400, "{bad:.80}");
    }
}
