//! A cable between two nodes that can be cut, mended, and clogged after some bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::DEADLINE;

/// Passes on every connection to the node at the other end.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    target: u16,
    is_cut: bool,
    /// Bytes that each new connection may bring to the dialler; more wait until it is cut.
    allowance: u64,
    /// Bytes that the last connection has brought to the dialler.
    passed: u64,
    streams: Vec<TcpStream>,
    /// Connections that were made through it.
    connections: usize,
}

impl Proxy {
    pub(crate) fn new(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let streams = Vec::new();
        let allowance = u64::MAX;
        let state = State { target, is_cut: false, allowance, passed: 0, streams, connections: 0 };
        let state = Mutex::new(state);
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        let proxy = Self { port, shared: Arc::clone(&shared) };
        // The thread waits for connections until the tests end.
        std::thread::spawn(move || {
            while let Ok((dialler, _)) = listener.accept() {
                // What does not connect, or is cut, is closed by being dropped.
                let _ = shared.join(&dialler);
            }
        });
        proxy
    }

    /// Ends every connection, and every new one at once.
    pub(crate) fn cut(&self) {
        let mut state = self.shared.lock();
        state.is_cut = true;
        for stream in state.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.shared.lock().is_cut = false;
    }

    /// From now on connections lead to another node.
    pub(crate) fn lead_to(&self, target: u16) {
        self.shared.lock().target = target;
    }

    /// From now on a connection brings this many bytes to the dialler, and then no more.
    pub(crate) fn clog_after(&self, bytes: u64) {
        self.shared.lock().allowance = bytes;
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Waits until the last connection has brought `bytes` to the dialler.
    #[track_caller]
    pub(crate) fn wait_for_bytes(&self, bytes: u64) {
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), DEADLINE, |state| state.passed < bytes)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(state.passed >= bytes, "only {} of {bytes} bytes came", state.passed);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(self: &Arc<Self>, dialler: &TcpStream) -> std::io::Result<()> {
        let mut state = self.lock();
        if state.is_cut {
            return Ok(());
        }
        let node = TcpStream::connect(("127.0.0.1", state.target))?;
        state.streams.extend([dialler.try_clone()?, node.try_clone()?]);
        state.connections += 1;
        state.passed = 0;
        let allowance = state.allowance;
        drop(state);
        self.pump(dialler.try_clone()?, node.try_clone()?, None);
        self.pump(node, dialler.try_clone()?, Some(allowance));
        Ok(())
    }

    /// Carries one direction on a thread of its own; the dialler's one is limited and counted.
    fn pump(self: &Arc<Self>, mut from: TcpStream, mut to: TcpStream, allowance: Option<u64>) {
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            let mut left = allowance.unwrap_or(u64::MAX);
            while left > 0 {
                let room = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let Ok(count @ 1..) = from.read(&mut bytes[..room]) else {
                    let _ = to.shutdown(Shutdown::Write);
                    return;
                };
                if to.write_all(&bytes[..count]).is_err() {
                    let _ = from.shutdown(Shutdown::Read);
                    return;
                }
                left -= count as u64;
                if allowance.is_some() {
                    shared.lock().passed += count as u64;
                    shared.changed.notify_all();
                }
            }
        });
    }
}
