//! Policies for single applications: who may write them, what is refused, and what comes of them.

use super::*;

const POLICIES: &str = "/v1.0/policies/appManagementPolicies";

/// A person at Graph's PowerShell module, which was granted what it asks for.
fn ask(world: &mut World, name: &str, method: &Method, target: &str, body: &Value) -> (u16, Value) {
    let mut caller = user(world, name);
    if let Caller::User { scopes, .. } = &mut caller {
        *scopes =
            vec!["Policy.ReadWrite.ApplicationConfiguration".into(), "Application.ReadWrite.All".into()];
    }
    let mut request = Request::get(target);
    request.method = method.clone();
    request.body = body.to_string().into_bytes();
    request.headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    let reply = handle(world, &request, &caller);
    (reply.status, reply.to_json())
}

fn policy(restrictions: &Value) -> Value {
    json!({
        "displayName": "Connector", "description": "One connector's secret.", "isEnabled": true,
        "restrictions": {"passwordCredentials": restrictions},
    })
}

#[test]
fn who_may_not_and_what_is_none_is_refused() {
    let mut world = worlds::bare();
    let good = policy(&json!([{"restrictionType": "passwordAddition", "state": "disabled"}]));
    // The Azure CLI's token holds no right to policies, whoever has it; a maker has no role.
    assert_eq!(post(&mut world, "grace", POLICIES, &good).0, 403);
    assert_eq!(ask(&mut world, "ada", &Method::POST, POLICIES, &good).0, 403);
    for bad in [
        json!({"displayName": "x"}),
        json!({"displayName": "x", "description": ""}),
        json!({"displayName": "x", "description": "y", "colour": 1}),
        json!({"displayName": "x", "description": "y", "isEnabled": "yes"}),
        policy(&json!({})),
        policy(&json!([{"restrictionType": "nothing"}])),
        policy(&json!([{"restrictionType": "asymmetricKeyLifetime"}])),
        policy(&json!([{"restrictionType": "passwordAddition", "state": "off"}])),
        policy(&json!([{"restrictionType": "passwordAddition", "maxLifetime": "P90D"}])),
        policy(&json!([{"restrictionType": "passwordLifetime", "maxLifetime": "90 days"}])),
        policy(&json!([{"restrictionType": "passwordLifetime", "maxLifetime": "-P9D"}])),
        policy(
            &json!([{"restrictionType": "passwordAddition", "restrictForAppsCreatedAfterDateTime": "today"}]),
        ),
    ] {
        assert_eq!(ask(&mut world, "grace", &Method::POST, POLICIES, &bad).0, 400, "{bad}");
    }
    assert!(world.app_policies.is_empty());
    assert_eq!(ask(&mut world, "grace", &Method::PUT, POLICIES, &good).0, 405);
    assert_eq!(ask(&mut world, "grace", &Method::DELETE, &format!("{POLICIES}/none"), &Value::Null).0, 404);
}

#[test]
fn a_policy_of_its_own_counts_in_place_of_the_tenants_until_it_is_taken_away() {
    let mut world = worlds::bare();
    world.switches.secret_policy.forbidden = true;
    world.switches.secret_policy.max_lifetime_days = Some(90);
    let app = json!({"displayName": "x", "signInAudience": "AzureADMyOrg"});
    let (id, _) = new_app(&mut world, "ada", &app);
    let (other, _) = new_app(&mut world, "ada", &app);
    let add = |world: &mut World, id: &str, ends: &str| {
        let body = json!({"passwordCredential": {"endDateTime": ends}});
        post(world, "ada", &format!("/v1.0/applications/{id}/addPassword"), &body).0
    };
    let (near, far) = ("2027-01-21T09:00:00Z", "2027-05-20T09:00:00Z");
    let off = json!([{"restrictionType": "passwordAddition", "state": "disabled"}]);
    let (status, made) = ask(&mut world, "grace", &Method::POST, POLICIES, &policy(&off));
    assert_eq!((status, &made["isEnabled"]), (201, &json!(true)), "{made}");
    let one = format!("{POLICIES}/{}", made["id"].as_str().unwrap());
    assert_eq!(ask(&mut world, "grace", &Method::GET, &one, &Value::Null).1["id"], made["id"]);
    assert_eq!(add(&mut world, &id, near), 400, "it is assigned to nobody yet");

    let assigned = format!("/v1.0/applications/{id}/appManagementPolicies");
    let reference = json!({"@odata.id": format!("https://graph.microsoft.com{one}")});
    let assign = format!("{assigned}/$ref");
    assert_eq!(ask(&mut world, "ada", &Method::POST, &assign, &reference).0, 403, "owning is not enough");
    for bad in [json!({}), json!({"@odata.id": "https://graph.microsoft.com/v1.0/users/1"})] {
        assert_eq!(ask(&mut world, "grace", &Method::POST, &assign, &bad).0, 400, "{bad}");
    }
    let nobody = json!({"@odata.id": format!("https://graph.microsoft.com{POLICIES}/none")});
    assert_eq!(ask(&mut world, "grace", &Method::POST, &assign, &nobody).0, 404);
    assert_eq!(ask(&mut world, "grace", &Method::POST, &assign, &reference).0, 204);
    assert_eq!(ask(&mut world, "grace", &Method::POST, &assign, &reference).0, 400, "it has it already");
    assert_eq!(
        ask(&mut world, "grace", &Method::GET, &assigned, &Value::Null).1["value"][0]["id"],
        made["id"]
    );
    let (_, second) = ask(&mut world, "grace", &Method::POST, POLICIES, &policy(&json!([])));
    let second = format!("https://graph.microsoft.com{POLICIES}/{}", second["id"].as_str().unwrap());
    let second = json!({"@odata.id": second});
    assert_eq!(ask(&mut world, "grace", &Method::POST, &assign, &second).0, 400, "one policy at most");

    assert_eq!(add(&mut world, &id, near), 200);
    assert_eq!(add(&mut world, &id, far), 400, "of the lifetime it says nothing, so the tenant's counts");
    assert_eq!(add(&mut world, &other, near), 400);
    let longer = json!([{"restrictionType": "passwordAddition", "state": "disabled"},
        {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P200D"}]);
    let longer = json!({"restrictions": {"passwordCredentials": longer}});
    assert_eq!(ask(&mut world, "grace", &Method::PATCH, &one, &longer).0, 204);
    assert_eq!(add(&mut world, &id, far), 200);
    assert_eq!(ask(&mut world, "grace", &Method::PATCH, &one, &json!({"isEnabled": false})).0, 204);
    assert_eq!(add(&mut world, &id, near), 400, "one that is off counts for nothing");
    assert_eq!(ask(&mut world, "grace", &Method::PATCH, &one, &json!({"isEnabled": true})).0, 204);
    let later = json!([{"restrictionType": "passwordAddition", "state": "enabled",
        "restrictForAppsCreatedAfterDateTime": "2027-01-01T00:00:00Z"}]);
    let later = json!({"restrictions": {"passwordCredentials": later}});
    assert_eq!(ask(&mut world, "grace", &Method::PATCH, &one, &later).0, 204);
    assert_eq!(add(&mut world, &id, near), 200, "it is about younger applications");

    let gone = format!("{assigned}/{}/$ref", made["id"].as_str().unwrap());
    assert_eq!(ask(&mut world, "grace", &Method::DELETE, &gone, &Value::Null).0, 204);
    assert_eq!(ask(&mut world, "grace", &Method::DELETE, &gone, &Value::Null).0, 404);
    assert_eq!(add(&mut world, &id, near), 400);
    assert_eq!(ask(&mut world, "grace", &Method::POST, &assign, &reference).0, 204);
    assert_eq!(ask(&mut world, "grace", &Method::DELETE, &one, &Value::Null).0, 204);
    assert_eq!(add(&mut world, &id, near), 400);
    assert_eq!(ask(&mut world, "grace", &Method::GET, &assigned, &Value::Null).1["value"], json!([]));
}
