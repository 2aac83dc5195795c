//! Transactions in a row: checked and taken together, and judged as if they had come one by one.

use crate::common::ledger::{Person, bench, errors_to, is_accepted, line, spec};
use crate::common::sent_to;
use kusari_chain::mempool::CheckedTransaction;
use kusari_node::interface::{Input, PeerId};
use kusari_node::limits::{BAN_SCORE, MAX_COMMIT_BYTES, MIN_COMMIT_BYTES};
use kusari_node::wire::{Dialect, LineBatch, LineBatches, Message};
use kusari_node::{Action, MiningPolicy};
use proptest::prelude::*;

/// A line that is read as a transaction whose sender did not sign it.
fn unsigned(transaction: &CheckedTransaction) -> String {
    let line = line(transaction);
    let place = line.find("\"signature\":\"").unwrap() + 40;
    let digit = if &line[place..=place] == "0" { "1" } else { "0" };
    [&line[..place], digit, &line[place + 1..]].concat()
}

/// Lines of every kind that may stand beside transactions.
fn lines() -> Vec<String> {
    let person = Person::new(2);
    let right = (0..4).map(|sequence| line(&person.record(sequence, 0, "a note")));
    let mut lines: Vec<String> = right.collect();
    lines.push(unsigned(&person.record(4, 0, "changed")));
    lines.push(line(&person.record(5, 0, "with a return")) + "\r");
    lines.push(lines[0].replace("a note", "another"));
    lines.extend(["TX:{}", "TX:[]", "TX:", "PING:1", "NOISE", ""].map(String::from));
    lines
}

fn rows_of<'a>(dialect: Dialect, lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<LineBatch> {
    let mut rows = LineBatches::new(dialect);
    for line in lines {
        rows.push(line);
    }
    rows.take_all()
}

proptest! {
    #[test]
    fn lines_in_a_row_say_what_they_say_one_by_one(places in prop::collection::vec(0..14_usize, 0..24)) {
        let mut kinds = lines().into_iter().map(String::into_bytes).collect::<Vec<_>>();
        kinds.push(b"TX:{\"\xff".to_vec());
        let chosen: Vec<&[u8]> = places.iter().map(|place| kinds[*place].as_slice()).collect();
        for dialect in [Dialect::Ledger(spec().chain_id()), Dialect::Classic] {
            let single: Vec<_> = chosen.iter().map(|line| dialect.receive(line)).collect();
            prop_assert_eq!(rows_of(dialect, chosen.iter().copied()).concat(), single);
        }
    }
}

#[test]
fn right_transactions_in_a_row_are_one_row_and_a_wrong_one_stands_between_two() {
    let lines = lines();
    let chosen = [0, 1, 4, 2, 3].map(|place| lines[place].as_bytes());
    let rows = rows_of(Dialect::Ledger(spec().chain_id()), chosen);
    let lengths = rows.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(
        (lengths, rows[1][0].as_ref().unwrap_err().code()),
        (vec![2, 1, 2], "bad-signature")
    );
}

#[test]
fn rows_of_transactions_are_bounded_however_many_lines_come() {
    let line = line(&Person::new(2).record(0, 0, "a note"));
    let rows = rows_of(Dialect::Ledger(spec().chain_id()), (0..2_500).map(|_| line.as_bytes()));
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [1_024, 1_024, 452]);
}

fn give(bench: &mut crate::common::Bench, peer: PeerId, lines: &[String]) -> Vec<Action> {
    let rows = rows_of(bench.node.dialect(), lines.iter().map(String::as_bytes));
    let mut actions = Vec::new();
    for row in rows {
        actions.extend(bench.give(Input::LinesReceived { peer, lines: row }));
    }
    actions
}

#[test]
fn each_transaction_in_a_row_is_answered_in_order_once_all_are_durable_in_one_commit() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.inbound();
    let person = Person::new(2);
    let records: Vec<_> = (0..5).map(|sequence| person.record(sequence, 0, "a note")).collect();
    let mut lines: Vec<String> = records.iter().map(line).collect();
    // What the pool refuses is told at once.
    lines.push(line(&person.record(9, 0, "too far ahead")));
    bench.hold_commits = true;
    let actions = give(&mut bench, peer, &lines);
    assert_eq!(errors_to(&actions, peer), ["sequence-gap"]);
    assert!(!records.iter().any(|record| is_accepted(&actions, peer, record)));
    assert_eq!((bench.held.len(), bench.pooled()), (1, 5));
    let answered = bench.release_commits();
    let expected: Vec<_> = records.iter().map(CheckedTransaction::txid).collect();
    let ids = sent_to(&answered, peer).into_iter().filter_map(|message| match message {
        Message::Accepted { txid } => Some(*txid),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), expected);
}

#[test]
fn no_more_is_read_while_as_many_bytes_of_transactions_wait_for_the_disk_as_may() {
    let mut bench = bench(MiningPolicy::Off);
    let peer = bench.inbound();
    bench.hold_commits = true;
    let people: Vec<Person> = (2..102).map(Person::new).collect();
    let mut commits = 0;
    'full: for sequence in 0.. {
        for person in &people {
            if bench.node.is_congested() {
                break 'full;
            }
            bench.line(peer, &line(&person.record(sequence, 0, "a note")));
            commits += 1;
        }
    }
    assert_eq!(commits, MAX_COMMIT_BYTES / MIN_COMMIT_BYTES);
    bench.release_commits();
    assert!(!bench.node.is_congested());
}

#[test]
fn row_of_transactions_is_written_and_read_back_as_an_input() {
    let line = line(&Person::new(2).record(0, 0, "a note"));
    let rows = rows_of(Dialect::Ledger(spec().chain_id()), [line.as_bytes(); 2]);
    let [row] = <[LineBatch; 1]>::try_from(rows).unwrap();
    let input = Input::LinesReceived { peer: PeerId(1), lines: row };
    let text = serde_json::to_string(&input).unwrap();
    let read: Input = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert!(matches!(read, Input::LinesReceived { lines, .. } if lines.len() == 2));
}

#[test]
fn wrong_signatures_among_right_ones_close_their_sender_as_they_do_one_by_one() {
    let lines = lines();
    let closed_after = |in_a_row: bool| {
        let mut bench = bench(MiningPolicy::Off);
        let peer = bench.ledger_peer(7);
        (1..=BAN_SCORE).find(|_| {
            let row = [lines[0].clone(), lines[4].clone(), lines[1].clone()];
            let actions = match in_a_row {
                true => give(&mut bench, peer, &row),
                false => row.iter().flat_map(|line| bench.line(peer, line)).collect(),
            };
            crate::common::is_closed(&actions, peer)
        })
    };
    assert!(closed_after(true).is_some());
    assert_eq!(closed_after(true), closed_after(false));
}
