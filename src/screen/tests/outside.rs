//! Text from outside, hostile as it may be, reaches the terminal only when it was made harmless.

use proptest::prelude::*;

use super::*;

/// Every text in a state that comes from outside, replaced.
fn hostile(mut state: State, text: &str) -> State {
    let text = || text.to_owned();
    state.signed_in = Some(SignedIn { upn: text(), tenant_name: text(), tenant_id: text() });
    state.note = Some(text());
    state.apps = Listing::Is(AppList::new(
        vec![AppRow {
            id: text(),
            name: text(),
            host: text(),
            subscription_id: text(),
            subscription: text(),
            resource_group: text(),
        }],
        vec![SubscriptionRow { id: text(), name: text(), apps: 1 }],
        vec![text()],
    ));
    state.tenants = Listing::Is(vec![TenantRow { id: text(), name: text(), domain: text() }]);
    for stage in &mut state.findings.stages {
        for check in &mut stage.checks {
            check.verdict = Verdict::Fail;
            check.evidence = text();
            check.note = Some(text());
        }
    }
    let app = Application { app_id: text(), display_name: text(), ..Application::default() };
    state.facts.client_app = fixtures::seen(app.clone());
    state.facts.api_app = fixtures::seen(app);
    if let Some(site) = state.facts.site.value().cloned() {
        state.facts.site = fixtures::seen(Site { host: text(), name: text(), ..site });
    }
    if let Some(mut seen) = state.facts.rehearsal.value().cloned() {
        (seen.answer, seen.caller, seen.diagnosis) = (text(), text(), Some(text()));
        state.facts.rehearsal = fixtures::seen(seen);
    }
    let trouble = Trouble::new(Class::Refused, text(), text()).meaning(text()).original(text());
    state.look_trouble = Some(trouble.clone());
    state.files = vec![text()];
    for field in [
        &mut state.fields.app_url,
        &mut state.fields.app_filter,
        &mut state.fields.redirect,
        &mut state.fields.error,
        &mut state.fields.final_address,
    ] {
        *field = Field::with(text());
    }
    if let Page::SignIn(sign_in) = &mut state.page {
        sign_in.trouble = Some(Box::new(trouble.clone()));
    }
    match &mut state.panel {
        Panel::Plan(view) => {
            for change in &mut view.plan.changes {
                change.title = text();
                change.az = text();
                change.body = serde_json::json!({ text(): [text(), {text(): text()}] });
            }
        }
        Panel::Applying(apply) => apply.steps.iter_mut().for_each(|step| step.title = text()),
        _ => {}
    }
    for call in &mut state.calls {
        (call.path, call.host, call.method) = (text(), text(), text());
    }
    if let Some(Overlay::Trouble(over)) = state.overlays.last_mut() {
        *over = trouble;
    }
    state
}

fn assert_harmless(name: &str, state: &State) {
    for (width, height) in [(60, 16), (100, 30)] {
        let screen = shown(state, width, height);
        let buffer = screen.backend().buffer();
        for cell in &buffer.content {
            let symbol = cell.symbol();
            assert!(!symbol.contains(char::is_control), "{name}: {symbol:?}");
            let turns =
                |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(!symbol.contains(turns), "{name}: {symbol:?}");
        }
        // A wide character takes two cells: none may stick out of its row.
        for y in 0..height {
            assert!(cells(buffer[(width - 1, y)].symbol()) <= 1, "{name} at {width}x{height}, row {y}");
        }
    }
}

#[test]
fn known_attacks_do_not_reach_the_terminal() {
    for text in [
        "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}",
        "\u{9b}31m\u{202e}txt.exe\u{2066}",
        "日本語の名前はとても長いのでここで切らなければならないかもしれません、それでも壊れません",
        "a\u{200b}\u{200d}\u{feff}e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\r\n\tb\0c",
        "👩\u{200d}👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈 \u{1f1e9}\u{1f1ea}",
        "",
    ] {
        for (name, state) in scenes::all() {
            assert_harmless(name, &hostile(state, text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_text_from_outside_reaches_the_terminal_uncleaned(
        text in "(\\PC|[\\x00-\\x20\\x7f-\\u{9f}\\u{200b}-\\u{202e}日本é]){0,90}",
        pick in 0_usize..1000,
    ) {
        let all = scenes::all();
        let (name, state) = &all[pick % all.len()];
        assert_harmless(name, &hostile(state.clone(), &text));
    }
}
