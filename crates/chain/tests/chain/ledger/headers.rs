//! Headers that are counted before their bodies come: what a block shows without its body decides as
//! it would with it.

use std::sync::LazyLock;

use kusari_chain::accept::{HeaderChain, Pushed};
use kusari_chain::checked::{CheckedHeader, Header};
use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::pow::CompactTarget;
use kusari_chain::{Accepted, BlockHash, CheckedBlock, RuleViolation, TreeLimits};
use proptest::prelude::*;

use crate::ledger::naive::{Forest, Random};
use crate::ledger::people::PEOPLE;
use crate::ledger::support::{CHAIN, Draft, LATE, Rig, SPEC, START};

/// A branch of blocks at uneven times, and one that leaves it below a multiple of 64.
static FOREST: LazyLock<Forest> = LazyLock::new(|| {
    let (mut random, mut forest) = (Random(7), Forest::new(&SPEC));
    let mut tip = 0;
    for number in 0..110 {
        let parent = if number == 80 { 61 } else { tip };
        let time = START + 8 * u64::from(forest.nodes[parent].block.index) + random.below(60);
        let draft = forest.draft(parent, time, PEOPLE[random.place(4)].key, Vec::new());
        tip = forest.add(parent, draft);
    }
    forest
});

fn header(draft: &Draft) -> Header {
    Header { block: draft.block.clone(), commitment: draft.part.commitment }
}

fn checked(block: &CheckedBlock) -> CheckedHeader {
    let (block, commitment) = (block.block().clone(), block.ledger().unwrap().commitment);
    CheckedHeader::check(Header { block, commitment }, &CHAIN).unwrap()
}

fn push(headers: &mut HeaderChain, draft: &Draft) -> Result<(), RuleViolation> {
    let checked = CheckedHeader::check(header(draft), &CHAIN)?;
    match headers.push(&checked, &SPEC, LATE)? {
        Pushed::Added => Ok(()),
        ahead @ Pushed::Ahead { .. } => panic!("{ahead:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn headers_of_right_blocks_count_as_the_blocks_do_from_any_known_one(
        place in 1..=110_usize,
        known in any::<prop::sample::Index>(),
        window_blocks in 1..30_usize,
        is_reopened: bool,
    ) {
        let path = FOREST.path(place);
        let known = known.index(path.len());
        let limits = TreeLimits { window_blocks, ..TreeLimits::default() };
        let mut rig = Rig::new(&SPEC, limits);
        for at in path.iter().take(known + 1).skip(1) {
            let accepted = rig.accept(FOREST.checked(*at));
            prop_assert!(matches!(accepted, Ok(Accepted::Added(_))));
        }
        if is_reopened {
            rig.commit_all();
            rig.reopen();
        }
        let mut headers = rig.chain.header_chain(&FOREST.hash(path[known])).unwrap().unwrap();
        prop_assert_eq!(headers.base().hash, FOREST.hash(path[known]));
        for at in path.iter().skip(known + 1) {
            headers.push(&checked(&FOREST.checked(*at)), &SPEC, LATE).unwrap();
            prop_assert_eq!(headers.tip().hash, FOREST.hash(*at));
            prop_assert_eq!(headers.tip().work, FOREST.nodes[*at].work);
        }
    }
}

/// Headers of a chain of 14, and the next block.
fn next() -> (HeaderChain, Draft) {
    let mut rig = crate::ledger::support::rig();
    let tip = rig.chain.tip().hash;
    let headers = rig.chain.header_chain(&tip).unwrap().unwrap();
    (headers, crate::ledger::support::draft(Vec::new()).commit())
}

/// What is done to a draft.
type Change = fn(&mut Draft);

#[test]
fn each_rule_that_needs_no_body_is_broken_by_its_header_and_nothing_is_added() {
    let root = MerkleRoot([5; 32]);
    let changes: [(&str, Change); 7] = [
        ("bad-link", |draft| draft.block.prev_hash = BlockHash([1; 32])),
        ("bad-index", |draft| draft.block.index += 1),
        ("bad-target", |draft| draft.part.commitment.target = CompactTarget(0x1e7f_ffff)),
        ("too-early", |draft| draft.block.timestamp = START + 80),
        ("bad-history-root", |draft| draft.part.commitment.history_root.0[0] ^= 1),
        ("bad-state-root", |draft| draft.part.commitment.state_root.0[0] ^= 1),
        ("no-target", |draft| draft.part.commitment.target = CompactTarget(0x2000_ffff)),
    ];
    for (code, change) in changes {
        let (mut headers, mut draft) = next();
        let before = headers.clone();
        change(&mut draft);
        let refused = push(&mut headers, &draft.tie().mine()).map_err(|fault| fault.code());
        assert_eq!(refused, Err(code));
        assert_eq!(headers, before);
    }
    // What only the body shows is left to it.
    let (mut headers, mut draft) = next();
    draft.part.commitment.body_root = root;
    assert_eq!(push(&mut headers, &draft.tie().mine()), Ok(()));
}

#[test]
fn header_ahead_of_the_clock_does_not_count_until_its_time_comes() {
    let (mut headers, draft) = next();
    let due = draft.block.timestamp - 120;
    let header = CheckedHeader::check(header(&draft.mine()), &CHAIN).unwrap();
    let before = headers.clone();
    for now in [0, due - 1] {
        assert_eq!(headers.push(&header, &SPEC, now), Ok(Pushed::Ahead { due }));
        assert_eq!(headers, before);
    }
    assert_eq!(headers.push(&header, &SPEC, due), Ok(Pushed::Added));
    assert_eq!(headers.tip().height, before.tip().height + 1);
}

#[test]
fn header_reads_what_it_writes_and_no_list() {
    let (_, draft) = next();
    let header = header(&draft.mine());
    let json = serde_json::to_string(&header).unwrap();
    assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
    let mut value = serde_json::to_value(&header).unwrap();
    let keys =
        ["index", "timestamp", "nonce", "data", "prev_hash", "hash", "transactions", "commitment"];
    value = keys.iter().map(|key| value[*key].clone()).collect();
    assert!(serde_json::from_value::<Header>(value).is_err());
}

#[test]
fn nothing_is_counted_from_a_block_that_is_not_known() {
    let mut rig = crate::ledger::support::rig();
    assert!(rig.chain.header_chain(&BlockHash([1; 32])).unwrap().is_none());
}

/// A body of five records, and the whole block.
fn whole() -> (CheckedHeader, Draft) {
    let notes = (0..5).map(|sequence| PEOPLE[0].records("a note", (1, sequence), &CHAIN));
    let draft = crate::ledger::support::draft(notes.collect()).commit().mine();
    (CheckedHeader::check(header(&draft), &CHAIN).unwrap(), draft)
}

#[test]
fn block_put_together_from_header_and_body_is_the_whole_block() {
    let (header, draft) = whole();
    let expected = draft.clone().check(&CHAIN).unwrap();
    for checked in [true, false] {
        let body = draft.part.body.iter().map(|entry| (entry.clone(), checked)).collect();
        let block = CheckedBlock::assemble(header.clone(), body).unwrap();
        assert_eq!(block, expected);
        assert_eq!(block.line_bytes(), expected.line_bytes());
    }
}

#[test]
fn signature_that_was_not_checked_before_is_checked_and_named_by_its_place() {
    let (_, mut draft) = whole();
    draft.part.body[3].transaction.signature.0[40] ^= 1;
    let draft = draft.commit().mine();
    let header = CheckedHeader::check(header(&draft), &CHAIN).unwrap();
    let body = (0..5).map(|place| (draft.part.body[place].clone(), place % 2 == 0)).collect();
    let refused = CheckedBlock::assemble(header.clone(), body).unwrap_err();
    assert!(matches!(refused, RuleViolation::Transaction { place: 3, .. }), "{refused}");

    let short = draft.part.body[..4].iter().map(|entry| (entry.clone(), true)).collect();
    let refused = CheckedBlock::assemble(header.clone(), short).unwrap_err();
    assert_eq!(refused, RuleViolation::BadBodyCount { claimed: 5, counted: 4 });
    let mut turned: Vec<_> = draft.part.body.iter().map(|entry| (entry.clone(), true)).collect();
    turned.swap(0, 1);
    let refused = CheckedBlock::assemble(header, turned).unwrap_err();
    assert!(matches!(refused, RuleViolation::BadBodyRoot { .. }), "{refused}");
}
