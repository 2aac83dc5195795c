//! The examples of the crates, run as their first lines say.

use std::path::Path;
use std::process::Command;

use super::support::Setup;
use super::support::command::on;

/// What an example prints. Where all crates are tested it is built already.
#[track_caller]
fn example(of_crate: &str, name: &str, arguments: &[&str]) -> String {
    let built = std::env::current_exe().unwrap();
    let built = built.ancestors().nth(2).unwrap().join("examples").join(name);
    let mut command = Command::new(&built);
    if !built.exists() {
        command = Command::new(env!("CARGO"));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        command.args(["run", "--quiet", "--offline", "-p", of_crate, "--example", name, "--"]);
    }
    let output = command.args(arguments).output().unwrap();
    let (out, err) = (output.stdout, output.stderr);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&err));
    String::from_utf8(out).unwrap()
}

#[test]
fn a_node_inside_a_program_mines_a_line() {
    let said = example("kusari-runtime", "embed_node", &[]);
    assert_eq!(said, "record 1 is durable\nblock 1 says: hello from a program\n");
}

#[test]
fn programs_read_a_chain_sign_a_record_and_check_its_proof() {
    let setup = Setup::new("ledger").args(["--chain", "ledger"]);
    let token = setup.home().join("token");
    let node = setup.args(["--token-file", token.to_str().unwrap()]).start();
    let directory = node.directory();
    let http = kusari_client::read_node_file(&directory).unwrap().unwrap().http.unwrap();
    let url = format!("http://{http}");

    let said = example("kusari", "sign_record", &[&url, token.to_str().unwrap(), "hello"]);
    let txid = said.trim_end().rsplit(' ').next().unwrap();
    node.wait_for(&format!("{txid} stands in block"));
    let said = example("kusari-client", "read_chain", &[&url]);
    assert!(said.contains("0: Hello, Zig Blockchain!"), "{said}");

    let proof = directory.join("proof.json");
    on(&directory, &format!("prove {txid} -o {}", proof.display())).printed();
    let said = example("kusari-chain", "verify_proof", &[proof.to_str().unwrap()]);
    assert!(said.starts_with(&format!("transaction {txid}, behind work of ")), "{said}");
}
