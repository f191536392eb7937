//! Every change beside its `az` command and its way back.

use super::*;

/// Every kind of change, each as some plan makes it.
fn all_changes() -> Vec<Change> {
    let odd = |f: &mut Facts| {
        if let Fact::Is(site) = &mut f.site.fact {
            site.name = "it's hello".into();
        }
    };
    let mut bare = fresh();
    odd(&mut bare);
    let mut unnamed = but(odd);
    unnamed.client_app = gone();
    unnamed.client_principal = gone();
    let scopeless = but(|f| api(f).scopes.clear());
    let ungranted = but(|f| {
        f.grants = seen(vec![]);
        api(f).pre_authorized.clear();
        client(f).required.clear();
    });
    let partly = but(|f| {
        f.grants = seen(vec![Grant { id: "grant".into(), principal: None, scopes: vec!["openid".into()] }]);
    });
    let without = but(|f| client(f).web_redirects.clear());
    let everyone = Choices { consent: Some(ConsentWay::Everyone), ..choices() };
    let redirect = Choices { redirect_url: Some(REDIRECT.into()), ..choices() };
    let rehearsal =
        PlanInput { rehearsal_redirect: Some("http://localhost:49152/handclasp-x7k2p9".into()), ..input() };
    let key_id = finished().client_app.value().unwrap().secrets[0].key_id.clone();
    let removal = PlanInput { remove_secret: Some(key_id), ..input() };
    let (usual, now) = (choices(), input());
    let mut all = Vec::new();
    for (stage, facts, choices, input) in [
        (StageId::Protect, &bare, &usual, &now),
        (StageId::Protect, &scopeless, &usual, &now),
        (StageId::Register, &unnamed, &usual, &now),
        (StageId::Grant, &ungranted, &usual, &now),
        (StageId::Grant, &ungranted, &everyone, &now),
        (StageId::Grant, &partly, &everyone, &now),
        (StageId::Secret, &finished(), &usual, &now),
        (StageId::Secret, &finished(), &usual, &removal),
        (StageId::Connect, &without, &redirect, &now),
        (StageId::Try, &finished(), &usual, &rehearsal),
    ] {
        all.extend(plan(stage, &cloud(), facts, choices, input).changes);
    }
    all
}

#[test]
fn every_change_names_its_az_command_and_its_way_back() {
    let mut seen = std::collections::BTreeSet::new();
    for change in all_changes() {
        assert!(!change.undo.is_empty() && !change.title.is_empty());
        assert_ne!(change.body, Value::Null);
        assert_eq!(change.inverse.is_empty(), change.kind == ChangeKind::RemoveSecret, "{change:?}");
        assert_eq!(change.undo_az.len(), change.inverse.len());
        seen.insert(change.kind);
    }
    assert_eq!(seen.len(), 15, "{seen:?}");
}

/// A command read as a shell reads it, and then as `az` does: what it is called, and its options with their values.
fn read(command: &str) -> (String, std::collections::BTreeMap<String, Vec<String>>) {
    let words = shlex::split(command).unwrap();
    let at = words.iter().position(|word| word.starts_with("--")).unwrap();
    let mut options = std::collections::BTreeMap::<String, Vec<String>>::new();
    let mut last = String::new();
    for word in &words[at..] {
        match word.strip_prefix("--") {
            Some(name) => {
                last = name.to_owned();
                assert!(options.insert(last.clone(), Vec::new()).is_none(), "--{last} twice");
            }
            None => options.get_mut(&last).unwrap().push(word.clone()),
        }
    }
    (words[..at].join(" "), options)
}

#[test]
fn every_az_command_is_the_request_that_is_sent() {
    for change in all_changes() {
        let (called, options) = read(&change.az);
        // One that comes too early holds marks; it is copied with a word on that.
        let waits = change.waits_for().is_some();
        if waits && called != "az rest" {
            continue;
        }
        let one = |name: &str| match options.get(name).map(Vec::as_slice) {
            Some([value]) => value.clone(),
            other => panic!("--{name} is {other:?} in {}", change.az),
        };
        let client = finished().client_app.value().unwrap().app_id.clone();
        match called.as_str() {
            "az rest" => {
                assert_eq!(one("method").to_uppercase(), change.method.as_str());
                let base = match change.service {
                    Service::Graph => "https://graph.microsoft.com/v1.0",
                    Service::Arm => "https://management.azure.com",
                };
                assert_eq!(one("url"), format!("{base}{}", change.path));
                let mut headers = vec!["Content-Type=application/json".to_owned()];
                headers.extend(change.prefer.map(|prefer| format!("Prefer={prefer}")));
                assert_eq!(options["headers"], headers);
                let body: Value = serde_json::from_str(&one("body")).unwrap();
                assert_eq!(body, change.body);
                assert_eq!(options.len(), 4, "{}", change.az);
            }
            "az ad sp create" => {
                assert_eq!(
                    (change.path.as_str(), json!({"appId": one("id")})),
                    ("/servicePrincipals", change.body)
                );
            }
            "az ad app credential reset" => {
                assert_eq!((one("id"), options["append"].len()), (client, 0));
                let body = json!({"displayName": one("display-name"), "endDateTime": one("end-date")});
                assert_eq!(body, change.body["passwordCredential"]);
            }
            "az ad app credential delete" => {
                assert_eq!((one("id"), json!(one("key-id"))), (client, change.body["keyId"].clone()));
            }
            other => panic!("{other}"),
        }
        assert!(waits || reads_alike(&change.az), "{}", change.az);
    }
}
