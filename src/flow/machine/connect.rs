//! Stage 6: the redirect URL comes back, by clipboard, typed, or inside an error; what a pasted error means otherwise; and
//! which Resource URL is handed over.

use crate::engine::error_codes::explain_pasted;
use crate::engine::ids::StageId;
use crate::engine::redirect_url::{Recognition, RedirectUrl, WhyNot, recognise};
use crate::engine::trouble::Trouble;
use crate::engine::words::{ui, ui_with};
use crate::flow::derived::{rehearsal_mended_at, writes_possible};
use crate::flow::effect::CopyItem;
use crate::flow::hand_over;
use crate::flow::state::{Field, Panel};

use super::Turn;

impl Turn<'_> {
    pub(super) fn clipboard_read(&mut self, result: Result<String, Trouble>) {
        if self.state.panel != Panel::HandOver {
            return;
        }
        match result {
            Ok(text) => self.take_redirect(&text, false),
            Err(trouble) => self.trouble(trouble),
        }
    }

    pub(super) fn submit_redirect(&mut self) {
        let text = self.state.fields.redirect.text().to_owned();
        self.take_redirect(&text, true);
    }

    /// Explains a pasted error. At the connector page one that is about the redirect URL brings that along, which is what is
    /// waited for there; so does a text that holds nothing but the URL.
    pub(super) fn submit_error(&mut self) {
        let text = self.state.fields.error.text().to_owned();
        let found = explain_pasted(&text);
        let about_it = found.codes.is_empty() || found.redirect_uri.is_some();
        let brings = about_it && !matches!(recognise(&text, &self.state.setup.cloud), Recognition::NotOne(_));
        if brings && self.state.stage() == Some(StageId::Connect) {
            self.take_redirect(&text, false);
        } else if found.codes.is_empty() {
            self.notice("explain.nothing_title", ui("explain.nothing"));
        } else {
            self.show(Panel::Explained(Box::new(found)));
        }
    }

    /// To the stage where the explained error is mended, with the redirect URL that it named; or where the error is that
    /// the rehearsal ended with.
    pub(super) fn mend_explained(&mut self) {
        let Panel::Explained(found) = &self.state.panel else {
            if let Some(stage) = rehearsal_mended_at(self.state) {
                self.open_stage(stage);
            }
            return;
        };
        let (Some(stage), redirect) = (found.stage(), found.redirect_uri.clone()) else { return };
        self.open_stage(stage);
        if let Some(url) = redirect.filter(|_| stage == StageId::Connect) {
            self.take_redirect(&url, false);
        }
    }

    /// Takes a redirect URL out of a text. What was put right or is doubtful is shown in the field first, so that the
    /// person looks at it once; what is none is explained, and never kept.
    fn take_redirect(&mut self, text: &str, seen: bool) {
        match recognise(text, &self.state.setup.cloud) {
            Recognition::Own(url) if url.host_known || seen => self.accept_redirect(url.as_str().to_owned()),
            Recognition::Own(url) => {
                let note = ui("redirect.host_unknown").to_owned();
                self.show_redirect(url.as_str(), note);
            }
            Recognition::Repaired { url, differences } => {
                let words: Vec<&str> = differences.iter().map(|difference| difference.words()).collect();
                let note = ui_with(
                    "redirect.repaired",
                    &[("url", url.as_str()), ("differences", &words.join(", "))],
                );
                self.show_redirect(url.as_str(), note);
            }
            Recognition::Several(urls) => {
                let list: Vec<&str> = urls.iter().map(RedirectUrl::as_str).collect();
                self.explain_redirect(format!("{}\n{}", ui("redirect.several"), list.join("\n")));
            }
            Recognition::BareShared => self.explain_redirect(ui("redirect.bare")),
            Recognition::NotSavedYet => self.explain_redirect(ui("redirect.not_saved")),
            Recognition::Rehearsal => self.explain_redirect(ui("redirect.rehearsal")),
            Recognition::NotOne(why) => self.explain_redirect(ui(match why {
                WhyNot::Empty => "redirect.empty",
                WhyNot::OtherAddress => "redirect.other_address",
                WhyNot::NoAddress => "redirect.no_address",
            })),
        }
    }

    fn explain_redirect(&mut self, text: impl Into<String>) {
        self.notice("flow.redirect_title", text);
    }

    fn show_redirect(&mut self, url: &str, note: String) {
        self.state.fields.redirect = Field::with(url);
        self.state.fields.redirect.note = Some(note);
        self.show(Panel::RedirectField);
    }

    /// Keeps the redirect URL, and leads to the plan that registers it.
    fn accept_redirect(&mut self, url: String) {
        self.state.choices.redirect_url = Some(url);
        self.save_choices();
        if writes_possible(self.state) {
            self.prepare();
        } else {
            self.base();
            self.note("redirect.own");
        }
    }

    /// Forgets the redirect URL that was taken, so that another can be. Where it is registered, it stays so.
    pub(super) fn forget_redirect(&mut self) {
        self.state.choices.redirect_url = None;
        self.state.fields.redirect = Field::default();
        self.state.copied.remove(&CopyItem::RedirectUrl);
        self.save_choices();
        self.base();
        self.note("redirect.forgotten");
    }

    pub(super) fn choose_resource(&mut self, value: &str) {
        let candidate = hand_over::candidates(self.state).into_iter().find(|c| c.value == value);
        let Some(candidate) = candidate else { return };
        self.state.choices.resource_url = (!candidate.recommended).then(|| candidate.value.clone());
        self.state.copied.remove(&CopyItem::ResourceUrl);
        self.save_choices();
        // The watch that is under way looks up the one before, and would have the last word.
        self.base();
        self.state.note = Some(candidate.note);
    }
}
