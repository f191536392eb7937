//! Walks through the wizard: events in, state and effects asserted; and random walks that hold what must always hold.

mod applying;
mod by_hand;
mod connecting;
mod leaving;
mod picking;
mod random;
mod rehearsing;
mod secrets;
mod signing_in;
mod starting;
mod unseen;
mod whole;

use jiff::SignedDuration;

use super::*;
use crate::engine::change::Change;
use crate::engine::choices::Choices;
use crate::engine::facts::Facts;
use crate::engine::fixtures;
use crate::engine::held::HeldSecret;
use crate::engine::trouble::Class;
use crate::flow::effect::SignInMethod;
use crate::flow::event::{AppList, AppRow, Key, SignInProgress, SignedIn, SubscriptionRow, TenantRow};
use crate::flow::menu::{self, ActionId, Item};
use crate::flow::state::{PublicClient, Setup, Timing};

/// A wizard under test, with every effect it ever gave.
pub(super) struct Walk {
    pub state: State,
    pub all: Vec<Effect>,
}

impl std::ops::Deref for Walk {
    type Target = State;
    fn deref(&self) -> &State {
        &self.state
    }
}

pub(super) fn setup() -> Setup {
    Setup {
        practice: true,
        read_only: false,
        no_browser: false,
        remote: false,
        cloud: fixtures::cloud(),
        client: PublicClient { id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46".into(), name: "Azure CLI".into() },
        methods: vec![SignInMethod::Browser, SignInMethod::DeviceCode],
        files_dir: "handclasp-files".into(),
        secret_days: 180,
        timing: Timing::default(),
    }
}

pub(super) fn trouble(class: Class) -> Trouble {
    Trouble::new(class, "It did not work.", "Try again.")
}

impl Walk {
    pub(super) fn new() -> Self {
        Self::with(setup())
    }

    pub(super) fn with(setup: Setup) -> Self {
        let mut walk =
            Self { state: State::new(setup, Choices::default(), fixtures::now()), all: Vec::new() };
        walk.draw();
        walk
    }

    /// At the overview of a stage, everything drawn, with these facts.
    pub(super) fn at(stage: StageId, facts: Facts) -> Self {
        let mut walk = Self::new();
        walk.state.signed_in = Some(ada());
        walk.state.choices = fixtures::choices();
        walk.state.facts = facts.clone();
        walk.state.page = Page::Stage(StageId::Pick);
        let mut turn = Turn { state: &mut walk.state, effects: Vec::new() };
        turn.open_stage(stage);
        walk.observe(facts);
        walk.draw();
        walk
    }

    pub(super) fn give(&mut self, event: Event) -> Vec<Effect> {
        let effects = handle(&mut self.state, event);
        self.all.extend(effects.clone());
        effects
    }

    pub(super) fn press(&mut self, key: Key) -> Vec<Effect> {
        self.give(Event::Key(key))
    }

    pub(super) fn letter(&mut self, letter: char) -> Vec<Effect> {
        self.press(Key::Char(letter))
    }

    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.letter(c);
        }
    }

    pub(super) fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        let generation = self.state.generation;
        self.give(Event::Answer { generation, answer })
    }

    pub(super) fn draw(&mut self) {
        let revision = self.state.revision;
        self.give(Event::Drawn { revision });
    }

    /// A look, and where it is the first that shows the change in hand, the same once more: only two together count.
    pub(super) fn observe(&mut self, facts: Facts) -> Vec<Effect> {
        let mut effects = self.observe_once(facts.clone());
        if matches!(&self.state.panel, Panel::Applying(apply) if apply.seen) {
            effects.extend(self.observe_once(facts));
        }
        effects
    }

    pub(super) fn observe_once(&mut self, facts: Facts) -> Vec<Effect> {
        let at = self.state.now;
        self.answer(Answer::Observed { facts: Box::new(facts), at, next: None })
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        let now = self.state.now + SignedDuration::from_secs(seconds);
        self.give(Event::Tick { now });
    }

    /// Reaches the action with the arrow keys alone, and presses Enter.
    pub(super) fn choose(&mut self, id: ActionId) -> Vec<Effect> {
        self.select(&Item::Action(id));
        self.press(Key::Enter)
    }

    pub(super) fn select(&mut self, item: &Item) {
        let all = menu::items(&self.state);
        assert!(all.contains(item), "{item:?} is not among {all:?} on {:?}", self.state.panel);
        for _ in 0..=all.len() {
            if menu::selected(&self.state).as_ref() == Some(item) {
                return;
            }
            self.press(Key::Down);
        }
        panic!("{item:?} cannot be reached");
    }

    pub(super) fn offers(&self, id: ActionId) -> bool {
        menu::actions(&self.state).iter().any(|action| action.id == id && action.enabled)
    }

    /// "For me", the look that follows, the plan on the screen, and "yes".
    pub(super) fn confirm_for_me(&mut self, facts: Facts) -> Vec<Effect> {
        self.choose(ActionId::ForMe);
        self.observe(facts.clone());
        assert!(matches!(self.panel, Panel::Plan(_)), "{:?}", self.panel);
        self.draw();
        self.agree(facts)
    }

    /// "Yes" to the plan on the screen, and the look that follows; what that look brings about.
    pub(super) fn agree(&mut self, facts: Facts) -> Vec<Effect> {
        let sent = self.sent().len();
        self.choose(ActionId::Confirm);
        assert_eq!(self.sent().len(), sent, "nothing is sent before a look");
        self.observe(facts)
    }

    /// The changes that were sent so far.
    pub(super) fn sent(&self) -> Vec<Change> {
        applied(&self.all)
    }

    pub(super) fn ok(&mut self) -> Vec<Effect> {
        let Panel::Applying(apply) = &self.state.panel else {
            panic!("nothing is applied: {:?}", self.panel)
        };
        let index = apply.current;
        self.answer(Answer::Applied { index, result: Ok(()) })
    }

    pub(super) fn fail(&mut self, trouble: Trouble) -> Vec<Effect> {
        let Panel::Applying(apply) = &self.state.panel else {
            panic!("nothing is applied: {:?}", self.panel)
        };
        let index = apply.current;
        self.answer(Answer::Applied { index, result: Err(trouble) })
    }

    pub(super) fn apply(&self) -> &crate::flow::state::Apply {
        match &self.state.panel {
            Panel::Applying(apply) => apply,
            other => panic!("nothing is applied: {other:?}"),
        }
    }

    pub(super) fn hold_secret(&mut self) {
        self.give(Event::Held(held()));
    }
}

pub(super) fn applied(effects: &[Effect]) -> Vec<Change> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Start { work: Work::Apply { change, .. }, .. } => Some(change.as_ref().clone()),
            _ => None,
        })
        .collect()
}

pub(super) fn works(effects: &[Effect]) -> Vec<&Work> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Start { work, .. } => Some(work),
            _ => None,
        })
        .collect()
}

pub(super) fn held() -> Held {
    Held {
        secret: Some(HeldSecret {
            client_app_id: fixtures::CLIENT.into(),
            key_id: None,
            ends: None,
            made: None,
            made_here: true,
        }),
    }
}

pub(super) fn ada() -> SignedIn {
    SignedIn {
        upn: "ada@contoso.onmicrosoft.com".into(),
        tenant_name: "Contoso".into(),
        tenant_id: fixtures::TENANT.into(),
    }
}

pub(super) fn two_apps() -> AppList {
    let row = |name: &str| AppRow {
        id: format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/{name}"),
        name: name.into(),
        host: format!("{name}.azurewebsites.net"),
        subscription_id: "s".into(),
        subscription: "Pay as you go".into(),
        resource_group: "g".into(),
    };
    let subscription =
        |id: &str, name: &str, apps| SubscriptionRow { id: id.into(), name: name.into(), apps };
    let subscriptions = vec![subscription("s", "Pay as you go", 2), subscription("t", "Training", 0)];
    AppList::new(vec![row("contoso-hello"), row("fabrikam-api")], subscriptions, vec![])
}

/// The tenant of the sign-in, and one in which the person is a guest.
pub(super) fn two_tenants() -> Vec<TenantRow> {
    let row = |id: &str, name: &str, domain: &str| TenantRow {
        id: id.into(),
        name: name.into(),
        domain: domain.into(),
    };
    vec![
        row(fixtures::TENANT, "Contoso", "contoso.onmicrosoft.com"),
        row("fab00000-0000-4000-8000-000000000001", "Fabrikam", "fabrikam.onmicrosoft.com"),
    ]
}

/// Facts with the client's registration changed.
pub(super) fn with_client(change: impl FnOnce(&mut crate::engine::facts::Application)) -> Facts {
    let mut facts = fixtures::finished();
    let Seen { fact: Fact::Is(app), .. } = &mut facts.client_app else { panic!("no client") };
    change(app);
    facts
}

use crate::engine::facts::{Fact, Seen};

/// The end of signing in, as the walks begin it.
pub(super) fn signed_in(walk: &mut Walk) -> Vec<Effect> {
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInCode);
    walk.answer(Answer::SignIn(SignInProgress::Done(ada())))
}

/// What the cloud would show after a change was carried out.
pub(super) fn after(facts: &Facts, change: &Change) -> Facts {
    use crate::engine::change::ChangeKind as K;
    let done = fixtures::finished();
    let mut facts = facts.clone();
    match change.kind {
        K::CreateApiApp => {
            facts.api_app = done.api_app;
            api(&mut facts).identifier_uris.clear();
            api(&mut facts).pre_authorized.clear();
        }
        K::SetIdentifierUri => api(&mut facts).identifier_uris = vec![format!("api://{}", fixtures::API)],
        K::CreateApiPrincipal => facts.api_principal = done.api_principal,
        K::PutAuth => {
            let before = facts.client_app.value().is_some();
            (facts.auth, facts.probes, facts.auth_version) = (done.auth, done.probes, done.auth_version);
            let Fact::Is(auth) = &mut facts.auth.fact else { panic!("no settings") };
            auth.document = change.body["properties"].clone();
            if !before {
                auth.allowed_applications = Some(vec![fixtures::API.into()]);
            }
        }
        K::CreateClientApp => {
            facts.client_app = done.client_app;
            let app = client(&mut facts);
            (app.required, app.web_redirects, app.secrets) = (vec![], vec![], vec![]);
        }
        K::CreateClientPrincipal => facts.client_principal = done.client_principal,
        K::RequestPermission => {
            let Fact::Is(finished) = done.client_app.fact else { panic!("no client") };
            client(&mut facts).required = finished.required;
        }
        K::PreAuthorize => facts.api_app = done.api_app,
        K::AddSecret => {
            let Fact::Is(mut finished) = done.client_app.fact else { panic!("no client") };
            let name = &change.body["passwordCredential"]["displayName"];
            finished.secrets[0].display_name = name.as_str().unwrap().into();
            client(&mut facts).secrets.append(&mut finished.secrets);
        }
        K::RemoveSecret => {
            client(&mut facts).secrets.retain(|secret| change.body["keyId"] != secret.key_id.as_str());
        }
        K::AddRedirect | K::AddRehearsalRedirect | K::RemoveRehearsalRedirect => {
            let list = change.body["web"]["redirectUris"].as_array().unwrap();
            client(&mut facts).web_redirects = list.iter().map(|u| u.as_str().unwrap().into()).collect();
        }
        other => panic!("not played here: {other:?}"),
    }
    facts
}

pub(super) fn api(facts: &mut Facts) -> &mut crate::engine::facts::Application {
    let Fact::Is(app) = &mut facts.api_app.fact else { panic!("no api") };
    app
}

pub(super) fn client(facts: &mut Facts) -> &mut crate::engine::facts::Application {
    let Fact::Is(app) = &mut facts.client_app.fact else { panic!("no client") };
    app
}

impl Walk {
    /// Carries the running plan out to its end, each change accepted and seen at once; the facts then.
    pub(super) fn carry_out(&mut self, mut facts: Facts) -> Facts {
        while let Panel::Applying(apply) = &self.state.panel {
            assert!(!apply.at_rest(), "{:?}", apply.phase);
            if let Some(sent) = apply.sent.clone() {
                facts = after(&facts, &sent);
                self.ok();
            }
            self.observe(facts.clone());
        }
        facts
    }
}
