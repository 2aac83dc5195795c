//! The terminal that the program was started on, and how it is left.
//!
//! While a line is being typed the terminal is in a mode of its own. When the program ends meanwhile, for
//! instance by SIGTERM, nobody else would undo that. A job in the background touches the terminal in no way:
//! the system would stop it.

use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::sync::Mutex;
use std::time::Duration;

#[cfg(unix)]
use nix::unistd::{Pid, getpgrp, tcgetpgrp};

/// Ended at once on a second signal: 128 and the number of SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;

/// Ends the program, whatever it is doing.
#[expect(clippy::disallowed_methods, reason = "a person asked for it; the store is crash-safe")]
pub(crate) fn end_at_once() {
    std::process::exit(INTERRUPTED);
}

/// See <https://no-color.org>: any value but the empty one turns colours off.
#[expect(clippy::disallowed_methods, reason = "a convention of terminals, not a setting of ours")]
pub(crate) fn colours_are_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How often it is looked at whether a job in the background came to the foreground.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a stop of this process takes at most to reach all of its threads.
#[cfg(unix)]
const STOP_TAKES: Duration = Duration::from_millis(50);

/// Whether this process may read its terminal, and change how it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It may.
    Foreground,
    /// Another job of the shell has the terminal: what touches it would be stopped.
    Background,
    /// The terminal was closed.
    Gone,
}

/// The terminal that the program was started on, where it was started on one.
#[derive(Debug)]
pub(crate) struct Console {
    /// Whether a shell decides which of its jobs has the terminal.
    #[cfg(unix)]
    is_controlled: bool,
    /// Its mode before it was last changed.
    #[cfg(unix)]
    saved: Mutex<Option<nix::sys::termios::Termios>>,
}

#[cfg(unix)]
impl Console {
    pub(crate) fn new() -> Self {
        Self { is_controlled: tcgetpgrp(io::stdin()).is_ok(), saved: Mutex::default() }
    }

    /// Where this process is, by now.
    pub(crate) fn place(&self) -> Place {
        match tcgetpgrp(io::stdin()) {
            Ok(group) if group != getpgrp() => Place::Background,
            Err(_) if self.is_controlled => Place::Gone,
            _ => Place::Foreground,
        }
    }

    /// Remembers the mode, for a program that will change it.
    fn save(&self) {
        if let Ok(mut saved) = self.saved.lock() {
            *saved = nix::sys::termios::tcgetattr(io::stdin()).ok();
        }
    }

    /// Restores the mode, if it was saved and the terminal is ours. Where that fails nothing better is left
    /// to do.
    pub(crate) fn restore(&self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        if self.place() == Place::Foreground
            && let Ok(saved) = self.saved.lock()
            && let Some(mode) = saved.as_ref()
        {
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, mode);
        }
    }

    /// Stops the job, as Ctrl-Z asks for. Returns when it goes on.
    pub(crate) fn suspend() {
        use nix::sys::signal::{Signal, kill};
        // All of the job, as the terminal itself does it.
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        std::thread::park_timeout(STOP_TAKES);
    }
}

#[cfg(not(unix))]
impl Console {
    pub(crate) fn new() -> Self {
        Self {}
    }

    pub(crate) fn place(&self) -> Place {
        Place::Foreground
    }

    fn save(&self) {}

    pub(crate) fn restore(&self) {}
}

impl Console {
    /// Whether a person sits at both ends.
    pub(crate) fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Waits until the terminal is ours, and remembers its mode. `false` where it is gone.
    pub(crate) fn wait_for_foreground(&self) -> bool {
        loop {
            match self.place() {
                Place::Foreground => {
                    self.save();
                    return true;
                }
                Place::Background => std::thread::park_timeout(LOOK_EVERY),
                Place::Gone => return false,
            }
        }
    }
}

/// Reading from the background fails from now on, on this thread, where it would stop the process.
pub(crate) fn fail_in_background() {
    #[cfg(unix)]
    block([nix::sys::signal::Signal::SIGTTIN]);
}

/// Keeps the signal of a closed terminal ignored where `nohup` did: a handler would hear it again. SIGINT is
/// heard though a script's `&` ignores it: scripts end nodes by it, and Ctrl-C at a script ends its nodes too.
/// Before any other thread is started, so that all of them do.
pub(crate) fn keep_hangup_ignored() {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::signal::Signal;
        let ignored = std::fs::read_to_string("/proc/self/status").ok();
        let mask = ignored.as_deref().and_then(|text| {
            let digits = text.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(digits.trim_ascii(), 16).ok()
        });
        if mask.unwrap_or(0) >> (Signal::SIGHUP as u32 - 1) & 1 == 1 {
            block([Signal::SIGHUP]);
        }
    }
}

#[cfg(unix)]
fn block(signals: impl IntoIterator<Item = nix::sys::signal::Signal>) {
    let set: nix::sys::signal::SigSet = signals.into_iter().collect();
    // It fails for a signal that does not exist.
    let _ = set.thread_block();
}
