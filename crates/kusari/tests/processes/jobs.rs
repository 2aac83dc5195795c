//! A node as a job of an interactive shell.

use super::support::command::kusari;
use super::support::{Setup, Terminal, eventually};

/// A shell on a terminal of its own, and the command that runs a node in it.
fn shell(setup: &Setup) -> Terminal {
    let mut shell = Terminal::shell_in_session(setup);
    shell.press(
        "PS1='shell> '; node=\"$KUSARI --listen 127.0.0.1:0 --data-dir data --miner-threads 1\"\n",
    );
    shell
}

#[track_caller]
fn run(shell: &mut Terminal, from: usize, command: &str, expected: &str) -> usize {
    shell.press(&format!("{command}\n"));
    // The first is the echo of the command.
    let echo = shell.wait_for(from, command);
    shell.wait_for(echo, expected)
}

#[test]
fn a_node_in_the_background_runs_on_is_brought_to_the_front_and_ends_well() {
    let setup = Setup::bare("shell");
    let mut shell = shell(&setup);
    let at = run(&mut shell, 0, "$node &", "Listening on ");
    let at = run(&mut shell, at, "jobs; echo listed", "Running");
    let at = shell.wait_for(at, "listed");
    // What is typed goes to the shell.
    let at = run(&mut shell, at, "echo to the $((1 + 1)) shell", "to the 2 shell");
    let at = run(&mut shell, at, "fg", "msg> ");
    shell.press("half");
    let at = shell.wait_for(at, "half");
    // Ctrl-Z gives the terminal back, and the node goes on in the background.
    shell.press("\u{1a}");
    let at = shell.wait_for(at, "Stopped");
    let at = run(&mut shell, at, "bg; sleep 1; jobs; echo listed", "Running");
    let at = shell.wait_for(at, "listed");
    // The line is there again.
    let at = run(&mut shell, at, "fg", "msg> half");
    shell.press(" a line\n");
    let at = shell.wait_for(at, "Added new block index=1, ");
    shell.press("\u{1a}");
    let at = shell.wait_for(at, "Stopped");
    let at = run(&mut shell, at, "bg; kill %1; wait %1; echo code $?", "Stopped.");
    shell.wait_for(at, "code 0");
    shell.press("stty -a | grep -o ' echo '; exit\n");
    shell.wait_for(at, " echo ");
    shell.wait_for_end();
}

#[test]
fn a_node_whose_output_goes_to_a_file_runs_in_the_background_as_well() {
    let setup = Setup::bare("shell");
    let mut shell = shell(&setup);
    let at = run(&mut shell, 0, "$node > log 2>&1 &", "shell> ");
    let log = setup.home().join("log");
    eventually("it listens", || {
        std::fs::read_to_string(&log).ok()?.contains("Listening on ").then_some(())
    });
    let at = run(&mut shell, at, "sleep 1; jobs; echo listed", "Running");
    let at = run(&mut shell, at, "kill %1; wait %1; echo code $?", "code 0");
    let _ = at;
    shell.press("exit\n");
    shell.wait_for_end();
}

#[test]
fn a_script_ends_its_node_by_an_interrupt() {
    let setup = Setup::bare("shell");
    let script = "$KUSARI --listen 127.0.0.1:0 --data-dir data </dev/null >log 2>&1 & node=$!\n\
                  until grep -q Listening log; do sleep 0.1; done\n\
                  kill -INT $node; wait $node; echo code $?";
    let output = std::process::Command::new("timeout")
        .args(["60", "bash", "-c", script])
        .env("KUSARI", env!("CARGO_BIN_EXE_kusari"))
        .env("HOME", setup.home())
        .current_dir(setup.home())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "code 0\n");
}

#[test]
fn a_closed_terminal_ends_a_node_unless_nohup_started_it() {
    for (command, lives) in [("$node &", false), ("nohup $node &", true)] {
        let setup = Setup::bare("shell");
        let mut shell = shell(&setup);
        let at = run(&mut shell, 0, &format!("{command} echo pid $! > pid"), "shell> ");
        let pid = eventually("it is started", || {
            let text = std::fs::read_to_string(setup.home().join("pid")).ok()?;
            text.trim().strip_prefix("pid ")?.parse::<i32>().ok()
        });
        let node_file = setup.home().join("data/node.json");
        eventually("it runs", || node_file.exists().then_some(()));
        let _ = at;
        shell.close();
        let process = nix::unistd::Pid::from_raw(pid);
        let is_there = || nix::sys::signal::kill(process, None).is_ok();
        if lives {
            eventually("the shell is gone", || (!shell.is_alive()).then_some(()));
            assert!(is_there(), "{command}");
            // It answers, which a process that was stopped would not.
            let words = format!("status --data-dir {}", setup.home().join("data").display());
            kusari(&words).printed();
            nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).unwrap();
        }
        eventually("it ends", || (!node_file.exists()).then_some(()));
    }
}
