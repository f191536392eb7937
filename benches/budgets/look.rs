//! A full check against the practice cloud, with every answer delayed: how long it takes beside its chain of dependent calls.

use std::io::{Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use handclasp::cloud::call_log::CallRecord;
use handclasp::cloud::har::Har;
use handclasp::cloud::http::{CloudConfig, Http};
use handclasp::cloud::observe::Observer;
use handclasp::cloud::reader::Reader;
use handclasp::cloud::sign_in::SignIn;
use handclasp::engine::choices::{AppChoice, Choices};
use handclasp::engine::clouds::Cloud;
use handclasp::platform::clock::Clock;
use handclasp::practice::{Options, Practice};
use serde_json::Value;

use crate::Result;

/// The delay of every answer.
pub const DELAY: Duration = Duration::from_millis(100);
/// Azure CLI's client, as the program uses it.
const CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// One look at the whole set-up.
pub struct Look {
    /// From the first call to the last answer.
    pub took: Duration,
    /// How many calls went out.
    pub calls: usize,
    /// Bytes of all bodies that went out, as a recording has them: with stand-ins for what is secret.
    pub sent: u64,
    /// Bytes of all bodies that came back.
    pub received: u64,
    /// The chain of calls that held the look up, each sent once the one before it was answered, by name.
    pub chain: Vec<String>,
}

/// Looks at a finished set-up: once with nothing held (`first`), then again with tokens and connections at hand.
pub async fn looks(again: usize) -> Result<(Look, Vec<Look>)> {
    let options = Options { auto_approve: Some("ada".to_owned()), ..Options::default() };
    let practice = Practice::start("finished", options).await?;
    let clock = Clock::system();
    let cloud = Arc::new(Cloud::from_toml(&practice.cloud_toml())?);
    let mut config = CloudConfig::new(cloud, CLIENT, Arc::new(move || clock.now()));
    let (calls, mut made) = tokio::sync::mpsc::unbounded_channel();
    config.calls = Some(calls);
    let recording = Recording::default();
    config.har = Some(Arc::new(Har::new(Box::new(recording.clone()))?));
    config.limits.shortest_poll = Duration::ZERO;
    practice.world().lock().switches.device_code_interval_s = 0;
    let http = Http::new(config);
    let (progress, _unread) = tokio::sync::mpsc::unbounded_channel();
    let session =
        SignIn::new(&http, None).with_device_code(&progress).await.map_err(|trouble| trouble.what)?;
    let observer =
        Observer::signed_in(Reader::new(http, session.tokens()), Some(session.tenant().to_owned()));
    let choices = Choices { app: Some(app(&practice)?), ..Choices::default() };

    practice.world().lock().latency_ms = u64::try_from(DELAY.as_millis())?;
    let mut look = async || -> Result<Look> {
        while made.try_recv().is_ok() {}
        let recorded = recording.entries()?.len();
        let begun = Instant::now();
        let facts = observer.observe(&choices).await;
        let took = begun.elapsed();
        let records: Vec<CallRecord> = std::iter::from_fn(|| made.try_recv().ok()).collect();
        if facts.grants.value().is_none() {
            return Err("the look did not come to its end".into());
        }
        let entries = recording.entries()?;
        let bodies = |side: &str| -> u64 {
            entries.iter().skip(recorded).filter_map(|entry| entry[side]["bodySize"].as_u64()).sum()
        };
        let (sent, received) = (bodies("request"), bodies("response"));
        Ok(Look { took, calls: records.len(), sent, received, chain: chain(&records) })
    };
    let first = look().await?;
    let mut later = Vec::new();
    for _ in 0..again {
        later.push(look().await?);
    }
    Ok((first, later))
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Recording {
    fn entries(&self) -> Result<Vec<Value>> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut document: Value = serde_json::from_slice(memory.get_ref())?;
        Ok(serde_json::from_value(document["log"]["entries"].take())?)
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Recording {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seek(to)
    }
}

/// The function app by its resource id, as the wizard keeps it once it was picked.
fn app(practice: &Practice) -> Result<AppChoice> {
    let told = practice.summary();
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("the scenario has no app");
    let (subscription, group) = (text(&told["subscription"])?, text(&told["resource_group"])?);
    let name = text(&told["app"]["name"])?;
    Ok(AppChoice::ResourceId(format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}"
    )))
}

/// The chain that held the look up: from the last call to be answered back to the call whose answer came last before it
/// was sent, and so on to the beginning.
fn chain(records: &[CallRecord]) -> Vec<String> {
    let answered = |call: &&CallRecord| call.at + call.duration;
    let mut names = Vec::new();
    let mut link = records.iter().max_by_key(answered);
    while let Some(call) = link {
        let path = call.path.split('?').next().unwrap_or_default();
        names.push(format!("{} {}", call.method, path.rsplit('/').next().unwrap_or_default()));
        link = records.iter().filter(|before| answered(before) <= call.at).max_by_key(answered);
    }
    names.reverse();
    names
}
