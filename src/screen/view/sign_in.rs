//! Signing in: the ways to do it, the device code, the browser that is waited for, or the address alone.

use super::{Paint, common, pick};
use crate::engine::words::{ui, ui_with};
use crate::flow::effect::SignInMethod;
use crate::flow::state::{SignInState, SignInStep, State};
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::table::facts;

pub fn body(state: &State, sign_in: &SignInState, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width.min(84));
    match &sign_in.step {
        SignInStep::Choose => choose(state, sign_in, &mut doc),
        SignInStep::Starting(method) => doc.text(
            Role::Plain,
            match method {
                SignInMethod::AzCli => ui("screen.starting_az"),
                SignInMethod::Kept => ui("screen.starting_kept"),
                _ => ui("screen.starting"),
            },
        ),
        SignInStep::Browser { address } => {
            if state.setup.no_browser {
                doc.text(Role::Plain, ui("screen.open_yourself"));
                doc.blank();
            } else {
                doc.text(Role::Plain, ui("sign_in.waiting_browser"));
                doc.blank();
                doc.text(Role::Quiet, ui("screen.address"));
            }
            doc.value(address);
            doc.blank();
            doc.text(Role::Quiet, ui("sign_in.waiting"));
        }
        SignInStep::DeviceCode { code, address, ends } => {
            doc.text(
                Role::Plain,
                ui(if state.setup.practice {
                    // Its address is one of this machine.
                    "screen.code_intro_here"
                } else {
                    "screen.code_intro"
                }),
            );
            doc.blank();
            doc.pieces(&[
                (ui("screen.code_address"), Role::Quiet),
                ("  ", Role::Plain),
                (address, Role::Value),
            ]);
            let label = format!("{:<7}  ", ui("screen.code_code"));
            doc.pieces(&[(&label, Role::Quiet), (code, Role::Strong)]);
            // Told by the minute on the wall: with each of them the page is drawn anew, and not between.
            let left = ends.as_second().div_euclid(60) - state.now.as_second().div_euclid(60);
            let key = match left {
                2.. => "screen.code_ends",
                _ if state.now < *ends => "screen.code_ends_soon",
                _ => "screen.code_ended",
            };
            let ends = ui_with(key, &[("time", &paint.clock(*ends)), ("minutes", &left.to_string())]);
            doc.pieces(&[(&ends, Role::Quiet)]);
            doc.blank();
            doc.hanging("! ", Role::Caution, Role::Plain, ui("screen.phishing"));
            doc.blank();
            doc.text(Role::Quiet, ui("sign_in.waiting"));
        }
        SignInStep::Address => return pick::address(state, paint, width),
        SignInStep::PageError => {
            doc.text(Role::Plain, ui("sign_in.page_error_type"));
            doc.blank();
            pick::field(&mut doc, ui("screen.label_message"), &state.fields.error, "AADSTS53003: ...");
        }
        SignInStep::Tenant => {
            doc.text(Role::Plain, ui("sign_in.tenant_type"));
            doc.blank();
            pick::field(&mut doc, ui("screen.label_tenant"), &state.fields.tenant, "contoso.onmicrosoft.com");
        }
    }
    doc
}

fn choose(state: &State, sign_in: &SignInState, doc: &mut Doc) {
    if let Some(trouble) = &sign_in.trouble {
        common::remark(doc, trouble);
        doc.blank();
    }
    doc.text(Role::Plain, ui("sign_in.why"));
    doc.blank();
    let mut ways: Vec<(&str, &str)> = state
        .setup
        .methods
        .iter()
        .map(|method| match method {
            SignInMethod::Browser => (ui("screen.way_browser"), ui("sign_in.browser_hint")),
            SignInMethod::DeviceCode => (ui("screen.way_code"), ui("sign_in.device_hint")),
            SignInMethod::AzCli => (ui("screen.way_az"), ui("sign_in.az_hint")),
            SignInMethod::Kept => (ui("screen.way_kept"), ui("sign_in.kept_hint")),
        })
        .collect();
    ways.push((ui("screen.way_none"), ui("sign_in.none_hint")));
    facts(doc, &ways);
    doc.blank();
    if let Some(tenant) = &state.choices.tenant {
        doc.text(Role::Plain, &ui_with("sign_in.tenant", &[("tenant", tenant)]));
    }
    let client = &state.setup.client;
    doc.text(Role::Quiet, &ui_with("screen.client", &[("name", &client.name), ("id", &client.id)]));
    // The built-in practice cloud ends with the program: there is nothing to keep.
    if !state.setup.practice {
        let keeps = state.choices.keep_signed_in;
        doc.text(Role::Quiet, ui(if keeps { "keep.means" } else { "keep.means_not" }));
    }
}
