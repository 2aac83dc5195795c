//! What waits, as people who look around are told.

use crate::common::Bench;
use crate::common::ledger::{Person, bench};
use kusari_chain::ledger::PublicKey;
use kusari_node::interface::{Action, Command, PoolPage, Reply, WaitingTransaction};
use kusari_node::limits::MAX_POOL_PAGE_BYTES;
use kusari_node::{MiningPolicy, Node};

type Place = Option<(PublicKey, u64)>;

fn page(bench: &mut Bench, after: Place, limit: usize) -> (Vec<WaitingTransaction>, bool) {
    let actions = bench.command(Command::GetPool { after, limit });
    let reply = actions.into_iter().find_map(|action| match action {
        Action::Reply(_, Reply::Pool(Ok(PoolPage { page, more }))) => Some((page, more)),
        _ => None,
    });
    reply.expect("the pool was asked for")
}

fn all(bench: &mut Bench, limit: usize) -> Vec<Vec<WaitingTransaction>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = page(bench, after, limit);
        after = page.last().map(|last| {
            let transaction = &last.entry.transaction;
            (transaction.sender, transaction.sequence)
        });
        pages.push(page);
        if !more {
            return pages;
        }
    }
}

fn waits(node: &Node) -> usize {
    node.snapshot().ledger.unwrap().pooled
}

#[test]
fn what_waits_is_told_page_by_page_without_gap_or_repetition() {
    let mut bench = bench(MiningPolicy::Off);
    for person in 1..=3 {
        for sequence in 0..4 {
            let record = Person::new(person).record(sequence, 0, "hi");
            bench.submit(&record);
        }
    }
    assert_eq!(waits(&bench.node), 12);
    let whole = all(&mut bench, 100).concat();
    assert_eq!(whole.len(), 12);
    assert!(whole.iter().all(|waiting| waiting.own));
    for limit in 1..=12 {
        let pages = all(&mut bench, limit);
        assert!(pages.iter().all(|page| page.len() <= limit));
        assert_eq!(pages.concat(), whole, "{limit} at once");
    }
}

#[test]
fn a_look_at_the_pool_copies_no_more_than_its_bound() {
    let mut bench = bench(MiningPolicy::Off);
    let text = "x".repeat(60_000);
    for sequence in 0..12 {
        bench.submit(&Person::new(1).record(sequence, 0, &text));
    }
    let pages = all(&mut bench, 100);
    let bytes = |page: &Vec<WaitingTransaction>| -> usize {
        let texts = page.iter().filter_map(|waiting| waiting.entry.payload.as_ref());
        texts.map(|payload| payload.data.len()).sum()
    };
    let bound = MAX_POOL_PAGE_BYTES as usize + text.len();
    assert!(pages.len() > 1 && pages.iter().all(|page| bytes(page) <= bound), "{}", pages.len());
    assert_eq!(pages.concat().len(), waits(&bench.node));
}
