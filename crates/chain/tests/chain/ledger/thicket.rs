//! A thicket of branches, some of them wrong, in random order, with commits that lag behind, crashes
//! and checkpoints: the chain does what a naive ledger does.

use std::collections::{HashSet, VecDeque};
use std::sync::LazyLock;

use kusari_chain::ledger::{Account, BodyEntry};
use kusari_chain::{AcceptError, Accepted, BlockHash, TreeLimits};
use proptest::prelude::*;

use crate::ledger::naive::{Accounts, Forest, Random};
use crate::ledger::people::PEOPLE;
use crate::ledger::support::{CHAIN, Rig, SPEC, START};

/// Blocks of [`FOREST`] besides genesis.
const BLOCKS: usize = 116;
/// The first part is a thicket of short branches with many heights in common.
const THICKET: usize = 56;

/// Blocks of the last part that stand on a wrong one, before the branch goes on without them.
const ASTRAY: std::ops::Range<usize> = THICKET + 26..THICKET + 34;

/// The last part is one branch from near the root that in the end is the longest. Bodies hold
/// transfers, some to oneself, and records; one block in nine or so breaks a rule of the accounts,
/// and in the longest branch one whose descendants lead for a while.
static FOREST: LazyLock<Forest> = LazyLock::new(|| {
    let mut random = Random(1);
    let mut forest = Forest::new(&SPEC);
    let is_right = |forest: &Forest, at: &usize| forest.nodes[*at].accounts.is_some();
    for number in 0..BLOCKS {
        let newest = forest.nodes.len() - 1;
        let mut near = || newest - random.place((newest + 1).min(6));
        let parent = match number {
            // A wrong parent is taken where chance insists.
            0..THICKET => [near(), near(), near()]
                .into_iter()
                .find(|at| is_right(&forest, at))
                .unwrap_or_else(near),
            THICKET => (3..newest).find(|at| is_right(&forest, at)).unwrap(),
            // Places count from genesis: the one of this number stands one before its block.
            _ if number == ASTRAY.end => ASTRAY.start,
            _ => newest,
        };
        let wrong_ones = match number {
            0..THICKET => 9,
            _ if number == ASTRAY.start => 1,
            _ => u64::MAX,
        };
        let body = match &forest.nodes[parent].accounts {
            Some(accounts) => body(accounts.clone(), &mut random, wrong_ones),
            None => Vec::new(),
        };
        let miner = PEOPLE[random.place(4)].key;
        let time = START + 9 * u64::from(forest.nodes[parent].block.index) + random.below(8);
        let draft = forest.draft(parent, time, miner, body);
        forest.add(parent, draft);
    }
    forest
});

/// Transactions that apply to these accounts, and after them in one case of `wrong_ones` one that
/// does not.
fn body(mut accounts: Accounts, random: &mut Random, wrong_ones: u64) -> Vec<BodyEntry> {
    let mut body = Vec::new();
    for _ in 0..random.below(5) {
        let (sender, receiver) = (&PEOPLE[random.place(4)], &PEOPLE[random.place(4)]);
        let (balance, sequence) = accounts.get(&sender.key).copied().unwrap_or_default();
        let fee = 1 + random.below(3);
        if balance < fee {
            continue;
        }
        let amount = random.below(balance - fee + 1);
        let is_record = random.below(3) == 0;
        let entry = match is_record {
            true => sender.records("a note", (fee, sequence), &CHAIN),
            false => sender.pays(&receiver.key, (amount, fee, sequence), &CHAIN),
        };
        body.push(entry);
        let paid = if is_record { 0 } else { amount };
        accounts.insert(sender.key, (balance - fee - paid, sequence + 1));
        if !is_record {
            accounts.entry(receiver.key).or_default().0 += amount;
        }
    }
    if random.below(wrong_ones) == 0 {
        let sender = &PEOPLE[random.place(4)];
        let (balance, sequence) = accounts.get(&sender.key).copied().unwrap_or_default();
        let numbers = match random.below(3) {
            0 => (balance, 1, sequence),
            1 => (0, 1, sequence + 1),
            _ => (0, 1, sequence.wrapping_sub(1)),
        };
        body.push(sender.pays(&PEOPLE[0].key, numbers, &CHAIN));
    }
    body
}

#[test]
fn forest_holds_what_the_properties_are_about() {
    let forest = &*FOREST;
    let wrong = (0..=BLOCKS).filter(|place| forest.nodes[*place].accounts.is_none()).count();
    let bodies = forest.nodes.iter().filter_map(|node| node.checked.as_ref()?.ledger());
    let transactions: usize = bodies.map(|part| part.body.len()).sum();
    assert!((10..BLOCKS / 2).contains(&wrong), "{wrong}");
    let best = forest.path(forest.best(|_| true));
    assert_eq!(best.last(), Some(&BLOCKS), "the last part wins");
    assert!(forest.first_wrong(ASTRAY.end) == Some(ASTRAY.start + 1));
    assert!(transactions > BLOCKS, "{transactions}");
    // What exists was rewarded, and sequences count transactions.
    for place in 0..=BLOCKS {
        let Some(accounts) = &forest.nodes[place].accounts else { continue };
        let path = forest.path(place);
        let sum: u64 = accounts.values().map(|(balance, _)| balance).sum();
        assert_eq!(sum, SPEC.reward * (path.len() as u64 - 1));
        for (key, (_, sequence)) in accounts {
            let parts = path.iter().filter_map(|at| forest.nodes[*at].checked.as_ref()?.ledger());
            let sent = parts.flat_map(|part| &part.body);
            let sent = sent.filter(|entry| entry.transaction.sender == *key).count();
            assert_eq!(*sequence, sent as u64);
        }
    }
}

/// The chain's accounts by what it answers.
fn answered(rig: &Rig) -> Vec<Account> {
    PEOPLE.iter().map(|person| rig.account(&person.key)).collect()
}

/// What is known, what leads and what everybody owns are as in the naive ledger.
fn assert_as_naive(rig: &Rig) {
    let forest = &*FOREST;
    let known: Vec<_> =
        (0..=BLOCKS).map(|place| rig.chain.point(&forest.hash(place)).unwrap().is_some()).collect();
    for place in 1..=BLOCKS {
        assert!(!known[place] || known[forest.nodes[place].parent], "parents outlast");
    }
    let best = forest.best(|place| known[place]);
    assert_eq!(rig.chain.tip().hash, forest.hash(best));
    assert_eq!(rig.chain.tip().work, forest.nodes[best].work);
    let path: Vec<_> = forest.path(best)[1..].iter().map(|at| forest.hash(*at)).collect();
    assert_eq!(rig.best, path);
    let accounts = forest.nodes[best].accounts.as_ref().unwrap();
    let answered = answered(rig);
    for Account { key, balance, sequence } in &answered {
        let expected = accounts.get(key).copied().unwrap_or_default();
        assert_eq!((*balance, *sequence), expected);
    }
    let sum: u64 = answered.iter().map(|account| account.balance).sum();
    assert_eq!(sum, SPEC.reward * u64::from(rig.chain.tip().height));
}

/// The store by itself holds what the chain answers, and nothing without its parent.
fn assert_stored(rig: &mut Rig) {
    rig.commit_all();
    let mut expected = answered(rig);
    expected.retain(|account| !account.is_empty());
    expected.sort_by_key(|account| account.key);
    assert_eq!(rig.stored_accounts(), expected);
    let before = (rig.chain.tip(), rig.chain.side_bytes());
    rig.reopen();
    assert_eq!((rig.chain.tip(), rig.chain.side_bytes()), before);
    assert_as_naive(rig);
}

/// Delivers a block and whatever waited for it. Whatever is refused goes to `refused`.
fn deliver(rig: &mut Rig, place: usize, refused: &mut HashSet<BlockHash>) {
    let forest = &*FOREST;
    let mut queue = VecDeque::from([forest.checked(place)]);
    while let Some(block) = queue.pop_front() {
        let hash = block.block().hash;
        let before = (rig.chain.tip(), answered(rig));
        let wrong = forest.first_wrong(forest.place(&hash)).map(|at| forest.hash(at));
        match rig.accept(block) {
            Ok(Accepted::Added(_)) => {
                assert!(!refused.contains(&hash), "what was refused is refused again");
                queue.extend(rig.chain.take_orphans_of(&hash));
            }
            Ok(Accepted::Known(_) | Accepted::Orphan { .. }) => assert!(!refused.contains(&hash)),
            Ok(Accepted::BranchRefused { block, change, .. }) => {
                assert_eq!(Some(block), wrong, "the first that breaks a rule is named");
                assert_eq!((rig.chain.tip(), answered(rig)), before);
                assert_eq!(change.accounts().count(), 0);
                let gone = forest.path(forest.place(&hash)).into_iter().map(|at| forest.hash(at));
                refused.extend(gone.skip_while(|at| *at != block));
            }
            Err(AcceptError::Rule(_)) => {
                assert!(wrong.is_some(), "a right block on right ancestors is never refused");
                assert_eq!((rig.chain.tip(), answered(rig)), before);
                refused.insert(hash);
            }
            other => panic!("{other:?}"),
        }
        for hash in refused.iter() {
            assert_eq!(rig.chain.point(hash), Ok(None), "what was refused is gone");
        }
        assert_as_naive(rig);
    }
}

/// What happens between two blocks.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    Write(usize),
    Report,
    Restore,
    Reopen,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Nothing),
        4 => (0..5_usize).prop_map(Event::Write),
        3 => Just(Event::Report),
        1 => Just(Event::Restore),
        1 => Just(Event::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_the_order_the_chain_does_what_a_naive_ledger_does(
        window_blocks in 1..5_usize,
        order in Just((0..BLOCKS).collect::<Vec<_>>()).prop_shuffle(),
        disorder in prop_oneof![Just(1_usize), Just(6), Just(30), Just(200)],
        events in proptest::collection::vec(event(), BLOCKS),
    ) {
        let mut rig = Rig::new(&SPEC, TreeLimits { window_blocks, ..TreeLimits::default() });
        let mut places: Vec<_> = (0..BLOCKS).collect();
        places.sort_by_key(|&place| place + order[place] % disorder);
        let mut refused = HashSet::new();
        for (place, event) in places.iter().zip(&events) {
            deliver(&mut rig, place + 1, &mut refused);
            match event {
                Event::Nothing => {}
                Event::Write(changes) => rig.write(*changes),
                Event::Report => rig.report(),
                Event::Restore => rig.restore(),
                Event::Reopen => {
                    rig.reopen();
                    refused.clear();
                }
            }
            assert_as_naive(&rig);
        }
        // What a crash lost comes again, parents first, and then everything right is there.
        for place in 1..=BLOCKS {
            deliver(&mut rig, place, &mut refused);
        }
        let best = FOREST.best(|_| true);
        prop_assert_eq!(rig.chain.tip().hash, FOREST.hash(best));
        assert_stored(&mut rig);
    }

    /// Branches longer than a few blocks are prepared while others come: all the while the chain answers
    /// as the old one does, and in the end it is where it would have been at once.
    #[test]
    fn a_branch_that_is_prepared_in_steps_wins_as_one_that_is_followed_at_once(
        at_once_blocks in 0..3_u32,
        step_blocks in 1..5_u32,
        order in Just((0..BLOCKS).collect::<Vec<_>>()).prop_shuffle(),
        disorder in prop_oneof![Just(1_usize), Just(6), Just(30)],
        events in proptest::collection::vec((event(), 0..3_usize), BLOCKS),
    ) {
        let limits = TreeLimits { at_once_blocks, step_blocks, ..TreeLimits::default() };
        let mut rig = Rig::new(&SPEC, limits);
        let mut places: Vec<_> = (0..BLOCKS).collect();
        places.sort_by_key(|&place| place + order[place] % disorder);
        for (place, (event, steps)) in places.iter().zip(&events) {
            take(&mut rig, place + 1);
            match event {
                Event::Nothing => {}
                Event::Write(changes) => rig.write(*changes),
                Event::Report => rig.report(),
                Event::Restore => rig.restore(),
                Event::Reopen => rig.reopen(),
            }
            assert_one_chain(&rig);
            for _ in 0..*steps {
                step(&mut rig);
                assert_one_chain(&rig);
            }
        }
        for place in 1..=BLOCKS {
            take(&mut rig, place);
        }
        while step(&mut rig) {
            assert_one_chain(&rig);
        }
        assert_as_naive(&rig);
        let best = FOREST.best(|_| true);
        prop_assert_eq!(rig.chain.tip().hash, FOREST.hash(best));
        rig.commit_all();
        rig.reopen();
        prop_assert_eq!(rig.chain.tip().hash, FOREST.hash(best));
    }
}

/// Gives a block to the chain, and what waited for it, whatever becomes of it.
fn take(rig: &mut Rig, place: usize) {
    let mut queue = VecDeque::from([FOREST.checked(place)]);
    while let Some(block) = queue.pop_front() {
        let hash = block.block().hash;
        if let Ok(Accepted::Added(_)) = rig.accept(block) {
            queue.extend(rig.chain.take_orphans_of(&hash));
        }
        assert_one_chain(rig);
    }
}

/// Goes a step, in which nothing right is refused. Returns whether there was any.
fn step(rig: &mut Rig) -> bool {
    let stepped = rig.step();
    if let Some(Some(refused)) = stepped {
        let place = FOREST.place(&refused);
        assert_eq!(FOREST.first_wrong(place), Some(place), "the first that breaks a rule is named");
    }
    stepped.is_some()
}

/// What the chain answers are the blocks and accounts of one branch, all of which is right.
fn assert_one_chain(rig: &Rig) {
    let forest = &*FOREST;
    let place = forest.place(&rig.chain.tip().hash);
    let path: Vec<_> = forest.path(place)[1..].iter().map(|at| forest.hash(*at)).collect();
    assert_eq!(rig.best, path);
    let accounts = forest.nodes[place].accounts.as_ref().unwrap();
    for Account { key, balance, sequence } in answered(rig) {
        assert_eq!((balance, sequence), accounts.get(&key).copied().unwrap_or_default());
    }
}
