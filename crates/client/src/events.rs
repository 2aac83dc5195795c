//! Listening to what happens on a node, `GET /v1/events`.
//!
//! Owns the connection, the place in the stream, and what a message says. Who listens decides how
//! long to wait before a stream that broke is opened again: there is no clock here.

use std::io::Read;
use std::time::Duration;

use ureq::BodyReader;
use ureq::http::StatusCode;

use super::event_stream::{StreamMessage, StreamParser};
use super::{Client, ClientError};
use kusari_api_types::NodeEvent;

/// After how much silence a connection counts as dead. A node that has nothing to tell says so
/// every 3 s; a busy machine may delay some of these.
const SILENCE: Duration = Duration::from_secs(45);
/// Bytes that are read at once: some twenty events.
const PIECE: usize = 4 * 1024;

/// What a stream told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something happened.
    Event {
        /// Its id: of one run of the node, and in that run one more with each event.
        id: String,
        /// What happened.
        event: Box<NodeEvent>,
    },
    /// Something that this version has no form for, as a younger node may tell it.
    Other {
        /// The name of its kind.
        kind: String,
        /// What is said of it, JSON of any form: text of a stranger, if the node is one.
        data: String,
    },
}

/// A stream of events, which goes on after each break where it was broken off.
pub struct Events<'client> {
    client: &'client Client,
    /// The stream, while it is open.
    reader: Option<BodyReader<'static>>,
    parser: StreamParser,
    last_id: String,
    piece: Vec<u8>,
}

impl Client {
    /// Listens from now on, or from after the event of this id where it is not empty. Connects when
    /// the first event is waited for.
    #[must_use]
    pub fn events(&self, last_id: &str) -> Events<'_> {
        Events {
            client: self,
            reader: None,
            parser: StreamParser::default(),
            last_id: last_id.to_owned(),
            piece: vec![0; PIECE],
        }
    }
}

impl Events<'_> {
    /// The id of the event that was told last, or of the place where the stream began; empty before
    /// either.
    #[must_use]
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// Waits for what happens next. After an error the next call opens the stream again, and is told
    /// what came since, or that it missed something ([`NodeEvent::Missed`]).
    ///
    /// # Errors
    /// [`ClientError`]: nobody answers, the node says no, or the stream ended.
    pub fn wait_for_next(&mut self) -> Result<Told, ClientError> {
        loop {
            while let Some(message) = self.parser.next_message() {
                if !message.id.is_empty() {
                    self.last_id.clone_from(&message.id);
                }
                if let Some(told) = told(message) {
                    return Ok(told);
                }
            }
            if let Err(error) = self.read() {
                self.reader = None;
                return Err(error);
            }
        }
    }

    /// Takes one piece of the stream; opens it first where it is closed.
    fn read(&mut self) -> Result<(), ClientError> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                self.parser = StreamParser::default();
                self.reader.insert(self.client.open_events(&self.last_id, SILENCE)?)
            }
        };
        let count = reader.read(&mut self.piece).map_err(|error| self.client.unreadable(&error))?;
        if count == 0 {
            let (base, reason) = (self.client.base.clone(), "the stream of events ended".into());
            return Err(ClientError::Gone { base, reason });
        }
        self.parser.push(&self.piece[..count]).map_err(|error| self.client.unreadable(&error))
    }
}

impl Client {
    /// Opens the stream; `silence` is the longest time that nothing may come.
    fn open_events(
        &self,
        last_id: &str,
        silence: Duration,
    ) -> Result<BodyReader<'static>, ClientError> {
        let mut request = self.agent.get(format!("{}/v1/events", self.base));
        if !last_id.is_empty() {
            request = request.header("Last-Event-ID", last_id);
        }
        let request = request.config().timeout_per_read(Some(silence)).build();
        let answer = self.opened(request)?;
        if answer.status() != StatusCode::OK {
            // Not what was asked for, so it is a problem, or not understood.
            self.understood::<serde::de::IgnoredAny>(answer)?;
            return Err(self.unfit("it answers without events"));
        }
        Ok(answer.into_body().into_reader())
    }
}

/// What a message tells; `None` where it says no more than a place in the stream.
fn told(message: StreamMessage) -> Option<Told> {
    let StreamMessage { kind, id, data } = message;
    if data.is_empty() {
        return None;
    }
    Some(match serde_json::from_str(&data) {
        Ok(event) => Told::Event { id, event: Box::new(event) },
        Err(_) => Told::Other { kind, data },
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{SocketAddr, TcpListener};

    use super::*;

    const MISSED: &str = "event: missed\nid: ab-7\ndata: {\"kind\":\"missed\",\"count\":3}\n\n";

    /// Answers one connection after another with these bytes and closes it; returns the requests.
    fn server(answers: Vec<String>) -> (SocketAddr, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serve = move |answer: &String| {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut bytes).unwrap();
                assert!(count > 0, "the request broke off");
                request.extend(&bytes[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap().to_lowercase()
        };
        (address, std::thread::spawn(move || answers.iter().map(serve).collect()))
    }

    fn stream(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{body}")
    }

    fn client(address: SocketAddr) -> Client {
        Client::new(&format!("http://{address}"), None).unwrap()
    }

    #[test]
    fn whoever_is_cut_off_goes_on_after_the_last_event_that_came() {
        let cut = "event: missed\nid: ab-8\ndata: {\"kind\":\"missed\",";
        let later =
            "id: ab-7\n\nevent: missed\nid: ab-8\ndata: {\"kind\":\"missed\",\"count\":null}\n\n";
        let (address, requests) = server(vec![
            stream(&format!("id: ab-6\n\n:\n\n{MISSED}{cut}")),
            stream(""),
            stream(later),
        ]);
        let client = client(address);
        let mut events = client.events("");
        let event = |id: &str, count| Told::Event {
            id: id.into(),
            event: Box::new(NodeEvent::Missed { count }),
        };
        assert_eq!(events.wait_for_next().unwrap(), event("ab-7", Some(3)));
        // What was cut off is not told, and once more from its beginning where it comes again.
        for _ in 0..2 {
            let error = events.wait_for_next().unwrap_err();
            assert!(error.to_string().contains("the stream of events ended"), "{error}");
        }
        assert_eq!(events.wait_for_next().unwrap(), event("ab-8", None));
        assert_eq!(events.last_id(), "ab-8");
        let requests = requests.join().unwrap();
        assert!(requests[0].starts_with("get /v1/events http/1.1\r\n"), "{}", requests[0]);
        assert!(!requests[0].contains("last-event-id"), "{}", requests[0]);
        for request in &requests[1..] {
            assert!(request.contains("last-event-id: ab-7\r\n"), "{request}");
        }
    }

    #[test]
    fn a_kind_that_this_version_does_not_know_is_handed_on_as_it_is() {
        let body = "event: tide\ndata: {\"kind\":\"tide\",\"high\":true}\n\n";
        let (address, requests) = server(vec![stream(&format!("{MISSED}{body}"))]);
        let client = client(address);
        let mut events = client.events("ab-1");
        assert!(matches!(events.wait_for_next(), Ok(Told::Event { .. })));
        let (kind, data) = ("tide".into(), "{\"kind\":\"tide\",\"high\":true}".into());
        assert_eq!(events.wait_for_next().unwrap(), Told::Other { kind, data });
        // It has no id, so the place is still that of the event before it.
        assert_eq!(events.last_id(), "ab-7");
        assert!(requests.join().unwrap()[0].contains("last-event-id: ab-1\r\n"));
    }

    #[test]
    fn too_many_streams_and_what_is_no_stream_are_named() {
        let problem = "{\"type\":\"urn:kusari:problem:too-many-streams\",\"title\":\"t\",\
                       \"status\":503,\"detail\":\"close one, or ask again\"}";
        let refused = format!(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: {}\r\n\r\n{problem}",
            problem.len()
        );
        let endless = stream(&"x".repeat(100_000));
        let moved = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
        let (address, requests) = server(vec![refused, endless, moved]);
        let client = client(address);
        let mut events = client.events("");
        for expected in ["close one, or ask again", "of more than 65536 bytes", "not understood"] {
            let error = events.wait_for_next().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        requests.join().unwrap();
        let error = events.wait_for_next().unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    }
}
