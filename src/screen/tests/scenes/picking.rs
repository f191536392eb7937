//! The function app, its subscription, tenant and slot being picked.

use super::*;

pub fn app(name: &str, subscription: &str) -> AppRow {
    AppRow {
        id: SITE.replace("contoso-hello", name),
        name: name.into(),
        host: format!("{name}.azurewebsites.net"),
        subscription_id: subscription.to_lowercase(),
        subscription: subscription.into(),
        resource_group: "rg-hello".into(),
    }
}

pub fn pick(filter: &str) -> State {
    let mut state = empty();
    state.page = Page::Stage(StageId::Pick);
    state.panel = Panel::PickApp;
    state.signed_in = stage(StageId::Pick, Facts::default()).signed_in;
    let subscription =
        |name: &str, apps| SubscriptionRow { id: name.to_lowercase(), name: name.into(), apps };
    state.apps = Listing::Is(AppList::new(
        vec![
            app("contoso-billing", "Contoso Production"),
            app("contoso-hello", "Contoso Development"),
            app("fabrikam-orders-with-a-long-name", "Contoso Production"),
        ],
        vec![
            subscription("Contoso Archive", 0),
            subscription("Contoso Development", 1),
            subscription("Contoso Production", 2),
        ],
        vec!["Contoso Archive: you have no role in it".into()],
    ));
    state.fields.app_filter = Field::with(filter);
    state
}

/// The same list, narrowed to one subscription.
pub fn narrowed() -> State {
    State { subscription: Some("contoso production".into()), ..pick("") }
}

/// No function app here, and another tenant that knows the person.
pub fn abroad() -> State {
    let mut state = pick("");
    let row = |id: &str, name: &str, domain: &str| TenantRow {
        id: id.into(),
        name: name.into(),
        domain: domain.into(),
    };
    state.apps = Listing::Is(AppList::default());
    state.tenants = Listing::Is(vec![
        row(TENANT, "Contoso", "contoso.onmicrosoft.com"),
        row("fab00000-0000-4000-8000-000000000001", "Fabrikam", "fabrikam.onmicrosoft.com"),
        row("fab00000-0000-4000-8000-000000000002", "fab00000-0000-4000-8000-000000000002", ""),
    ]);
    state
}

pub fn tenants(filter: &str) -> State {
    let mut state = State { panel: Panel::PickTenant, ..abroad() };
    state.fields.tenant_filter = Field::with(filter);
    state
}

pub fn subscriptions() -> State {
    State { panel: Panel::PickSubscription, ..pick("") }
}

/// The app has a slot, and a domain of the company's own.
pub fn branched(panel: Panel) -> State {
    let mut facts = fixtures::fresh();
    if let Some(site) = facts.site.value() {
        let mut site = site.clone();
        site.host_names.push("hello.contoso.com".into());
        facts.site = seen(site);
    }
    let mut state = on(StageId::Pick, facts, panel);
    let mut slot = app("contoso-hello-staging", "Contoso Development");
    slot.name = "contoso-hello/staging".into();
    state.slots = Listing::Is(vec![app("contoso-hello", "Contoso Development"), slot]);
    state
}

/// The app is there, and does not start.
pub fn down(panel: Panel) -> State {
    let facts = Facts {
        host: seen(crate::engine::facts::HostAnswer { status: 503, front_end: None }),
        ..fixtures::finished()
    };
    let state = on(StageId::Pick, facts, panel);
    if state.panel == Panel::Myself { watching(state) } else { state }
}

pub fn kept() -> State {
    let mut state = sign_in(SignInStep::Choose, None);
    state.setup.practice = false;
    state.setup.methods.insert(0, SignInMethod::Kept);
    state.choices.keep_signed_in = true;
    state
}

pub fn switching() -> State {
    let row = TenantRow { name: "Fabrikam".into(), ..TenantRow::default() };
    State { panel: Panel::Switching(row), ..abroad() }
}
