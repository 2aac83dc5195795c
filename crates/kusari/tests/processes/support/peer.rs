//! A peer played by hand: a socket, lines out and lines in.

use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpStream};

use kusari_bench::line_client::LineClient;
use kusari_chain::{Block, BlockHash};
use socket2::{Domain, Socket, Type};

use super::DEADLINE;

/// One connection.
pub(crate) struct RawPeer(LineClient);

impl RawPeer {
    #[track_caller]
    pub(crate) fn connect(port: u16) -> Self {
        Self::over(TcpStream::connect(("127.0.0.1", port)).unwrap())
    }

    /// Connects with as small a buffer as the system allows, so that it is soon full.
    #[track_caller]
    pub(crate) fn connect_narrowly(port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        Self::over(socket.into())
    }

    /// Connects from an address of this machine, of which Linux has all that begin with 127.
    #[track_caller]
    pub(crate) fn connect_from(from: [u8; 4], port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
        socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        Self::over(socket.into())
    }

    /// Connects, gives the node these blocks, and waits until it has taken them.
    #[track_caller]
    pub(crate) fn bring(port: u16, blocks: &[Block]) {
        let mut peer = Self::connect(port);
        peer.send_bytes(super::blocks::lines(blocks).as_bytes());
        peer.finish();
        // The node may have a block of its own to say by then.
        let rest = peer.rest();
        assert!(rest.lines().all(|line| line.starts_with("BLOCK:")), "{rest}");
    }

    #[track_caller]
    fn over(stream: TcpStream) -> Self {
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self(LineClient::over(stream, DEADLINE).unwrap())
    }

    /// Connects and introduces itself with this id, as a node that has nothing.
    #[track_caller]
    pub(crate) fn introduce(port: u16, id: u64) -> Self {
        let mut peer = Self::connect(port);
        peer.send(&hello(id, "classic", &Block::genesis()));
        let answer = peer.line();
        assert!(answer.starts_with("HELLO:{\"agent\":\"kusari/"), "{answer}");
        peer
    }

    #[track_caller]
    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    #[track_caller]
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.send(bytes).unwrap();
    }

    /// Sends what the other side may refuse to read to its end.
    pub(crate) fn try_send_bytes(&mut self, bytes: &[u8]) -> bool {
        self.0.send(bytes).is_ok()
    }

    /// Sends nothing more.
    #[track_caller]
    pub(crate) fn finish(&mut self) {
        self.0.stream().shutdown(Shutdown::Write).unwrap();
    }

    /// The next line, without its newline.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        self.line_or_end().unwrap_or_else(|| panic!("the connection was closed"))
    }

    /// The next line; `None` where the connection has ended.
    #[track_caller]
    pub(crate) fn line_or_end(&mut self) -> Option<String> {
        match self.0.line() {
            Ok([]) => None,
            Ok([line @ .., b'\n']) => Some(str::from_utf8(line).unwrap().to_owned()),
            Ok(line) => panic!("a line without an end: {}", String::from_utf8_lossy(line)),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("nothing came: {error}"),
        }
    }

    /// Skips lines until one starts with `words`, and returns it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        loop {
            let line = self.line();
            if line.starts_with(words) {
                return line;
            }
        }
    }

    /// Everything that still comes, until the other side closes.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> String {
        let mut text = String::new();
        self.0.reader().read_to_string(&mut text).unwrap();
        text
    }
}

/// The line with which a node introduces itself.
pub(crate) fn hello(id: u64, chain: &str, tip: &Block) -> String {
    let (height, work) = (tip.index, 65_536 * u64::from(tip.index));
    hello_with(id, chain, height, work, tip.hash)
}

/// The same, with a claim that need not be true.
pub(crate) fn hello_with(id: u64, chain: &str, height: u32, work: u64, tip: BlockHash) -> String {
    format!(
        "HELLO:{{\"agent\":\"test/1\",\"protocol\":1,\"chain\":\"{chain}\",\"height\":{height},\
         \"work\":\"{work:064x}\",\"tip\":\"{tip}\",\"listen\":null,\"id\":\"{id:016x}\"}}"
    )
}
