//! Plans: shown, carried out, stopped.

use super::*;

pub fn input() -> PlanInput {
    fixtures::input()
}

pub fn planned(id: StageId, facts: &Facts) -> PlanView {
    let plan = plan(id, &cloud(), facts, &fixtures::choices(), &input());
    let new = (0..plan.changes.len()).collect();
    PlanView { stage: id, plan, input: input(), since: 1, asked: Asked::First, new }
}

pub fn plan_scene(id: StageId, facts: Facts) -> State {
    let view = planned(id, &facts);
    let mut state = stage(id, facts);
    state.panel = Panel::Plan(view);
    state
}

pub fn applying(phase: Phase, marks: [Mark; 5]) -> State {
    let mut state = stage(StageId::Protect, fixtures::fresh());
    let changes: Vec<Change> = planned(StageId::Protect, &state.facts).plan.changes;
    let steps: Vec<Step> =
        changes.iter().zip(marks).map(|(change, mark)| Step { title: change.title.clone(), mark }).collect();
    let current = marks.iter().position(|m| !matches!(m, Mark::Done | Mark::NotNeeded)).unwrap_or(0);
    let sent = changes.get(current).cloned();
    state.panel = Panel::Applying(Box::new(Apply {
        stage: StageId::Protect,
        confirmed: changes.into_iter().skip(current).collect(),
        input: input(),
        token_to: None,
        steps,
        current,
        phase,
        stopping: false,
        sent,
        repeated: 0,
        seen: false,
        done: Vec::new(),
        after: None,
    }));
    state
}

pub fn plan_scenes() -> Vec<(&'static str, State)> {
    let mut first = plan_scene(StageId::Protect, fixtures::fresh());
    first.selected = Some(Item::Change(0));
    let mut settings = plan_scene(StageId::Protect, fixtures::fresh());
    if let Panel::Plan(view) = &settings.panel {
        settings.selected = Some(Item::Change(view.plan.changes.len() - 1));
    }
    let address = "http://localhost:53682/handclasp-3f9a".to_owned();
    let port = PlanInput { rehearsal_redirect: Some(address), ..input() };
    let plan = plan(StageId::Try, &cloud(), &fixtures::finished(), &fixtures::choices(), &port);
    let view = PlanView {
        new: (0..plan.changes.len()).collect(),
        plan,
        ..planned(StageId::Try, &fixtures::fresh())
    };
    let mut rehearsing = on(StageId::Try, fixtures::finished(), Panel::Plan(view));
    hold(&mut rehearsing);
    let mut read_only = plan_scene(StageId::Protect, fixtures::fresh());
    read_only.setup.read_only = true;
    let mut landing =
        applying(Phase::Landing, [Mark::Done, Mark::Accepted, Mark::ToDo, Mark::ToDo, Mark::ToDo]);
    landing.waiting = Some(Waiting {
        text: "Entra is copying this to all its servers. Usually a few seconds to a minute.".into(),
        since: now(),
        safe_to_leave: true,
        until: None,
    });
    let mut note = plan_scene(StageId::Register, fixtures::fresh());
    note.note = Some("The az command is in your clipboard.".into());
    vec![
        ("plan", plan_scene(StageId::Protect, fixtures::fresh())),
        ("plan_first_change", first),
        ("plan_settings", settings),
        ("plan_read_only", read_only),
        ("plan_rehearsal", rehearsing),
        ("plan_blocked", note),
        ("preparing", on(StageId::Protect, fixtures::fresh(), Panel::Preparing)),
        (
            "applying",
            applying(Phase::Sending, [Mark::Done, Mark::Sending, Mark::ToDo, Mark::ToDo, Mark::ToDo]),
        ),
        ("applying_landing", landing),
        (
            "applying_stopped",
            applying(
                Phase::Stopped(Box::new(trouble())),
                [Mark::Done, Mark::NotNeeded, Mark::Failed, Mark::ToDo, Mark::ToDo],
            ),
        ),
    ]
}
