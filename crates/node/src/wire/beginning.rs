//! How a connection begins: as one of ours, or as another protocol that found this port.
//!
//! A browser, a scanner or a server that was dialled by mistake sends what no node and no person sends. None
//! of it may be taken for lines: a page that a person visits can have a browser post any lines it likes to a
//! port of this machine. So such a connection is closed before anything of it is read as a line. Any other
//! unknown line is answered, since it may be a slip of the keyboard.

/// Another protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtherProtocol {
    /// A request of a browser, or the answer of a web server.
    #[error("it speaks HTTP")]
    Http,
    /// A TLS record.
    #[error("it speaks TLS")]
    Tls,
    /// The greeting of an SSH client or server.
    #[error("it speaks SSH")]
    Ssh,
    /// A NUL byte, with which no text begins.
    #[error("it sends what is no text")]
    Binary,
}

/// What the first bytes of a connection say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// That cannot be told before more bytes came.
    Open,
    /// Lines follow.
    Lines,
    /// Another protocol follows.
    Other(OtherProtocol),
}

/// How other protocols begin. The methods are those that a browser sends without asking first, those of
/// scanners, and the first line of HTTP/2.
const BEGINNINGS: [(&[u8], OtherProtocol); 15] = [
    (b"GET ", OtherProtocol::Http),
    (b"POST ", OtherProtocol::Http),
    (b"HEAD ", OtherProtocol::Http),
    (b"PUT ", OtherProtocol::Http),
    (b"DELETE ", OtherProtocol::Http),
    (b"OPTIONS ", OtherProtocol::Http),
    (b"PATCH ", OtherProtocol::Http),
    (b"TRACE ", OtherProtocol::Http),
    (b"CONNECT ", OtherProtocol::Http),
    (b"PROPFIND ", OtherProtocol::Http),
    (b"PRI * HTTP/2", OtherProtocol::Http),
    (b"HTTP/", OtherProtocol::Http),
    (b"\x16\x03", OtherProtocol::Tls),
    (b"SSH-", OtherProtocol::Ssh),
    (b"\0", OtherProtocol::Binary),
];

impl Beginning {
    /// Judges all bytes that came so far.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if let Some((_, other)) = BEGINNINGS.iter().find(|(begins, _)| bytes.starts_with(begins)) {
            return Self::Other(*other);
        }
        if BEGINNINGS.iter().any(|(begins, _)| begins.starts_with(bytes)) {
            return Self::Open;
        }
        match memchr::memchr(b'\n', bytes) {
            // Whether it is a request with a method of its own shows at the end of the line.
            None => Self::Open,
            Some(end) if is_request_line(&bytes[..end]) => Self::Other(OtherProtocol::Http),
            Some(_) => Self::Lines,
        }
    }
}

/// A method, a target and a version, as RFC 9112 says, section 3.
fn is_request_line(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.split(|byte| *byte == b' ');
    let (method, version) =
        (words.next().unwrap_or_default(), words.next_back().unwrap_or_default());
    !method.is_empty()
        && method.iter().all(|byte| is_of_token(*byte))
        && version.starts_with(b"HTTP/")
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
