//! Stage 6: the connector page's rows, and what comes back from it.

use super::*;

pub fn connect_scenes() -> Vec<(&'static str, State)> {
    let mut start = watching(stage(StageId::Connect, without_redirect()));
    hold(&mut start);
    let mut half = start.clone();
    half.copied.insert(CopyItem::Host, CopyOutcome::Copied);
    half.copied.insert(CopyItem::ClientId, CopyOutcome::Copied);
    half.copied.insert(CopyItem::ClientSecret, CopyOutcome::Sent);
    half.copied.insert(CopyItem::AuthorizationUrl, CopyOutcome::Failed(trouble()));
    half.last_copied = Some(CopyItem::ClientSecret);
    let mut failed = start.clone();
    failed.copied.insert(CopyItem::ClientId, CopyOutcome::Failed(trouble()));
    failed.selected = Some(Item::Row(CopyItem::ClientId));
    let mut unregistered = start.clone();
    unregistered.choices.redirect_url = Some(REDIRECT.into());
    judge(&mut unregistered);
    let mut taken = unregistered.clone();
    taken.selected = Some(Item::Row(CopyItem::RedirectUrl));
    let mut done = stage(StageId::Connect, fixtures::finished());
    done.choices.redirect_url = Some(REDIRECT.into());
    done.files = vec![
        "handclasp-files/hello.postman_collection.json".into(),
        "handclasp-files/hello.swagger.json".into(),
    ];
    judge(&mut done);
    let mut typing = on(StageId::Connect, without_redirect(), Panel::RedirectField);
    typing.fields.redirect = Field::with(REDIRECT);
    typing.fields.redirect.note = Some("87 characters pasted, 1 line break removed".into());
    vec![
        ("connect_start", start),
        ("connect_half", half),
        ("connect_failed", failed),
        ("connect_without_secret", watching(stage(StageId::Connect, without_redirect()))),
        ("connect_unregistered", unregistered),
        ("connect_taken", taken),
        ("connect_done", done),
        ("stage_consent", on(StageId::Grant, fixtures::finished(), Panel::Consent)),
        ("connect_more", over(watching(stage(StageId::Connect, without_redirect())), Overlay::More)),
        ("connect_resource", on(StageId::Connect, fixtures::finished(), Panel::Resource)),
        ("connect_redirect", typing),
        ("connect_error", on(StageId::Connect, without_redirect(), Panel::ErrorField)),
    ]
}
