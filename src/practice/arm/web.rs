//! A site and everything below it: configuration, functions, keys, restart (microsoft-cloud 5.4 to 5.7).

use std::collections::BTreeMap;

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, page, page_of, resource};
use super::listing::find_group;
use super::{auth_v1, auth_v2, rights, site};
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{Function, Site, World};

/// What is done to a site, once its path and method are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Read,
    Permissions,
    Slots,
    Bindings,
    ReadConfig,
    ReadAuthV2,
    ReadAuthV2Listed,
    ReadSticky,
    ListSettings,
    ListAuthV1,
    WriteConfig,
    WriteSettings,
    WriteAuthV1,
    WriteAuthV2,
    WriteSticky,
    Functions,
    Function,
    FunctionKeys,
    FunctionSecrets,
    HostKeys,
    Sync,
    Restart,
    Start,
    Stop,
    Change,
}

/// The task of a method and path, the path's words in lower case. `Err` says whether only the method is wrong.
fn task(method: &Method, rest: &[&str]) -> Result<Task, bool> {
    Ok(match (method.as_str(), rest) {
        ("GET", []) => Task::Read,
        ("GET", ["providers", "microsoft.authorization", "permissions"]) => Task::Permissions,
        ("GET", ["slots"]) => Task::Slots,
        ("GET", ["hostnamebindings"]) => Task::Bindings,
        ("GET", ["config", "web"]) => Task::ReadConfig,
        ("PATCH" | "PUT", ["config", "web"]) => Task::WriteConfig,
        ("GET", ["config", "authsettingsv2"]) => Task::ReadAuthV2,
        ("GET", ["config", "authsettingsv2", "list"]) => Task::ReadAuthV2Listed,
        ("PUT", ["config", "authsettingsv2"]) => Task::WriteAuthV2,
        ("POST", ["config", "authsettings", "list"]) => Task::ListAuthV1,
        ("PUT", ["config", "authsettings"]) => Task::WriteAuthV1,
        ("POST", ["config", "appsettings", "list"]) => Task::ListSettings,
        ("PUT", ["config", "appsettings"]) => Task::WriteSettings,
        ("GET", ["config", "slotconfignames"]) => Task::ReadSticky,
        ("PUT", ["config", "slotconfignames"]) => Task::WriteSticky,
        ("GET", ["functions"]) => Task::Functions,
        ("GET", ["functions", _]) => Task::Function,
        ("POST", ["functions", _, "listkeys"]) => Task::FunctionKeys,
        ("POST", ["functions", _, "listsecrets"]) => Task::FunctionSecrets,
        ("POST", ["host", "default", "listkeys"]) => Task::HostKeys,
        ("POST", ["host", "default", "sync" | "synctriggers"] | ["syncfunctiontriggers"]) => Task::Sync,
        ("POST", ["restart"]) => Task::Restart,
        ("POST", ["start"]) => Task::Start,
        ("POST", ["stop"]) => Task::Stop,
        ("PATCH", []) => Task::Change,
        (
            _,
            []
            | [
                "slots"
                | "hostnamebindings"
                | "functions"
                | "restart"
                | "start"
                | "stop"
                | "syncfunctiontriggers",
            ]
            | ["functions", _]
            | ["functions", _, "listkeys" | "listsecrets"]
            | ["host", "default", "listkeys" | "sync" | "synctriggers"]
            | ["config", "web" | "authsettings" | "authsettingsv2" | "appsettings" | "slotconfignames"]
            | ["config", "authsettings" | "authsettingsv2" | "appsettings", "list"]
            | ["providers", "microsoft.authorization", "permissions"],
        ) => return Err(true),
        _ => return Err(false),
    })
}

impl Task {
    /// The action it needs (5.8).
    fn action(self, world: &World) -> &'static str {
        match self {
            Self::Read | Self::Permissions => "Microsoft.Web/sites/read",
            Self::Slots => "Microsoft.Web/sites/slots/read",
            Self::Bindings => "Microsoft.Web/sites/hostNameBindings/read",
            Self::ReadAuthV2Listed if world.switches.auth_v2_list_needs_list_action => {
                "Microsoft.Web/sites/config/list/action"
            }
            Self::ReadConfig | Self::ReadAuthV2 | Self::ReadAuthV2Listed | Self::ReadSticky => {
                "Microsoft.Web/sites/config/read"
            }
            Self::ListSettings | Self::ListAuthV1 => "Microsoft.Web/sites/config/list/action",
            Self::WriteConfig
            | Self::WriteSettings
            | Self::WriteAuthV1
            | Self::WriteAuthV2
            | Self::WriteSticky => "Microsoft.Web/sites/config/write",
            Self::Functions | Self::Function => "Microsoft.Web/sites/functions/read",
            Self::FunctionKeys => "Microsoft.Web/sites/functions/listkeys/action",
            Self::FunctionSecrets => "Microsoft.Web/sites/functions/listsecrets/action",
            Self::HostKeys => "Microsoft.Web/sites/host/listkeys/action",
            Self::Sync => "Microsoft.Web/sites/host/sync/action",
            Self::Restart => "Microsoft.Web/sites/restart/action",
            Self::Start => "Microsoft.Web/sites/start/action",
            Self::Stop => "Microsoft.Web/sites/stop/action",
            Self::Change => "Microsoft.Web/sites/write",
        }
    }
}

/// Where a site is.
pub struct Place<'a> {
    /// Subscription GUID.
    pub id: &'a str,
    /// Resource group name.
    pub group: &'a str,
    /// Site name.
    pub name: &'a str,
    /// The path below it, as it stands.
    pub rest: &'a [String],
}

/// Answers a request at or below a site.
pub fn handle(world: &mut World, request: &Request, caller: &Caller, place: &Place<'_>) -> Answer {
    // A slot is an app of its own below its app: everything that an app has, it has too, but for slots.
    let (slot, below_site) = match place.rest {
        [slots, slot, rest @ ..] if slots.eq_ignore_ascii_case("slots") => (Some(slot), rest),
        rest => (None, rest),
    };
    let lower: Vec<String> = below_site.iter().map(|part| part.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    let task = match task(&request.method, &words) {
        Ok(task) => task,
        Err(true) => return Err(Refusal::method(&request.method)),
        Err(false) => return Ok(Reply::unknown()),
    };
    let mut site_id = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Web/sites/{}",
        place.id, place.group, place.name
    );
    if let Some(slot) = slot {
        site_id = format!("{site_id}/slots/{slot}");
    }
    if task == Task::Permissions {
        return Ok(Reply::json(200, &rights::permissions(world, caller, &site_id)));
    }
    let is_call =
        |part: &str| ["list", "listkeys", "listsecrets"].iter().any(|call| part.eq_ignore_ascii_case(call));
    let below = below_site.iter().filter(|part| !is_call(part));
    let scope = below.fold(site_id.clone(), |scope, part| format!("{scope}/{part}"));
    rights::need(world, caller, task.action(world), &scope)?;
    find_group(world, place.id, place.group)?;
    let found = world.site_by_id(&site_id);
    let site = found.ok_or_else(|| Refusal::resource("Microsoft.Web/sites", place.name, place.group))?;
    let function =
        words.get(1).and_then(|name| site.functions.iter().find(|f| f.name.eq_ignore_ascii_case(name)));
    let no_function = || {
        let name = below_site.get(1).map_or("", String::as_str);
        Refusal::resource("Microsoft.Web/sites/functions", &format!("{}/{name}", site.name), place.group)
    };
    Ok(match task {
        Task::Read => resource(&site::document(world, site)),
        Task::Slots => {
            let of_this = |other: &&Site| {
                let prefix = format!("{site_id}/slots/").to_ascii_lowercase();
                other.resource_id().to_ascii_lowercase().starts_with(&prefix)
            };
            let slots: Vec<&Site> = world.sites.iter().filter(of_this).collect();
            page_of(request, slots, world.switches.page_size, false, |slot| site::document(world, slot))
        }
        Task::Bindings => page(request, site::bindings(site), world.switches.page_size, false),
        Task::ReadConfig => resource(&site::config(site, "web", &web_config(site))),
        Task::ReadAuthV2 | Task::ReadAuthV2Listed => {
            resource(&site::config(site, "authsettingsV2", &auth_v2::read(site)))
        }
        Task::ReadSticky => resource(&sticky(site)),
        Task::ListSettings => Reply::json(200, &settings(site)),
        Task::ListAuthV1 => Reply::json(200, &site::config(site, "authsettings", &auth_v1::read(site))),
        Task::Functions => {
            let items = site.functions.iter().map(|function| site::function(site, function)).collect();
            page(request, items, world.switches.page_size, false)
        }
        Task::Function => resource(&site::function(site, function.ok_or_else(no_function)?)),
        Task::FunctionKeys => Reply::json(200, &exposed(&function.ok_or_else(no_function)?.keys)),
        Task::FunctionSecrets => Reply::json(200, &function_secrets(site, function.ok_or_else(no_function)?)),
        Task::HostKeys => Reply::json(200, &host_keys(site)),
        Task::Sync => Reply::empty(204),
        Task::Restart => Reply::empty(world.switches.restart_status),
        Task::Start | Task::Stop => {
            if let Some(site) = world.site_by_id_mut(&site_id) {
                let state = if task == Task::Start { "Running" } else { "Stopped" };
                state.clone_into(&mut site.state);
            }
            Reply::empty(200)
        }
        Task::Change
        | Task::WriteConfig
        | Task::WriteSettings
        | Task::WriteAuthV1
        | Task::WriteAuthV2
        | Task::WriteSticky => {
            return write(world, request, task, &site_id);
        }
        // Answered above, before rights on the site are asked for.
        Task::Permissions => Reply::unknown(),
    })
}

fn write(world: &mut World, request: &Request, task: Task, site_id: &str) -> Answer {
    let body = request
        .json()
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::content("The request content was invalid and could not be deserialized."))?;
    let (now, restart) = (world.now(), world.switches.auth_restart_s);
    let site =
        world.site_by_id_mut(site_id).ok_or_else(|| Refusal::resource("Microsoft.Web/sites", site_id, ""))?;
    let properties = &body["properties"];
    if task == Task::Change {
        change(site, &body)?;
        let site = world.site_by_id(site_id);
        return Ok(site.map_or_else(Reply::unknown, |site| resource(&site::document(world, site))));
    }
    Ok(match task {
        Task::WriteAuthV2 => {
            let stored = auth_v2::materialised(&body)?;
            site.store_auth_v2(stored, now, restart);
            resource(&site::config(site, "authsettingsV2", &auth_v2::read(site)))
        }
        Task::WriteAuthV1 => {
            site.auth_v1 = auth_v1::replaced(site, &body)?;
            resource(&site::config(site, "authsettings", &auth_v1::read(site)))
        }
        Task::WriteSettings => {
            let sent = properties
                .as_object()
                .ok_or_else(|| Refusal::content("The member 'properties' is missing."))?;
            // All of them are replaced: what is not sent is gone.
            let all = sent
                .iter()
                .map(|(name, value)| (name.clone(), SecretString::from(value.as_str().unwrap_or_default())))
                .collect();
            site.store_settings(all, now, restart);
            Reply::json(200, &settings(site))
        }
        Task::WriteSticky => {
            let names = properties["appSettingNames"].as_array().into_iter().flatten();
            site.sticky_settings = names.filter_map(Value::as_str).map(str::to_owned).collect();
            resource(&sticky(site))
        }
        _ => {
            for (name, value) in properties.as_object().into_iter().flatten() {
                site.config_web[name.as_str()] = value.clone();
            }
            // The recorded answer to the write carries the id of the site itself.
            let mut value = site::config(site, "web", &web_config(site));
            value["id"] = site.resource_id().into();
            value["name"] = site.name.as_str().into();
            value["type"] = "Microsoft.Web/sites".into();
            resource(&value)
        }
    })
}

/// `PATCH` of the site itself: what is sent of it is changed, the rest stays (microsoft-cloud 5.4).
fn change(site: &mut Site, body: &Value) -> Result<(), Refusal> {
    let properties = &body["properties"];
    if let Some(only) = properties.get("httpsOnly").filter(|only| !only.is_null()) {
        let wrong = || Refusal::content("The request content was invalid: 'httpsOnly' is no boolean.");
        site.https_only = only.as_bool().ok_or_else(wrong)?;
    }
    if let Some(access) = properties.get("publicNetworkAccess") {
        site.config_web["publicNetworkAccess"] = access.clone();
    }
    for (name, value) in properties["siteConfig"].as_object().into_iter().flatten() {
        site.config_web[name.as_str()] = value.clone();
    }
    if let Some(tags) = body["tags"].as_object() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        site.tags = tags.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    }
    Ok(())
}

fn web_config(site: &Site) -> Value {
    let mut config = json!({
        "numberOfWorkers": 1, "netFrameworkVersion": "v4.0", "linuxFxVersion": "", "requestTracingEnabled": false,
        "httpLoggingEnabled": false, "detailedErrorLoggingEnabled": false, "publishingUsername": format!("${}", site.name),
        "appSettings": null, "connectionStrings": null, "scmType": "None", "use32BitWorkerProcess": false,
        "webSocketsEnabled": false, "alwaysOn": false, "managedPipelineMode": "Integrated", "cors": null,
        "ipSecurityRestrictions": [], "scmIpSecurityRestrictionsUseMain": false, "http20Enabled": false,
        "minTlsVersion": "1.2", "scmMinTlsVersion": "1.2", "ftpsState": "FtpsOnly", "functionAppScaleLimit": 0,
        "healthCheckPath": null, "publicNetworkAccess": null,
    });
    for (name, value) in site.config_web.as_object().into_iter().flatten() {
        config[name.as_str()] = value.clone();
    }
    config
}

fn sticky(site: &Site) -> Value {
    json!({
        "id": site.resource_id(), "name": site.name, "type": "Microsoft.Web/sites",
        "location": site.location, "tags": site.tags,
        "properties": {
            "connectionStringNames": null, "appSettingNames": site.sticky_settings, "azureStorageConfigNames": null,
        },
    })
}

fn settings(site: &Site) -> Value {
    site::config(site, "appsettings", &exposed(&site.app_settings))
}

fn exposed(secrets: &BTreeMap<String, SecretString>) -> Value {
    let members: Map<String, Value> =
        secrets.iter().map(|(name, secret)| (name.clone(), secret.expose_secret().into())).collect();
    Value::Object(members)
}

fn host_keys(site: &Site) -> Value {
    let of_functions = site
        .host_keys
        .iter()
        .filter(|(name, _)| *name != "_master")
        .map(|(name, key)| (name.clone(), key.clone()))
        .collect();
    json!({
        "masterKey": site.host_keys.get("_master").map(ExposeSecret::expose_secret),
        "functionKeys": exposed(&of_functions),
        "systemKeys": {},
    })
}

fn function_secrets(site: &Site, function: &Function) -> Value {
    let key = function.keys.get("default").map_or("", |key| key.expose_secret());
    let route = function.route.as_deref().unwrap_or(&function.name);
    json!({"key": key, "trigger_url": format!("https://{}/api/{route}?code={key}", site.default_host())})
}
