//! What is told of a person, and how people are counted.

use super::*;

#[test]
fn a_person_sees_their_roles_and_what_they_own() {
    let mut world = worlds::bare();
    let eventual: &[(&str, &str)] = &[("consistencylevel", "eventual")];
    for target in [
        "/v1.0/me/memberOf/microsoft.graph.directoryRole?$count=true",
        "/v1.0/me/memberOf",
        "/v1.0/me/transitiveMemberOf",
    ] {
        let mut of = |name: &str| {
            send(&mut world, name, Method::GET, target, &Value::Null, eventual).to_json()["value"].clone()
        };
        assert_eq!(of("grace")[0]["roleTemplateId"], "158c047a-c907-4556-b7ef-446551a6b5f7", "{target}");
        assert_eq!(of("ada"), json!([]), "{target}");
    }
    let (id, _) = new_app(&mut world, "ada", &json!({"displayName": "x", "signInAudience": "AzureADMyOrg"}));
    let (_, owned) = get(&mut world, "ada", "/v1.0/me/ownedObjects/microsoft.graph.application?$select=id");
    assert_eq!(owned["value"], json!([{"id": id}]));
    let (_, organization) =
        get(&mut world, "ada", "/v1.0/organization?$select=id,displayName,verifiedDomains");
    assert_eq!(organization["value"][0]["verifiedDomains"][0]["name"], "contoso.onmicrosoft.com");
    for (name, sku, plan) in [
        ("ada", "POWERAPPS_DEV", "POWERAPPS_DEV_VIRAL"),
        ("grace", "POWERAPPS_PER_USER", "POWERAPPS_PER_USER"),
    ] {
        let target = "/v1.0/me/licenseDetails?$select=skuPartNumber,servicePlans";
        let (_, found) = get(&mut world, name, target);
        let licence = &found["value"][0];
        assert_eq!((licence["skuPartNumber"].as_str(), licence.get("skuId")), (Some(sku), None), "{found}");
        assert_eq!(licence["servicePlans"][0]["servicePlanName"], plan);
    }
    assert_eq!(get(&mut world, "alan", "/v1.0/me/licenseDetails").1["value"], json!([]));
}

#[test]
fn a_person_has_the_basic_members_and_the_others_only_when_they_are_selected() {
    let mut world = worlds::bare();
    let (_, me) = get(&mut world, "ada", "/v1.0/me");
    let mut basic: Vec<&str> =
        me.as_object().unwrap().keys().map(String::as_str).filter(|name| !name.starts_with('@')).collect();
    basic.sort_unstable();
    let expected = "businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation \
                    preferredLanguage surname userPrincipalName";
    assert_eq!(basic.join(" "), expected);
    let (_, me) = get(&mut world, "ada", "/v1.0/me?$select=userType,postalCode");
    assert_eq!((&me["userType"], &me["postalCode"], me.get("id")), (&json!("Member"), &Value::Null, None));
}

#[test]
fn a_list_is_counted_as_text_where_the_header_is_sent() {
    let mut world = worlds::finished();
    let eventual = [("consistencylevel", "eventual")];
    let mut count = |target: &str, headers: &[(&str, &str)]| {
        let reply = send(&mut world, "ada", Method::GET, target, &Value::Null, headers);
        let kind = reply.headers["content-type"].to_str().unwrap().to_owned();
        (reply.status, kind, String::from_utf8(reply.body).unwrap())
    };
    let plain = |text: &str| (200, "text/plain".to_owned(), text.to_owned());
    assert_eq!(count("/v1.0/users/$count", &eventual), plain("3"));
    assert_eq!(count("/v1.0/users/%24count?$top=1", &eventual), plain("3"));
    assert_eq!(count("/v1.0/applications/$count?$filter=displayName eq 'nothing'", &eventual), plain("0"));
    assert_eq!(count("/v1.0/me/memberOf/$count", &eventual), plain("0"));
    let (status, _, body) = count("/v1.0/users/$count", &[]);
    assert_eq!(status, 400, "{body}");
    assert_eq!(count("/v1.0/nothing/$count", &eventual).0, 404);
}

#[test]
fn userinfo_tells_whom_the_token_is_about() {
    let mut world = worlds::bare();
    let (status, told) = get(&mut world, "ada", "/oidc/userinfo");
    assert_eq!((status, &told["email"]), (200, &json!("ada@contoso.onmicrosoft.com")));
    let id = user(&world, "ada").object_id().unwrap().to_owned();
    assert_eq!(told["sub"], crate::practice::entra::subject(&world, &id, first_party::AZURE_CLI));
    let request = Request::get("/oidc/userinfo");
    assert_eq!(handle(&mut world, &request, &Caller::Anonymous).status, 401);
}
