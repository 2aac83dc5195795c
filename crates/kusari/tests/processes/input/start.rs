//! How one begins: words that ask for help, and what keeps a node from starting.

use std::net::TcpListener;

use super::super::support::Node;
use super::*;

const ABOUT: &str =
    "A peer-to-peer ledger: every node keeps, checks and passes on one chain of blocks";

#[test]
fn whoever_asks_for_help_gets_it_in_any_words() {
    Place::new().check(&[
        ("", b"", 0, "kusari is a peer-to-peer ledger in one program.…"),
        ("help", b"", 0, ABOUT),
        ("--help", b"", 0, ABOUT),
        ("-?", b"", 0, ABOUT),
        ("version", b"", 0, "kusari …"),
        ("--version", b"", 0, "kusari …"),
        ("help say", b"", 0, "Record a line of text"),
        ("wallet help", b"", 0, "Keep the keys that sign, and names for addresses"),
        ("help wallet new", b"", 0, "Make a wallet, and show the 24 words that restore it"),
        ("halp", b"", 2, "error: `halp` is not a port; …"),
        (
            "stauts",
            b"",
            2,
            "error: `stauts` is not a command, nor a port; did you mean `kusari status`?…",
        ),
    ]);
}

#[test]
fn the_first_screen_names_the_three_commands_to_begin_with_and_fits_a_terminal() {
    let screen = Place::new().printed("");
    for command in ["  kusari --listen 8080 ", "  kusari say 'hello' ", "  kusari chain "] {
        assert!(screen.contains(command), "{command}: {screen}");
    }
    assert!(
        screen.lines().count() <= 20 && screen.lines().all(|line| line.len() <= 104),
        "{screen}"
    );
}

#[test]
fn what_a_text_says_is_never_taken_for_a_command() {
    let place = Place::new();
    let node = Node::start("A");
    let data = node.directory().display().to_string();
    for text in ["help", "version", "-", "~"] {
        let input = if text == "-" { &b"help\n"[..] } else { b"" };
        let (code, out, err) = place.run(&format!("say {text} --wait --data-dir {data}"), input);
        assert_eq!(code, 0, "{out}{err}");
    }
    assert_eq!(node.chain().data(), ["help", "version", "help", "~"]);
}

#[test]
fn what_keeps_a_node_from_starting_is_named_as_it_is() {
    let place = Place::new();
    place.file("file", b"no directory");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let is_file = "{home}/file is a file; choose another directory";
    place.check(&[
        (
            "--listen 192.0.2.1:8080 --ephemeral --quiet",
            b"",
            1,
            "error: cannot listen on 192.0.2.1:8080: no interface of this machine has that address; …",
        ),
        (
            &format!("--listen 127.0.0.1:{port} --ephemeral --quiet"),
            b"",
            1,
            &format!("error: cannot listen on 127.0.0.1:{port}: another program listens there; end it, …"),
        ),
        (
            &format!("--listen 127.0.0.1:0 --ephemeral --http {port}"),
            b"",
            1,
            &format!("error: the local API cannot answer on 127.0.0.1:{port}: another program listens there; …"),
        ),
        (
            "--listen 127.0.0.1:0 --data-dir file",
            b"",
            1,
            &format!("error: the data directory {{home}}/file cannot be used (…): {is_file}"),
        ),
        (
            "--listen 127.0.0.1:0 --data-dir file/below",
            b"",
            1,
            &format!("error: the data directory {{home}}/file/below cannot be used (…): {is_file}"),
        ),
        (
            "status --data-dir file",
            b"",
            1,
            &format!("error: the data directory {{home}}/file cannot be used (…): {is_file}"),
        ),
        (
            "wallet label ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3 ann --data-dir file",
            b"",
            1,
            "error: …; file is a file; choose another directory",
        ),
    ]);
}

/// Where the tests run as root, and the system keeps ports below 1024 from others.
#[test]
fn a_port_without_rights_is_told_from_one_that_is_taken() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_kusari");
    let mut command = std::process::Command::new("setpriv");
    command
        .args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--bounding-set=-all",
            "--inh-caps=-all",
        ])
        .args([program, "--listen", "127.0.0.1:81", "--ephemeral", "--http", "off"])
        .current_dir("/")
        .env("HOME", place.path("."))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null());
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let is_kept = first.is_ok_and(|first| first.trim().parse().is_ok_and(|first: u16| first > 81));
    if !is_kept || !nix::unistd::geteuid().is_root() {
        println!("skipped: this system lets everybody listen on port 81, or this is not root");
        return;
    }
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let expected =
        "error: cannot listen on 127.0.0.1:81: this user may not listen on a port below 1024; ";
    assert!(err.starts_with(expected), "{err}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_tilde_is_the_home_directory_wherever_a_path_stands() {
    let place = Place::new();
    place.file(
        "kusari.toml",
        b"\xef\xbb\xbflisten = \"127.0.0.1:0\"\r\ndata-dir = \"~/file/x\"\r\n",
    );
    place.file("file", b"");
    place.check(&[
        ("status --data-dir=~/none", b"", 1, "error: there is no chain in {home}/none: …"),
        ("status --data-dir \"~/none\"", b"", 1, "error: there is no chain in {home}/none: …"),
        ("chain-spec new --name club --output=~/club.toml", b"", 0, "Wrote {home}/club.toml"),
        ("chain-spec id ~/club.toml", b"", 0, "…"),
        (
            "--config=~/kusari.toml",
            b"",
            1,
            "error: the data directory {home}/file/x cannot be used …",
        ),
    ]);
    assert!(place.path("club.toml").exists() && !place.path("~").exists());
}

#[test]
fn files_of_settings_are_read_however_they_were_saved() {
    let place = Place::new();
    let spec = place.printed("chain-spec show --json");
    let id = spec.split('"').nth(3).unwrap().to_owned();
    place.printed("chain-spec new --name club -o club.toml");
    let text = fs::read_to_string(place.path("club.toml")).unwrap();
    let plain = place.printed("chain-spec id club.toml");
    assert_ne!(plain.trim_end(), id);
    for (name, content) in [
        ("marked", format!("\u{feff}{text}").into_bytes()),
        ("lines", text.replace('\n', "\r\n").into_bytes()),
        ("wide", utf_16(&text)),
    ] {
        place.file(name, &content);
        assert_eq!(place.printed(&format!("chain-spec id {name}")), plain, "{name}");
    }
    place.file("settings", &utf_16("listen = \"nowhere\"\r\n"));
    place.check(&[(
        "--config settings",
        b"",
        2,
        "error: `nowhere` is not an address to listen on; …",
    )]);
}
