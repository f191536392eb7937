//! Recording every exchange as HAR 1.2, without secrets, to a writer that the caller gives.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// Where a recording can be written to: a file, or memory.
pub trait HarSink: Write + Seek + Send {}

impl<T: Write + Seek + Send> HarSink for T {}

/// How every recording begins, by which an earlier one is known.
pub const BEGINNING: &str = "{\"log\":";

/// What closes the document; every entry is written over it, so that the file is whole at any moment.
const TAIL: &[u8] = b"\n]}}\n";

/// A recorder. Every entry leaves a complete HAR document behind, whatever happens next.
pub struct Har {
    state: Mutex<State>,
}

struct State {
    sink: Box<dyn HarSink>,
    entries: usize,
    problem: Option<String>,
}

impl Har {
    /// Starts a recording.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn new(mut sink: Box<dyn HarSink>) -> io::Result<Self> {
        let creator = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
        write!(sink, "{BEGINNING}{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[")?;
        sink.write_all(TAIL)?;
        sink.flush()?;
        Ok(Self { state: Mutex::new(State { sink, entries: 0, problem: None }) })
    }

    /// What went wrong with writing, if anything did. Recording never disturbs the call itself.
    pub fn problem(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).problem.clone()
    }

    /// Adds one exchange; the parts are redacted already.
    pub(super) fn record(&self, entry: &Entry) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = state.append(&entry.to_json()) {
            state.problem.get_or_insert_with(|| error.to_string());
        }
    }
}

impl State {
    fn append(&mut self, entry: &Value) -> io::Result<()> {
        let tail = i64::try_from(TAIL.len()).map_err(io::Error::other)?;
        self.sink.seek(SeekFrom::End(-tail))?;
        let separator = if self.entries == 0 { "\n" } else { ",\n" };
        // In one piece, so that a crash between two writes cannot leave half a document.
        let mut piece = format!("{separator}{entry}").into_bytes();
        piece.extend_from_slice(TAIL);
        self.sink.write_all(&piece)?;
        self.sink.flush()?;
        self.entries += 1;
        Ok(())
    }
}

/// One exchange, already without secrets.
pub(super) struct Entry {
    pub started: jiff::Timestamp,
    pub milliseconds: f64,
    pub method: String,
    pub url: String,
    pub query: Vec<(String, String)>,
    pub request_headers: Vec<(String, String)>,
    pub request_body: Option<(String, String)>,
    pub answer: Result<EntryAnswer, String>,
}

/// The answer's half of an exchange.
pub(super) struct EntryAnswer {
    pub status: u16,
    pub reason: String,
    pub version: &'static str,
    pub headers: Vec<(String, String)>,
    pub content_type: String,
    pub size: usize,
    pub body: String,
}

fn pairs(list: &[(String, String)]) -> Value {
    list.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

impl Entry {
    fn to_json(&self) -> Value {
        let version = self.answer.as_ref().map_or("HTTP/1.1", |answer| answer.version);
        let mut request = json!({
            "method": self.method, "url": self.url, "httpVersion": version, "cookies": [],
            "headers": pairs(&self.request_headers), "queryString": pairs(&self.query),
            "headersSize": -1, "bodySize": self.request_body.as_ref().map_or(0, |(_, body)| body.len()),
        });
        if let Some((mime, text)) = &self.request_body {
            request["postData"] = json!({"mimeType": mime, "params": [], "text": text});
        }
        let response = match &self.answer {
            Ok(answer) => json!({
                "status": answer.status, "statusText": answer.reason, "httpVersion": version, "cookies": [],
                "headers": pairs(&answer.headers),
                "content": {"size": answer.size, "mimeType": answer.content_type, "text": answer.body},
                "redirectURL": answer.headers.iter().find(|(name, _)| name == "location").map_or("", |(_, v)| v),
                "headersSize": -1, "bodySize": answer.size,
            }),
            // As browsers record a request that never got an answer.
            Err(problem) => json!({
                "status": 0, "statusText": "", "httpVersion": version, "cookies": [], "headers": [],
                "content": {"size": 0, "mimeType": "x-unknown", "text": ""}, "redirectURL": "",
                "headersSize": -1, "bodySize": -1, "_error": problem,
            }),
        };
        json!({
            "startedDateTime": self.started.to_string(), "time": self.milliseconds,
            "request": request, "response": response, "cache": {},
            "timings": {"send": 0, "wait": self.milliseconds, "receive": 0},
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Cursor;
    use std::sync::Arc;

    /// Memory that the test can look into while the recorder holds it.
    #[derive(Clone, Default)]
    pub struct Shared(Arc<Mutex<Cursor<Vec<u8>>>>);

    impl Write for Shared {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(buf)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Shared {
        fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
            self.0.lock().unwrap().seek(pos)
        }
    }

    impl Shared {
        pub fn document(&self) -> Value {
            serde_json::from_slice(self.0.lock().unwrap().get_ref()).unwrap()
        }
    }

    fn entry(answer: Result<EntryAnswer, String>) -> Entry {
        Entry {
            started: "2026-11-21T09:34:12Z".parse().unwrap(),
            milliseconds: 12.5,
            method: "GET".into(),
            url: "https://graph.example/v1.0/me?$select=id".into(),
            query: vec![("$select".into(), "id".into())],
            request_headers: vec![("authorization".into(), "Bearer [redacted]".into())],
            request_body: None,
            answer,
        }
    }

    #[test]
    fn the_document_is_whole_after_every_entry() {
        let memory = Shared::default();
        let har = Har::new(Box::new(memory.clone())).unwrap();
        assert_eq!(memory.document()["log"]["entries"], json!([]));
        har.record(&entry(Err("no answer".into())));
        assert_eq!(memory.document()["log"]["entries"][0]["response"]["_error"], "no answer");
        har.record(&entry(Ok(EntryAnswer {
            status: 302,
            reason: "Found".into(),
            version: "HTTP/1.1",
            headers: vec![("location".into(), "https://login.example/".into())],
            content_type: "text/html".into(),
            size: 2,
            body: "ok".into(),
        })));
        let document = memory.document();
        assert_eq!(document["log"]["version"], "1.2");
        assert_eq!(document["log"]["entries"].as_array().unwrap().len(), 2);
        assert_eq!(document["log"]["entries"][1]["response"]["redirectURL"], "https://login.example/");
        assert_eq!(document["log"]["entries"][1]["startedDateTime"], "2026-11-21T09:34:12Z");
        assert_eq!(har.problem(), None);
    }

    #[test]
    fn a_full_disk_is_remembered_and_disturbs_nothing() {
        /// Takes the first 120 bytes only.
        struct Full(Cursor<Vec<u8>>);
        impl Write for Full {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                if self.0.get_ref().len() + buf.len() > 120 {
                    return Err(io::Error::other("no space left"));
                }
                self.0.write(buf)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl Seek for Full {
            fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
                self.0.seek(pos)
            }
        }
        let har = Har::new(Box::new(Full(Cursor::default()))).unwrap();
        har.record(&entry(Err("x".into())));
        assert_eq!(har.problem().as_deref(), Some("no space left"));
    }
}
