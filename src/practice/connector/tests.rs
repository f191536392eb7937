//! The connector page as a person uses it, and the APIs that read what was saved.

use secrecy::ExposeSecret;
use serde_json::json;

use super::*;
use crate::practice::scenario::worlds;

const GOOD: &str = "title=Hello%20Function&host=contoso-hello.azurewebsites.net&provider=aad&client_id=c&client_secret=s%20&\
    tenant_id=t&resource_uri=r";

fn send(world: &mut World, method: Method, target: &str, form: &str) -> (Reply, String) {
    let mut request = Request::get(target);
    request.method = method;
    request.body = form.as_bytes().to_vec();
    let reply = handle(world, &request, &Caller::Anonymous);
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    (reply, text)
}

fn create(world: &mut World) -> String {
    let (reply, text) = send(world, Method::POST, "/_make/connectors/new", GOOD);
    assert_eq!(reply.status, 302, "{text}");
    reply.headers["location"].to_str().unwrap().to_owned()
}

#[test]
fn a_new_page_opens_with_the_real_defaults() {
    let (reply, html) = send(&mut worlds::bare(), Method::GET, "/_make/connectors/new", "");
    assert_eq!(reply.status, 200);
    for part in [
        "<option value=\"oauth2generic\" selected>Generic Oauth 2",
        "name=\"tenant_id\" value=\"common\"",
        "name=\"login_uri\" value=\"https://login.microsoftonline.com\"",
        "Save the custom connector to generate the redirect URL",
        "Create connector",
        "placeholder=\"api.contoso.com\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("<script"));
}

#[test]
fn what_is_missing_is_marked() {
    let mut world = worlds::bare();
    for (form, problem) in [
        ("", "Connector name is required."),
        ("title=x&host=https://a", "Host is required"),
        ("title=x&host=a&client_id=c", "Client secret is required."),
        ("title=x&host=a&client_id=c&client_secret=s", "Token URL and Refresh URL are required"),
        ("title=x&host=a&client_id=c&client_secret=s&provider=aad", "Resource URL is required."),
    ] {
        let (reply, html) = send(&mut world, Method::POST, "/_make/connectors/new", form);
        assert_eq!(reply.status, 400, "{form}");
        assert!(html.contains(problem), "{form}");
    }
    assert!(world.connectors.is_empty());
}

/// What the platform refuses, the page refuses (power-platform 4.1, 6.3, 7.3 #36).
#[test]
fn what_the_platform_refuses_is_refused() {
    let mut world = worlds::bare();
    let long = "x".repeat(31);
    for (from, to, problem) in [
        ("title=Hello%20Function", format!("title={long}"), "more than 30 characters"),
        ("host=contoso-hello", "host=%7Bapp%7D".to_owned(), "ApiHubsRequestFailed"),
        ("azurewebsites.net", "azurewebsites.net/api".to_owned(), "ApiHubsRequestFailed"),
        ("azurewebsites.net", "azurewebsites.net?x".to_owned(), "ApiHubsRequestFailed"),
        ("&provider", "&base_url=api&provider".to_owned(), "Base URL has to begin"),
    ] {
        let form = GOOD.replacen(from, &to, 1);
        let (reply, html) = send(&mut world, Method::POST, "/_make/connectors/new", &form);
        assert_eq!(reply.status, 400, "{form}");
        assert!(html.contains(problem), "{form}: {html}");
    }
    world.switches.makers_may_create_connectors = false;
    let (reply, html) = send(&mut world, Method::POST, "/_make/connectors/new", GOOD);
    assert_eq!(reply.status, 400);
    assert!(html.contains("CreateCustomApi"), "{html}");
    assert!(world.connectors.is_empty());
    world.switches.makers_may_create_connectors = true;
    world.switches.connector_page_is_strict = false;
    let form = GOOD.replace("title=Hello%20Function", &format!("title={long}"));
    assert_eq!(send(&mut world, Method::POST, "/_make/connectors/new", &form).0.status, 302);
}

const SWAGGER: &str = r#"{"swagger":"2.0","info":{"title":"Orders","version":"1.0"},"host":"contoso-hello.azurewebsites.net",
    "basePath":"/api","schemes":["https"],"paths":{"/Hello":{"post":{"operationId":"Hello","parameters":[
    {"name":"body","in":"body","schema":{"type":"object","properties":{"name":{"type":"string"}}}}],
    "responses":{"200":{"description":"fine"}}},"get":{"operationId":"GetHello","responses":{"200":{"description":"fine"}},
    "parameters":[{"name":"name","in":"query","type":"string"}]}}}}"#;
const COLLECTION: &str = r#"{"info":{"name":"Hello","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "item":[{"name":"Say hello","request":{"method":"POST","url":{"raw":"https://contoso-hello.azurewebsites.net/api/Hello"},
    "body":{"mode":"raw","raw":"{\"name\":\"Ada\"}"}},"response":[]},{"name":"One","request":{"method":"GET",
    "url":"https://contoso-hello.azurewebsites.net/api/orders/:id?page=2"},"response":[]}]}"#;

/// A file is chosen in the dialog, and the page opens with what it says (power-platform 1.1, 4.3).
#[test]
fn a_file_is_imported_in_the_dialog() {
    let mut world = worlds::bare();
    let mut choose = |kind: &str, file: &str| {
        let mut request = Request::get("/_make/connectors/import");
        request.method = Method::POST;
        let kind_header = http::HeaderValue::from_static("multipart/form-data; boundary=xx");
        request.headers.insert("content-type", kind_header);
        request.body = format!(
            "--xx\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n--xx\r\nContent-Disposition: form-data; \
             name=\"title\"\r\n\r\nGreetings\r\n--xx\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"a.json\"\r\nContent-Type: application/json\r\n\r\n{file}\r\n--xx--\r\n"
        )
        .into_bytes();
        let reply = handle(&mut world, &request, &Caller::Anonymous);
        (reply.status, String::from_utf8(reply.body).unwrap())
    };
    for (kind, file, base) in [("openapi", SWAGGER, "/api"), ("postman", COLLECTION, "/")] {
        let (status, html) = choose(kind, file);
        assert_eq!(status, 200, "{html}");
        for part in [
            "name=\"host\" value=\"contoso-hello.azurewebsites.net\"",
            &format!("name=\"base_url\" value=\"{base}\""),
            "name=\"title\" value=\"Greetings\"",
            "name=\"definition\" value=\"{&quot;swagger",
        ] {
            assert!(html.contains(part), "{kind} {part}: {html}");
        }
    }
    let big = format!("{{\"name\":\"{}\"}}", "x".repeat(1024 * 1024));
    for (kind, file, problem) in [
        ("openapi", "", "Choose a file."),
        ("openapi", "no", "not valid JSON"),
        ("openapi", COLLECTION, "Only OpenAPI 2.0"),
        ("openapi", &SWAGGER.replace("\"swagger\":\"2.0\"", "\"openapi\":\"3.0.1\""), "Only OpenAPI 2.0"),
        ("openapi", &SWAGGER.replace("\"version\"", "\"v\""), "version"),
        ("openapi", &SWAGGER.replace("contoso-hello.azure", "{app}.azure"), "ApiHubsRequestFailed"),
        ("openapi", &SWAGGER.replace("\"/api\"", "\"api\""), "basePath"),
        ("openapi", &SWAGGER.replace("GetHello", "Hello"), "is there already"),
        ("openapi", &SWAGGER.replace("\"operationId\":\"GetHello\",", ""), "is required"),
        ("openapi", &SWAGGER.replace("\"in\":\"query\",\"type\":\"string\"", "\"in\":\"query\""), "oneOf"),
        ("openapi", &SWAGGER.replace("\"in\":\"query\"", "\"in\":\"query\",\"x-ms-odd\":1"), "x-ms-odd"),
        ("openapi", &SWAGGER.replace("\"name\":\"name\"", "\"name\":\"connectionId\""), "reserved"),
        ("openapi", &SWAGGER.replace("Orders", &"x".repeat(31)), "more than 30"),
        ("openapi", &SWAGGER.replace("Orders", &"x".repeat(500_000)), "more than 30"),
        ("postman", SWAGGER, "not a Postman collection"),
        ("postman", &COLLECTION.replace("v2.1.0", "v3.0.0"), "not a Postman collection"),
        (
            "postman",
            &COLLECTION.replace("contoso-hello.azurewebsites.net", "{{host}}"),
            "ApiHubsRequestFailed",
        ),
        ("postman", &big, "smaller than 1 MB"),
    ] {
        let (status, html) = choose(kind, file);
        assert_eq!(status, 400, "{problem}");
        assert!(html.contains(problem), "{problem}: {}", html.get(..600).unwrap_or(&html));
    }
}

/// A collection becomes one operation for each request, with the parameters of its address and its sample.
#[test]
fn a_collection_becomes_operations() {
    let world = worlds::bare();
    let fields = import(&world, Kind::Postman, "", COLLECTION.as_bytes()).unwrap();
    assert_eq!(Kind::of(COLLECTION.as_bytes()), Kind::Postman);
    assert_eq!(Kind::of(SWAGGER.as_bytes()), Kind::OpenApi);
    let operations = definition::operations(&fields.definition.unwrap());
    let shown: Vec<String> =
        operations.iter().map(|one| format!("{} {} {}", one.id, one.method, one.path)).collect();
    assert_eq!(shown, ["Sayhello POST /api/Hello", "One GET /api/orders/{id}"]);
    assert_eq!(operations[0].parameters[0]["schema"]["properties"]["name"]["type"], "string");
    let names: Vec<&str> = operations[1].parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["id", "page"]);
}

/// Only the sign-in hosts of this cloud, and this server, sign anybody in (power-platform 2.4, 7.1 #17).
#[test]
fn an_authorization_url_of_another_cloud_connects_nobody() {
    let mut world = worlds::bare();
    let page = create(&mut world);
    for (address, seen) in [
        ("https://login.microsoftonline.com", Ok("http://127.0.0.1/t/oauth2/authorize?")),
        ("https://LOGIN.windows.net/", Ok("http://127.0.0.1/t/oauth2/authorize?")),
        ("http://127.0.0.1", Ok("http://127.0.0.1/t/oauth2/authorize?")),
        ("https://login.microsoftonline.us", Err("AADSTS90002: Tenant &#39;t&#39; not found.")),
        ("https://login.partner.microsoftonline.cn", Err("AADSTS90002")),
        ("https://login.microsoftonline.co", Err("This site can&#39;t be reached.")),
        ("http://login.microsoftonline.com", Err("This site can&#39;t be reached.")),
        ("login.microsoftonline.com", Err("is not an address.")),
    ] {
        let form = format!("{GOOD}&login_uri={address}");
        assert_eq!(send(&mut world, Method::POST, &page, &form).0.status, 200);
        let (reply, html) = send(&mut world, Method::POST, &format!("{page}/connections"), "");
        match seen {
            Ok(start) => assert!(reply.headers["location"].to_str().unwrap().starts_with(start), "{address}"),
            Err(shown) => assert!(reply.status == 400 && html.contains(shown), "{address}: {html}"),
        }
    }
    let form = format!("{GOOD}&login_uri=https://login.microsoftonline.us")
        .replace("tenant_id=t", "tenant_id=common");
    send(&mut world, Method::POST, &page, &form);
    let (_, html) = send(&mut world, Method::POST, &format!("{page}/connections"), "");
    assert!(html.contains("AADSTS700016"), "{html}");
}

#[test]
fn the_redirect_url_is_minted_once_and_the_secret_never_shown() {
    let mut world = worlds::bare();
    let page = create(&mut world);
    let minted = world.connectors[0].redirect_url.clone();
    let tail =
        minted.strip_prefix("https://global.consent.azure-apim.net/redirect/hello-20function-5f").unwrap();
    assert_eq!(world.connectors[0].name, format!("shared_hello-20function-5f{tail}"));
    let (_, html) = send(&mut world, Method::GET, &page, "");
    assert!(
        html.contains(&minted)
            && html.contains("placeholder=\"********\"")
            && html.contains("Update connector")
    );
    assert!(html.contains("name=\"client_secret\" value=\"\""));
    let changed =
        GOOD.replace("resource_uri=r", "resource_uri=q").replace("client_secret=s%20&", "client_secret=&");
    let (reply, _) = send(&mut world, Method::POST, &page, &changed);
    assert_eq!(reply.status, 200);
    let saved = &world.connectors[0];
    assert_eq!(saved.redirect_url, minted);
    assert_eq!(saved.oauth["customParameters"]["resourceUri"]["value"], "q");
    assert_eq!(saved.client_secret.as_ref().unwrap().expose_secret(), "s ");
    let (reply, html) = send(&mut world, Method::POST, "/_make/connectors/new", GOOD);
    assert_eq!(reply.status, 400);
    assert!(html.contains("exists already"), "{html}");
    world.switches.connector_page_is_strict = false;
    create(&mut world);
    assert_ne!(world.connectors[1].redirect_url, minted);
    // Whether an empty field keeps the secret is not known (power-platform 6.6).
    world.switches.blank_secret_keeps_the_old_one = false;
    send(&mut world, Method::POST, &page, &changed);
    assert!(world.connectors[0].client_secret.is_none());
}

#[test]
fn a_connection_begins_with_the_recorded_parameters() {
    let mut world = worlds::bare();
    let page = create(&mut world);
    let (reply, _) = send(&mut world, Method::POST, &format!("{page}/connections"), "");
    let location = url::Url::parse(reply.headers["location"].to_str().unwrap()).unwrap();
    assert_eq!(location.path(), "/t/oauth2/authorize");
    let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["client_id", "response_type", "redirect_uri", "resource", "prompt", "state"]);
    assert_eq!(pairs[4].1, "select_account");
    assert!(pairs[5].1.ends_with("_unitedstates-002_azure-apim.net"));
    let internal = world.connectors[0].name.strip_prefix("shared_").unwrap().to_owned();
    let state = &pairs[5].1;
    let back =
        format!("/redirect/{internal}?error=access_denied&error_description=AADSTS65004&state={state}");
    assert_eq!(send(&mut world, Method::GET, &back, "").0.status, 302);
    assert_eq!(world.connectors[0].connections[0].error.as_deref(), Some("AADSTS65004"));
    let (_, html) = send(&mut world, Method::POST, &format!("{page}/test"), "name=x");
    assert!(html.contains("<b id=\"response-status\">403</b>"), "{html}");
    assert_eq!(send(&mut world, Method::GET, "/redirect/other?code=x&state=1", "").0.status, 400);
}

#[test]
fn the_apis_want_a_filter_and_show_the_redirect_url() {
    let mut world = worlds::bare();
    create(&mut world);
    let (name, redirect) = (world.connectors[0].name.clone(), world.connectors[0].redirect_url.clone());
    let environment = world.environments[0].id.clone();
    let owner = world.users[0].clone();
    world.connectors[0].owner.clone_from(&owner.id);
    let ada = worlds::caller(&world, &owner.upn, &["user_impersonation"]);
    let get = |world: &mut World, target: &str, caller: &Caller| {
        let reply = handle(world, &Request::get(&format!("/providers/Microsoft.PowerApps/{target}")), caller);
        (reply.status, reply.to_json())
    };
    let v = "api-version=2016-11-01";
    let filter = format!("{v}&$filter=environment eq '{environment}'");
    for (target, status, code) in [
        (format!("apis?{v}"), 400, "MissingEnvironmentFilter"),
        ("apis?$filter=environment eq 'x'".to_owned(), 400, "InvalidApiVersion"),
        (format!("apis?{v}&$filter=environment eq 'x'"), 404, "ServiceToServiceEnvironmentNotFound"),
        (format!("apis/shared_x?{filter}"), 404, "ApiResourceNotFound"),
        (format!("environments/x?{v}"), 404, "EnvironmentNotFound"),
    ] {
        let (got, body) = get(&mut world, &target, &ada);
        assert_eq!((got, body["error"]["code"].as_str()), (status, Some(code)), "{target}");
    }
    assert_eq!(get(&mut world, &format!("apis?{filter}"), &Caller::Anonymous).0, 401);
    let (_, one) = get(&mut world, &format!("apis/{name}?{filter}"), &ada);
    assert_eq!(
        one["properties"]["connectionParameters"]["token"]["oAuthSettings"]["redirectUrl"],
        json!(redirect)
    );
    let (_, list) = get(&mut world, &format!("apis?{filter} and IsCustomApi eq 'True'"), &ada);
    assert_eq!(list["value"][0]["name"], json!(name));
    assert!(!list.to_string().contains("clientSecret"));
    let (_, environments) = get(&mut world, &format!("environments?{v}&$expand=permissions"), &ada);
    assert!(environments["value"][0]["properties"]["permissions"]["CreateCustomApi"].is_object());
    world.switches.makers_may_create_connectors = false;
    let (_, environments) = get(&mut world, &format!("environments?{v}&$expand=permissions"), &ada);
    assert!(environments["value"][0]["properties"]["permissions"]["CreateCustomApi"].is_null());
    let (_, plain) = get(&mut world, &format!("environments?{v}"), &ada);
    assert!(plain["value"][0]["properties"]["permissions"].is_null(), "only where it is asked for");
    let unknown = handle(&mut world, &Request::get("/providers/Microsoft.PowerApps/apps"), &ada);
    assert!(unknown.unknown_path);
}

/// A client such as paconn gets the shapes it reads (power-platform 5.3, 5.4, 6.6, 6.7).
#[test]
fn connectors_and_connections_are_written_over_the_api() {
    let mut world = worlds::bare();
    let environment = world.environments[0].id.clone();
    let owner = world.users[0].clone();
    let ada = worlds::caller(&world, &owner.upn, &["user_impersonation"]);
    let filter = format!("?api-version=2016-11-01&$filter=environment eq '{environment}'");
    let mut ask = |method: Method, below: &str, body: &serde_json::Value| {
        let mut request = Request::get(&format!("/providers/Microsoft.PowerApps/{below}{filter}"));
        request.method = method;
        request.body = body.to_string().into_bytes();
        let reply = handle(&mut world, &request, &ada);
        (reply.status, reply.to_json())
    };
    let swagger: serde_json::Value = serde_json::from_str(SWAGGER).unwrap();
    let oid = &owner.id;
    let validate = format!("objectIds/{oid}/validateApiSwagger");
    assert_eq!(ask(Method::POST, &validate, &swagger), (200, json!("")));
    assert!(ask(Method::POST, &validate, &json!({})).1.as_str().unwrap().contains("2.0"));
    let container = ask(Method::POST, &format!("objectIds/{oid}/generateResourceStorage"), &json!({})).1;
    assert!(container["sharedAccessSignature"].as_str().unwrap().contains("?sv="));

    let payload = json!({"properties": {
        "displayName": "Orders", "description": "", "iconBrandColor": "#007ee5", "capabilities": [],
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aad", "clientId": "c", "clientSecret": "s", "scopes": [], "redirectMode": "Global",
            "customParameters": {"loginUri": {"value": "https://login.microsoftonline.com"}, "tenantId": {"value": "t"},
                "resourceUri": {"value": "r"}}}}},
        "openApiDefinition": swagger, "scriptDefinitionUrl": "",
        "backendService": {"serviceUrl": "https://contoso-hello.azurewebsites.net/api"},
        "environment": {"name": environment},
    }});
    let with = |pointer: &str, value: serde_json::Value| {
        let mut payload = payload.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        payload.pointer_mut(parent).unwrap()[name] = value;
        payload
    };
    for (wrong, code) in [
        (with("/properties/stackOwner", json!("x")), "InvalidRequestContent"),
        (
            with("/properties/scriptOperations", json!(["x"])),
            "InvalidScriptDefinitionUrlWithNonNullOperations",
        ),
        (with("/properties/openApiDefinition/basePath", json!("/")), "ApiHubsRequestFailed"),
    ] {
        let (status, body) = ask(Method::POST, "apis", &wrong);
        assert_eq!((status, &body["error"]["code"]), (400, &json!(code)));
    }
    let (status, made) = ask(Method::POST, "apis", &payload);
    assert_eq!(status, 201, "{made}");
    let name = made["name"].as_str().unwrap().to_owned();
    let settings = &made["properties"]["connectionParameters"]["token"]["oAuthSettings"];
    assert_eq!(settings["redirectMode"], "GlobalPerConnector");
    let redirect = format!("/redirect/{}", name.strip_prefix("shared_").unwrap());
    assert!(settings["redirectUrl"].as_str().unwrap().ends_with(&redirect));
    assert!(!made.to_string().contains("clientSecret"));
    // What is served is the gateway's; the original is behind its signed address (power-platform 6.5).
    let served = &made["properties"]["swagger"];
    assert_eq!(served["basePath"], json!(format!("/apim/{}", name.strip_prefix("shared_").unwrap())));
    assert!(served["host"].as_str().unwrap().ends_with(".azure-apim.net"));
    assert!(served["paths"]["/{connectionId}/Hello"]["post"].is_object(), "{served}");
    let original = made["properties"]["apiDefinitions"]["originalSwaggerUrl"].as_str().unwrap().to_owned();

    let api = format!("apis/{name}");
    assert_eq!(ask(Method::PATCH, &api, &payload).1["error"]["code"], "CannotUpdateApiDisplayName");
    let mut update = payload.clone();
    update["properties"].as_object_mut().unwrap().remove("displayName");
    assert_eq!(ask(Method::PATCH, &api, &update).0, 204);
    let alone =
        json!({"properties": {"connectionParameters": payload["properties"]["connectionParameters"]}});
    assert_eq!(ask(Method::PATCH, &api, &alone).0, 500);

    let id = "0123456789abcdef0123456789abcdef";
    let connection = format!("{api}/connections/{id}");
    let (status, made) = ask(Method::PUT, &connection, &json!({"properties": {}}));
    assert_eq!((status, &made["properties"]["statuses"][0]["status"]), (201, &json!("Error")), "{made}");
    let back = json!({"redirectUrl": "http://localhost:5000/callback"});
    let (status, link) = ask(Method::POST, &format!("{connection}/getConsentLink"), &back);
    assert_eq!((status, &link["redirectUrl"]), (200, &back["redirectUrl"]), "{link}");
    let link = link["consentLink"].as_str().unwrap();
    assert!(link.contains("/t/oauth2/authorize?client_id=c&"), "{link}");
    assert_eq!(ask(Method::DELETE, &connection, &json!({})).0, 200);
    assert_eq!(ask(Method::GET, &connection, &json!({})).0, 404);

    let served = |world: &mut World, target: &str| {
        let reply = handle(world, &Request::get(target), &Caller::Anonymous);
        (reply.status, reply.to_json())
    };
    let target = original.strip_prefix("http://127.0.0.1").unwrap();
    let (status, document) = served(&mut world, target);
    assert_eq!((status, &document["basePath"]), (200, &json!("/api")));
    assert_eq!(served(&mut world, &target.replace("sig=", "sig=0")).0, 403);
}

/// What the wizard itself writes about the sign-in, whatever is configured (power-platform 1.6).
#[test]
fn a_saved_definition_carries_the_wizards_own_security() {
    let mut world = worlds::bare();
    create(&mut world);
    let authority = "https://login.windows.net/common/oauth2/authorize";
    let security = &world.connectors[0].definition["securityDefinitions"]["oauth2_auth"];
    assert_eq!(
        (&security["authorizationUrl"], &security["tokenUrl"]),
        (&json!(authority), &json!(authority))
    );
}
