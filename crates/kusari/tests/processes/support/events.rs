//! A stream of events of a node's local API, line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use kusari_api_types::NodeEvent;

use super::{DEADLINE, now};

/// One stream.
pub(crate) struct EventStream {
    reader: BufReader<TcpStream>,
    /// The id of the last event that was read, or of where the stream began.
    pub(crate) last_id: String,
}

impl EventStream {
    /// Listens from now on, by HTTP/1.0, where the body comes as it is. When this returns, the node
    /// knows.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::after(address, "")
    }

    /// Listens from after the event of an id.
    #[track_caller]
    pub(crate) fn after(address: SocketAddr, last_id: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let request = "GET /v1/events HTTP/1.0\r\nHost: localhost\r\n";
        write!(stream, "{request}Last-Event-ID: {last_id}\r\n\r\n").unwrap();
        let mut opened = Self { reader: BufReader::new(stream), last_id: last_id.to_owned() };
        assert_eq!(opened.line().unwrap(), "HTTP/1.0 200 OK\r");
        while opened.line().unwrap() != "\r" {}
        opened
    }

    /// The next line; `None` at the end.
    #[track_caller]
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    }

    /// The next event; `None` at the end of the stream.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Option<NodeEvent> {
        let start = now();
        let mut event = None;
        loop {
            let line = self.line()?;
            if let Some(id) = line.strip_prefix("id: ") {
                self.last_id = id.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                event = Some(serde_json::from_str(data).unwrap());
            } else if line.is_empty() && event.is_some() {
                return event;
            }
            // The node says that it lives although it has nothing to tell.
            assert!(start.elapsed() < DEADLINE, "nothing happened after {}", self.last_id);
        }
    }

    /// Skips events until one is of this kind.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, kind: &str) -> NodeEvent {
        loop {
            let event = self.next().unwrap_or_else(|| panic!("no {kind} came"));
            if event.kind() == kind {
                return event;
            }
        }
    }

    /// All that still comes until the node ends.
    #[track_caller]
    pub(crate) fn rest(mut self) -> String {
        let mut text = String::new();
        self.reader.read_to_string(&mut text).unwrap();
        text
    }
}
