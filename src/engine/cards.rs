//! The card for somebody who has a right that this person lacks: what is needed, the ways to it with the least right first,
//! each with who can, the exact command, and how to take it back.

use serde_json::json;

use super::change::{Change, ChangeKind, Right};
use super::choices::{Choices, ConsentWay};
use super::client_id;
use super::clouds::Cloud;
use super::facts::{Application, Facts};
use super::forecast::{Can, Subject, may_change, outlook};
use super::held::Held;
use super::ids::StageId;
use super::plan::{PlanInput, plan};
use super::values::values;
use super::words::{shell_word, ui, ui_with};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// A right of this person.
    Right(Right),
    /// Seeing the function app at all, whose address is known.
    SeeSite,
    /// An exception from the tenant's policy, which keeps the connector's app from having a secret.
    Secrets,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What is needed, one sentence.
    pub what: String,
    /// Why this person cannot do it.
    pub why: String,
    /// The ways, the one that gives the least right first.
    pub ways: Vec<Way>,
}

/// One way to what is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What to do.
    pub what: String,
    /// The least role that can.
    pub role: String,
    /// The page where it is done, by its id in [`super::links`].
    pub link: &'static str,
    /// The same as commands, in their order; none where none can be given with what is known.
    pub commands: Vec<String>,
    /// What the commands are for.
    pub shell: Shell,
    /// Whether a command replaces what is there by what was there when the card was made.
    pub soon: bool,
    /// How to take it back.
    pub undo: String,
}

/// What commands are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// The Azure CLI, in Bash or in PowerShell, as the portal's Cloud Shell has both.
    AzureCli,
    /// PowerShell with Microsoft Graph's module.
    GraphPowerShell,
}

impl Way {
    /// A way by hand alone, so far.
    fn new(what: impl Into<String>, role: &str, link: &'static str, undo: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            role: ui(role).to_owned(),
            link,
            commands: Vec::new(),
            shell: Shell::AzureCli,
            soon: false,
            undo: undo.into(),
        }
    }

    fn commands(self, commands: Vec<String>) -> Self {
        Self { commands, ..self }
    }
}

/// Everything that a card is made from.
pub struct Material<'a> {
    /// The cloud.
    pub cloud: &'a Cloud,
    /// What was seen.
    pub facts: &'a Facts,
    /// What was chosen.
    pub choices: &'a Choices,
    /// What a plan is made from beside these.
    pub input: &'a PlanInput,
}

/// What this person will miss at a stage, as far as that can be told beforehand from what its plan needs.
pub fn foreseen(stage: StageId, of: &Material<'_>) -> Option<Need> {
    let (facts, now) = (of.facts, of.input.now);
    let no = |subject| outlook(facts, now, subject) == Can::No;
    if matches!(stage, StageId::Pick | StageId::Protect | StageId::Register) && facts.hidden_site(of.choices)
    {
        return Some(Need::SeeSite);
    }
    let planned = plan(stage, of.cloud, facts, of.choices, of.input);
    if stage == StageId::Secret {
        if facts.rights.secret_policy.value().is_some_and(|policy| {
            policy.forbids(facts.client_app.value().map_or(Some(now), |app| app.created))
        }) {
            return Some(Need::Secrets);
        }
        return (facts.client_app.value().is_some() && no(Subject::MakeSecrets))
            .then_some(Need::Right(Right::OwnApp));
    }
    let missing = |right: Right| match right {
        Right::CreateApps => no(Subject::CreateApps),
        Right::WriteSite => no(Subject::ChangeSite),
        Right::ConsentForAll => no(Subject::ConsentEveryone),
        // Who owns what is tried: a group or a role that cannot be seen may be enough.
        Right::OwnApp => false,
    };
    planned.changes.iter().map(|change| change.right).find(|right| missing(*right)).map(Need::Right)
}

/// Whether what was missing at a stage can be seen to be there now: the right, or what it was needed for, made by somebody
/// else.
pub fn granted(stage: StageId, need: Need, of: &Material<'_>) -> bool {
    let (facts, now) = (of.facts, of.input.now);
    let yes = |subject| outlook(facts, now, subject) == Can::Yes;
    let mine = |app: Option<&Application>| app.is_some_and(|app| may_change(facts, now, app) == Can::Yes);
    let made = |right: Right| {
        let planned = plan(stage, of.cloud, facts, of.choices, of.input);
        planned.blocked.is_none() && planned.changes.iter().all(|change| change.right != right)
    };
    match need {
        Need::Right(Right::CreateApps) => yes(Subject::CreateApps) || made(Right::CreateApps),
        Need::Right(Right::WriteSite) => yes(Subject::ChangeSite) || made(Right::WriteSite),
        Need::Right(Right::OwnApp) => mine(owned_at(stage, facts)) || made(Right::OwnApp),
        // Pre-authorising needs the API's owner alone, whoever was to agree.
        Need::Right(Right::ConsentForAll) => {
            let pre = of.choices.consent.is_none_or(|way| way == ConsentWay::PreAuthorize);
            yes(Subject::ConsentEveryone) || (pre && mine(facts.api_app.value()))
        }
        Need::SeeSite => facts.site.value().is_some(),
        Need::Secrets => yes(Subject::MakeSecrets),
    }
}

/// Whether looking can ever show that it was granted. An exception for one app is kept with that app's own policy, which
/// is not read (microsoft-cloud 2.10, 4.10): whoever asked for it has to try.
pub fn can_be_seen(need: Need) -> bool {
    need != Need::Secrets
}

/// The registration whose owner a stage needs.
fn owned_at(stage: StageId, facts: &Facts) -> Option<&Application> {
    match stage {
        StageId::Protect | StageId::Grant => facts.api_app.value(),
        _ => facts.client_app.value(),
    }
}

/// The card for what is missing at a stage.
pub fn card(stage: StageId, need: Need, of: &Material<'_>) -> Card {
    match (stage, need) {
        (_, Need::SeeSite) => see_site(stage, of),
        (_, Need::Secrets) => secrets(of),
        (StageId::Grant, _) => consent(of),
        (_, Need::Right(Right::CreateApps)) => create(stage, of),
        (_, Need::Right(Right::WriteSite)) => write_site(stage, of),
        (_, Need::Right(Right::OwnApp | Right::ConsentForAll)) => own(stage, of),
    }
}

/// The changes that the stage's plan still holds and that can be sent as they are.
fn changes(stage: StageId, of: &Material<'_>, choices: &Choices) -> Vec<Change> {
    let planned = plan(stage, of.cloud, of.facts, choices, of.input);
    planned.changes.into_iter().filter(|change| change.waits_for().is_none()).collect()
}

/// The way of making changes that the stage's plan holds; `None` where there are none.
fn done_for_me(what: &str, role: &str, link: &'static str, changes: &[Change]) -> Option<Way> {
    let first = changes.first()?;
    let way = Way::new(ui(what), role, link, &first.undo);
    Some(Way {
        soon: changes.iter().any(|change| !change.before.is_null()),
        ..way.commands(changes.iter().map(|change| change.az.clone()).collect())
    })
}

/// Making the registration needs all that comes with it, so that nothing is left which only its maker may do: the service
/// principal, and the person as an owner.
fn create(stage: StageId, of: &Material<'_>) -> Card {
    let planned = plan(stage, of.cloud, of.facts, of.choices, of.input).changes;
    let find = |kinds: [ChangeKind; 2]| planned.iter().find(|change| kinds.contains(&change.kind));
    let app = find([ChangeKind::CreateApiApp, ChangeKind::CreateClientApp]);
    let principal = find([ChangeKind::CreateApiPrincipal, ChangeKind::CreateClientPrincipal]);
    let (me, upn) = me(of);
    let made = match (app, principal) {
        (Some(app), _) => {
            let graph = of.cloud.graph.as_str().trim_end_matches('/');
            // Its client ID is known only once it is there; it is asked for by the name that it is made under.
            let id = format!(
                "$(az rest --method get --url \"{graph}/v1.0{}\" --query appId --output tsv)",
                app.path
            );
            let mut commands = vec![app.az.clone(), format!("az ad sp create --id {id}")];
            commands.extend(owner("add", &id, &me));
            let what = ui_with("card.create_done", &[("me", &upn)]);
            let way = Way::new(what, "card.create_done_role", "portal.app_registrations", &app.undo);
            Some(way.commands(commands))
        }
        (None, Some(principal)) => {
            let (link, theirs) = match principal.kind {
                ChangeKind::CreateApiPrincipal => ("api.overview", of.facts.api_app.value()),
                _ => ("client.overview", of.facts.client_app.value()),
            };
            let theirs = theirs.filter(|app| may_change(of.facts, of.input.now, app) != Can::Yes);
            let mut commands = vec![principal.az.clone()];
            commands.extend(theirs.and_then(|app| owner("add", &app.app_id, &me)));
            let way = Way::new(ui("card.principal_done"), "card.own_done_role", link, &principal.undo);
            Some(way.commands(commands))
        }
        (None, None) => None,
    };
    let role = Way::new(
        ui_with("card.create_role", &[("me", &upn)]),
        "card.create_role_role",
        "portal.roles",
        ui("card.create_role_undo"),
    );
    let what = if app.is_none() && made.is_some() { "card.principal_what" } else { "card.create_what" };
    Card {
        what: ui(what).to_owned(),
        why: ui("card.create_why").to_owned(),
        ways: made.into_iter().chain([role]).collect(),
    }
}

/// The command that makes this person an owner of a registration, or takes that back; none where nobody was seen.
fn owner(verb: &str, app: &str, me: &str) -> Option<String> {
    (!me.is_empty())
        .then(|| format!("az ad app owner {verb} --id {app} --owner-object-id {}", shell_word(me)))
}

/// The way of giving a role on the function app; with commands where the person and the app are known.
fn role_on_site(what: &str, role: &str, link: &'static str, scope: Option<&str>, of: &Material<'_>) -> Way {
    let (id, upn) = me(of);
    let assignment = |verb: &str, who: &str, scope: &str| {
        format!("az role assignment {verb} {who} {} --role \"{role}\" --scope {scope}", shell_word(&id))
    };
    let scope = scope.filter(|_| !id.is_empty());
    let create = |scope| assignment("create", "--assignee-principal-type User --assignee-object-id", scope);
    let undo = scope.map(|scope| assignment("delete", "--assignee", scope));
    let undo = undo.unwrap_or_else(|| ui("card.site_role_undo").to_owned());
    Way::new(ui_with(what, &[("me", &upn)]), "card.site_role_role", link, undo)
        .commands(scope.map(create).into_iter().collect())
}

fn write_site(stage: StageId, of: &Material<'_>) -> Card {
    let mut planned = changes(stage, of, of.choices);
    planned.retain(|change| change.right == Right::WriteSite);
    let made = done_for_me("card.site_done", "card.site_done_role", "site.authentication", &planned);
    let site = of.facts.site.value().map(|site| shell_word(&site.id));
    let role = role_on_site("card.site_role", "Website Contributor", "site.access", site.as_deref(), of);
    Card {
        what: ui("card.site_what").to_owned(),
        why: ui("card.site_why").to_owned(),
        ways: made.into_iter().chain([role]).collect(),
    }
}

/// A function app of which nothing but its address is known: a role on it shows it, the least one first.
fn see_site(stage: StageId, of: &Material<'_>) -> Card {
    let host = values(of.facts, of.choices, &Held::default()).host.unwrap_or_default();
    // The host stands within quotes within quotes: one that is no plain host name gets no command.
    let plain = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let scope = plain.then(|| {
        format!("$(az functionapp list --query \"[?contains(hostNames, '{host}')].id\" --output tsv)")
    });
    let way = |what: &str, role: &str| role_on_site(what, role, "portal.apps", scope.as_deref(), of);
    let look = (stage == StageId::Pick).then(|| way("card.see_reader", "Reader"));
    let change = if look.is_some() { "card.see_contributor_too" } else { "card.see_contributor" };
    Card {
        what: ui_with("card.see_what", &[("host", &host)]),
        why: ui("card.see_why").to_owned(),
        ways: look.into_iter().chain([way(change, "Website Contributor")]).collect(),
    }
}

/// A registration that belongs to somebody else: its owner makes the change, or makes this person an owner too.
fn own(stage: StageId, of: &Material<'_>) -> Card {
    let (link, owners, id) = match stage {
        StageId::Protect | StageId::Grant => {
            ("api.expose", "api.owners", client_id::of_api(of.facts, of.choices))
        }
        StageId::Connect => {
            ("client.authentication", "client.owners", client_id::of_connector(of.facts, of.choices))
        }
        StageId::Secret => {
            ("client.credentials", "client.owners", client_id::of_connector(of.facts, of.choices))
        }
        _ => ("client.permissions", "client.owners", client_id::of_connector(of.facts, of.choices)),
    };
    let mut planned = changes(stage, of, of.choices);
    // A secret that somebody else makes would have to be sent: nobody is asked for that.
    planned.retain(|change| change.right == Right::OwnApp && change.kind != ChangeKind::AddSecret);
    let made = done_for_me("card.own_done", "card.own_done_role", link, &planned);
    // A registration that cannot be seen is named by its client ID, which is enough for the command, too.
    let name = owned_at(stage, of.facts).map(|app| app.display_name.as_str()).or(id).unwrap_or_default();
    let (me, upn) = me(of);
    let command = |verb: &str| id.and_then(|id| owner(verb, &shell_word(id), &me));
    let owning = Way::new(
        ui_with("card.own_owner", &[("me", &upn), ("app", name)]),
        "card.own_done_role",
        owners,
        command("remove").unwrap_or_else(|| ui("card.own_owner_undo").to_owned()),
    )
    .commands(command("add").into_iter().collect());
    Card {
        what: ui_with("card.own_what", &[("app", name)]),
        why: ui("card.own_why").to_owned(),
        ways: made.into_iter().chain([owning]).collect(),
    }
}

/// Letting the connector in: pre-authorising needs only the API's owner, and covers only the API's permission
/// (microsoft-cloud 4.7).
fn consent(of: &Material<'_>) -> Card {
    let (facts, now) = (of.facts, of.input.now);
    let with = |way: ConsentWay| Choices { consent: Some(way), ..of.choices.clone() };
    let mine = |app: Option<&Application>| app.map(|app| may_change(facts, now, app));
    // Asking for the permission is this person's own to do, where the connector's registration is theirs.
    let asks = mine(facts.client_app.value()) != Some(Can::Yes);
    let only = |way: ConsentWay, kind: ChangeKind| {
        let mut planned = changes(StageId::Grant, of, &with(way));
        planned
            .retain(|change| change.kind == kind || (asks && change.kind == ChangeKind::RequestPermission));
        // The way is named, and taken back, by what it is about.
        planned.sort_by_key(|change| change.kind != kind);
        planned
    };
    let least = done_for_me(
        "card.pre_authorize",
        "card.pre_authorize_role",
        "api.expose",
        &only(ConsentWay::PreAuthorize, ChangeKind::PreAuthorize),
    );
    let all = done_for_me(
        "card.everyone",
        "card.everyone_role",
        "client.permissions",
        &only(ConsentWay::Everyone, ChangeKind::GrantEveryone),
    );
    // Who owns the API and chose to ask for everyone needs nobody for the other way.
    let own =
        of.choices.consent == Some(ConsentWay::Everyone) && mine(facts.api_app.value()) == Some(Can::Yes);
    let least = least.filter(|_| !own || all.is_none());
    let nobody = outlook(facts, now, Subject::ConsentEveryone) == Can::No;
    let why = match (nobody, mine(facts.api_app.value())) {
        (true, Some(Can::No)) => "card.consent_why_neither",
        (true, Some(Can::Yes)) => "card.consent_why_role",
        _ => "card.consent_why_unseen",
    };
    Card {
        what: ui("card.consent_what").to_owned(),
        why: ui(why).to_owned(),
        ways: least.into_iter().chain(all).collect(),
    }
}

/// An exception for this one app: a policy of its own that does not restrict secrets, which then counts instead of the
/// tenant's (microsoft-cloud 4.10; the requests and the role are those of Graph's reference, "Create appManagementPolicy" and
/// "Create appliesTo"). The Azure CLI's token holds no right to policies (2.10), so it is asked for by Graph's own module.
fn secrets(of: &Material<'_>) -> Card {
    let way = Way::new(
        ui("card.secrets_except"),
        "card.secrets_role",
        "portal.app_policies",
        ui("card.secrets_undo"),
    );
    let known = of.facts.client_app.value().zip(of.facts.tenant.value());
    let commands = known.and_then(|(app, tenant)| exception(of.cloud, &tenant.id, app)).unwrap_or_default();
    Card {
        what: ui("card.secrets_what").to_owned(),
        why: ui("card.secrets_why").to_owned(),
        ways: vec![Way { shell: Shell::GraphPowerShell, ..way.commands(commands) }],
    }
}

/// What Graph's module calls this cloud, to be said when signing in; `None` for one that it does not know.
fn environment(cloud: &Cloud) -> Option<&'static str> {
    match cloud.graph.host_str()? {
        "graph.microsoft.com" => Some("Global"),
        "graph.microsoft.us" => Some("USGov"),
        "dod-graph.microsoft.us" => Some("USGovDoD"),
        "microsoftgraph.chinacloudapi.cn" => Some("China"),
        _ => None,
    }
}

fn exception(cloud: &Cloud, tenant: &str, app: &Application) -> Option<Vec<String>> {
    let environment = environment(cloud)?;
    let graph = cloud.graph.as_str().trim_end_matches('/');
    let policies = format!("{graph}/v1.0/policies/appManagementPolicies");
    let unrestricted = |kind: &str, longest: Option<&str>| {
        json!({
            "restrictionType": kind, "state": "disabled", "maxLifetime": longest,
            "restrictForAppsCreatedAfterDateTime": "2014-01-01T00:00:00Z",
        })
    };
    let restrictions =
        [unrestricted("passwordAddition", None), unrestricted("passwordLifetime", Some("P180D"))];
    let policy = json!({
        "displayName": ui("card.secrets_policy"),
        "description": ui("card.secrets_policy_means"),
        "isEnabled": true,
        "restrictions": { "passwordCredentials": restrictions },
    });
    let policy = policy.to_string().replace('\'', "\\u0027");
    let assigned = format!("{graph}/v1.0/applications/{}/appManagementPolicies/$ref", app.object_id);
    Some(vec![
        ui_with("card.graph_sign_in", &[("environment", environment), ("tenant", tenant)]),
        ui_with("card.graph_policy", &[("url", &policies), ("body", &policy)]),
        ui_with("card.graph_assign", &[("url", &assigned), ("policies", &policies)]),
    ])
}

/// This person's object id and principal name; without an id where nobody was seen.
fn me(of: &Material<'_>) -> (String, String) {
    let person = of.facts.person.value();
    person.map_or_else(|| (String::new(), ui("card.me").to_owned()), |p| (p.object_id.clone(), p.upn.clone()))
}

/// The pages that cards lead to, by their ids in [`super::links`].
#[cfg(test)]
pub(super) const PAGES: [&str; 14] = [
    "portal.app_registrations",
    "portal.roles",
    "portal.apps",
    "portal.app_policies",
    "site.authentication",
    "site.access",
    "api.overview",
    "api.expose",
    "api.owners",
    "client.overview",
    "client.permissions",
    "client.authentication",
    "client.credentials",
    "client.owners",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::choices::AppChoice;
    use crate::engine::facts::{AppsSince, Permission, SecretPolicy};
    use crate::engine::fixtures::*;
    use crate::engine::links::link;

    fn with<T>(facts: &Facts, choices: &Choices, look: impl FnOnce(&Material<'_>) -> T) -> T {
        look(&Material { cloud: &cloud(), facts, choices, input: &input() })
    }

    fn made(stage: StageId, need: Need, facts: &Facts) -> Card {
        let card = with(facts, &choices(), |of| card(stage, need, of));
        assert!(!card.what.is_empty() && !card.why.is_empty() && !card.ways.is_empty(), "{card:?}");
        for way in &card.ways {
            assert!(!way.what.is_empty() && !way.role.is_empty() && !way.undo.is_empty(), "{way:?}");
            // One way may be all that is left of several.
            assert!(!way.what.starts_with("Or ") && PAGES.contains(&way.link), "{way:?}");
            if way.shell == Shell::AzureCli {
                assert!(way.commands.iter().all(|az| az.starts_with("az ") && reads_alike(az)), "{way:?}");
            }
        }
        card
    }

    fn ungranted() -> Facts {
        let mut facts = finished();
        let mut api = facts.api_app.value().unwrap().clone();
        api.pre_authorized.clear();
        api.api_document["preAuthorizedApplications"] = serde_json::json!([]);
        facts.api_app = seen(api);
        facts
    }

    #[test]
    fn consent_asks_for_the_least_first() {
        let card = made(StageId::Grant, Need::Right(Right::ConsentForAll), &ungranted());
        let [least, all] = &card.ways[..] else { panic!("{card:?}") };
        let command = &least.commands[0];
        assert!(command.contains("preAuthorizedApplications") && command.contains(CLIENT), "{command}");
        assert!(all.commands[0].contains("oauth2PermissionGrants"));
        // What is there is sent again with it, since nobody has confirmed what becomes of members that are left out.
        assert!(command.contains("oauth2PermissionScopes") && least.soon && !all.soon, "{card:?}");
        assert_eq!((least.link, all.link), ("api.expose", "client.permissions"));
        assert!(all.role.contains("Cloud Application Administrator"));
    }

    #[test]
    fn consent_says_why_as_far_as_it_can_be_seen() {
        let all = || Choices { consent: Some(ConsentWay::Everyone), ..choices() };
        let need = Need::Right(Right::ConsentForAll);
        let look = |facts: &Facts, choices: &Choices| {
            with(facts, choices, |of| (card(StageId::Grant, need, of).why, granted(StageId::Grant, need, of)))
        };
        let owner = ungranted();
        let mut foreign = ungranted();
        foreign.rights.owned = seen(vec![]);
        let mut admin = foreign.clone();
        let mut person = admin.person.value().unwrap().clone();
        person.roles = Some(vec!["62e90394-69f5-4237-9190-012177145e10".into()]);
        admin.person = seen(person);
        let mut unread = ungranted();
        unread.rights.owned = crate::engine::facts::Seen::default();
        assert!(look(&owner, &choices()).1, "its owner pre-authorises it");
        assert_eq!(look(&owner, &all()), (ui("card.consent_why_role").to_owned(), false));
        let ways = |facts: &Facts| with(facts, &all(), |of| card(StageId::Grant, need, of).ways.len());
        assert_eq!((ways(&owner), ways(&foreign)), (1, 2), "nobody is asked for what one can do oneself");
        assert_eq!(look(&foreign, &choices()), (ui("card.consent_why_neither").to_owned(), false));
        assert!(look(&admin, &choices()).1 && look(&admin, &all()).1);
        assert_eq!(look(&unread, &choices()), (ui("card.consent_why_unseen").to_owned(), false));
    }

    #[test]
    fn who_does_not_own_the_connector_has_the_permission_asked_for_as_well() {
        let mut facts = ungranted();
        let mut client = facts.client_app.value().unwrap().clone();
        client.required.clear();
        facts.client_app = seen(client);
        let need = Need::Right(Right::ConsentForAll);
        assert_eq!(made(StageId::Grant, need, &facts).ways[0].commands.len(), 1, "its owner does that alone");
        facts.rights.owned = seen(vec![]);
        let card = made(StageId::Grant, need, &facts);
        assert!(card.ways[0].commands[0].contains("preAuthorizedApplications"), "{card:?}");
        assert!(card.ways[0].commands[1].contains("requiredResourceAccess"), "{card:?}");
    }

    #[test]
    fn an_app_that_is_not_seen_is_asked_for_with_the_least_role_first() {
        let url = Choices { app: Some(AppChoice::Url(format!("https://{HOST}"))), ..choices() };
        let mut facts = finished();
        facts.site = gone();
        let look = |facts: &Facts, stage| {
            with(facts, &url, |of| {
                (foreseen(stage, of), card(stage, Need::SeeSite, of), granted(stage, Need::SeeSite, of))
            })
        };
        let (need, card, granted) = look(&facts, StageId::Pick);
        assert_eq!((need, granted), (Some(Need::SeeSite), false));
        let [reader, contributor] = &card.ways[..] else { panic!("{card:?}") };
        assert!(card.what.contains(HOST), "{card:?}");
        for (way, role) in [(reader, "Reader"), (contributor, "Website Contributor")] {
            let command = &way.commands[0];
            assert!(command.contains(&format!("--role \"{role}\"")) && command.contains(HOST), "{way:?}");
            assert!(command.contains(ADA) && way.undo.contains("assignment delete"), "{way:?}");
            assert!(reads_alike(command) && reads_alike(&way.undo), "{way:?}");
            let page = link(way.link, &cloud(), |_| None).unwrap();
            assert_eq!(page.url.unwrap().as_str(), "https://portal.azure.com/", "a page without any id");
        }
        let (need, card, _) = look(&facts, StageId::Protect);
        assert_eq!((need, card.ways.len()), (Some(Need::SeeSite), 1), "to look is not enough there");
        assert_eq!(look(&facts, StageId::Connect).0, None, "what is changed there is seen");
        let (need, _, granted) = look(&finished(), StageId::Pick);
        assert_eq!((need, granted), (None, true));
        let odd = Choices { app: Some(AppChoice::Url("https://a'b.example".into())), ..choices() };
        let card = with(&facts, &odd, |of| super::card(StageId::Pick, Need::SeeSite, of));
        assert!(card.ways.iter().all(|way| way.commands.is_empty()), "{card:?}");
    }

    #[test]
    fn what_was_granted_is_seen_by_the_outlook() {
        let look = |facts: &Facts, stage, need| with(facts, &choices(), |of| granted(stage, need, of));
        for (stage, need, granted) in [
            (StageId::Protect, Need::Right(Right::CreateApps), true),
            (StageId::Protect, Need::Right(Right::WriteSite), true),
            (StageId::Secret, Need::Right(Right::OwnApp), true),
            (StageId::Secret, Need::Secrets, true),
        ] {
            let facts = if stage == StageId::Secret { finished() } else { fresh() };
            assert_eq!(look(&facts, stage, need), granted, "{need:?}");
            let mut without = facts;
            *without.rights = crate::engine::facts::Rights::default();
            assert!(!look(&without, stage, need), "{need:?}: what cannot be read is not granted");
        }
    }

    #[test]
    fn a_registration_is_made_by_its_marker_so_that_it_is_found() {
        let card = made(StageId::Protect, Need::Right(Right::CreateApps), &fresh());
        let [done, role] = &card.ways[..] else { panic!("{card:?}") };
        let name = format!("(uniqueName='{}')", crate::engine::markers::api_unique_name(SITE));
        let [app, principal, owner] = &done.commands[..] else { panic!("{done:?}") };
        for (command, begins) in [
            (app, "az rest --method patch "),
            (principal, "az ad sp create --id $("),
            (owner, "az ad app owner add --id $("),
        ] {
            assert!(command.starts_with(begins) && command.contains(&name), "{command}");
        }
        assert!(app.contains(" Prefer=create-if-missing "), "{app}");
        assert!(owner.ends_with(&format!(" --owner-object-id {ADA}")), "{owner}");
        assert_eq!((done.link, role.link), ("portal.app_registrations", "portal.roles"));
    }

    #[test]
    fn what_an_administrator_has_made_is_not_asked_for_again() {
        let need = Need::Right(Right::CreateApps);
        let look = |facts: &Facts| with(facts, &choices(), |of| granted(StageId::Protect, need, of));
        let mut facts = fresh();
        facts.rights.register_apps = seen(false);
        assert!(!look(&facts));
        // The registration is there; its enterprise app is not, and nobody made this person an owner.
        facts.api_app = finished().api_app;
        assert!(!look(&facts));
        let card = made(StageId::Protect, need, &facts);
        assert_eq!(card.what, ui("card.principal_what"));
        let commands = [
            format!("az ad sp create --id {API}"),
            format!("az ad app owner add --id {API} --owner-object-id {ADA}"),
        ];
        assert_eq!((&card.ways[0].commands[..], card.ways[0].link), (&commands[..], "api.overview"));
        facts.rights.owned = seen(vec![API.into()]);
        assert_eq!(made(StageId::Protect, need, &facts).ways[0].commands, commands[..1]);
        facts.api_principal = finished().api_principal;
        assert!(look(&facts), "nothing is left that needs the right");
    }

    #[test]
    fn an_exception_is_asked_for_with_its_policy_and_cannot_be_seen() {
        let forbidden = SecretPolicy { forbidden: Some(AppsSince(None)), ..SecretPolicy::default() };
        let mut facts = finished();
        facts.rights.secret_policy = seen(forbidden);
        let card = made(StageId::Secret, Need::Secrets, &facts);
        let [way] = &card.ways[..] else { panic!("{card:?}") };
        assert_eq!((way.shell, way.link), (Shell::GraphPowerShell, "portal.app_policies"));
        assert!(way.role.contains("Cloud Application Administrator"));
        let [sign_in, policy, assign] = &way.commands[..] else { panic!("{way:?}") };
        assert!(sign_in.contains(TENANT) && sign_in.contains("Policy.ReadWrite.ApplicationConfiguration"));
        let body = policy.split('\'').rfind(|part| part.starts_with('{')).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["isEnabled"], true);
        let restrictions = body["restrictions"]["passwordCredentials"].as_array().unwrap();
        assert!(restrictions.iter().all(|one| one["state"] == "disabled"), "{body}");
        assert!(
            assign.contains(&format!("/applications/{CLIENT_OBJECT}/appManagementPolicies/$ref'")),
            "{assign}"
        );
        assert!(!can_be_seen(Need::Secrets) && can_be_seen(Need::SeeSite));
        // Before the registration is there, and in a cloud that the module does not know, there is none.
        facts.client_app = gone();
        assert!(made(StageId::Secret, Need::Secrets, &facts).ways[0].commands.is_empty());
        let own = Cloud { graph: "http://127.0.0.1:7000/".parse().unwrap(), ..cloud() };
        assert_eq!(environment(&own), None);
        for name in Cloud::names().unwrap() {
            assert!(environment(&Cloud::named(name).unwrap()).is_some(), "{name}");
        }
    }

    #[test]
    fn owning_is_asked_for_by_command_and_nobody_is_asked_to_send_a_secret() {
        let card = made(StageId::Secret, Need::Right(Right::OwnApp), &finished());
        let [only] = &card.ways[..] else { panic!("{card:?}") };
        assert_eq!(only.commands, [format!("az ad app owner add --id {CLIENT} --owner-object-id {ADA}")]);
        assert_eq!(only.link, "client.owners");
        assert_eq!(only.undo, format!("az ad app owner remove --id {CLIENT} --owner-object-id {ADA}"));
        let known = Choices { redirect_url: Some(REDIRECT.into()), ..choices() };
        let mut facts = finished();
        let mut app = facts.client_app.value().unwrap().clone();
        app.web_redirects.clear();
        facts.client_app = seen(app);
        let card = with(&facts, &known, |of| super::card(StageId::Connect, Need::Right(Right::OwnApp), of));
        assert!(card.ways[0].commands[0].contains("redirectUris") && card.ways[0].soon, "{card:?}");
        assert!(card.ways[1].commands[0].contains("owner add"));
        // The client ID is enough, where the registration itself cannot be seen.
        facts.client_app = crate::engine::facts::Seen::default();
        let known = Choices { client_app_id: Some(CLIENT.into()), ..choices() };
        let card = with(&facts, &known, |of| super::card(StageId::Secret, Need::Right(Right::OwnApp), of));
        assert!(card.ways[0].commands[0].contains(CLIENT) && card.what.contains(CLIENT), "{card:?}");
    }

    #[test]
    fn a_role_at_the_app_is_asked_for_at_the_app_alone() {
        let card = made(StageId::Register, Need::Right(Right::WriteSite), &finished());
        let role = card.ways.last().unwrap();
        assert!(
            role.commands[0].contains("Website Contributor") && role.commands[0].ends_with(SITE),
            "{role:?}"
        );
        assert_eq!(role.link, "site.access");
        assert!(role.undo.starts_with("az role assignment delete"));
    }

    #[test]
    fn what_will_be_missing_is_told_only_where_the_plan_needs_it() {
        let look = |facts: &Facts, stage| with(facts, &choices(), |of| foreseen(stage, of));
        assert_eq!(look(&fresh(), StageId::Protect), None);
        let mut strict = fresh();
        strict.rights.register_apps = seen(false);
        assert_eq!(look(&strict, StageId::Protect), Some(Need::Right(Right::CreateApps)));
        let mut reader = fresh();
        reader.rights.site = seen(vec![Permission { actions: vec!["*/read".into()], not_actions: vec![] }]);
        assert_eq!(look(&reader, StageId::Protect), Some(Need::Right(Right::WriteSite)));
        let mut done = finished();
        done.rights = strict.rights.clone();
        assert_eq!(look(&done, StageId::Protect), None, "nothing is left to be changed");
        let mut foreign = finished();
        foreign.rights.owned = seen(vec![]);
        assert_eq!(look(&foreign, StageId::Secret), Some(Need::Right(Right::OwnApp)));
        let mut forbidden = finished();
        forbidden.rights.secret_policy =
            seen(SecretPolicy { forbidden: Some(AppsSince(None)), ..SecretPolicy::default() });
        assert_eq!(look(&forbidden, StageId::Secret), Some(Need::Secrets));
        assert_eq!(made(StageId::Secret, Need::Secrets, &forbidden).ways.len(), 1);
        assert_eq!(look(&finished(), StageId::Secret), None);
    }
}
