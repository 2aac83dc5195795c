//! The terminal that the program was started on, and how it is left.
//!
//! While a line is being typed the terminal is in a mode of its own. When the program ends
//! meanwhile, for instance by SIGTERM, nobody else would undo that.

use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::sync::Mutex;

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

/// The terminal's mode at the start, where there is a prompt.
#[derive(Debug, Default)]
pub(crate) struct Console {
    #[cfg(unix)]
    saved: Mutex<Option<nix::sys::termios::Termios>>,
}

impl Console {
    /// Whether a person sits at both ends.
    pub(crate) fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Remembers the mode. Only for a program that will change it: a program in the background must
    /// not touch the terminal.
    pub(crate) fn save(&self) {
        #[cfg(unix)]
        if let Ok(mut saved) = self.saved.lock() {
            *saved = nix::sys::termios::tcgetattr(io::stdin()).ok();
        }
    }

    /// Restores the mode, if it was saved. Where that fails nothing better is left to do.
    pub(crate) fn restore(&self) {
        #[cfg(unix)]
        if let Ok(saved) = self.saved.lock()
            && let Some(mode) = saved.as_ref()
        {
            use nix::sys::termios::{SetArg, tcsetattr};
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, mode);
        }
    }
}
