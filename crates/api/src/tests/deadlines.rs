//! Whoever is slow is closed in time, and whoever waits gets a place. The clock jumps.

use kusari_chain::ledger::ChainSpec;

use super::super::server::HEAD_DEADLINE;
use super::*;
use crate::write_timeout::WRITE_DEADLINE;

#[test]
fn half_a_head_ends_at_its_deadline() {
    let rig = Rig::in_no_time(store(0));
    let client = rig.sent("GET /v1/status HTTP/1.1\r\nHost: loc");
    // Its other half stays open: the end is the server's.
    let open = client.try_clone().unwrap();
    let (answer, took) = rig.all_of(client);
    assert_eq!(answer, "");
    assert!((HEAD_DEADLINE..2 * HEAD_DEADLINE).contains(&took), "{took:?}");
    drop(open);
}

#[test]
fn an_idle_connection_ends_after_its_last_answer() {
    let rig = Rig::in_no_time(store(0));
    let request = get("/v1/status").replace("Connection: close\r\n", "");
    let (answer, took) = rig.all_of(rig.sent(&request));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!((HEAD_DEADLINE..2 * HEAD_DEADLINE).contains(&took), "{took:?}");
}

#[test]
fn half_a_body_is_refused_at_its_deadline() {
    let rig = Rig::in_no_time(store(0));
    let request = post("/v1/records", "", "{\"text\":\"hi\"}");
    let (answer, took) = rig.all_of(rig.sent(&request[..request.len() - 3]));
    assert_problem(&answer, 408, "slow-body");
    assert!(took >= Duration::from_secs(10), "{took:?}");
}

#[test]
fn an_answer_that_nobody_reads_ends_at_its_deadline() {
    let rig = Rig::in_no_time(store(256));
    // Much more than the operating system buffers between two sockets: 64 answers of 0.8 MiB.
    let request = get("/v1/blocks?from=1").replace("Connection: close\r\n", "");
    let client = rig.sent(&request.repeat(64));
    // Something else that is known to take longer.
    let (_, took) = rig.all_of(rig.sent(&post("/v1/records", "", "{\"text\":\"hi\"}")));
    assert!(took > WRITE_DEADLINE, "{took:?}");
    let (answer, _) = rig.all_of(client);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.len() < 40 * 1024 * 1024, "all of it was written: {}", answer.len());
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    let rig = Rig::in_no_time(store(0));
    let idle: Vec<_> = (0..FEW_CONNECTIONS).map(|_| rig.sent("")).collect();
    let (answer, took) = rig.all_of(rig.sent(&get("/v1/status")));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    // Nothing but the end of idle connections made room.
    assert!(took >= HEAD_DEADLINE, "{took:?}");
    drop(idle);
    let (_, took) = rig.all_of(rig.sent(&get("/v1/status")));
    assert!(took < HEAD_DEADLINE, "{took:?}");
}

#[test]
fn a_command_that_the_node_never_answers_ends_in_doubt() {
    let rig = Rig::in_no_time(store(0));
    let (answer, took) = rig.all_of(rig.sent(&post("/v1/records", "", "{\"text\":\"hi\"}")));
    assert_problem(&answer, 504, "no-answer");
    assert!(took >= Duration::from_secs(60), "{took:?}");
}

#[test]
fn a_store_that_lags_behind_the_node_for_long_is_read_as_it_is() {
    let rig = Rig::in_no_time(store(1));
    let mut shown = kusari_node::Snapshot::default();
    shown.tip.work = Work::of_classic_blocks(9);
    rig.node.publish(shown);
    let (answer, took) = rig.all_of(rig.sent(&get("/v1/records")));
    assert!(answer.contains("\"records\":[]"), "{answer}");
    assert!(took >= Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_ledger_whose_end_was_altered_is_read_as_it_is_and_at_once() {
    let store = Store::ephemeral_chain(Some(&ChainSpec::ledger())).unwrap();
    // What names them is made up, and so is found altered.
    extend(&store, 1..=3);
    let rig = Rig::in_no_time(store);
    let mut shown = kusari_node::Snapshot::default();
    shown.tip.work = Work::of_classic_blocks(3);
    rig.node.publish(shown);
    let (answer, took) = rig.all_of(rig.sent(&get("/v1/status")));
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"height\":0,"),
        "{answer}"
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
}
