//! The stage of the secret: absent, lost, held, pasted.

use crate::engine::secret_shape::SecretShape;

use super::*;

pub fn secret_scenes() -> Vec<(&'static str, State)> {
    let mut gone = fixtures::finished();
    let mut app = gone.client_app.value().unwrap().clone();
    app.secrets.push(SecretInfo {
        key_id: "c0ffee00-0000-4000-8000-000000000002".into(),
        display_name: "typed in the portal".into(),
        hint: "k3_".into(),
        start: None,
        end: Some("2026-12-01T00:00:00Z".parse().unwrap()),
    });
    gone.client_app = seen(app);
    let field = |empty, refused| {
        let mut state = on(StageId::Secret, fixtures::finished(), Panel::SecretField);
        state.secret_field_open = true;
        state.secret.empty = empty;
        state.secret.refused = refused;
        state
    };
    let mut lost = without_redirect();
    let mut app = lost.client_app.value().unwrap().clone();
    let mut second = app.secrets[0].clone();
    second.key_id = "c0ffee00-0000-4000-8000-000000000003".into();
    second.display_name = "handclasp 2026-11-21 13:40:10".into();
    second.start = Some("2026-11-21T13:40:10Z".parse().unwrap());
    second.hint = "Zk8".into();
    app.secrets.push(second.clone());
    lost.client_app = seen(app);
    let removal = PlanInput { remove_secret: Some(second.key_id), ..input() };
    let made = plan(StageId::Secret, &cloud(), &lost, &fixtures::choices(), &removal);
    let view = PlanView {
        stage: StageId::Secret,
        plan: made,
        input: removal,
        since: 1,
        asked: Asked::First,
        new: vec![0],
    };
    let mut remove = on(StageId::Secret, lost.clone(), Panel::Plan(view));
    remove.selected = Some(Item::Change(0));
    let mut held = stage(StageId::Secret, fixtures::finished());
    hold(&mut held);
    held.secret.probing = true;
    vec![
        ("secret_absent", stage(StageId::Secret, without_secret())),
        ("secret_gone", stage(StageId::Secret, gone)),
        ("secret_lost", stage(StageId::Secret, lost.clone())),
        ("secret_lost_choice", on(StageId::Secret, lost, Panel::LostSecrets)),
        ("secret_lost_plan", remove),
        ("secret_held", held),
        ("secret_field", field(true, None)),
        ("secret_field_typed", field(false, None)),
        ("secret_field_id", field(true, Some(SecretShape::Id { of: None }))),
    ]
}
