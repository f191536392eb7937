//! `handclasp practice`: the practice cloud by itself, and what can be practised.

use std::future::pending;

use serde_json::Value;

use crate::platform::files::{self, PassingFolder, Readers};
use crate::practice::{self, Practice, scenarios};
use crate::screen::theme::Role;
use crate::screen::widgets::text::{cells, pad};

use super::args::{Scenarios, Serve};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::text::wrap;

/// The width that the list is made for.
const WIDTH: usize = 80;

/// Serves the practice cloud. Being stopped by a signal ends it from outside; then its cloud file goes, too.
///
/// # Errors
/// When the scenario, the user, the port or the cloud file cannot be had.
pub async fn serve(serve: &Serve, output: &mut Output) -> Result<Exit, Failure> {
    let options = practice::Options {
        port: serve.port,
        auto_approve: serve.auto_approve.clone(),
        tls: serve.tls,
        ..practice::Options::default()
    };
    let practice = Practice::start(serve.scenario.as_str(), options).await?;
    let folder = PassingFolder::new()?;
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        files::write_whole(&file, text.as_bytes(), Readers::OnlyMe)?;
        Ok::<_, Failure>(Value::from(file.to_string_lossy()))
    };
    let mut written = vec![("cloud_file", write("cloud.toml", &practice.cloud_toml())?)];
    if let Some(certificate) = practice.ca_pem() {
        written.push(("ca_file", write("ca.pem", certificate)?));
    }
    if !output.data(&format!("{}\n", first_line(&practice, &written))) {
        return Ok(Exit::Fine);
    }
    pending().await
}

/// Everything that another client needs, the files in their place.
fn first_line(practice: &Practice, written: &[(&str, Value)]) -> Value {
    let mut line = serde_json::Map::new();
    if let Value::Object(summary) = practice.summary() {
        for (key, value) in summary {
            let is_origin = key == "origin";
            line.insert(key, value);
            if is_origin {
                line.extend(written.iter().map(|(key, file)| ((*key).to_owned(), file.clone())));
            }
        }
    }
    Value::Object(line)
}

/// Lists the scenarios.
pub fn list(options: &Scenarios, output: &mut Output) -> Exit {
    let known = scenarios();
    if options.json {
        // Nothing in the list has a key that is not a text.
        let text = serde_json::to_string_pretty(&known).unwrap_or_default();
        output.data(&format!("{text}\n"));
        return Exit::Fine;
    }
    let widest = known.iter().map(|scenario| cells(&scenario.name)).max().unwrap_or(0);
    let ink = output.ink();
    let mut text = String::new();
    for scenario in &known {
        let mut name = pad(&scenario.name, widest + 2);
        for line in wrap(&scenario.sentence, WIDTH - widest - 2) {
            text.push_str(&ink.paint(Role::Strong, &name));
            text.push_str(&ink.paint(Role::Plain, &line));
            text.push('\n');
            name = " ".repeat(widest + 2);
        }
    }
    output.data(&text);
    Exit::Fine
}
