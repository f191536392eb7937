//! ARM without the wire: who may do what, errors, settings that are replaced whole.

use super::*;
use crate::practice::scenario::worlds;
use serde_json::{Value, json};

fn user(world: &World, name: &str) -> Caller {
    worlds::caller(world, name, &["user_impersonation"])
}

fn call(world: &mut World, name: &str, method: Method, target: &str, body: &Value) -> (u16, Value) {
    let caller = user(world, name);
    let mut request = Request::get(target);
    request.method = method;
    if !body.is_null() {
        request.body = body.to_string().into_bytes();
    }
    let reply = handle(world, &request, &caller);
    (reply.status, reply.to_json())
}

fn site(world: &World) -> String {
    world.sites[0].resource_id()
}

const V: &str = "api-version=2023-12-01";
/// The version for subscriptions, tenants and resource groups.
const R: &str = "api-version=2022-12-01";

#[test]
fn roles_bound_what_can_be_read_and_written() {
    let mut world = worlds::bare();
    let id = site(&world);
    for (name, method, path, status) in [
        ("ada", Method::GET, "", 200),
        ("ada", Method::POST, "/config/appsettings/list", 200),
        ("ada", Method::GET, "/config/authsettingsV2", 200),
        ("grace", Method::GET, "/config/authsettingsV2", 200),
        ("grace", Method::GET, "/config/authsettingsV2/list", 200),
        ("grace", Method::POST, "/config/appsettings/list", 403),
        ("grace", Method::POST, "/config/authsettings/list", 403),
        ("grace", Method::POST, "/host/default/listkeys", 403),
        ("grace", Method::POST, "/restart", 403),
        ("alan", Method::GET, "", 403),
        ("katherine", Method::GET, "", 401),
        ("ada", Method::DELETE, "/functions", 405),
        ("ada", Method::GET, "/functions/Nothing", 404),
        ("ada", Method::GET, "/functions/hello", 200),
    ] {
        let (got, body) = call(&mut world, name, method.clone(), &format!("{id}{path}?{V}"), &Value::Null);
        assert_eq!(got, status, "{name} {method} {path}: {body}");
    }
    let (_, body) =
        call(&mut world, "grace", Method::POST, &format!("{id}/config/appsettings/list?{V}"), &Value::Null);
    let text = body["error"]["message"].as_str().unwrap();
    assert!(text.starts_with("The client 'grace@contoso.onmicrosoft.com' with object id '"), "{text}");
    assert!(text.contains("'Microsoft.Web/sites/config/list/action' over scope"), "{text}");
    world.switches.auth_v2_list_needs_list_action = true;
    let (got, _) =
        call(&mut world, "grace", Method::GET, &format!("{id}/config/authsettingsV2/list?{V}"), &Value::Null);
    assert_eq!(got, 403);
}

#[test]
fn each_provider_has_versions_of_its_own() {
    let mut world = worlds::bare();
    let (id, subscription) = (site(&world), world.subscriptions[0].id.clone());
    let permissions = format!("{id}/providers/Microsoft.Authorization/permissions");
    for (target, version, expected) in [
        (id.clone(), "2023-12-01", ""),
        (id.clone(), "2025-03-01", ""),
        (id.clone(), "2022-12-01", "InvalidResourceType"),
        (id.clone(), "2023-12-01-preview", "InvalidResourceType"),
        (id.clone(), "tomorrow", "InvalidResourceType"),
        (id, "", "MissingApiVersionParameter"),
        (permissions.clone(), "2022-04-01", ""),
        (permissions, "2023-12-01", "InvalidResourceType"),
        (format!("/subscriptions/{subscription}"), "2022-12-01", ""),
        ("/subscriptions".to_owned(), "2022-12-01", ""),
        ("/subscriptions".to_owned(), "2023-12-01", "InvalidApiVersionParameter"),
        ("/tenants".to_owned(), "2022-12-01", ""),
        (format!("/subscriptions/{subscription}/providers/Microsoft.Web/sites"), "2023-12-01", ""),
        (
            format!("/subscriptions/{subscription}/providers/Microsoft.Web/sites"),
            "2022-12-01",
            "InvalidResourceType",
        ),
    ] {
        let target = format!("{target}?api-version={version}");
        let (status, body) = call(&mut world, "ada", Method::GET, &target, &Value::Null);
        let code = body["error"]["code"].as_str().unwrap_or_default();
        assert_eq!((status == 200, code), (expected.is_empty(), expected), "{target}: {body}");
    }
}

#[test]
fn a_site_is_stopped_started_and_changed_in_place() {
    let mut world = worlds::bare();
    let id = site(&world);
    let post = |world: &mut World, name: &str, what: &str| {
        call(world, name, Method::POST, &format!("{id}/{what}?{V}"), &Value::Null).0
    };
    assert_eq!(post(&mut world, "grace", "stop"), 403);
    assert_eq!(post(&mut world, "ada", "stop"), 200);
    assert_eq!(world.sites[0].state, "Stopped");
    assert_eq!(post(&mut world, "ada", "start"), 200);
    assert_eq!(world.sites[0].state, "Running");
    assert_eq!(post(&mut world, "ada", "syncfunctiontriggers"), 204);
    let target = format!("{}?{V}", site(&world));
    let change = json!({"properties": {"httpsOnly": true, "publicNetworkAccess": "Disabled"}});
    let (status, body) = call(&mut world, "ada", Method::PATCH, &target, &change);
    assert_eq!((status, &body["properties"]["httpsOnly"]), (200, &json!(true)));
    assert_eq!(body["properties"]["publicNetworkAccess"], "Disabled");
    let wrong = json!({"properties": {"httpsOnly": "perhaps"}});
    assert_eq!(call(&mut world, "ada", Method::PATCH, &target, &wrong).0, 400);
}

#[test]
fn app_settings_without_the_storage_stop_the_host() {
    let mut world = worlds::bare();
    let target = format!("{}/config/appsettings?{V}", site(&world));
    let now = world.now();
    let body = json!({"properties": {"FUNCTIONS_EXTENSION_VERSION": "~4"}});
    assert_eq!(call(&mut world, "ada", Method::PUT, &target, &body).0, 200);
    assert!(!world.sites[0].host_runs(now));
    let body = json!({"properties": {"AzureWebJobsStorage": "x"}});
    assert_eq!(call(&mut world, "ada", Method::PUT, &target, &body).0, 200);
    assert!(world.sites[0].host_runs(now));
}

#[test]
fn lists_show_what_the_caller_has_a_role_for_whatever_the_case() {
    let mut world = worlds::bare();
    let subscription = world.subscriptions[0].id.clone();
    let web = format!("/SUBSCRIPTIONS/{subscription}/providers/microsoft.web/Sites?{V}");
    for (name, subscriptions, sites) in [("ada", 1, 1), ("grace", 1, 1), ("alan", 0, 0)] {
        let (_, body) = call(&mut world, name, Method::GET, &format!("/subscriptions?{R}"), &Value::Null);
        assert_eq!(body["value"].as_array().unwrap().len(), subscriptions, "{name}");
        let (_, body) = call(&mut world, name, Method::GET, &web, &Value::Null);
        assert_eq!(body["value"].as_array().unwrap().len(), sites, "{name}");
    }
    let (_, body) = call(&mut world, "ada", Method::GET, &format!("/tenants?{R}"), &Value::Null);
    assert_eq!(body["value"][0]["defaultDomain"], "contoso.onmicrosoft.com");
}

#[test]
fn what_is_missing_has_its_own_code() {
    let mut world = worlds::bare();
    let id = site(&world);
    let subscription = world.subscriptions[0].id.clone();
    for (name, target, status, code) in [
        ("ada", "/subscriptions".to_owned(), 400, "MissingApiVersionParameter"),
        ("ada", "/subscriptions?api-version=latest".to_owned(), 400, "InvalidApiVersionParameter"),
        ("ada", format!("/subscriptions/x?{R}"), 404, "SubscriptionNotFound"),
        (
            "grace",
            format!("/subscriptions/{subscription}/resourceGroups/x?{R}"),
            404,
            "ResourceGroupNotFound",
        ),
        ("grace", format!("{id}x?{V}"), 404, "ResourceNotFound"),
        ("ada", format!("{id}x?{V}"), 403, "AuthorizationFailed"),
        ("katherine", format!("{id}?{V}"), 401, "InvalidAuthenticationTokenTenant"),
    ] {
        let (got, body) = call(&mut world, name, Method::GET, &target, &Value::Null);
        assert_eq!((got, body["error"]["code"].as_str()), (status, Some(code)), "{name} {target}");
    }
    let anonymous = handle(&mut world, &Request::get(&format!("{id}?{V}")), &Caller::Anonymous);
    let challenge = anonymous.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains(world.main_tenant()), "{challenge}");
}

#[test]
fn v2_settings_are_replaced_whole_and_old_ones_rule_until_the_restart_is_over() {
    let mut world = worlds::bare();
    world.switches.auth_restart_s = 30;
    let target = format!("{}/config/authsettingsV2?{V}", site(&world));
    let (_, before) = call(&mut world, "ada", Method::GET, &target, &Value::Null);
    assert_eq!(before["properties"], json!({"platform": {"enabled": false}}));
    let (status, answer) = call(
        &mut world,
        "ada",
        Method::PUT,
        &target,
        &json!({"properties": {"platform": {"enabled": "true"}, "identityProviders": {"azureActiveDirectory":
            {"registration": {"clientId": "c"}}}}}),
    );
    assert_eq!((status, &answer["properties"]["platform"]["enabled"]), (200, &json!(true)));
    assert_eq!(world.sites[0].effective_auth_v2(world.now()), None);
    world.clock.advance(30);
    assert!(world.sites[0].effective_auth_v2(world.now()).is_some());
    let (_, second) = call(&mut world, "ada", Method::PUT, &target, &json!({"properties": {}}));
    assert_eq!(second["properties"]["platform"]["enabled"], json!(false));
    assert!(
        second["properties"]["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"]
            .is_null()
    );
}

#[test]
fn v1_is_refused_once_v2_was_written() {
    let mut world = worlds::bare();
    let id = site(&world);
    let v1 = format!("{id}/config/authsettings?{V}");
    let list = format!("{id}/config/authsettings/list?{V}");
    let body = json!({"properties": {"enabled": true, "clientId": "c"}});
    assert_eq!(call(&mut world, "ada", Method::PUT, &v1, &body).0, 200);
    let (_, listed) = call(&mut world, "ada", Method::POST, &list, &Value::Null);
    assert_eq!(
        (&listed["properties"]["configVersion"], &listed["properties"]["clientId"]),
        (&json!("v1"), &json!("c"))
    );
    let v2 = format!("{id}/config/authsettingsV2?{V}");
    call(&mut world, "ada", Method::PUT, &v2, &json!({"properties": {"platform": {"enabled": false}}}));
    let (status, refused) = call(&mut world, "ada", Method::PUT, &v1, &body);
    assert_eq!((status, &refused["Code"], &refused["Innererror"]), (409, &json!("Conflict"), &Value::Null));
    let (_, listed) = call(&mut world, "ada", Method::POST, &list, &Value::Null);
    assert_eq!(listed["properties"]["configVersion"], "v2");
}

#[test]
fn app_settings_are_replaced_whole() {
    let mut world = worlds::bare();
    let id = site(&world);
    let put = json!({"properties": {"A": "1"}});
    let (status, body) = call(&mut world, "ada", Method::PUT, &format!("{id}/config/appsettings?{V}"), &put);
    assert_eq!((status, &body["properties"]), (200, &json!({"A": "1"})));
}

#[test]
fn resource_graph_finds_function_apps_in_both_formats() {
    let mut world = worlds::bare();
    let query = "where type =~ 'Microsoft.Web/sites' and kind contains 'functionapp' | project id, name, host=properties.defaultHostName";
    let target = "/providers/Microsoft.ResourceGraph/resources?api-version=";
    let (_, body) =
        call(&mut world, "ada", Method::POST, &format!("{target}2021-03-01"), &json!({"query": query}));
    assert_eq!(body["data"][0]["host"], "contoso-hello.azurewebsites.net");
    let (_, body) =
        call(&mut world, "ada", Method::POST, &format!("{target}2019-04-01"), &json!({"query": query}));
    assert_eq!(body["data"]["rows"][0][1], "contoso-hello");
    let (_, body) =
        call(&mut world, "alan", Method::POST, &format!("{target}2021-03-01"), &json!({"query": query}));
    assert_eq!(body["count"], 0);
    let bad = json!({"query": "Resources | summarize count()"});
    assert_eq!(call(&mut world, "ada", Method::POST, &format!("{target}2021-03-01"), &bad).0, 400);
}

#[test]
fn long_lists_are_paged() {
    let mut world = worlds::bare();
    let extra = format!("{}-two", world.sites[0].name);
    let mut group = world.resource_groups[0].clone();
    group.name = extra;
    world.resource_groups.push(group);
    world.switches.page_size = 1;
    let subscription = world.subscriptions[0].id.clone();
    let first = format!("/subscriptions/{subscription}/resourcegroups?{R}");
    let (_, body) = call(&mut world, "grace", Method::GET, &first, &Value::Null);
    let next = body["nextLink"].as_str().unwrap();
    let target = next.strip_prefix("http://127.0.0.1").unwrap().to_owned();
    let (_, last) = call(&mut world, "grace", Method::GET, &target, &Value::Null);
    assert_eq!(last["value"][0]["name"], "contoso-hello-two");
    assert!(last["nextLink"].is_null());
}

#[test]
fn a_general_client_finds_regions_providers_plans_and_resources() {
    let mut world = worlds::bare();
    let (id, group) = (world.sites[0].subscription.clone(), world.sites[0].resource_group.clone());
    let at = format!("/subscriptions/{id}");
    let mut get = |name: &str, path: &str| {
        let join = if path.contains('?') { '&' } else { '?' };
        let version = if path.to_lowercase().contains("/providers/microsoft.web/") { V } else { R };
        call(&mut world, name, Method::GET, &format!("{at}{path}{join}{version}"), &Value::Null)
    };
    let names = |body: &Value, member: &str| -> Vec<String> {
        body["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item[member].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, regions) = get("ada", "/locations");
    assert!(names(&regions, "name").contains(&"westeurope".to_owned()), "{regions}");
    let (_, providers) = get("ada", "/providers");
    assert!(names(&providers, "namespace").contains(&"Microsoft.Web".to_owned()), "{providers}");
    assert_eq!(get("ada", "/providers/microsoft.web").1["registrationState"], "Registered");
    assert_eq!(get("ada", "/providers/Contoso.Nothing").0, 404);
    for path in ["/resources".to_owned(), format!("/resourceGroups/{group}/resources")] {
        let (_, all) = get("grace", &path);
        assert_eq!(names(&all, "name"), ["contoso-hello", "contoso-hello-plan"], "{path}");
        let (_, sites) = get("grace", &format!("{path}?$filter=resourceType eq 'Microsoft.Web/sites'"));
        assert_eq!(names(&sites, "type"), ["Microsoft.Web/sites"], "{path}");
        assert_eq!(get("grace", &format!("{path}?$filter=")).1, all);
        let (_, first) = get("grace", &format!("{path}?$top=1"));
        assert_eq!(names(&first, "name"), ["contoso-hello"]);
        assert!(first["nextLink"].as_str().unwrap().contains("%24skiptoken=1"), "{first}");
        assert_eq!(get("grace", &format!("{path}?$filter=size gt 3")).0, 400);
        // A maker's role is at the site alone.
        assert_eq!(names(&get("ada", &path).1, "name"), ["contoso-hello"], "{path}");
    }
    let (_, plans) = get("grace", "/providers/Microsoft.Web/serverfarms");
    assert_eq!(names(&plans, "name"), ["contoso-hello-plan"]);
    // Whoever has no role there sees nothing of it.
    for path in ["/locations", "/providers", "/providers/Microsoft.Web"] {
        assert_eq!(get("alan", path).0, 403, "{path}");
    }
    for path in ["/resources", "/providers/Microsoft.Web/serverfarms"] {
        assert_eq!(names(&get("alan", path).1, "name"), [] as [String; 0], "{path}");
    }
}

/// What general-purpose clients ask before they know a subscription.
#[test]
fn the_tenant_tells_its_resource_providers_to_whoever_is_signed_in() {
    let mut world = worlds::bare();
    let mut get = |name: &str, target: &str| {
        call(&mut world, name, Method::GET, &format!("{target}?{R}"), &Value::Null)
    };
    let (status, all) = get("alan", "/providers");
    let namespaces: Vec<_> =
        all["value"].as_array().unwrap().iter().map(|known| &known["namespace"]).collect();
    assert_eq!(status, 200, "{all}");
    assert!(namespaces.contains(&&json!("Microsoft.Web")), "{all}");
    let (_, web) = get("alan", "/providers/microsoft.web");
    assert_eq!(web["namespace"], "Microsoft.Web", "{web}");
    assert!(
        web["resourceTypes"].as_array().unwrap().iter().any(|known| known["resourceType"] == "sites"),
        "{web}"
    );
    assert!(web.get("registrationState").is_none(), "nothing is registered at a tenant: {web}");
    let (status, none) = get("alan", "/providers/Contoso.Nothing");
    assert_eq!((status, &none["error"]["code"]), (404, &json!("InvalidResourceNamespace")));
    let (status, _) = call(&mut world, "alan", Method::POST, &format!("/providers?{R}"), &json!({}));
    assert_eq!(status, 405);
    assert_eq!(handle(&mut world, &Request::get(&format!("/providers?{R}")), &Caller::Anonymous).status, 401);
}

#[test]
fn the_endpoints_are_for_everybody() {
    let mut world = worlds::bare();
    let request = Request::get("/metadata/endpoints?api-version=2022-09-01");
    let reply = handle(&mut world, &request, &Caller::Anonymous);
    assert_eq!((reply.status, &reply.to_json()["name"]), (200, &json!("AzureCloud")));
    assert_eq!(
        handle(&mut world, &Request::get("/tenants?api-version=2022-12-01"), &Caller::Anonymous).status,
        401
    );
}
