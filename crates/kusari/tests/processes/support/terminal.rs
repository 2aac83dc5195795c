//! A terminal with a person before it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use nix::pty::{Winsize, openpty};
#[cfg(target_os = "linux")]
use nix::sys::termios::{LocalFlags, tcgetattr};

#[cfg(target_os = "linux")]
use super::eventually;
use super::{DEADLINE, Setup};

/// A node whose stdin and stdout are a terminal.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Screen>,
    /// Keeps the directories of the process.
    _setup: Setup,
}

#[derive(Default)]
struct Screen {
    /// Everything that was printed, and whether that is all.
    state: Mutex<(String, bool)>,
    changed: Condvar,
}

impl Terminal {
    #[track_caller]
    pub(crate) fn start(setup: &Setup) -> Self {
        Self::run(setup, setup.command())
    }

    /// The same for a program that opens its terminal by name, as secrets are asked for. `setsid`
    /// makes it the terminal of the process; other systems have no such command.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn start_in_session(setup: &Setup) -> Self {
        Self::in_session(setup, setup.command())
    }

    /// An interactive shell, which finds the program as `$KUSARI`.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn shell_in_session(setup: &Setup) -> Self {
        let program = setup.command();
        let mut shell = Command::new("sh");
        // It prompts, and tells of its jobs, on stderr.
        shell.args(["-c", "exec bash --norc --noprofile -i 2>&1"]).current_dir(setup.home());
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        shell.env("KUSARI", program.get_program());
        Self::in_session(setup, shell)
    }

    #[cfg(target_os = "linux")]
    #[track_caller]
    fn in_session(setup: &Setup, program: Command) -> Self {
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args());
        command.current_dir(program.get_current_dir().unwrap());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Self::run(setup, command)
    }

    #[track_caller]
    fn run(setup: &Setup, mut command: Command) -> Self {
        let size = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None).unwrap();
        command.env("TERM", "xterm").env("NO_COLOR", "1").stderr(Stdio::null());
        command.stdin(pair.slave.try_clone().unwrap()).stdout(pair.slave);
        let child = command.spawn().unwrap();
        // Our copies of the program's end are closed, so that its end is the end of output.
        drop(command);
        let keyboard = File::from(pair.master);
        let screen = Arc::new(Screen::default());
        let (mut output, shown) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.add(&String::from_utf8_lossy(&bytes[..count]));
            }
            shown.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
            shown.changed.notify_all();
        });
        Self { child, keyboard, screen, _setup: setup.clone() }
    }

    #[track_caller]
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// All that was printed.
    pub(crate) fn text(&self) -> String {
        self.screen.state.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Waits until `words` appear after the first `from` bytes of what was printed, and returns the
    /// length up to and with them.
    #[track_caller]
    pub(crate) fn wait_for(&self, from: usize, words: &str) -> usize {
        let state = self.screen.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        let waited = self.screen.changed.wait_timeout_while(state, DEADLINE, |(text, ended)| {
            found = text[from..].find(words).map(|at| from + at + words.len());
            found.is_none() && !*ended
        });
        drop(waited);
        found.unwrap_or_else(|| panic!("{words:?} never appeared in {}", self.text()))
    }

    /// Waits until what is typed is not shown: a secret is asked for before the terminal is told so.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn wait_until_hidden(&self) {
        eventually("what is typed is not shown", || {
            let modes = tcgetattr(&self.keyboard).unwrap().local_flags;
            (!modes.contains(LocalFlags::ECHO)).then_some(())
        });
    }

    /// Tells the program that its terminal is closed, as a window does that is.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn close(&self) {
        let process = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGHUP).unwrap();
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let state = self.screen.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.screen.changed.wait_timeout_while(state, DEADLINE, |(_, ended)| !*ended);
        let ended = waited.unwrap_or_else(PoisonError::into_inner).0.1;
        assert!(ended, "it did not end: {}", self.text());
        self.child.wait().unwrap()
    }
}

impl Screen {
    fn add(&self, text: &str) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.push_str(text);
        self.changed.notify_all();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
