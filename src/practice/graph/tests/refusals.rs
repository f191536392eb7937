//! What Graph refuses although it looks harmless, and what is done to owners and to deleted objects.

use super::*;

/// An application of Ada's with its service principal: object id, client id, id of the service principal.
fn app(world: &mut World, body: &Value) -> (String, String, String) {
    let (id, app_id) = new_app(world, "ada", body);
    let (status, principal) = post(world, "ada", "/v1.0/servicePrincipals", &json!({"appId": app_id}));
    assert_eq!(status, 201, "{principal}");
    (id, app_id, principal["id"].as_str().unwrap().to_owned())
}

#[test]
fn an_enterprise_application_is_called_what_its_registration_says() {
    let mut world = worlds::bare();
    let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg"});
    let (id, app_id, principal) = app(&mut world, &body);
    let uri = format!("api://{app_id}");
    patch(&mut world, "ada", &format!("/v1.0/applications/{id}"), &json!({"identifierUris": [uri]}));
    let target = format!("/v1.0/servicePrincipals/{principal}");
    for (change, status) in [
        (json!({"servicePrincipalNames": [app_id, "https://contoso-hello.azurewebsites.net"]}), 400),
        (json!({"servicePrincipalNames": "https://contoso-hello.azurewebsites.net"}), 400),
        (json!({"displayName": "y"}), 400),
        (json!({"displayName": "x", "servicePrincipalNames": [uri, app_id]}), 204),
        (json!({"notes": "n"}), 204),
    ] {
        let (got, answer) = patch(&mut world, "ada", &target, &change);
        assert_eq!(got, status, "{change} {answer}");
        if status == 400 {
            assert!(
                answer["error"]["message"]
                    .as_str()
                    .unwrap()
                    .contains("does not match the application object")
            );
        }
    }
    let (_, other) = new_app(&mut world, "ada", &body);
    let created =
        json!({"appId": other, "servicePrincipalNames": ["https://contoso-hello.azurewebsites.net"]});
    assert_eq!(post(&mut world, "ada", "/v1.0/servicePrincipals", &created).0, 400);
}

#[test]
fn nobody_is_let_in_beforehand_to_a_permission_that_is_made_in_the_same_patch() {
    let mut world = worlds::bare();
    let (id, _) = new_app(&mut world, "ada", &json!({"displayName": "x"}));
    let target = format!("/v1.0/applications/{id}");
    let client = json!([{"appId": "6f0f2b0e-0000-4000-8000-0000000000ff",
        "delegatedPermissionIds": [scope(1, true)["id"]]}]);
    let both =
        json!({"api": {"oauth2PermissionScopes": [scope(1, true)], "preAuthorizedApplications": client}});
    let (status, answer) = patch(&mut world, "ada", &target, &both);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("InvalidValue")));
    assert!(
        answer["error"]["message"].as_str().unwrap().ends_with("cannot be found in the AppPermissions sets.")
    );
    let first = json!({"api": {"oauth2PermissionScopes": [scope(1, true)]}});
    assert_eq!(patch(&mut world, "ada", &target, &first).0, 204);
    assert_eq!(patch(&mut world, "ada", &target, &both).0, 204, "now it stands there");
    for (at_once, expected) in [(true, 201), (false, 400)] {
        world.switches.created_scopes_may_be_pre_authorized = at_once;
        let mut new = both.clone();
        new["displayName"] = "y".into();
        assert_eq!(post(&mut world, "ada", "/v1.0/applications", &new).0, expected);
    }
}

#[test]
fn identifiers_end_with_no_slash_and_no_permission() {
    let mut world = worlds::bare();
    let tenant = world.main_tenant().to_owned();
    for version in [Value::Null, json!(2)] {
        let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg",
            "api": {"requestedAccessTokenVersion": version, "oauth2PermissionScopes": [scope(1, true)]}});
        let (id, app_id) = new_app(&mut world, "ada", &body);
        let v2 = version == json!(2);
        for (uri, fine) in [
            (format!("api://{app_id}"), true),
            (format!("api://{tenant}/{app_id}"), true),
            (format!("api://hello/{app_id}"), true),
            (format!("api://{app_id}/hello"), v2),
            (format!("api://{app_id}/"), false),
            (format!("api://{app_id}/scope1"), false),
            (format!("api://{app_id}/.default"), false),
            ("https://contoso.onmicrosoft.com/hello/".to_owned(), false),
        ] {
            let change = json!({"identifierUris": [uri]});
            let (status, answer) = patch(&mut world, "ada", &format!("/v1.0/applications/{id}"), &change);
            assert_eq!(status == 204, fine, "{uri} {version}: {answer}");
            patch(&mut world, "ada", &format!("/v1.0/applications/{id}"), &json!({"identifierUris": []}));
        }
    }
}

#[test]
fn casts_options_and_bodies_are_what_graph_takes() {
    let mut world = worlds::bare();
    let eventual: &[(&str, &str)] = &[("consistencylevel", "eventual")];
    let roles = "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole";
    let owned = "/v1.0/me/ownedObjects/microsoft.graph.application";
    let counted = |path: &str| format!("{path}?$count=true");
    let ask = |world: &mut World, target: &str, headers: &[(&str, &str)]| {
        let reply = send(world, "ada", Method::GET, target, &Value::Null, headers);
        (reply.status, reply.to_json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let unsupported = (400, "Request_UnsupportedQuery".to_owned());
    assert_eq!(ask(&mut world, roles, &[]), unsupported);
    assert_eq!(ask(&mut world, roles, eventual), unsupported);
    assert_eq!(ask(&mut world, &counted(roles), &[]), unsupported);
    assert_eq!(ask(&mut world, &counted(roles), eventual).0, 200);
    assert_eq!(ask(&mut world, owned, &[]).0, 200);
    world.switches.owned_cast_needs_header = true;
    assert_eq!(ask(&mut world, owned, &[]), unsupported);
    assert_eq!(ask(&mut world, &counted(owned), eventual).0, 200);
    assert_eq!(ask(&mut world, "/v1.0/applications?$colour=red", &[]), (400, "BadRequest".to_owned()));
    assert_eq!(ask(&mut world, "/v1.0/applications?colour=red", &[]).0, 200);
    assert_eq!(ask(&mut world, "/v1.0/applications?$skip=1", &[]), unsupported);
    for (kind, status) in [
        ("application/json; charset=utf-8", 201),
        ("application/x-www-form-urlencoded", 400),
        ("text/plain", 400),
    ] {
        let body = json!({"displayName": "x"});
        let reply =
            send(&mut world, "ada", Method::POST, "/v1.0/applications", &body, &[("content-type", kind)]);
        assert_eq!(reply.status, status, "{kind}");
    }
    let nobody = "6f0f2b0e-0000-4000-8000-000000000009";
    let target = format!("/v1.0/servicePrincipals/{nobody}/appRoleAssignedTo");
    let (_, _, principal) = app(&mut world, &json!({"displayName": "x"}));
    let ada = user(&world, "ada").object_id().unwrap().to_owned();
    let body = json!({"principalId": ada, "resourceId": principal,
        "appRoleId": "00000000-0000-0000-0000-000000000000"});
    assert_eq!(post(&mut world, "ada", &target, &body).0, 404);
}

#[test]
fn owners_are_added_once_and_may_then_change_the_application() {
    let mut world = worlds::bare();
    let (id, _, principal) = app(&mut world, &json!({"displayName": "x"}));
    let alan = user(&world, "alan").object_id().unwrap().to_owned();
    let reference =
        |id: &str| json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")});
    for of in [format!("applications/{id}"), format!("servicePrincipals/{principal}")] {
        let target = format!("/v1.0/{of}");
        let owners = format!("{target}/owners/$ref");
        assert_eq!(patch(&mut world, "alan", &target, &json!({"notes": "n"})).0, 403);
        assert_eq!(post(&mut world, "alan", &owners, &reference(&alan)).0, 403);
        assert_eq!(post(&mut world, "ada", &owners, &reference(&alan)).0, 204);
        let (status, answer) = post(&mut world, "ada", &owners, &reference(&alan));
        assert_eq!(status, 400);
        assert!(answer["error"]["message"].as_str().unwrap().contains("object references already exist"));
        assert_eq!(
            post(&mut world, "ada", &owners, &reference("6f0f2b0e-0000-4000-8000-000000000009")).0,
            404
        );
        assert_eq!(post(&mut world, "ada", &owners, &json!({})).0, 400);
        assert_eq!(patch(&mut world, "alan", &target, &json!({"notes": "n"})).0, 204);
        let gone = format!("{target}/owners/{alan}/$ref");
        assert_eq!(send(&mut world, "ada", Method::DELETE, &gone, &Value::Null, &[]).status, 204);
        assert_eq!(patch(&mut world, "alan", &target, &json!({"notes": "n"})).0, 403);
    }
}

#[test]
fn what_is_deleted_can_be_read_and_restored() {
    let mut world = worlds::bare();
    let (id, app_id, principal) = app(&mut world, &json!({"displayName": "x"}));
    let target = format!("/v1.0/applications/{id}");
    let rest = |id: &str| format!("/v1.0/directory/deletedItems/{id}");
    assert_eq!(get(&mut world, "ada", &rest(&id)).0, 404);
    assert_eq!(send(&mut world, "ada", Method::DELETE, &target, &Value::Null, &[]).status, 204);
    for (id, kind) in
        [(&id, "#microsoft.graph.application"), (&principal, "#microsoft.graph.servicePrincipal")]
    {
        let (status, answer) = get(&mut world, "ada", &rest(id));
        assert_eq!((status, &answer["@odata.type"], &answer["appId"]), (200, &json!(kind), &json!(app_id)));
        assert!(answer["deletedDateTime"].is_string());
    }
    let (_, list) = get(&mut world, "ada", "/v1.0/directory/deletedItems/microsoft.graph.servicePrincipal");
    assert_eq!(list["value"][0]["id"], principal.as_str());
    assert_eq!(post(&mut world, "alan", &format!("{}/restore", rest(&id)), &Value::Null).0, 403);
    assert_eq!(post(&mut world, "ada", &format!("{}/restore", rest(&id)), &Value::Null).0, 200);
    assert_eq!(get(&mut world, "ada", &target).0, 200);
    assert_eq!(get(&mut world, "ada", &format!("/v1.0/servicePrincipals/{principal}")).0, 404);
    assert_eq!(get(&mut world, "ada", &format!("{target}/appManagementPolicies")).0, 403);
    world.switches.policies_readable = true;
    assert_eq!(get(&mut world, "ada", &format!("{target}/appManagementPolicies")).1["value"], json!([]));
    assert_eq!(get(&mut world, "ada", "/v1.0/policies/appManagementPolicies").1["value"], json!([]));
}
