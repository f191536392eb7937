//! A finished set-up made by hand, for tests of this room and of those that build on it.

use jiff::Timestamp;
use serde_json::json;

use super::choices::{AppChoice, Choices};
use super::clouds::Cloud;
use super::facts::*;
use super::plan::PlanInput;
use super::trouble::{Class, Trouble};

pub const TENANT: &str = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
pub const API: &str = "be70217c-58a1-4c0e-9f43-7d2f61c09a04";
pub const API_OBJECT: &str = "1b2c3d4e-0000-4000-8000-00000000a001";
pub const CLIENT: &str = "59259fa1-7d11-4c33-8a77-2b1f90e2c21a";
pub const CLIENT_OBJECT: &str = "1b2c3d4e-0000-4000-8000-00000000c001";
pub const SCOPE_ID: &str = "6f0f2b0e-0000-4000-8000-00000000a001";
pub const ADA: &str = "aaaa1111-0000-4000-8000-0000000000ad";
pub const SITE: &str = "/subscriptions/11112222-3333-4444-8555-666677778888/resourceGroups/rg-hello/providers/Microsoft.Web/sites/contoso-hello";
pub const HOST: &str = "contoso-hello.azurewebsites.net";
pub const REDIRECT: &str =
    "https://global.consent.azure-apim.net/redirect/new-5fhello-20function-5f0123456789abcdef";

pub fn now() -> Timestamp {
    "2026-11-21T14:03:00Z".parse().unwrap()
}

pub fn seen<T>(value: T) -> Seen<T> {
    Seen::is(value, now(), "GET /example")
}

pub fn gone<T>() -> Seen<T> {
    Seen::absent(now(), "GET /example")
}

pub fn cloud() -> Cloud {
    Cloud::named("public").unwrap()
}

pub fn choices() -> Choices {
    Choices { app: Some(AppChoice::ResourceId(SITE.into())), ..Choices::default() }
}

pub fn input() -> PlanInput {
    PlanInput {
        now: now(),
        rehearsal_redirect: None,
        secret_days: 180,
        secret_shortened: false,
        value_not_copied: false,
        remove_secret: None,
    }
}

/// A rehearsal that went well.
pub fn rehearsed() -> Rehearsal {
    Rehearsal {
        client_app_id: CLIENT.into(),
        resource: API.into(),
        anonymous: Some(401),
        settings: None,
        audience: API.into(),
        issuer: format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        caller: "ada@contoso.onmicrosoft.com".into(),
        scopes: "user_impersonation".into(),
        called: format!("POST https://{HOST}/api/Hello"),
        status: 200,
        answer: "Hello, Ada.".into(),
        diagnosis: None,
    }
}

/// What is seen of a published function before anything was done.
pub fn fresh() -> Facts {
    let open = |status| {
        seen(ProbeAnswer {
            status,
            challenged: false,
            tenant: None,
            client_id: None,
            redirect_host: None,
            front_end: None,
        })
    };
    Facts {
        person: seen(Person {
            object_id: ADA.into(),
            upn: "ada@contoso.onmicrosoft.com".into(),
            display_name: "Ada".into(),
            roles: Some(vec![]),
            guest: false,
        }),
        tenant: seen(Tenant {
            id: TENANT.into(),
            display_name: "Contoso".into(),
            domain: "contoso.onmicrosoft.com".into(),
            issuer_v1: format!("https://sts.windows.net/{TENANT}/"),
            issuer_v2: format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        }),
        alike: Seen::default(),
        site: seen(Site {
            id: SITE.into(),
            name: "contoso-hello".into(),
            kind: "functionapp,linux".into(),
            location: "West Europe".into(),
            state: "Running".into(),
            host: HOST.into(),
            host_names: vec![HOST.into()],
            subscription: "11112222-3333-4444-8555-666677778888".into(),
            resource_group: "rg-hello".into(),
            public_access_off: false,
        }),
        host: seen(HostAnswer { status: 200, front_end: None }),
        functions: seen(vec![Function {
            name: "Hello".into(),
            invoke_url: Some(format!("https://{HOST}/api/Hello")),
            methods: vec!["GET".into(), "POST".into()],
            auth_level: AuthLevel::Anonymous,
            disabled: false,
        }]),
        auth: seen(AuthSettings {
            enabled: false,
            config_file: None,
            require_authentication: false,
            unauthenticated_action: String::new(),
            excluded_paths: vec![],
            provider_enabled: true,
            issuer: None,
            client_id: None,
            allowed_audiences: vec![],
            allowed_applications: None,
            older_allowed_applications: vec![],
            allowed_identities: vec![],
            allowed_groups: vec![],
            older_allowed_groups: vec![],
            document: json!({"platform": {"enabled": false}}),
        }),
        auth_version: seen(AuthVersion::V1 { enabled: false, keeps_secrets: false }),
        probes: Probes { login: open(404), browser: open(404), program: open(404) },
        api_app: gone(),
        api_principal: gone(),
        client_app: gone(),
        client_candidates: seen(vec![]),
        client_principal: gone(),
        grants: gone(),
        api_assigned: Seen::default(),
        client_assigned: Seen::default(),
        user_consent: seen(UserConsent::Allowed),
        rights: Box::new(Rights {
            register_apps: seen(true),
            secret_policy: seen(SecretPolicy::default()),
            owned: seen(vec![]),
            site: seen(vec![Permission { actions: vec!["*".into()], not_actions: vec![] }]),
            environments: seen(vec![Environment {
                name: "Contoso (default)".into(),
                create_connectors: true,
            }]),
            data_policies: Seen::could_not(
                Trouble::new(Class::NotAllowed, "Power Apps refused this.", "Ask an administrator."),
                now(),
                "GET /providers/PowerPlatform.Governance/v2/policies",
            ),
            plans: seen(vec![ServicePlan { name: "POWERAPPS_PER_USER".into(), status: "Success".into() }]),
        }),
        resource: gone(),
        redirect_probe: Seen::default(),
        secret_probe: Seen::default(),
        rehearsal: Seen::default(),
    }
}

/// What is seen of a set-up that a careful administrator finished.
pub fn finished() -> Facts {
    let refused = |status, redirect: Option<&str>| {
        seen(ProbeAnswer {
            status,
            challenged: status == 401,
            tenant: Some(TENANT.into()),
            client_id: Some(API.into()),
            redirect_host: redirect.map(Into::into),
            front_end: None,
        })
    };
    Facts {
        auth: seen(AuthSettings {
            enabled: true,
            config_file: None,
            require_authentication: true,
            unauthenticated_action: "Return401".into(),
            excluded_paths: vec![],
            provider_enabled: true,
            issuer: Some(format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
            client_id: Some(API.into()),
            allowed_audiences: vec![format!("api://{API}")],
            allowed_applications: Some(vec![API.into(), CLIENT.into()]),
            older_allowed_applications: vec![],
            allowed_identities: vec![],
            allowed_groups: vec![],
            older_allowed_groups: vec![],
            document: json!({
                "platform": {"enabled": true, "runtimeVersion": "~1"},
                "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401"},
                "identityProviders": {"azureActiveDirectory": {
                    "enabled": true,
                    "registration": {
                        "openIdIssuer": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
                        "clientId": API,
                    },
                    "validation": {
                        "allowedAudiences": [format!("api://{API}")],
                        "defaultAuthorizationPolicy": {"allowedApplications": [API, CLIENT]},
                    },
                }},
            }),
        }),
        auth_version: seen(AuthVersion::V2),
        probes: Probes {
            login: refused(302, Some("login.microsoftonline.com")),
            browser: refused(401, None),
            program: refused(401, None),
        },
        api_app: seen(Application {
            object_id: API_OBJECT.into(),
            app_id: API.into(),
            display_name: "contoso-hello API".into(),
            unique_name: Some(super::markers::api_unique_name(SITE)),
            sign_in_audience: "AzureADMyOrg".into(),
            identifier_uris: vec![format!("api://{API}")],
            token_version: Some(2),
            scopes: vec![Scope {
                id: SCOPE_ID.into(),
                value: "user_impersonation".into(),
                enabled: true,
                admin_only: false,
            }],
            api_document: json!({
                "requestedAccessTokenVersion": 2,
                "oauth2PermissionScopes": [{"id": SCOPE_ID, "value": "user_impersonation", "type": "User", "isEnabled": true}],
                "preAuthorizedApplications": [{"appId": CLIENT, "delegatedPermissionIds": [SCOPE_ID]}],
            }),
            pre_authorized: vec![PreAuthorized { app_id: CLIENT.into(), scope_ids: vec![SCOPE_ID.into()] }],
            ..Application::default()
        }),
        api_principal: seen(principal(API)),
        client_app: seen(Application {
            object_id: CLIENT_OBJECT.into(),
            app_id: CLIENT.into(),
            display_name: "contoso-hello connector".into(),
            unique_name: Some(super::markers::connector_unique_name(SITE)),
            sign_in_audience: "AzureADMyOrg".into(),
            required: vec![
                RequiredAccess {
                    resource_app_id: super::checks::GRAPH_APP_ID.into(),
                    access: vec![(super::checks::USER_READ_ID.into(), "Scope".into())],
                },
                RequiredAccess {
                    resource_app_id: API.into(),
                    access: vec![(SCOPE_ID.into(), "Scope".into())],
                },
            ],
            web_redirects: vec![REDIRECT.into()],
            secrets: vec![SecretInfo {
                key_id: "c0ffee00-0000-4000-8000-000000000001".into(),
                display_name: "handclasp 2026-11-20 09:00:00".into(),
                hint: "8Qx".into(),
                start: Some("2026-11-20T09:00:00Z".parse().unwrap()),
                end: Some("2027-05-19T00:00:00Z".parse().unwrap()),
            }],
            ..Application::default()
        }),
        client_principal: seen(principal(CLIENT)),
        resource: seen(Resource { value: API.into(), app_id: API.into() }),
        grants: seen(vec![]),
        rights: Box::new(Rights { owned: seen(vec![API.into(), CLIENT.into()]), ..*fresh().rights }),
        ..fresh()
    }
}

fn principal(app_id: &str) -> ServicePrincipal {
    ServicePrincipal {
        id: format!("5e{}", &app_id[2..]),
        app_id: app_id.into(),
        enabled: true,
        assignment_required: false,
        names: vec![app_id.into()],
    }
}

/// Whether Bash and PowerShell read a command alike: quotes that need no escape, and nothing else that either of them gives a
/// meaning of its own.
pub fn reads_alike(command: &str) -> bool {
    let mut open = Vec::new();
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        let within = open.last().copied();
        match (within, c) {
            (Some('\''), '\'') | (Some('"'), '"') => {
                open.pop();
                // What stands close behind a quote is read as one word by one of them only.
                if !rest.peek().is_none_or(|next| matches!(next, ' ' | ')')) {
                    return false;
                }
            }
            (Some('\''), _) => {}
            (_, '$') => {
                if rest.next() != Some('(') {
                    return false;
                }
                open.push('(');
            }
            (Some('"'), '\\' | '`' | '!') => return false,
            (Some('"'), _) => {}
            (_, '\'' | '"') => open.push(c),
            (Some('('), ')') => drop(open.pop()),
            (_, c) if c.is_ascii_alphanumeric() || " -_./:@=+".contains(c) => {}
            _ => return false,
        }
    }
    open.is_empty()
}

#[test]
fn what_only_one_shell_reads_so_is_told() {
    for (command, alike) in [
        ("az x --id 'a b' --url \"https://x/y(z='1')\"", true),
        ("az x --id $(az y --url \"https://x/y(z='1')\" --query appId)", true),
        (r"az x --body 'it'\''s'", false),
        ("az x --body \"{\\\"a\\\":1}\"", false),
        ("az x --url \"https://x/$ref\"", false),
        ("az x a,b", false),
        ("az x # note", false),
        ("az x 'open", false),
    ] {
        assert_eq!(reads_alike(command), alike, "{command}");
    }
}
