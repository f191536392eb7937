//! Reads that are asked for at the same time travel together in one `$batch` (microsoft-cloud 4.8).
//!
//! Whoever asks puts the read into a queue and steps back once, so that others who are ready can do the
//! same; the first to come back sends everything that is waiting. So the reads of one look need no plan
//! of who travels with whom: what is known early goes early, and nothing waits for a slower chain.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::step_back::step_back;
use crate::cloud::http::{Answer, Request, Service, asked_for, luck, retry_after};
use crate::cloud::json::at;
use crate::cloud::reader::{EVENTUAL, Reader, label};
use crate::engine::trouble::{Class, Trouble};

/// Most requests that one batch may hold (microsoft-cloud 4.8).
const MOST: usize = 20;

/// What became of a read in a batch.
enum Outcome {
    /// Answered, or refused for good.
    Done(Box<Result<Answer, Trouble>>),
    /// To be asked again by itself after a wait.
    Alone(Duration),
}

struct Waiting {
    number: u64,
    path: String,
    eventual: bool,
    reply: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct Queue {
    last: u64,
    waiting: Vec<Waiting>,
}

/// The reads that wait to travel.
#[derive(Clone, Default)]
pub(super) struct Batcher {
    queue: Arc<Mutex<Queue>>,
}

impl Batcher {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A successful answer to a GET of a path below the version's root.
    pub(super) async fn get(&self, reader: &Reader, path: &str, eventual: bool) -> Result<Answer, Trouble> {
        let (reply, answer) = oneshot::channel();
        let number = {
            let mut queue = self.lock();
            queue.last += 1;
            let number = queue.last;
            queue.waiting.push(Waiting { number, path: path.to_owned(), eventual, reply });
            number
        };
        step_back().await;
        let mine = {
            let mut queue = self.lock();
            // Somebody may have sent this one already; then the others are not ours to send.
            let still_here = queue.waiting.iter().any(|w| w.number == number);
            if still_here { std::mem::take(&mut queue.waiting) } else { Vec::new() }
        };
        send_all(reader, mine).await;
        let wait = match answer.await {
            Ok(Outcome::Done(result)) => return *result,
            Ok(Outcome::Alone(wait)) => wait,
            // Whoever carried this read was stopped on the way.
            Err(_) => Duration::ZERO,
        };
        if !wait.is_zero() {
            reader.http.pause(Service::Graph, asked_for(wait, luck())).await;
        }
        reader.get(Service::Graph, reader.url(Service::Graph, path)?, eventual).await
    }
}

async fn send_all(reader: &Reader, mut waiting: Vec<Waiting>) {
    let mut batches = Vec::new();
    while !waiting.is_empty() {
        let rest = waiting.split_off(waiting.len().min(MOST));
        batches.push(std::mem::replace(&mut waiting, rest));
    }
    join_all(batches.into_iter().map(|batch| send(reader, batch))).await;
}

async fn send(reader: &Reader, mut batch: Vec<Waiting>) {
    let envelope = if batch.len() == 1 { None } else { Some(ask(reader, &batch).await) };
    let mut responses = match &envelope {
        Some(Ok(answer)) => match answer.json() {
            Ok(mut body) => match body.get_mut("responses").map(Value::take) {
                Some(Value::Array(responses)) => responses,
                _ => Vec::new(),
            },
            Err(_) => Vec::new(),
        },
        _ => Vec::new(),
    };
    for (index, waiting) in batch.drain(..).enumerate() {
        let outcome = match &envelope {
            // What is refused for all is refused for each, and a service that asks for a pause is not asked for each.
            Some(Err(trouble)) if !is_broken(trouble) => Outcome::Done(Box::new(Err(trouble.clone()))),
            Some(Ok(envelope)) => {
                let id = (index + 1).to_string();
                let own = responses.iter_mut().find(|r| at(r, &["id"]).as_str() == Some(id.as_str()));
                own.map_or(Outcome::Alone(Duration::ZERO), |own| read(reader, envelope, &waiting, own))
            }
            Some(Err(_)) | None => Outcome::Alone(Duration::ZERO),
        };
        // Nobody may be waiting any more; then nobody misses it.
        let _ = waiting.reply.send(outcome);
    }
}

/// Whether a batch failed as a batch, so that its reads may well be answered one by one.
fn is_broken(trouble: &Trouble) -> bool {
    matches!(trouble.class, Class::UnexpectedAnswer | Class::TimeOut) || trouble.status == Some(500)
}

async fn ask(reader: &Reader, batch: &[Waiting]) -> Result<Answer, Trouble> {
    let requests: Vec<Value> = batch
        .iter()
        .enumerate()
        .map(|(index, w)| {
            let mut request = json!({"id": (index + 1).to_string(), "method": "GET", "url": w.path});
            if w.eventual {
                request["headers"] = json!({"ConsistencyLevel": EVENTUAL.1});
            }
            request
        })
        .collect();
    let url = reader.url(Service::Graph, "/$batch")?;
    // All in it are reads: it may be sent again where one of them may.
    reader.ask(Request::ask(Service::Graph, url).json(&json!({"requests": requests})).repeatable()).await
}

/// One response of a batch as an answer of its own.
fn read(reader: &Reader, envelope: &Answer, waiting: &Waiting, response: &mut Value) -> Outcome {
    let Some(status) = at(response, &["status"]).as_u64().and_then(|s| u16::try_from(s).ok()) else {
        return Outcome::Alone(Duration::ZERO);
    };
    let headers = headers(at(response, &["headers"]));
    let limits = reader.http.limits();
    let own = if matches!(status, 429 | 503) { limits.first_wait } else { Duration::ZERO };
    let wait = retry_after(&headers, envelope.at).unwrap_or(own);
    // A token that is refused for this one only: asked by itself, it is tried with a fresh one.
    if status == 401 {
        return Outcome::Alone(Duration::ZERO);
    }
    // 424 only says that another one failed. For the rest, asking again by itself may bring an answer, unless
    // more patience is asked for than a person at a terminal should be held for.
    if matches!(status, 424 | 429 | 500 | 502 | 503 | 504) && wait <= limits.longest_retry_after {
        return Outcome::Alone(wait);
    }
    let body = response.get_mut("body").map(Value::take).unwrap_or_default();
    let correlation = headers.get("request-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let answer = Answer {
        service: Service::Graph,
        status,
        body: Zeroizing::new(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() }),
        truncated: false,
        at: envelope.at,
        call: label("GET", &waiting.path),
        url: reader.url(Service::Graph, &waiting.path).unwrap_or_else(|_| envelope.url.clone()),
        correlation: correlation.or_else(|| envelope.correlation.clone()),
        write: false,
        redactor: envelope.redactor.clone(),
        headers,
    };
    Outcome::Done(Box::new(answer.ok()))
}

fn headers(given: &Value) -> HeaderMap {
    let pairs = given.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(&text).ok()?))
    });
    pairs.collect()
}
