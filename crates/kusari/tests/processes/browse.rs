//! What people who look around are told, by real nodes.

use serde_json::{Value, json};

use super::api::client;
use super::support::command::on;
use super::support::{Node, Setup, http};

/// The answer to a read of the local API, which is JSON.
#[track_caller]
fn read(node: &Node, path: &str) -> Value {
    let address = client(node).base().trim_start_matches("http://").parse().unwrap();
    let answer = http(address, &format!("GET {path}"), "", "");
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{path}: {}", answer.body))
}

#[test]
fn what_was_typed_on_a_classic_node_can_be_looked_up() {
    let node = Node::start("A");
    for text in ["Rack 7 rewired", "rack 8 as well"] {
        client(&node).record(text, &mut |detail| panic!("{detail}")).unwrap();
    }
    node.wait_for_nth("Added new block", 2);
    let found = read(&node, "/v1/search?text=RACK%208");
    assert_eq!(found["found"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["found"][0]["text"], "rack 8 as well");
    assert_eq!((&found["found"][0]["height"], &found["next"]), (&json!(2), &Value::Null));

    let headers = read(&node, "/v1/headers?from=1");
    assert_eq!(headers["headers"].as_array().map(Vec::len), Some(2), "{headers}");
    assert_eq!(headers["headers"][1]["hash"], found["found"][0]["hash"]);
    assert_eq!(headers["headers"][1]["prev_hash"], headers["headers"][0]["hash"]);
    let branch = format!("/v1/branches/{}", found["found"][0]["hash"].as_str().unwrap());
    assert_eq!(read(&node, &branch), json!({"headers": []}));

    let records = read(&node, "/v1/records?limit=1");
    assert_eq!(records["records"][0]["text"], "rack 8 as well", "{records}");
    assert_eq!(
        (&records["records"][0]["block"]["height"], &records["next"]),
        (&json!(2), &json!(2))
    );
    let records = read(&node, "/v1/records?before=2");
    assert_eq!(records["records"][0]["text"], "Rack 7 rewired", "{records}");
    assert_eq!(records["next"], Value::Null);
    let pool = json!({"count": 0, "bytes": 0, "transactions": [], "next": null, "records": []});
    assert_eq!(read(&node, "/v1/mempool"), pool);

    let mining = &read(&node, "/v1/status")["mining"];
    assert!(mining["tries"].is_u64() && mining["tries_per_second"].is_u64(), "{mining}");
    for path in [
        "/v1/search?text=",
        "/v1/search?text=x&before=0",
        "/v1/headers?limit=0",
        "/v1/records?limit=101",
        "/v1/mempool?after=x",
        "/v1/branches/1",
    ] {
        assert_eq!(read(&node, path)["type"], "urn:kusari:problem:bad-request", "{path}");
    }
    let nowhere = read(&node, &format!("/v1/branches/{}", "7".repeat(64)));
    assert_eq!(nowhere["type"], "urn:kusari:problem:no-such-branch");
    assert_eq!(read(&node, "/v1/accounts")["type"], "urn:kusari:problem:no-ledger");
}

#[test]
fn what_waits_and_who_owns_what_can_be_looked_up_on_a_ledger() {
    let node = Setup::new("ledger").args(["--chain", "ledger", "--mine", "off"]).start();
    let said = |text: &str| -> Value {
        let printed = on(&node.directory(), &format!("record {text} --json")).printed();
        serde_json::from_str(&printed).unwrap()
    };
    let ids: Vec<_> = ["one", "two", "three"].map(|text| said(text)["txid"].clone()).into();
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = read(&node, &format!("/v1/mempool?limit=1{after}"));
        assert_eq!(page["count"], 3, "{page} {ids:?}");
        let waiting = &page["transactions"][0];
        assert_eq!(waiting["own"], true);
        found.push(waiting["txid"].clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    found.sort_by_key(Value::to_string);
    let mut ids = ids;
    ids.sort_by_key(Value::to_string);
    assert_eq!(found, ids);
    assert_eq!(read(&node, "/v1/accounts"), json!({"accounts": [], "next": null}));
    assert_eq!(read(&node, "/v1/transactions")["transactions"], json!([]));

    let node = Setup::new("mines").args(["--chain", "ledger"]).start();
    on(&node.directory(), "record two-words --confirmations 1").printed();
    let listed = read(&node, "/v1/transactions");
    assert_eq!(listed["transactions"][0]["payload"]["data"], "two-words", "{listed}");
    let accounts = read(&node, "/v1/accounts?limit=1");
    let miner = &read(&node, "/v1/ledger")["miner"];
    assert_eq!((&accounts["accounts"][0]["address"], &accounts["next"]), (miner, &Value::Null));
    assert_eq!(&read(&node, "/v1/headers?from=1")["headers"][0]["miner"], miner);
    let said = read(&node, "/v1/search?text=TWO-w");
    assert_eq!(said["found"][0]["txid"], listed["transactions"][0]["txid"], "{said}");
}
