//! Which node a port means, and how one in memory is reached.

use super::super::support::{Node, eventually};
use super::*;

/// A node without a data directory of the tests' own.
fn node(place: &Place, words: &str) -> Node {
    place.0.clone().args(["--miner-threads", "1"]).args(words.split(' ')).start()
}

#[test]
fn a_node_in_memory_is_written_to_and_read_by_its_port_and_leaves_nothing_behind() {
    let place = Place::new();
    let mut memory = node(&place, "--listen 127.0.0.1:0 --ephemeral");
    let port = memory.port;
    let how = memory.wait_for("From a shell: ");
    assert!(how.contains(&format!("`kusari say --port {port} TEXT`")), "{how}");
    let [say, status, last] =
        ["say hello --wait", "status", "block 1"].map(|words| format!("{words} --port {port}"));
    place.check(&[
        (&say, b"", 0, "Saved as line 1; it will be mined into a block"),
        (&status, b"", 0, "Current chain state:"),
        (&last, b"", 0, "-----…"),
    ]);
    assert_eq!(memory.chain().data(), ["hello"]);
    let reach = reach_of(port);
    assert!(reach.join("node.json").exists());
    let modes: Vec<u32> = all_below(&reach).iter().map(|path| mode(path)).collect();
    assert!(modes.iter().all(|mode| mode & 0o077 == 0 || *mode == 0o644), "{modes:?}");
    assert_eq!((mode(&reach), mode(&reach.join("node.json"))), (0o700, 0o600));
    memory.terminate();
    assert!(!reach.exists());
    place.check(&[(&say, b"", 1, "error: there is no chain in …")]);
    // What a crash leaves behind leads nowhere.
    let mut killed = node(&place, "--listen 127.0.0.1:0 --ephemeral");
    let reach = reach_of(killed.port);
    let say = format!("say hello --port {}", killed.port);
    killed.kill();
    assert!(reach.join("node.json").exists());
    place.check(&[(&say, b"", 1, "error: there is no chain in …")]);
    fs::remove_dir_all(&reach).unwrap();
}

#[test]
fn a_ledger_in_memory_signs_what_is_recorded_from_a_shell() {
    let place = Place::new();
    let memory = node(&place, "--listen 127.0.0.1:0 --ephemeral --chain ledger");
    let port = memory.port;
    place.check(&[
        (
            &format!("record hello --confirmations 1 --port {port}"),
            b"",
            0,
            "Saved as transaction …",
        ),
        (&format!("find --text hello --port {port}"), b"", 0, "Transaction …"),
        (&format!("balance --port {port}"), b"", 0, "ks1…"),
    ]);
}

#[test]
fn a_port_of_two_chains_is_asked_about_and_of_the_one_that_runs_it_is_not() {
    let place = Place::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("--listen 127.0.0.1:{port}");
    node(&place, &listen).terminate();
    node(&place, &format!("{listen} --chain ledger")).terminate();
    let say = format!("say hello --port {port}");
    let both = format!(
        "…/kusari/classic-{port}, …/kusari/ledger-e747cfe6-{port}; choose one, as in `--data-dir …`"
    );
    place.check(&[(
        &say,
        b"",
        2,
        &format!("error: port {port} is of several chains here: {both}"),
    )]);
    let classic = node(&place, &listen);
    place.check(&[(&say, b"", 0, "Saved as line 1; …")]);
    eventually("it is mined", || (classic.chain().data() == ["hello"]).then_some(()));
}

#[test]
fn chains_with_names_of_other_letters_do_not_share_a_directory() {
    let place = Place::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (file, name) in [("one.toml", "読書会"), ("two.toml", "釣り部")] {
        place.printed(&format!("chain-spec new --name {name} -o {file}"));
        node(&place, &format!("--listen 127.0.0.1:{port} --chain {file}")).terminate();
    }
    let kept = fs::read_dir(place.path("share/kusari")).unwrap().count();
    assert_eq!(kept, 2);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Where the node in memory with this port says how it is reached; the tests have no other place for it.
fn reach_of(port: u16) -> PathBuf {
    let user = nix::unistd::geteuid();
    std::env::temp_dir().join(format!("kusari-{user}/ephemeral-{port}"))
}
