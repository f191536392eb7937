//! Plays the person's part on the practice cloud: signing in at the page, the portal's steps, saving the connector.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::cloud::classify::refused_on_a_page;
use crate::cloud::http::ExtraRoots;
use crate::drive::person::{Part, PersonPart, Played, Scene};
use crate::engine::clean::clean_line;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with, ui, ui_with};
use crate::flow::event::PersonDone;

/// Somebody at the practice cloud's pages, through its control endpoint.
pub struct PracticePerson {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    control: String,
}

impl PracticePerson {
    /// For the practice cloud with this control endpoint, which may speak HTTPS with a certificate that is trusted here.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(control: String, trust: &ExtraRoots) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = trust.trusted_by(http).build()?;
        Ok(Self { inner: Arc::new(Inner { http, control }) })
    }
}

impl PersonPart for PracticePerson {
    fn play(&self, step: &str, scene: Scene) -> Played {
        let (inner, step) = (self.inner.clone(), step.to_owned());
        Box::pin(async move { inner.play(&step, scene).await })
    }
}

impl Inner {
    async fn play(&self, step: &str, scene: Scene) -> Result<Part, Trouble> {
        match step {
            "approve-device-code" => {
                self.act(json!({ "step": step })).await?;
                Ok(done(ui("practice.code_approved")))
            }
            "sign-in" | "rehearsal-sign-in" => {
                let address = scene.address.ok_or_else(|| refused(say("practising.no_address")))?;
                let back = self.act(json!({ "step": "sign-in", "url": address })).await?;
                let location =
                    back["location"].as_str().ok_or_else(|| refused(say("practising.nobody_back")))?;
                self.http.get(location).send().await.map_err(|e| unreachable(&e))?;
                Ok(done(ui("practice.signed_in")))
            }
            "portal:protect" => self.in_portal(&["protect"]).await,
            "portal:register" => self.in_portal(&["register", "allow-connector"]).await,
            "portal:grant" => self.in_portal(&["grant"]).await,
            "portal:secret" => self.make_secret().await,
            "portal:connect" => self.in_portal(&["add-redirect"]).await,
            "portal:try" => self.test_connector().await,
            "save-connector" => self.save_connector(scene).await,
            other => Err(refused(&say_with("practising.no_part", &[("part", &clean_line(other, 40))]))),
        }
    }

    async fn in_portal(&self, steps: &[&str]) -> Result<Part, Trouble> {
        for step in steps {
            self.act(json!({ "step": step })).await?;
        }
        Ok(done(ui("practice.portal_done")))
    }

    /// A new connection, and the operation called on it.
    async fn test_connector(&self) -> Result<Part, Trouble> {
        let tested = self.act(json!({ "step": "test-connection", "query_name": "Ada" })).await?;
        if let Some(why) = tested["message"].as_str() {
            return Err(refused(why));
        }
        let status = tested["status"].to_string();
        let answer = clean_line(tested["body"].as_str().unwrap_or_default(), 120);
        Ok(done(&ui_with("practice.tested", &[("status", &status), ("answer", &answer)])))
    }

    /// The portal shows a new secret's value once; a person copies it from there and pastes it here.
    async fn make_secret(&self) -> Result<Part, Trouble> {
        let mut made = self.act(json!({ "step": "secret" })).await?;
        let Value::String(value) = made["value"].take() else {
            return Err(refused(say("practising.no_value")));
        };
        Ok(Part { secret: Some(SecretString::from(value)), ..done(ui("practice.secret_pasted")) })
    }

    async fn save_connector(&self, scene: Scene) -> Result<Part, Trouble> {
        // What was not copied cannot be pasted: the field stays empty, and the page says so.
        let pasted = |value: Option<String>| value.unwrap_or_default();
        let secret = scene.secret.as_ref().map(|s| s.expose_secret().to_owned());
        let saved = self
            .act(json!({
                "step": "save-connector",
                "definition": scene.definition,
                "host": pasted(scene.host),
                "client_id": pasted(scene.client_id),
                "client_secret": pasted(secret),
                "tenant_id": pasted(scene.tenant_id),
                "resource_url": pasted(scene.resource_url),
            }))
            .await
            .map_err(|trouble| Trouble { next: ui("practice.copy_first").to_owned(), ..trouble })?;
        let redirect_url = saved["redirect_url"].as_str().map(str::to_owned);
        let line = ui("practice.connector_saved").to_owned();
        Ok(Part { done: PersonDone { line, redirect_url }, secret: None })
    }

    async fn act(&self, body: Value) -> Result<Value, Trouble> {
        let answer = self
            .http
            .post(format!("{}/do", self.control))
            .json(&body)
            .send()
            .await
            .map_err(|e| unreachable(&e))?;
        let said: Value = answer.json().await.map_err(|e| unreachable(&e))?;
        match said["error"].as_str() {
            Some(sentence) => Err(refused(sentence)),
            None => Ok(said),
        }
    }
}

fn done(line: &str) -> Part {
    Part { done: PersonDone { line: line.to_owned(), redirect_url: None }, secret: None }
}

fn refused(sentence: &str) -> Trouble {
    let sentence = clean_line(sentence, 400);
    // A page that names a code is explained as everywhere else.
    match refused_on_a_page(&sentence) {
        Some(trouble) => trouble.original(sentence),
        None => Trouble::new(Class::Refused, sentence, say("practising.refused_next")),
    }
}

fn unreachable(error: &reqwest::Error) -> Trouble {
    Trouble::new(Class::Local, say("practising.no_answer"), say("practising.no_answer_next"))
        .original(clean_line(&error.to_string(), 200))
}
