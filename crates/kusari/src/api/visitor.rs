//! Whose program a connection comes from.
//!
//! Owns how Linux says it: the tables of connections in `/proc/net` name the user of each end that is on
//! this machine. Where there are no such tables nobody is known, and has to show a token.

use std::net::{IpAddr, SocketAddr};

/// The two ends of a connection, as the server sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    /// Whoever asks.
    pub(super) remote: SocketAddr,
    /// This server.
    pub(super) local: SocketAddr,
}

/// The user who may do everything on a machine.
#[cfg(target_os = "linux")]
const ROOT: u32 = 0;

impl Visitor {
    /// Whether a program of the user who runs this node is at the other end, or of root, who can read
    /// the node's token anyway.
    #[cfg(target_os = "linux")]
    pub(super) fn is_own_user(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let table = match self.remote {
            SocketAddr::V4(_) => "/proc/net/tcp",
            SocketAddr::V6(_) => "/proc/net/tcp6",
        };
        let (Ok(table), Ok(own)) =
            (std::fs::read_to_string(table), std::fs::metadata("/proc/self"))
        else {
            return false;
        };
        // The other end of the connection is a row of its own, in which the remote address comes first.
        let user = user_of(&table, self.remote, self.local);
        user.is_some_and(|user| user == own.uid() || user == ROOT)
    }

    /// Other systems say it to nobody but their own tools.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn is_own_user(&self) -> bool {
        false
    }
}

/// The state of a connection that both ends hold open. In other states a row may have no owner any more,
/// and then names root.
const ESTABLISHED: &str = "01";

/// The user who holds the end `from` of a connection to `to`.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there is no table to read"))]
fn user_of(table: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
    let (from, to) = (written(from), written(to));
    let mut rows = table.lines().skip(1).map(|row| row.split_ascii_whitespace());
    rows.find_map(|mut columns| {
        let _number = columns.next()?;
        let is_it = columns.next()? == from && columns.next()? == to;
        let stands = columns.next()? == ESTABLISHED;
        // Queues, timer and retransmissions stand between the state and the user.
        let user = columns.nth(3)?;
        (is_it && stands).then(|| user.parse().ok())?
    })
}

/// An address as the table writes it: words of 32 bits in the order of the processor's bytes.
fn written(address: SocketAddr) -> String {
    let word = |bytes: &[u8]| {
        let bytes = <[u8; 4]>::try_from(bytes).unwrap_or_default();
        format!("{:08X}", u32::from_ne_bytes(bytes))
    };
    let words: String = match address.ip() {
        IpAddr::V4(ip) => word(&ip.octets()),
        IpAddr::V6(ip) => ip.octets().chunks(4).map(word).collect(),
    };
    format!("{words}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of the table, and a connection of user 1000 from port 50000 to port 7878.
    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1EC6 00000000:0000 0A 00000000:00000000 00:00000000 00000000   500        0 1 1
   1: 0100007F:1EC6 0100007F:C350 01 00000000:00000000 00:00000000 00000000   500        0 2 1
   2: 0100007F:C350 0100007F:1EC6 01 00000000:00000000 00:00000000 00000000  1000        0 3 1
   3: 0100007F:C351 0100007F:1EC6 06 00000000:00000000 03:00000000 00000000     0        0 0 3
";

    fn user(from: &str, to: &str) -> Option<u32> {
        user_of(TABLE, from.parse().unwrap(), to.parse().unwrap())
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_user_is_the_one_of_the_asking_end_while_it_stands() {
        assert_eq!(user("127.0.0.1:50000", "127.0.0.1:7878"), Some(1000));
        assert_eq!(user("127.0.0.1:7878", "127.0.0.1:50000"), Some(500));
        // One that was closed names root, whoever had it.
        assert_eq!(user("127.0.0.1:50001", "127.0.0.1:7878"), None);
        assert_eq!(user("127.0.0.1:50002", "127.0.0.1:7878"), None);
        assert_eq!(user("[::1]:50000", "[::1]:7878"), None);
        assert_eq!(
            user_of("", "127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()),
            None
        );
        assert_eq!(
            user_of("\n\n 1:\n", "127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()),
            None
        );
        assert_eq!(written("[::1]:7878".parse().unwrap()), "00000000000000000000000001000000:1EC6");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connection_of_this_very_process_is_its_own() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, remote) = listener.accept().unwrap();
        let visitor = Visitor { remote, local: server.local_addr().unwrap() };
        assert!(visitor.is_own_user());
        drop(client);
        let elsewhere = Visitor { remote: "127.0.0.1:1".parse().unwrap(), ..visitor };
        assert!(!elsewhere.is_own_user());
    }
}
