//! The command line, pipes and the prompt.

use std::process::Stdio;

use nix::sys::signal::Signal;

use super::support::{Node, RawPeer, Setup, Terminal, blocks, eventually};

/// Runs the program to its end and returns its exit code and what it wrote on stderr.
#[track_caller]
fn run(args: &[&str]) -> (Option<i32>, String) {
    let setup = Setup::bare("run").args(args.iter().copied());
    std::fs::write(setup.home().join("file"), "no directory").unwrap();
    let output = setup.command().stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_wrong_command_line_is_refused_in_one_sentence_with_the_remedy() {
    for (args, words) in [
        (&["--quiet"][..], "kusari --listen 8080"),
        (&["--listen", "127.0.0.1:0"], "--ephemeral"),
        (&["0"], "--data-dir"),
        (&["--listen", "65536", "--ephemeral"], "1 to 65535"),
        (&["--listen", "localhost:8080", "--ephemeral"], "127.0.0.1:8080"),
        (&["--listen", "-1", "--ephemeral"], "--help"),
        (&["seven"], "`seven` is not a port"),
        (&["0", "nowhere", "--ephemeral"], "host:port"),
        (&["--listen", "0", "--ephemeral", "--connect", "127.0.0.1"], "host:port"),
        (&["--listen", "0", "--ephemeral", "--connect", "127.0.0.1:0"], "host:port"),
        (&["--listen", "0", "--ephemeral", "--connect", "::1:8080"], "[::1]:8080"),
        (&["--listen", "0", "--ephemeral", "--data-dir", "d"], "leave out one"),
        (&["--listen", "0", "--ephemeral", "--max-peers", "0"], "from 1 to"),
        (&["--listen", "0", "--ephemeral", "--miner-threads", "x"], "--help"),
        (&["--listen", "0", "--ephemeral", "--log", "loud"], "off, error, warn"),
        (&["--lisen", "0", "--ephemeral"], "--listen"),
        (&["0", "--listen", "0", "--ephemeral"], "`0` is not a peer's address"),
        (&["--config", "missing.toml"], "missing.toml"),
    ] {
        let (code, errors) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {errors}");
        assert!(errors.starts_with("error: ") && errors.contains(words), "{args:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{args:?}: {errors}");
    }
}

#[test]
fn what_cannot_be_had_ends_the_program_with_code_1() {
    let node = Node::start("A");
    let taken = format!("127.0.0.1:{}", node.port);
    let listen = ["--listen", "127.0.0.1:0"];
    for (args, words) in [
        (&["--listen", &taken, "--ephemeral"][..], "cannot listen on 127.0.0.1:"),
        (&[&listen[..], &["--data-dir", "file/below"]].concat(), "choose another"),
        (&[&listen[..], &["--data-dir", "file"]].concat(), "choose another"),
    ] {
        let (code, errors) = run(args);
        assert_eq!(code, Some(1), "{args:?}: {errors}");
        assert!(errors.starts_with("error: ") && errors.contains(words), "{args:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{args:?}: {errors}");
    }
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let setup = Setup::new("A");
    std::fs::create_dir_all(setup.directory()).unwrap();
    let file = setup.directory().join("chain.redb");
    std::fs::write(&file, "my diary").unwrap();
    let mut node = setup.spawn();
    assert_eq!(node.wait_for_end().code(), Some(1));
    let errors = node.err.lines().join("\n");
    assert!(errors.contains("chain.redb is not a database of this program"), "{errors}");
    assert_eq!(std::fs::read(&file).unwrap(), b"my diary");
}

#[test]
fn help_and_version_are_no_failure() {
    for word in ["--help", "--version"] {
        let output = Setup::bare("help").args([word]).command().output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains("kusari"));
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn every_line_of_a_pipe_is_data_and_the_node_outlives_it() {
    let mut node = Node::start("A");
    let long = "x".repeat(3_827);
    let input = format!("\n\r\nfirst\n//x\n/quit\n{long}\n  spaces  \r\nab");
    node.type_bytes(&[input.as_bytes(), b"\xff\nlast, without an end"].concat());
    node.end_of_input();
    node.wait_for("Data       : last, without an end");
    node.wait_for("Line 6 of the input is not saved: it takes 3,827 bytes");
    node.wait_for("Line 8 of the input is not saved: its byte 3 is not UTF-8");
    let said = ["first", "//x", "/quit", "  spaces  ", "last, without an end"];
    assert_eq!(node.chain().data(), said);
    assert_eq!(node.out.count("msg> "), 0);
    assert_eq!(node.out.count("Saved as line "), said.len());
    node.terminate();
}

#[test]
fn more_lines_than_the_outbox_holds_are_all_mined_in_order() {
    const LINES: usize = 1_100;
    let mut node = Node::start("A");
    let said: Vec<String> = (0..LINES).map(|number| format!("{number}")).collect();
    node.type_bytes((said.join("\n") + "\n").as_bytes());
    node.end_of_input();
    node.wait_for_nth("Saved as line ", LINES);
    eventually("all are mined", || (node.chain().0.len() == LINES).then_some(()));
    assert_eq!(node.chain().data(), said);
}

#[test]
fn a_node_whose_output_nobody_reads_any_more_runs_on() {
    let mut node = Node::start("A");
    node.out.stop_collecting();
    for line in ["one", "two", "three", "four"] {
        node.say(line);
    }
    eventually("all is mined", || (node.chain().data().len() == 4).then_some(()));
    node.terminate();
}

#[test]
fn quiet_leaves_the_address_and_receipts() {
    let mut node = Setup::new("A").args(["--quiet"]).start();
    node.say("hi");
    node.wait_for("Saved as line 1");
    eventually("it is mined", || (node.chain().data() == ["hi"]).then_some(()));
    node.terminate();
    for words in ["Added new block", "Accepted", "Data directory", "asked for the chain"] {
        assert_eq!(node.out.count(words), 0, "{:?}", node.out.lines());
    }
    assert_eq!(node.err.lines(), [""; 0]);
}

#[test]
fn settings_come_from_a_file_and_options_win() {
    let mut a = Node::start("A");
    let setup = Setup::bare("B");
    let config = format!(
        "listen = \"127.0.0.1:0\"\nconnect = [\"127.0.0.1:{}\"]\ndata-dir = \"kept\"\n\
         max-peers = 8\nminer-threads = 1\nquiet = true\n",
        a.port
    );
    std::fs::write(setup.home().join("kusari.toml"), config).unwrap();
    let mut b = setup.clone().args(["--config", "kusari.toml"]).start();
    a.say("hi");
    eventually("B has it", || (b.chain().data() == ["hi"]).then_some(()));
    assert_eq!(b.out.count("Connected to"), 0, "it is not quiet");
    assert!(setup.home().join("kept").is_dir());
    b.terminate();
    let args = ["--config", "kusari.toml", "--data-dir", "elsewhere"];
    let b = setup.clone().args(args).start();
    assert!(setup.home().join("elsewhere").is_dir());
    drop(b);

    std::fs::write(setup.home().join("kusari.toml"), "listen = 0\nlisten-on = 1\n").unwrap();
    let output = setup.args(["--config", "kusari.toml"]).command().output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors.contains("kusari.toml, line 2: "), "{errors}");
}

#[test]
fn an_ephemeral_node_leaves_nothing_behind() {
    let setup = Setup::bare("A").args(["--listen", "127.0.0.1:0", "--ephemeral"]);
    let mut node = setup.clone().start();
    node.say("hi");
    node.wait_for("Added new block index=1, ");
    node.terminate();
    let mut entries = std::fs::read_dir(setup.home()).unwrap();
    assert!(entries.next().is_none());
}

#[test]
fn ctrl_c_ends_a_node_cleanly() {
    let mut node = Node::start("A");
    node.signal(Signal::SIGINT);
    assert_eq!(node.wait_for_end().code(), Some(0));
    node.wait_for("Stopped.");
}

#[test]
fn a_second_signal_ends_a_node_that_waits_for_its_peers_at_once() {
    let mut node = Node::start("A");
    RawPeer::bring(node.port, blocks::long_chain());
    // A clean stop gives this one a second to take lines that it never reads.
    let mut slow = RawPeer::connect_narrowly(node.port);
    slow.send_bytes("GET_CHAIN\n".repeat(100).as_bytes());
    node.wait_for("asked for the chain");
    // Two kinds, since signals of one kind that wait are one.
    node.signal(Signal::SIGINT);
    node.signal(Signal::SIGTERM);
    assert_eq!(node.wait_for_end().code(), Some(130));
    assert_eq!(node.out.count("Stopped."), 0);
}

#[test]
fn at_a_terminal_there_is_a_prompt_with_commands() {
    let mut terminal = Terminal::start(&Setup::new("A"));
    let mut at = terminal.wait_for(0, "Listening on 127.0.0.1:");
    at = terminal.wait_for(at, "msg> ");
    terminal.press("hi\r");
    at = terminal.wait_for(at, "Saved as line 1");
    at = terminal.wait_for(at, "Added new block index=1, ");
    // The card is followed by the prompt, ready for the next line.
    at = terminal.wait_for(at, "Hash       : 0000");
    at = terminal.wait_for(at, "msg> ");
    for (typed, words) in [
        ("/help", "/connect host:port"),
        ("/status", "- Height: 1 block"),
        ("/chain 1", "Data       : hi"),
        ("/block 0", "Hello, Zig Blockchain!"),
        ("/peers", "No peers are connected"),
        ("/nonsense", "/nonsense is not a command"),
        ("//x", "Data       : /x"),
    ] {
        terminal.press(&format!("{typed}\r"));
        at = terminal.wait_for(at, words);
        at = terminal.wait_for(at, "msg> ");
    }
    // Ctrl-D.
    terminal.press("\u{4}");
    assert_eq!(terminal.wait_for_end().code(), Some(0));
    terminal.wait_for(at, "Stopped.");
}

#[test]
fn a_line_being_typed_survives_what_is_printed_meanwhile() {
    let mut peer = Node::start("A");
    let setup = Setup::new("B").connect(peer.port);
    let mut terminal = Terminal::start(&setup);
    peer.wait_for("introduced itself");
    let at = terminal.wait_for(0, "msg> ");
    terminal.press("half a");
    let mut at = terminal.wait_for(at, "half a");
    peer.say("from elsewhere");
    at = terminal.wait_for(at, "Data       : from elsewhere");
    // What stands below the card is the line as it was.
    at = terminal.wait_for(at, "msg> half a");
    terminal.press(" line\r");
    terminal.wait_for(at, "Saved as line 1");
    peer.wait_for("Data       : half a line");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_for_end().code(), Some(0));
}
