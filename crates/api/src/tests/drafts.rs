//! What the node's own wallet is to sign, and its passphrase.

use kusari_chain::ledger::{ChainSpec, Txid};
use kusari_node::drafts::{Draft, DraftContent, DraftWait};
use kusari_node::interface::{Command, Drafted, Reply, SubmitRefusal};
use serde_json::{Value, json};

use super::*;

/// A node of a ledger, and the key of its wallet.
fn ledger() -> Rig {
    Rig::new(Store::ephemeral_chain(Some(&ChainSpec::ledger())).unwrap())
}

fn draft(rig: &Rig, fee: u64, content: DraftContent) -> Command {
    let account = rig.wallet.as_ref().unwrap().address().0;
    Command::Draft(Draft { account, fee, content })
}

#[track_caller]
fn body(answer: &str, status: &str) -> Value {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_text_is_drafted_and_the_answer_says_what_it_waits_for() {
    let mut rig = ledger();
    let wait = Some(DraftWait::Peer);
    let reply = Reply::Drafted(Ok(Drafted { entry: 7, txid: None, wait }));
    let request = post("/v1/ledger/records", "", "{\"text\":\"hi\",\"fee\":2}");
    let (answer, commands) = rig.play(&request, vec![reply]);
    assert!(answer.contains("location: /v1/records/7\r\n"), "{answer}");
    let shown =
        json!({ "id": 7, "text": "hi", "state": "draft", "waits_for": "peer", "block": null });
    assert_eq!(body(&answer, "202 Accepted"), shown);
    assert_eq!(commands, [draft(&rig, 2, DraftContent::Record("hi".into()))]);
}

#[test]
fn a_payment_that_is_signed_at_once_is_answered_with_its_transaction() {
    let mut rig = ledger();
    let to = rig.wallet.as_ref().unwrap().address();
    let txid = Txid([7; 32]);
    let reply = Reply::Drafted(Ok(Drafted { entry: 1, txid: Some(txid), wait: None }));
    let request = format!("{{\"to\":\"{to}\",\"amount\":3,\"note\":\"\"}}");
    let (answer, commands) = rig.play(&post("/v1/ledger/transfers", "", &request), vec![reply]);
    let payment = json!({ "to": to, "amount": 3 });
    let shown = json!({
        "id": 1, "text": "", "payment": payment, "state": "waiting", "txid": txid, "block": null,
    });
    assert_eq!(body(&answer, "202 Accepted"), shown);
    let content = DraftContent::Transfer { to: to.0, amount: 3, note: None };
    assert_eq!(commands, [draft(&rig, ChainSpec::ledger().min_fee, content)]);
}

#[test]
fn what_cannot_be_drafted_is_refused_with_its_kind() {
    for (refusal, status, name) in [
        (SubmitRefusal::Empty, 422, "empty-record"),
        (SubmitRefusal::OtherAccount, 409, "wallet"),
        (SubmitRefusal::OutboxFull { waiting: 3 }, 503, "outbox-full"),
        (SubmitRefusal::StoreFull, 507, "store-full"),
    ] {
        let mut rig = ledger();
        let request = post("/v1/ledger/records", "", "{\"text\":\"\"}");
        let (answer, _) = rig.play(&request, vec![Reply::Drafted(Err(refusal))]);
        assert_problem(&answer, status, name);
    }
    let rig = Rig::new(store(0));
    for path in ["/v1/ledger/records", "/v1/wallet/unlock"] {
        let body = if path.ends_with("unlock") { "passphrase" } else { "text" };
        let answer = rig.answer(&post(path, "", &format!("{{\"{body}\":\"x\"}}")));
        assert_problem(&answer, 409, "no-ledger");
    }
}

#[test]
fn a_passphrase_is_taken_from_those_alone_who_have_the_token() {
    let rig = ledger();
    let given = "{\"passphrase\":\"secret\"}";
    let answer = rig.answer(&post("/v1/wallet/unlock", "", given));
    let address = rig.wallet.as_ref().unwrap().address();
    assert_eq!(body(&answer, "200 OK"), json!({ "address": address, "unlocked": true }));
    // The page's cookie, with which a text can be recorded, opens no wallet.
    let session = rig.answer(&post("/v1/session", "", "{}"));
    let cookie = session.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let headers = format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n");
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let by_page = post("/v1/wallet/unlock", &headers, given).replace(&token, "");
    assert_problem(&rig.answer(&by_page), 401, "token");
    // What is wrong with a body is said without what stands in it.
    let answer = rig.answer(&post("/v1/wallet/unlock", "", "{\"passphrase\":\"secret\",\"x\":1}"));
    assert_problem(&answer, 400, "bad-json");
    assert!(!answer.contains("secret"), "{answer}");
}

#[test]
fn a_passphrase_that_no_caller_waits_for_any_more_keeps_its_turn_to_its_end() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().worker_threads(1).max_blocking_threads(1).build().unwrap();
    let store = Store::ephemeral_chain(Some(&ChainSpec::ledger())).unwrap();
    let rig = Rig::on(runtime, store, FEW_CONNECTIONS, RateLimit::default());
    // The only thread for what takes long is busy, so the trial does not end before this is.
    let (end, ends) = std::sync::mpsc::channel::<()>();
    rig.runtime.spawn_blocking(move || ends.recv());
    let client = rig.sent(&post("/v1/wallet/unlock", "", "{\"passphrase\":\"secret\"}"));
    while rig.unlocking.available_permits() > 0 {
        std::thread::yield_now();
    }
    drop(client);
    for _ in 0..100 {
        assert!(rig.answer(&get("/healthz")).starts_with("HTTP/1.1 200 "));
        let free = rig.unlocking.available_permits();
        assert_eq!(free, 0, "callers that leave would take all threads that read the store");
    }
    drop(end);
    while rig.unlocking.available_permits() == 0 {
        std::thread::yield_now();
    }
}
