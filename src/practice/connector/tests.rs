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
    create(&mut world);
    assert_ne!(world.connectors[1].redirect_url, minted);
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
    let ada = Caller::User {
        tenant: owner.tenant.clone(),
        id: owner.id.clone(),
        upn: owner.upn.clone(),
        client_id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46".into(),
        scopes: vec!["user_impersonation".into()],
    };
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
