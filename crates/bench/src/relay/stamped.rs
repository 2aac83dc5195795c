//! Reading from a socket, and when what was read had arrived.
//!
//! Owns where that time comes from. On Linux the system notes it as it puts the bytes on the socket;
//! so it does not matter when the thread that reads is woken, which on a machine with few cores
//! takes longer than what is measured. Elsewhere it is the time at which they were read.

use std::io;
use std::net::TcpStream;
use std::time::Instant;

#[cfg(target_os = "linux")]
mod system {
    use super::{Instant, TcpStream, io};
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
    use nix::sys::time::TimeSpec;

    use crate::now;

    /// Two readings of clocks that are further apart were interrupted.
    const TOGETHER: Duration = Duration::from_micros(10);

    pub(in super::super) fn prepare(stream: &TcpStream) -> io::Result<()> {
        Ok(setsockopt(stream, sockopt::ReceiveTimestampns, &true)?)
    }

    pub(in super::super) fn read(
        stream: &TcpStream,
        bytes: &mut [u8],
    ) -> io::Result<(usize, Instant)> {
        let mut control = nix::cmsg_space!(TimeSpec);
        let mut pieces = [IoSliceMut::new(bytes)];
        let flags = MsgFlags::empty();
        let message = recvmsg::<()>(stream.as_raw_fd(), &mut pieces, Some(&mut control), flags)?;
        let stamps = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
            _ => None,
        });
        Ok((message.bytes, stamps.map_or_else(now, instant_of)))
    }

    /// The system's stamps are of the clock on the wall.
    #[expect(clippy::disallowed_methods, reason = "a stamp of the system is on this clock")]
    fn instant_of(stamp: Duration) -> Instant {
        loop {
            let before = now();
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            if before.elapsed() < TOGETHER {
                let past = wall.saturating_sub(stamp);
                return before.checked_sub(past).unwrap_or(before);
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Instant, TcpStream, io};
    use std::io::Read;

    pub(in super::super) fn prepare(_: &TcpStream) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn read(
        mut stream: &TcpStream,
        bytes: &mut [u8],
    ) -> io::Result<(usize, Instant)> {
        Ok((stream.read(bytes)?, crate::now()))
    }
}

pub(super) use system::{prepare, read};
