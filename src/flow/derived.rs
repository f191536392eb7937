//! What follows from the state without being kept in it: the filtered list, the page that is talked about, the card for
//! an administrator, the person's part in practice.

use jiff::Timestamp;

use crate::engine;
use crate::engine::cards::{Card, Material, Need, Shell, Way, can_be_seen, card, foreseen, granted};
use crate::engine::change::Right;
use crate::engine::choices::ConsentWay;
use crate::engine::error_codes::explain_code;
use crate::engine::facts::{Fact, SecretInfo};
use crate::engine::findings::Verdict;
use crate::engine::forecast::{Outlook, forecast};
use crate::engine::ids::{CheckId, StageId};
use crate::engine::links::link;
use crate::engine::lost::lost_secrets;
use crate::engine::plan::{self, PlanInput};
use crate::engine::words::{PortalStep, StageWords, ui, ui_with, words};

use super::effect::CopyItem;
use super::event::{AppRow, CallLine, CopyOutcome, SubscriptionRow, TenantRow};
use super::hand_over;
use super::menu::{Item, selected};
use super::state::{Field, Listing, Page, Panel, PlanView, RehearsalStep, SignInStep, State};

/// The function apps that fit the filter: every word of it occurs in the name, host, subscription or group; and that
/// are in the subscription the list is narrowed to, if it is.
pub fn app_rows(state: &State) -> Vec<&AppRow> {
    let Some(list) = state.apps.get() else { return Vec::new() };
    let words = words_of(&state.fields.app_filter);
    let mut rows = list.fitting(&words);
    if let Some(id) = &state.subscription {
        rows.retain(|app| app.subscription_id == *id);
    }
    rows
}

/// The tenants that fit the filter: every word of it occurs in the name, domain or id.
pub fn tenant_rows(state: &State) -> Vec<&TenantRow> {
    let words = words_of(&state.fields.tenant_filter);
    let all = state.tenants.get().map_or(&[][..], Vec::as_slice);
    all.iter().filter(|row| occur(&words, &[&row.name, &row.domain, &row.id])).collect()
}

/// The subscriptions that fit the filter: every word of it occurs in the name or id.
pub fn subscription_rows(state: &State) -> Vec<&SubscriptionRow> {
    let words = words_of(&state.fields.subscription_filter);
    let all = state.apps.get().map_or(&[][..], |list| list.subscriptions.as_slice());
    all.iter().filter(|row| occur(&words, &[&row.name, &row.id])).collect()
}

fn words_of(filter: &Field) -> Vec<String> {
    filter.text().split_whitespace().map(str::to_lowercase).collect()
}

fn occur(words: &[String], texts: &[&String]) -> bool {
    let folded: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    words.iter().all(|word| folded.iter().any(|text| text.contains(word.as_str())))
}

/// Whether there is, or may be, a tenant to go to beside the present one.
pub fn other_tenants(state: &State) -> bool {
    let Some(person) = &state.signed_in else { return false };
    match &state.tenants {
        Listing::Is(all) => all.iter().any(|row| !row.id.eq_ignore_ascii_case(&person.tenant_id)),
        Listing::Failed(_) => true,
        Listing::NotAsked | Listing::Asked => false,
    }
}

/// The tenant that is worked in, by the best name that was read; `None` where nobody is signed in.
pub fn tenant_name(state: &State) -> Option<&str> {
    let person = state.signed_in.as_ref()?;
    let here = |id: &str| !id.is_empty() && id.eq_ignore_ascii_case(&person.tenant_id);
    let listed = state.tenants.get().and_then(|all| all.iter().find(|row| here(&row.id)));
    let seen = || state.facts.tenant.value().filter(|tenant| here(&tenant.id));
    let name = listed.map(|row| row.name.as_str()).filter(|name| !here(name));
    let name = name.or_else(|| seen().map(|tenant| tenant.display_name.as_str()));
    Some(name.filter(|name| !here(name)).unwrap_or(&person.tenant_name))
}

/// The subscription that the list of apps is narrowed to, if it is.
pub fn narrowed_to(state: &State) -> Option<&SubscriptionRow> {
    let id = state.subscription.as_ref()?;
    state.apps.get()?.subscriptions.iter().find(|row| row.id == *id)
}

/// What this person can do here, line by line.
pub fn outlooks(state: &State) -> Vec<Outlook> {
    let refused: Vec<Need> = state.not_allowed.values().copied().collect();
    forecast(&state.facts, &refused, state.now)
}

/// The connector's secrets that we made and whose value is lost, so that they can be removed.
pub fn lost(state: &State) -> Vec<&SecretInfo> {
    let Some(client) = state.facts.client_app.value() else { return Vec::new() };
    lost_secrets(client, &state.choices, &state.held, state.now)
}

/// Whether the secret that is held is with the person as well: pasted by them, or copied. `None` where it was sent to a
/// terminal that does not say whether it took it.
pub fn secret_given(state: &State) -> Option<bool> {
    let pasted = state.held.secret.as_ref().is_some_and(|held| !held.made_here);
    let sent = state.copied.get(&CopyItem::ClientSecret) == Some(&CopyOutcome::Sent);
    let given = pasted || state.secret.copied;
    if sent && !given { None } else { Some(given) }
}

/// The day the connector's secret ends, as far as it can be told which one the connector has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretEnd {
    /// Of the secret that is held here or went to the person, or the only one there is.
    Its(Timestamp),
    /// Which of several it is is not known: none of them lasts longer.
    OfAll(Timestamp),
}

/// When the connector's secret ends.
pub fn secret_end(state: &State) -> Option<SecretEnd> {
    let client = state.facts.client_app.value()?;
    let held = state.held.secret.as_ref().filter(|h| h.client_app_id.eq_ignore_ascii_case(&client.app_id));
    let id = held.and_then(|held| held.key_id.as_deref());
    let is_held = |secret: &&SecretInfo| id.is_some_and(|id| id.eq_ignore_ascii_case(&secret.key_id));
    if let Some(secret) = client.secrets.iter().find(is_held) {
        return secret.end.map(SecretEnd::Its);
    }
    if let Some(end) = held.and_then(|held| held.ends) {
        return Some(SecretEnd::Its(end));
    }
    let handed: Vec<_> = client.secrets.iter().filter(|s| state.choices.handed_over(&s.key_id)).collect();
    match (handed.as_slice(), client.secrets.as_slice()) {
        ([one], _) => one.end.map(SecretEnd::Its),
        (_, [one]) => one.end.map(SecretEnd::Its),
        ([], all) => all.iter().filter_map(|s| s.end).max().map(SecretEnd::OfAll),
        (several, _) => several.iter().filter_map(|s| s.end).max().map(SecretEnd::OfAll),
    }
}

/// Whether anything may be changed in this run.
pub fn writes_possible(state: &State) -> bool {
    !state.setup.read_only && !state.public_only
}

/// Whether the shown plan is one that can be carried out at all.
pub fn confirmable(state: &State, view: &PlanView) -> bool {
    writes_possible(state) && view.plan.blocked.is_none() && !view.plan.changes.is_empty()
}

/// Whether there is something to choose from, and nothing says which it is: making one more would make a twin.
pub fn unsaid_client(state: &State) -> bool {
    state.facts.client_app.value().is_none() && choice_of_clients(state)
}

/// Whether the connector's registration cannot be seen: not looked up, or not to be read. One that is known not to be
/// there, or for which others could be meant, is another matter.
pub fn unseen_client(state: &State) -> bool {
    let client = &state.facts.client_app;
    client.value().is_none() && !client.is_absent() && !choice_of_clients(state)
}

/// Whether the connector's registration that was found is the API's own: a person says which other one it is to be.
pub fn one_registration(state: &State) -> bool {
    let separate = state.findings.check(CheckId::ClientSeparate);
    separate.is_some_and(|found| found.verdict == Verdict::Fail)
}

/// Whether the secret is proven although the registration cannot be seen: more cannot be had at its stage.
pub fn proven_unseen(state: &State) -> bool {
    let works = state.findings.check(CheckId::SecretWorks);
    unseen_client(state) && works.is_some_and(|found| found.verdict == Verdict::Pass)
}

/// The connector's client ID, where it is known or was given.
pub fn client_id(state: &State) -> Option<&str> {
    engine::client_id::of_connector(&state.facts, &state.choices)
}

/// Whether there are registrations of which one could be the connector's.
pub fn choice_of_clients(state: &State) -> bool {
    state.facts.client_candidates.value().is_some_and(|candidates| !candidates.is_empty())
}

/// Practice only: the name of the person's part that is awaited now, as `PersonStep` carries it.
pub fn person_step(state: &State) -> Option<&'static str> {
    if !state.setup.practice {
        return None;
    }
    // The portal's steps with their defaults would mend nothing, or break what works.
    if let (Page::Stage(stage), Panel::Myself) = (&state.page, &state.panel)
        && *stage != StageId::Try
        && (state.stage_done() || !by_hand(state, *stage).is_empty())
    {
        return None;
    }
    let step = match (&state.page, &state.panel) {
        (Page::SignIn(sign_in), _) => match sign_in.step {
            SignInStep::Browser { .. } => Some("sign-in"),
            SignInStep::DeviceCode { .. } => Some("approve-device-code"),
            _ => None,
        },
        (Page::Stage(StageId::Protect), Panel::Myself) => Some("portal:protect"),
        (Page::Stage(StageId::Register), Panel::Myself) => {
            (!unsaid_client(state)).then_some("portal:register")
        }
        (Page::Stage(StageId::Grant), Panel::Myself) => Some("portal:grant"),
        // A second secret would only be one more to lose.
        (Page::Stage(StageId::Secret), Panel::Myself) => {
            (!hand_over::holds_secret(state)).then_some("portal:secret")
        }
        (Page::Stage(StageId::Connect), Panel::Myself) => Some("portal:connect"),
        (Page::Stage(StageId::Try), Panel::Myself) => Some("portal:try"),
        (Page::Stage(StageId::Connect), Panel::HandOver) => Some("save-connector"),
        (Page::Stage(_), Panel::Rehearsal(view)) if matches!(view.step, RehearsalStep::SignIn { .. }) => {
            Some("rehearsal-sign-in")
        }
        _ => None,
    };
    // Signing in changes nothing; every other part does.
    step.filter(|_| !state.setup.read_only || matches!(state.page, Page::SignIn(_)))
}

/// Whether the function app itself cannot be seen, while its host answers: what is public can be walked through.
pub fn answers_unseen(state: &State) -> bool {
    let verdict = |id| state.findings.check(id).map(|found| found.verdict);
    verdict(CheckId::AppExists) == Some(Verdict::Unknown)
        && verdict(CheckId::AppAnswers) == Some(Verdict::Pass)
}

/// Whether the function app cannot be seen, and no function of it was named either by its whole address.
pub fn lacks_function(state: &State) -> bool {
    state.facts.hidden_site(&state.choices) && engine::target::typed(&state.choices).is_none()
}

/// The words of the shown stage.
fn stage_words(state: &State) -> Option<&'static StageWords> {
    words().stage(state.stage()?)
}

/// The portal's steps of the shown stage; of those that mend one check, the ones that are needed.
pub fn portal_steps(state: &State) -> Vec<&'static PortalStep> {
    let all = stage_words(state).map_or(&[][..], |stage| stage.myself.as_slice());
    all.iter().filter(|step| step.check.is_none_or(|check| mended_in_portal(state, check))).collect()
}

/// Whether a step of the portal mends what this check of the function app found.
fn mended_in_portal(state: &State, check: CheckId) -> bool {
    let Some(site) = state.facts.site.value() else { return false };
    let found = state.findings.check(check);
    let wrong = found.is_some_and(|found| matches!(found.verdict, Verdict::Fail | Verdict::Warn));
    // An app that runs is none that could be started: it is one of another kind.
    wrong && (check != CheckId::AppExists || !site.state.eq_ignore_ascii_case("running"))
}

/// Whether all that can be changed at stage 4 the chosen way is done, and the rest is each person's own to do.
pub fn nothing_to_grant(state: &State) -> bool {
    let requested =
        state.findings.check(CheckId::GrantRequested).is_some_and(|found| found.verdict.settled());
    let (cloud, input) = (&state.setup.cloud, plan_input(state));
    requested
        && !state.stage_done()
        && plan::plan(StageId::Grant, cloud, &state.facts, &state.choices, &input).is_empty()
}

/// What is known under one of [`crate::engine::words::PLACEHOLDERS`].
pub fn known(state: &State, name: &str) -> Option<String> {
    engine::known::known(&state.setup.cloud, &state.facts, &state.choices, name)
}

/// The address behind a link id, with what is known now.
pub fn link_address(state: &State, id: &str) -> Option<String> {
    let page = link(id, &state.setup.cloud, |name| known(state, name))?;
    page.url.map(|url| url.to_string())
}

/// The page that is talked about, which "Open the page" opens: the sign-in's, the selected portal step's, the connector's.
pub fn page_address(state: &State) -> Option<String> {
    match (&state.page, &state.panel) {
        (Page::SignIn(sign_in), _) => match &sign_in.step {
            SignInStep::Browser { address } | SignInStep::DeviceCode { address, .. } => Some(address.clone()),
            _ => None,
        },
        (Page::Stage(_), Panel::Rehearsal(view)) => match &view.step {
            RehearsalStep::SignIn { address } => Some(address.clone()),
            _ => None,
        },
        (Page::Stage(_), Panel::HandOver) => link_address(state, "maker.connectors"),
        (Page::Stage(_), Panel::Myself) => {
            let steps = portal_steps(state);
            let own = match &state.selected {
                Some(Item::Step(index)) => steps.get(*index).and_then(|step| step.link.as_deref()),
                _ => None,
            };
            own.into_iter()
                .chain(steps.iter().filter_map(|step| step.link.as_deref()))
                .find_map(|id| link_address(state, id))
        }
        (Page::Stage(_), Panel::AskAdmin) => {
            asked_card(state)?.ways.iter().find_map(|way| link_address(state, way.link))
        }
        _ => None,
    }
}

/// The text key of a way to let the connector in.
pub const fn way_title(way: ConsentWay) -> &'static str {
    match way {
        ConsentWay::PreAuthorize => "consent.pre_authorize",
        ConsentWay::Everyone => "consent.everyone",
        ConsentWay::WhenConnecting => "consent.when_connecting",
    }
}

/// Whether the value of a secret that was made here is held and was not copied yet: there is no other copy of it.
pub fn value_not_copied(state: &State) -> bool {
    state.held.secret.as_ref().is_some_and(|held| held.made_here) && !state.secret.copied
}

/// The failing checks of a stage that nothing here can mend: what to do about them is a person's.
pub fn by_hand(state: &State, stage: StageId) -> Vec<CheckId> {
    let automatic = |id| words().check(id).is_some_and(|check| check.automatic);
    let checks = state.findings.stage(stage).into_iter().flat_map(|stage| &stage.checks);
    checks
        .filter(|check| check.verdict == Verdict::Fail && !automatic(check.id))
        .map(|check| check.id)
        .collect()
}

/// Whether all that fails at a stage is a person's to mend.
pub fn only_by_hand(state: &State, stage: StageId) -> bool {
    let found = state.findings.stage(stage).into_iter().flat_map(|stage| &stage.checks);
    let failing = found.filter(|check| check.verdict == Verdict::Fail).count();
    failing > 0 && failing == by_hand(state, stage).len()
}

/// What a plan made now is made from beside facts and choices.
pub fn plan_input(state: &State) -> PlanInput {
    let setup = &state.setup;
    PlanInput {
        now: state.now,
        rehearsal_redirect: None,
        secret_days: state.secret_days.map_or(setup.secret_days, |days| days.min(setup.secret_days)),
        secret_shortened: state.secret_days.is_some(),
        value_not_copied: value_not_copied(state),
        remove_secret: None,
    }
}

/// What is missing at a stage: as a refusal said, else as far as it can be told beforehand.
pub fn missing(state: &State, stage: StageId) -> Option<Need> {
    if let Some(need) = state.not_allowed.get(&stage) {
        return Some(*need);
    }
    let input = plan_input(state);
    foreseen(stage, &material(state, &input))
}

/// What a card at this stage would ask for. At stage 4 that is consent, whatever else is open.
fn asked_for(state: &State, stage: StageId) -> Option<Need> {
    if stage == StageId::Grant { Some(Need::Right(Right::ConsentForAll)) } else { missing(state, stage) }
}

/// Whether somebody else may have to be asked: a right is missing, or it cannot be seen that it is there.
pub fn may_need_somebody(state: &State, stage: StageId) -> bool {
    missing(state, stage).is_some() || (stage == StageId::Grant && !granted_now(state, stage))
}

/// Whether what the stage's card asks for can be seen to be there now.
pub fn granted_now(state: &State, stage: StageId) -> bool {
    let input = plan_input(state);
    asked_for(state, stage).is_none_or(|need| granted(stage, need, &material(state, &input)))
}

fn material<'a>(state: &'a State, input: &'a PlanInput) -> Material<'a> {
    Material { cloud: &state.setup.cloud, facts: &state.facts, choices: &state.choices, input }
}

/// The card of the shown stage.
fn asked_card(state: &State) -> Option<Card> {
    let stage = state.stage()?;
    let need = asked_for(state, stage)?;
    let input = plan_input(state);
    Some(card(stage, need, &material(state, &input)))
}

/// The card for an administrator: what is needed and why, for which app and tenant, where, and the ways to it.
pub fn admin_card(state: &State) -> Option<Vec<String>> {
    let asked = asked_card(state)?;
    let mut card = vec![
        ui("admin_card.intro").to_owned(),
        ui_with("admin_card.what", &[("what", &asked.what)]),
        ui_with("admin_card.reason", &[("why", &asked.why)]),
    ];
    let app = state.facts.client_app.value().map(|app| (app.display_name.clone(), app.app_id.clone()));
    let app = app.or_else(|| state.facts.site.value().map(|site| (site.name.clone(), site.id.clone())));
    // A card for an app that is not seen is about that one, whose address it names.
    let hidden = state.stage().and_then(|stage| asked_for(state, stage)) == Some(Need::SeeSite);
    if let Some((name, id)) = app.filter(|_| !hidden) {
        card.push(ui_with("admin_card.app", &[("name", &name), ("id", &id)]));
    }
    if let Some(tenant) = state.facts.tenant.value() {
        // The name is what a person knows; the id is what a command needs.
        card.push(ui_with("admin_card.tenant", &[("tenant", &tenant.display_name), ("id", &tenant.id)]));
    }
    let several = asked.ways.len() > 1;
    if several {
        card.push(ui("admin_card.first").to_owned());
    }
    for (index, way) in asked.ways.iter().enumerate() {
        card.push(match (several, (index + 1).to_string()) {
            (true, number) => ui_with("admin_card.way", &[("number", &number), ("what", &way.what)]),
            (false, _) => ui_with("admin_card.only", &[("what", &way.what)]),
        });
        write_way(state, way, &mut card);
    }
    for (shell, text) in
        [(Shell::AzureCli, "admin_card.shell"), (Shell::GraphPowerShell, "admin_card.graph_shell")]
    {
        if asked.ways.iter().any(|way| way.shell == shell && !way.commands.is_empty()) {
            card.push(ui(text).to_owned());
        }
    }
    Some(card)
}

/// One way of a card: who can, where, by which commands, and how to take it back.
fn write_way(state: &State, way: &Way, card: &mut Vec<String>) {
    card.push(ui_with("admin_card.role", &[("role", &way.role)]));
    if let Some(page) = link(way.link, &state.setup.cloud, |name| known(state, name)) {
        card.push(ui_with("admin_card.path", &[("path", page.path)]));
        card.extend(page.url.map(|url| ui_with("admin_card.link", &[("url", url.as_str())])));
    }
    let count = way.commands.len().to_string();
    card.extend(way.commands.iter().enumerate().map(|(index, command)| {
        if way.commands.len() == 1 {
            return ui_with("admin_card.command", &[("command", command)]);
        }
        let number = (index + 1).to_string();
        ui_with("admin_card.command_of", &[("number", &number), ("count", &count), ("command", command)])
    }));
    if way.soon {
        card.push(ui("admin_card.soon").to_owned());
    }
    card.push(ui_with("admin_card.undo", &[("undo", &way.undo)]));
}

/// Whether what the shown card asks for is granted where it cannot be seen from here, so that only trying tells.
pub fn granted_unseen(state: &State) -> bool {
    let need = state.stage().and_then(|stage| asked_for(state, stage));
    need.is_some_and(|need| !can_be_seen(need))
}

/// An open text by name, as it is known now; `None` for what is not known, and for the secret.
pub fn text_of(state: &State, item: CopyItem) -> Option<String> {
    match item {
        CopyItem::DeviceCode => match &state.page {
            Page::SignIn(sign_in) => match &sign_in.step {
                SignInStep::DeviceCode { code, .. } => Some(code.clone()),
                _ => None,
            },
            _ => None,
        },
        CopyItem::SignInAddress | CopyItem::RehearsalAddress | CopyItem::PageAddress => page_address(state),
        CopyItem::AdminCard => admin_card(state).map(|lines| lines.join("\n")),
        CopyItem::AzCommand => match (&state.panel, selected(state)) {
            (Panel::Plan(view), Some(Item::Change(index))) => {
                view.plan.changes.get(index).map(|change| change.commands(ui("plan.undo_commands")))
            }
            _ => None,
        },
        CopyItem::ClientSecret => None,
        CopyItem::ApiId => known(state, "api_app_id"),
        _ => hand_over::open_value(state, item),
    }
}

/// The stage that mends what the last rehearsal ended with, where its code names another than the rehearsal's own.
pub fn rehearsal_mended_at(state: &State) -> Option<StageId> {
    let Fact::CouldNot(trouble) = &state.facts.rehearsal.fact else { return None };
    explain_code(trouble.code.as_deref()?)?.stage.filter(|stage| *stage != StageId::Try)
}

/// The calls that the log shows, oldest first.
pub fn logged(state: &State) -> impl Iterator<Item = &CallLine> {
    state.calls.iter().filter(|call| call.writes || !state.only_changes)
}
