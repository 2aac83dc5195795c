//! The document of the local API is true: what real nodes answer has the form that it says, and no more.

mod forms;
mod held;
mod log_entries;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use self::held::Held;
use super::support::command::on;
use super::support::{Node, Setup, eventually};

/// What no test here sees succeed, and why.
const NOT_ANSWERED: [&str; 3] = [
    // The stream does not end; what it tells is held against its form one by one.
    "GET /v1/events",
    // The copy is no text; its own tests read it.
    "GET /v1/backup",
    // Needs a branch that is held; refusals are held against the document here.
    "POST /v1/branches/accept",
];
const NO_HASH: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/// What every node answers, whatever its chain.
fn ask_what_every_node_has(held: &mut Held) {
    for operation in [
        "/v1/status",
        "/v1/branches",
        "/v1/peers",
        "/v1/bans",
        "/v1/mempool",
        "/v1/records",
        "/v1/rates",
        "/v1/session",
        "/v1/openapi.json",
        "/v1/docs",
        "/v1/docs/viewer.js",
    ]
    .into_iter()
    .chain(["/metrics", "/healthz", "/readyz"])
    {
        held.get(&format!("GET {operation}"), operation, 200);
    }
    held.get("GET /v1/blocks", "/v1/blocks?from=0&limit=1", 200);
    held.get("GET /v1/blocks", "/v1/blocks?from=9999", 200);
    held.get("GET /v1/blocks", "/v1/blocks?limit=0", 400);
    held.get("GET /v1/blocks/{which}", "/v1/blocks/0", 200);
    held.get("GET /v1/blocks/{which}", "/v1/blocks/x", 400);
    held.get("GET /v1/blocks/{which}", &format!("/v1/blocks/{NO_HASH}"), 404);
    held.get("GET /v1/records/{id}", "/v1/records/x", 400);
    held.get("GET /v1/records/{id}", "/v1/records/99", 404);
    held.trusted("GET /v1/audit", 200);
    held.get("GET /v1/audit", "/v1/audit", 401);
    held.get("GET /v1/backup", "/v1/backup", 401);
    held.post("POST /v1/peers", &json!({"address": "127.0.0.1:1"}), 202);
    held.post("POST /v1/peers", &json!({"address": "nowhere"}), 422);
    held.post("POST /v1/peers/disconnect", &json!({"address": "127.0.0.1:1"}), 202);
    held.post("POST /v1/peers/disconnect", &json!({"address": "nowhere"}), 422);
    held.post("POST /v1/bans/lift", &json!({"host": "192.0.2.7"}), 202);
    held.post("POST /v1/bans/lift", &json!({"host": "nowhere"}), 422);
    held.trusted("POST /v1/session", 200);
    held.trusted("POST /v1/session/links", 200);
    look_around(held);
    let tip = held.get("GET /v1/status", "/v1/status", 200)["tip"].clone();
    let tip = tip.as_str().unwrap();
    held.get("GET /v1/branches/{hash}", &format!("/v1/branches/{tip}"), 200);
    held.get("GET /v1/named", &format!("/v1/named?name={tip}"), 200);
    held.post("POST /v1/branches/accept", &json!({"hash": NO_HASH}), 404);
    held.post("POST /v1/branches/accept", &json!({"hash": tip}), 409);
}

/// Asks what people ask who look around, and some of it wrongly.
fn look_around(held: &mut Held) {
    held.get("GET /v1/headers", "/v1/headers?from=0&limit=2", 200);
    held.get("GET /v1/headers", "/v1/headers?limit=0", 400);
    held.get("GET /v1/search", "/v1/search?text=i", 200);
    held.get("GET /v1/search", "/v1/search", 400);
    held.get("GET /v1/named", "/v1/named?name=0", 200);
    held.get("GET /v1/named", "/v1/named?name=nothing", 200);
    held.get("GET /v1/named", "/v1/named", 400);
    held.get("GET /v1/mempool", "/v1/mempool?limit=0", 400);
    held.get("GET /v1/records", "/v1/records?limit=0", 400);
    held.get("GET /v1/branches/{hash}", "/v1/branches/x", 400);
    held.get("GET /v1/reorganisations", "/v1/reorganisations", 200);
    held.get("GET /v1/reorganisations", "/v1/reorganisations?limit=0", 400);
    held.get("GET /v1/why/{what}", "/v1/why/1", 200);
    held.get("GET /v1/why/{what}", "/v1/why/nothing", 400);
    held.get("GET /v1/why/{what}", &format!("/v1/why/{NO_HASH}"), 404);
    held.get("GET /v1/branches/{hash}", &format!("/v1/branches/{NO_HASH}"), 404);
}

/// What is wrong in the same way wherever something is sent.
fn send_what_is_refused(held: &mut Held) {
    let writes: Vec<String> = held.document.operations().into_iter().collect();
    for operation in writes.iter().filter(|operation| operation.starts_with("POST ")) {
        held.post_with(operation, "", "{}", 401);
        if !held.document.takes_body(operation) {
            continue;
        }
        held.post(operation, &json!([]), 400);
        held.post(operation, &json!({"unheard": "of"}), 400);
        // These may be longer than what is sent before the answer is there.
        if !["POST /v1/transactions", "POST /v1/records/batch"].contains(&operation.as_str()) {
            held.post(operation, &json!("x".repeat(33_000)), 413);
        }
    }
}

#[test]
fn what_a_classic_node_answers_has_the_form_that_its_document_says() {
    let peer = Node::start("peer");
    let node = Setup::new("classic").connect(peer.port).start();
    let mut held = Held::new(&node);
    let id = held.post("POST /v1/records", &json!({"text": "hi"}), 202)["id"].clone();
    let path = format!("/v1/records/{id}");
    held.get("GET /v1/records/{id}", &path, 200);
    eventually("it is mined", || {
        let record = held.get("GET /v1/records/{id}", &path, 200);
        (!record["block"].is_null()).then_some(())
    });
    held.post("POST /v1/records/batch", &json!({"texts": ["one", ""]}), 202);
    held.post("POST /v1/records", &json!({"text": ""}), 422);
    held.post("POST /v1/records", &json!({"text": "x".repeat(4_000)}), 422);
    ask_what_every_node_has(&mut held);
    send_what_is_refused(&mut held);
    for (operation, path) in [
        ("GET /v1/ledger", "/v1/ledger"),
        ("GET /v1/witnesses", "/v1/witnesses"),
        ("GET /v1/accounts", "/v1/accounts"),
        ("GET /v1/proofs/{txid}", &format!("/v1/proofs/{NO_HASH}")),
        ("GET /v1/evidence/{txid}", &format!("/v1/evidence/{NO_HASH}")),
        ("GET /v1/transactions/{txid}", &format!("/v1/transactions/{NO_HASH}")),
        ("GET /v1/transactions", &format!("/v1/transactions?content={NO_HASH}")),
        ("GET /v1/consistency", &format!("/v1/consistency?earlier={NO_HASH}&later={NO_HASH}")),
    ] {
        held.get(operation, path, 409);
    }
    held.post("POST /v1/ledger/records", &json!({"text": "hi"}), 409);
    held.post("POST /v1/wallet/unlock", &json!({"passphrase": "x"}), 409);
    held.post("POST /v1/mining", &json!({"seconds": 1}), 409);
    held.post("POST /v1/erasures", &json!({"txid": NO_HASH}), 404);
}

/// The JSON that a command prints for this node.
#[track_caller]
fn printed(node: &Node, words: &str) -> Value {
    serde_json::from_str(&on(&node.directory(), words).printed()).unwrap()
}

/// Asks a ledger's node about a transaction of it that a block has.
fn ask_about_transaction(held: &mut Held, txid: &str, address: &str) {
    held.get("GET /v1/accounts/{address}", &format!("/v1/accounts/{address}"), 200);
    held.get("GET /v1/accounts/{address}", "/v1/accounts/ks1", 422);
    held.get("GET /v1/transactions/{txid}", &format!("/v1/transactions/{NO_HASH}"), 404);
    held.get("GET /v1/transactions/{txid}", "/v1/transactions/x", 400);
    held.get("GET /v1/transactions", &format!("/v1/transactions?by={address}&limit=1"), 200);
    held.get("GET /v1/transactions", "/v1/transactions", 200);
    held.get("GET /v1/transactions", "/v1/transactions?limit=0", 400);
    held.get("GET /v1/accounts", "/v1/accounts?limit=1", 200);
    held.get("GET /v1/accounts", "/v1/accounts?after=ks1", 400);
    held.get("GET /v1/named", &format!("/v1/named?name={txid}"), 200);
    held.get("GET /v1/named", &format!("/v1/named?name={address}"), 200);
    held.get("GET /v1/evidence/{txid}", &format!("/v1/evidence/{txid}"), 200);
    held.get("GET /v1/evidence/{txid}", &format!("/v1/evidence/{NO_HASH}"), 404);
    held.get("GET /v1/evidence/{txid}", "/v1/evidence/x", 400);
    held.get("GET /v1/proofs/{txid}", &format!("/v1/proofs/{txid}"), 200);
    held.get("GET /v1/proofs/{txid}", &format!("/v1/proofs/{NO_HASH}"), 404);
    let blocks = held.get("GET /v1/blocks", "/v1/blocks?from=0", 200);
    let hash = |place: usize| blocks["blocks"][place]["hash"].as_str().unwrap().to_owned();
    let consistency = |earlier, later| format!("/v1/consistency?earlier={earlier}&later={later}");
    held.get("GET /v1/consistency", &consistency(hash(0), hash(1)), 200);
    held.get("GET /v1/consistency", &consistency(NO_HASH.to_owned(), hash(1)), 404);
    held.get("GET /v1/consistency", "/v1/consistency", 400);
    held.get("GET /v1/witnesses", "/v1/witnesses", 200);
    held.get("GET /v1/witnesses", "/v1/witnesses?from=0", 200);
    held.get("GET /v1/witnesses", "/v1/witnesses?limit=1", 400);
}

#[test]
fn what_a_ledgers_node_answers_has_the_form_that_its_document_says() {
    let peer = Setup::new("other").args(["--chain", "ledger"]).start();
    let node = Setup::new("ledger").args(["--chain", "ledger"]).start();
    let txid =
        printed(&node, "record minutes-were-approved --confirmations 1 --json")["txid"].clone();
    let txid = txid.as_str().unwrap();
    let mut held = Held::new(&node);
    let one = ("GET /v1/transactions/{txid}", format!("/v1/transactions/{txid}"));
    let report = held.get(one.0, &one.1, 200);
    let entry = json!({"transaction": report["transaction"], "payload": report["payload"]});
    // Another node, which knows nothing of the transaction, takes it and mines it.
    let mut other = Held::new(&peer);
    other.post("POST /v1/transactions", &entry, 202);
    // One that stands in a block is had.
    held.post("POST /v1/transactions", &entry, 202);
    let mut forged = entry;
    forged["transaction"]["fee"] = json!(7);
    held.post("POST /v1/transactions", &forged, 422);
    let address = held.get("GET /v1/ledger", "/v1/ledger", 200)["miner"].clone();
    ask_what_every_node_has(&mut held);
    ask_about_transaction(&mut held, txid, address.as_str().unwrap());
    send_what_is_refused(&mut held);
    held.post("POST /v1/records", &json!({"text": "hi"}), 409);
    held.post("POST /v1/ledger/records", &json!({"text": ""}), 422);
    let told = held.post("POST /v1/ledger/records", &json!({"text": "hi", "fee": 1}), 202);
    held.get("GET /v1/records/{id}", &format!("/v1/records/{}", told["id"]), 200);
    held.post("POST /v1/ledger/transfers", &json!({"to": address, "amount": 1, "note": "n"}), 202);
    held.post("POST /v1/ledger/transfers", &json!({"to": address, "amount": u64::MAX}), 422);
    held.post("POST /v1/wallet/unlock", &json!({"passphrase": "none"}), 200);
    held.post("POST /v1/records/batch", &json!({"texts": ["one", "two"], "fee": 1}), 202);
    // What waits has a form of its own.
    held.get("GET /v1/mempool", "/v1/mempool", 200);
    held.get("GET /v1/records", "/v1/records?limit=1", 200);
    held.get("GET /v1/records", "/v1/records?open=true", 200);
    held.post("POST /v1/mining", &json!({"seconds": 1}), 202);
    held.post("POST /v1/erasures", &json!({"txid": txid}), 202);
    held.post("POST /v1/erasures", &json!({"txid": txid}), 409);
    held.post("POST /v1/erasures", &json!({"txid": NO_HASH}), 404);
    // What was erased is null.
    held.get(one.0, &one.1, 200);
    held.get("GET /v1/proofs/{txid}", &format!("/v1/proofs/{txid}"), 200);

    let mut answered = held.answered;
    answered.extend(other.answered);
    // Lines are of the classic chain.
    answered.extend(["POST /v1/records"].map(String::from));
    answered.extend(NOT_ANSWERED.map(String::from));
    assert_eq!(answered, held.document.operations());
}

#[test]
fn what_a_node_with_a_locked_wallet_takes_is_a_draft_until_it_is_unlocked() {
    let setup = Setup::new("locked").args(["--chain", "ledger"]);
    let file = setup.home().join("passphrase");
    fs::write(&file, "secret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    on(&setup.directory(), &format!("wallet new --passphrase-file {}", file.display())).printed();
    let node = setup.start();
    let mut held = Held::new(&node);
    let draft = held.post("POST /v1/ledger/records", &json!({"text": "hi"}), 202);
    assert_eq!((&draft["state"], &draft["waits_for"]), (&json!("draft"), &json!("unlock")));
    assert_eq!(held.get("GET /v1/mempool", "/v1/mempool", 200)["count"], 0);
    let status = held.get("GET /v1/status", "/v1/status", 200);
    assert_eq!((&status["drafts"], &status["drafts_wait_for"]), (&json!(1), &json!("unlock")));
    let problem = held.post("POST /v1/wallet/unlock", &json!({"passphrase": "wrong"}), 409);
    assert_eq!(problem["type"], "urn:kusari:problem:wallet");
    let wallet = held.post("POST /v1/wallet/unlock", &json!({"passphrase": "secret"}), 200);
    assert_eq!(wallet["unlocked"], true);
    let path = format!("/v1/records/{}", draft["id"]);
    eventually("it is signed", || {
        let record = held.get("GET /v1/records/{id}", &path, 200);
        record["txid"].is_string().then_some(())
    });
}

#[test]
fn a_value_of_another_form_is_found() {
    let node = Node::start("A");
    let mut held = Held::new(&node);
    let mut status = held.get("GET /v1/status", "/v1/status", 200);
    let form = "/components/schemas/Status";
    assert_eq!(held.document.check(form, &status), Ok(()));
    status["more"] = json!(1);
    assert!(held.document.check(form, &status).is_err());
    status.as_object_mut().unwrap().remove("more");
    status["tip"] = json!("0");
    assert!(held.document.check(form, &status).is_err());
    status.as_object_mut().unwrap().remove("tip");
    assert!(held.document.check(form, &status).is_err());
}
