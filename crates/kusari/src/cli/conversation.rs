//! A command that speaks to a node's port for peers, by the protocol.
//!
//! Owns the connection: where it leads, lines out and messages in, and how long it may take. It never
//! says `HELLO`, so a node takes it for a person: nothing is held against it, and it is told of
//! whatever is refused.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use kusari_node::wire::{self, AsBlock, LineFramer, LineTooLong, Message, Received, Refusal};

use super::failure::{Failure, Result, failed};
use super::node_choice::NodeChoice;

/// How long the node may keep silent, or take nothing. A busy node on a slow disk answers in less.
const SILENCE: Duration = Duration::from_secs(60);

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;

/// The other side closed the connection.
pub(crate) fn closed() -> Failure {
    failed!(
        "the node closed the connection; see what it says: it may have been stopped, or have as many \
         peers as it takes"
    )
}

/// Where the chosen node takes connections of peers, as it is reached from here. `listen` is what
/// the node itself says, which may be all addresses that it has.
pub(crate) fn peer_port(choice: &NodeChoice, listen: SocketAddr) -> String {
    if !listen.ip().is_unspecified() {
        return listen.to_string();
    }
    let named = choice.node.as_deref().and_then(host);
    match (named, listen) {
        (Some(host), _) => format!("{host}:{}", listen.port()),
        (None, SocketAddr::V4(_)) => at(Ipv4Addr::LOCALHOST.into(), listen.port()),
        (None, SocketAddr::V6(_)) => at(Ipv6Addr::LOCALHOST.into(), listen.port()),
    }
}

fn at(address: IpAddr, port: u16) -> String {
    SocketAddr::new(address, port).to_string()
}

/// The host in a URL, brackets included.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next()?;
    let end = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    Some(&authority[..end]).filter(|host| !host.is_empty())
}

/// A connection.
pub(crate) struct Conversation {
    stream: TcpStream,
    framer: LineFramer,
}

impl Conversation {
    pub(crate) fn begin(address: &str) -> Result<Self> {
        let connect = || {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(SILENCE))?;
            stream.set_write_timeout(Some(SILENCE))?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let unreachable = |error: io::Error| {
            failed!("{address} cannot be reached ({error}); see whether the node still runs")
        };
        let mut framer = LineFramer::default();
        // The node's lines may be as long as those of any kusari node.
        framer.set_introduced();
        Ok(Self { stream: connect().map_err(unreachable)?, framer })
    }

    /// Writes messages, all at once.
    pub(crate) fn say<B: AsBlock>(&mut self, messages: &[Message<B>]) -> Result {
        let lines: Vec<u8> = messages.iter().flat_map(wire::encode).collect();
        self.stream.write_all(&lines).map_err(broken)
    }

    /// Nothing more will be said; what was asked is still answered.
    pub(crate) fn finish(&mut self) -> Result {
        self.stream.shutdown(Shutdown::Write).map_err(broken)
    }

    /// The next line; `None` where the node has said all and closed the connection after a line.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Received, Refusal>>> {
        loop {
            let foreign = |error: LineTooLong| {
                failed!(
                    "what answers there speaks another protocol ({error}); look at the address of the node"
                )
            };
            if let Some(line) = self.framer.next_line().map_err(foreign)? {
                return Ok(Some(wire::receive(line)));
            }
            let mut bytes = [0; READ_BYTES];
            match self.stream.read(&mut bytes) {
                Ok(0) if self.framer.buffered() == 0 => return Ok(None),
                Ok(0) => return Err(closed()),
                Ok(count) => self.framer.push(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

fn broken(error: io::Error) -> Failure {
    let why = match error.kind() {
        // How a read or a write that took too long is reported differs between systems.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("nothing happened for {} s", SILENCE.as_secs())
        }
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            return closed();
        }
        _ => error.to_string(),
    };
    failed!("the connection to the node broke ({why}); see whether it still runs, then try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_reached_where_it_listens_or_where_its_api_is() {
        for (node, listen, reached) in [
            (None, "0.0.0.0:8080", "127.0.0.1:8080"),
            (None, "[::]:8080", "[::1]:8080"),
            (None, "192.0.2.7:8080", "192.0.2.7:8080"),
            (Some("http://127.0.0.1:7878"), "0.0.0.0:1", "127.0.0.1:1"),
            (Some("http://node1.example.org:7878/"), "[::]:8080", "node1.example.org:8080"),
            (Some("http://[2001:db8::1]:7878/v1"), "[::]:8080", "[2001:db8::1]:8080"),
            (Some("http://node1"), "0.0.0.0:8080", "node1:8080"),
            (Some("http://node1:7878"), "192.0.2.7:8080", "192.0.2.7:8080"),
        ] {
            let choice = NodeChoice { node: node.map(str::to_owned), ..NodeChoice::default() };
            assert_eq!(peer_port(&choice, listen.parse().unwrap()), reached);
        }
    }
}
