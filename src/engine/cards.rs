//! The card for somebody who has a right that this person lacks: what is needed, the ways to it with the least right first,
//! each with who can, the exact command, and how to take it back.

use super::change::{Change, ChangeKind, Right};
use super::choices::{Choices, ConsentWay};
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
    /// The page where it is done, by its id in [`super::links`].
    pub link: &'static str,
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
    /// The same as commands; none where none can be given with what is known.
    pub az: Vec<String>,
    /// How to take it back.
    pub undo: String,
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

/// Whether what was missing at a stage can be seen to be there now.
pub fn granted(stage: StageId, need: Need, of: &Material<'_>) -> bool {
    let (facts, now) = (of.facts, of.input.now);
    let yes = |subject| outlook(facts, now, subject) == Can::Yes;
    let mine = |app: Option<&Application>| app.is_some_and(|app| may_change(facts, now, app) == Can::Yes);
    match need {
        Need::Right(Right::CreateApps) => yes(Subject::CreateApps),
        Need::Right(Right::WriteSite) => yes(Subject::ChangeSite),
        Need::Right(Right::OwnApp) => mine(owned_at(stage, facts)),
        // Pre-authorising needs the API's owner alone, whoever was to agree.
        Need::Right(Right::ConsentForAll) => {
            let pre = of.choices.consent.is_none_or(|way| way == ConsentWay::PreAuthorize);
            yes(Subject::ConsentEveryone) || (pre && mine(facts.api_app.value()))
        }
        Need::SeeSite => facts.site.value().is_some(),
        Need::Secrets => yes(Subject::MakeSecrets),
    }
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

/// The way of making the stage's own changes of these kinds; `None` where there are none.
fn done_for_me(what: &str, role: &str, changes: &[Change]) -> Option<Way> {
    let first = changes.first()?;
    Some(Way {
        what: ui(what).to_owned(),
        role: ui(role).to_owned(),
        az: changes.iter().map(|change| change.az.clone()).collect(),
        undo: first.undo.clone(),
    })
}

fn create(stage: StageId, of: &Material<'_>) -> Card {
    let kinds = [ChangeKind::CreateApiApp, ChangeKind::CreateClientApp];
    let mut planned = changes(stage, of, of.choices);
    planned.retain(|change| kinds.contains(&change.kind));
    let made = done_for_me("card.create_done", "card.create_done_role", &planned);
    let role = Way {
        what: ui_with("card.create_role", &[("me", &me(of).1)]),
        role: ui("card.create_role_role").to_owned(),
        az: Vec::new(),
        undo: ui("card.create_role_undo").to_owned(),
    };
    Card {
        what: ui("card.create_what").to_owned(),
        why: ui("card.create_why").to_owned(),
        link: "portal.app_registrations",
        ways: made.into_iter().chain([role]).collect(),
    }
}

fn write_site(stage: StageId, of: &Material<'_>) -> Card {
    let mut planned = changes(stage, of, of.choices);
    planned.retain(|change| change.right == Right::WriteSite);
    let made = done_for_me("card.site_done", "card.site_done_role", &planned);
    let (id, upn) = me(of);
    let site = of.facts.site.value().map(|site| site.id.as_str()).unwrap_or_default();
    let assignment = |verb: &str, who: &str| {
        format!(
            "az role assignment {verb} {who} {} --role \"Website Contributor\" --scope {}",
            shell_word(&id),
            shell_word(site)
        )
    };
    let known = !id.is_empty() && !site.is_empty();
    let role = Way {
        what: ui_with("card.site_role", &[("me", &upn)]),
        role: ui("card.site_role_role").to_owned(),
        az: if known {
            vec![assignment("create", "--assignee-principal-type User --assignee-object-id")]
        } else {
            Vec::new()
        },
        undo: if known { assignment("delete", "--assignee") } else { ui("card.site_role_undo").to_owned() },
    };
    Card {
        what: ui("card.site_what").to_owned(),
        why: ui("card.site_why").to_owned(),
        link: "site",
        ways: made.into_iter().chain([role]).collect(),
    }
}

/// A function app of which nothing but its address is known: a role on it shows it, the least one first.
fn see_site(stage: StageId, of: &Material<'_>) -> Card {
    let (id, upn) = me(of);
    let host = values(of.facts, of.choices, &Held::default()).host.unwrap_or_default();
    let assignment = |verb: &str, who: &str, role: &str| {
        let scope =
            format!("$(az functionapp list --query \"[?contains(hostNames, '{host}')].id\" --output tsv)");
        format!("az role assignment {verb} {who} {} --role \"{role}\" --scope \"{scope}\"", shell_word(&id))
    };
    // The host stands within quotes within quotes: one that is no plain host name gets no command.
    let known = !id.is_empty()
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let way = |what: &str, role: &str| Way {
        what: ui_with(what, &[("me", &upn)]),
        role: ui("card.site_role_role").to_owned(),
        az: if known {
            vec![assignment("create", "--assignee-principal-type User --assignee-object-id", role)]
        } else {
            Vec::new()
        },
        undo: if known {
            assignment("delete", "--assignee", role)
        } else {
            ui("card.site_role_undo").to_owned()
        },
    };
    let look = (stage == StageId::Pick).then(|| way("card.see_reader", "Reader"));
    let change = if look.is_some() { "card.see_contributor_or" } else { "card.see_contributor" };
    Card {
        what: ui_with("card.see_what", &[("host", &host)]),
        why: ui("card.see_why").to_owned(),
        link: "site",
        ways: look.into_iter().chain([way(change, "Website Contributor")]).collect(),
    }
}

/// A registration that belongs to somebody else: its owner makes the change, or makes this person an owner too.
fn own(stage: StageId, of: &Material<'_>) -> Card {
    let app = owned_at(stage, of.facts);
    let link = match stage {
        StageId::Protect => "api.overview",
        StageId::Secret => "client.credentials",
        StageId::Connect => "client.authentication",
        _ => "client.overview",
    };
    let mut planned = changes(stage, of, of.choices);
    // A secret that somebody else makes would have to be sent: nobody is asked for that.
    planned.retain(|change| change.right == Right::OwnApp && change.kind != ChangeKind::AddSecret);
    let made = done_for_me("card.own_done", "card.own_done_role", &planned);
    let name = app.map(|app| app.display_name.clone()).unwrap_or_default();
    let (id, upn) = me(of);
    let owner = |verb: &str, app: &Application| {
        format!("az ad app owner {verb} --id {} --owner-object-id {}", app.app_id, shell_word(&id))
    };
    let app = app.filter(|_| !id.is_empty());
    let owning = Way {
        what: ui_with("card.own_owner", &[("me", &upn), ("app", &name)]),
        role: ui("card.own_done_role").to_owned(),
        az: app.map(|app| owner("add", app)).into_iter().collect(),
        undo: app.map_or_else(|| ui("card.own_owner_undo").to_owned(), |app| owner("remove", app)),
    };
    Card {
        what: ui_with("card.own_what", &[("app", &name)]),
        why: ui("card.own_why").to_owned(),
        link,
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
        &only(ConsentWay::PreAuthorize, ChangeKind::PreAuthorize),
    );
    let all = done_for_me(
        "card.everyone",
        "card.everyone_role",
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
        link: "api.expose",
        ways: least.into_iter().chain(all).collect(),
    }
}

fn secrets(of: &Material<'_>) -> Card {
    let graph = of.cloud.graph.as_str().trim_end_matches('/');
    Card {
        what: ui("card.secrets_what").to_owned(),
        why: ui("card.secrets_why").to_owned(),
        link: "client.credentials",
        ways: vec![Way {
            what: ui("card.secrets_except").to_owned(),
            role: ui("card.secrets_role").to_owned(),
            az: vec![format!(
                "az rest --method get --url \"{graph}/v1.0/policies/defaultAppManagementPolicy\""
            )],
            undo: ui("card.secrets_undo").to_owned(),
        }],
    }
}

/// This person's object id and principal name; empty where nobody was seen.
fn me(of: &Material<'_>) -> (String, String) {
    of.facts.person.value().map(|p| (p.object_id.clone(), p.upn.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::choices::AppChoice;
    use crate::engine::facts::{AppsSince, Permission, SecretPolicy};
    use crate::engine::fixtures::*;

    fn with<T>(facts: &Facts, choices: &Choices, look: impl FnOnce(&Material<'_>) -> T) -> T {
        look(&Material { cloud: &cloud(), facts, choices, input: &input() })
    }

    fn made(stage: StageId, need: Need, facts: &Facts) -> Card {
        let card = with(facts, &choices(), |of| card(stage, need, of));
        assert!(!card.what.is_empty() && !card.why.is_empty() && !card.ways.is_empty(), "{card:?}");
        for way in &card.ways {
            assert!(!way.what.is_empty() && !way.role.is_empty() && !way.undo.is_empty(), "{way:?}");
            assert!(way.az.iter().all(|az| az.starts_with("az ") && !az.contains('⟨')), "{way:?}");
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
        assert!(least.az[0].contains("preAuthorizedApplications") && least.az[0].contains(CLIENT));
        assert!(all.az[0].contains("oauth2PermissionGrants"));
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
        assert_eq!(made(StageId::Grant, need, &facts).ways[0].az.len(), 1, "its owner does that alone");
        facts.rights.owned = seen(vec![]);
        let card = made(StageId::Grant, need, &facts);
        assert!(card.ways[0].az[0].contains("preAuthorizedApplications"), "{card:?}");
        assert!(card.ways[0].az[1].contains("requiredResourceAccess"), "{card:?}");
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
            assert!(way.az[0].contains(&format!("--role \"{role}\"")) && way.az[0].contains(HOST), "{way:?}");
            assert!(way.az[0].contains(ADA) && way.undo.contains("assignment delete"), "{way:?}");
        }
        let (need, card, _) = look(&facts, StageId::Protect);
        assert_eq!((need, card.ways.len()), (Some(Need::SeeSite), 1), "to look is not enough there");
        assert_eq!(look(&facts, StageId::Connect).0, None, "what is changed there is seen");
        let (need, _, granted) = look(&finished(), StageId::Pick);
        assert_eq!((need, granted), (None, true));
        let odd = Choices { app: Some(AppChoice::Url("https://a'b.example".into())), ..choices() };
        let card = with(&facts, &odd, |of| super::card(StageId::Pick, Need::SeeSite, of));
        assert!(card.ways.iter().all(|way| way.az.is_empty()), "{card:?}");
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
            assert_eq!(look(&finished(), stage, need), granted, "{need:?}");
            let mut without = finished();
            *without.rights = crate::engine::facts::Rights::default();
            assert!(!look(&without, stage, need), "{need:?}: what cannot be read is not granted");
        }
    }

    #[test]
    fn a_registration_is_made_by_its_marker_so_that_it_is_found() {
        let card = made(StageId::Protect, Need::Right(Right::CreateApps), &fresh());
        assert!(card.ways[0].az[0].contains(&crate::engine::markers::api_unique_name(SITE)));
        assert_eq!(card.ways.len(), 2);
    }

    #[test]
    fn owning_is_asked_for_by_command_and_nobody_is_asked_to_send_a_secret() {
        let card = made(StageId::Secret, Need::Right(Right::OwnApp), &finished());
        let [only] = &card.ways[..] else { panic!("{card:?}") };
        assert_eq!(only.az, [format!("az ad app owner add --id {CLIENT} --owner-object-id {ADA}")]);
        assert_eq!(only.undo, format!("az ad app owner remove --id {CLIENT} --owner-object-id {ADA}"));
        let known = Choices { redirect_url: Some(REDIRECT.into()), ..choices() };
        let mut facts = finished();
        let mut app = facts.client_app.value().unwrap().clone();
        app.web_redirects.clear();
        facts.client_app = seen(app);
        let card = with(&facts, &known, |of| super::card(StageId::Connect, Need::Right(Right::OwnApp), of));
        assert!(card.ways[0].az[0].contains("redirectUris"), "{card:?}");
        assert!(card.ways[1].az[0].contains("owner add"));
    }

    #[test]
    fn a_role_at_the_app_is_asked_for_at_the_app_alone() {
        let card = made(StageId::Register, Need::Right(Right::WriteSite), &finished());
        let role = card.ways.last().unwrap();
        assert!(role.az[0].contains("Website Contributor") && role.az[0].ends_with(SITE), "{role:?}");
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
