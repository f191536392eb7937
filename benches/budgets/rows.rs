//! A key while a thousand rows change: the machine and the drawing, without the terminal's own time.

use std::time::{Duration, Instant};

use handclasp::engine::choices::Choices;
use handclasp::engine::clouds::Cloud;
use handclasp::engine::ids::StageId;
use handclasp::flow::event::{AppList, AppRow};
use handclasp::flow::state::{Page, Panel, PublicClient, Setup, Timing};
use handclasp::flow::{Answer, Event, Key, State, handle};
use handclasp::screen::{Look, Paint, Screen};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::backend::TestBackend;

use crate::Result;

/// How many rows change with every key.
pub const ROWS: usize = 1000;

/// How long each of so many keys takes until its frame is drawn, all rows being replaced just before it.
pub fn keys(count: usize) -> Result<Vec<Duration>> {
    let mut state = State::new(setup()?, Choices::default(), Timestamp::UNIX_EPOCH);
    state.page = Page::Stage(StageId::Pick);
    state.panel = Panel::PickApp;
    let paint = Paint::new(Look { colour: true, unicode: true }, || TimeZone::UTC);
    let mut screen = Screen::new(TestBackend::new(120, 40), paint)?;
    let mut took = Vec::new();
    for round in 0..count {
        let answer = Answer::AppsListed(Ok(list(round)));
        let generation = state.generation;
        let begun = Instant::now();
        handle(&mut state, Event::Answer { generation, answer });
        handle(&mut state, Event::Key(Key::Down));
        let drew = screen.show(&state)?;
        took.push(begun.elapsed());
        if !drew {
            return Err("a key changed nothing on the screen".into());
        }
    }
    Ok(took)
}

fn list(round: usize) -> AppList {
    let apps = (0..ROWS)
        .map(|row| AppRow {
            id: format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/app-{row}"),
            name: format!("contoso-{row}-{round}"),
            host: format!("contoso-{row}-{round}.azurewebsites.net"),
            subscription_id: "s".to_owned(),
            subscription: "Contoso".to_owned(),
            resource_group: "rg-hello".to_owned(),
        })
        .collect();
    AppList::new(apps, Vec::new(), Vec::new())
}

fn setup() -> Result<Setup> {
    Ok(Setup {
        practice: true,
        read_only: false,
        no_browser: true,
        remote: false,
        cloud: Cloud::named("public")?,
        client: PublicClient { id: String::new(), name: String::new() },
        methods: Vec::new(),
        files_dir: String::new(),
        secret_days: 180,
        timing: Timing::default(),
    })
}
