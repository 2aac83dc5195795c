//! A connection over which lines go out and come in, one after another.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

/// The connection.
pub struct LineClient {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
}

impl LineClient {
    /// Connects. Neither this nor any later wait for a line takes longer than `deadline`.
    ///
    /// # Errors
    /// Where no node takes the connection.
    pub fn connect(address: SocketAddr, deadline: Duration) -> io::Result<Self> {
        Self::over(TcpStream::connect_timeout(&address, deadline)?, deadline)
    }

    /// The same over a connection that is open.
    ///
    /// # Errors
    /// Where the system refuses an option of the socket.
    pub fn over(stream: TcpStream, deadline: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(deadline))?;
        Ok(Self { stream: BufReader::with_capacity(READ_BYTES, stream), line: Vec::new() })
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// Where the other side is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The next line, with its newline; nothing where the connection has ended.
    ///
    /// # Errors
    /// Where the other side is gone, or says nothing within the deadline.
    pub fn line(&mut self) -> io::Result<&[u8]> {
        self.line.clear();
        self.stream.read_until(b'\n', &mut self.line)?;
        Ok(&self.line)
    }

    /// What comes in, and was not read as a line.
    pub fn reader(&mut self) -> &mut impl BufRead {
        &mut self.stream
    }

    /// The socket.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        self.stream.get_ref()
    }
}
