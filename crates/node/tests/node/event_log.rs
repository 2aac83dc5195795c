//! What is written down for whoever asks why.

use crate::common::{Bench, checked, child, mined};
use kusari_chain::Block;
use kusari_node::event::{BlockName, Event, Origin};
use kusari_node::interface::Input;
use kusari_node::limits::BAN_SCORE;
use kusari_node::{Action, NodeConfig};

fn written(actions: &[Action]) -> Vec<Event> {
    let event = |action: &Action| match action {
        Action::Record(event) => Some((**event).clone()),
        _ => None,
    };
    actions.iter().filter_map(event).collect()
}

fn name(block: &Block) -> BlockName {
    BlockName { height: block.index, hash: block.hash }
}

#[test]
fn blocks_in_a_row_of_one_peer_are_one_entry_and_go_before_their_commit() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let one = child(&Block::genesis(), "one");
    let two = child(&one, "two");
    let three = child(&two, "three");
    let blocks =
        [&one, &two, &three].map(|block| kusari_chain::CheckedBlock::check(block.clone()).unwrap());
    let input = Input::blocks(peer, blocks);
    // As it comes, with the commit where it is.
    let actions = bench.node.handle(bench.now, input);
    let happened = written(&actions);
    let [Event::BlocksJoined { first, last, origin }] = &happened[..] else {
        panic!("{happened:?}")
    };
    assert_eq!((*first, *last), (name(&one), name(&three)));
    assert!(matches!(origin, Origin::Announced(sender) if sender.agent.is_some()));
    let place = |is: fn(&Action) -> bool| actions.iter().position(is).unwrap();
    let record = place(|action| matches!(action, Action::Record(_)));
    assert!(record < place(|action| matches!(action, Action::Commit { .. })));
}

#[test]
fn an_orphan_is_told_with_its_parent_and_again_when_it_joins() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let one = child(&Block::genesis(), "one");
    let two = child(&one, "two");
    let happened = written(&bench.receive(peer, checked(&two)));
    assert!(
        matches!(&happened[..], [Event::OrphanKept { block, parent, .. }]
            if *block == name(&two) && *parent == one.hash),
        "{happened:?}"
    );
    let happened = written(&bench.receive(peer, checked(&one)));
    let waited =
        Event::BlocksJoined { first: name(&two), last: name(&two), origin: Origin::Waited };
    assert!(happened.contains(&waited), "{happened:?}");
}

#[test]
fn a_reorganisation_names_what_left_and_what_joined_and_the_side_block_before_it() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let genesis = Block::genesis();
    let (a, b) = (child(&genesis, "a"), child(&genesis, "b"));
    // Of two with the same work the lower hash wins.
    let (first, second) = if a.hash.0 < b.hash.0 { (a, b) } else { (b, a) };
    bench.receive(peer, checked(&first));
    let happened = written(&bench.receive(peer, checked(&second)));
    assert!(
        matches!(&happened[..], [Event::SideBlock { block, held: false, .. }]
            if *block == name(&second)),
        "{happened:?}"
    );
    let third = child(&second, "c");
    let happened = written(&bench.receive(peer, checked(&third)));
    let moved = happened.iter().find_map(|event| match event {
        Event::Reorganised { depth, reverted, connected, .. } => {
            Some((*depth, reverted.clone(), connected.clone()))
        }
        _ => None,
    });
    assert_eq!(moved, Some((1, vec![name(&first)], vec![name(&second), name(&third)])));
}

#[test]
fn a_refused_block_and_the_points_for_it_are_told_until_the_peer_is_closed() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let mut totals = Vec::new();
    for number in 2.. {
        let wrong = Block { index: 7, ..child(&Block::genesis(), &number.to_string()) };
        let wrong = mined(wrong);
        let happened = written(&bench.receive(peer, checked(&wrong)));
        let [Event::BlockRefused { block, code, .. }, Event::PeerPenalised { total, .. }] =
            &happened[..]
        else {
            panic!("{happened:?}")
        };
        assert_eq!((*block, code.as_str()), (name(&wrong), "bad-index"));
        totals.push(*total);
        if *total >= BAN_SCORE {
            break;
        }
    }
    assert!(totals.windows(2).all(|pair| pair[0] < pair[1]), "{totals:?}");
    assert!(written(&bench.line(peer, "PING:1")).is_empty());
}

#[test]
fn whoever_is_sent_or_told_of_a_block_is_counted() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    bench.introduced(8, 0);
    bench.introduced(9, 0);
    let one = child(&Block::genesis(), "one");
    let happened = written(&bench.receive(peer, checked(&one)));
    let passed_on = Event::BlockPassedOn { block: name(&one), pushed: 2, announced: 0 };
    assert!(happened.contains(&passed_on), "{happened:?}");
}
