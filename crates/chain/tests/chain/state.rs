//! The state of a chain: written, restored, and refused where no chain ever had it.

use kusari_chain::store::MemoryBlocks;
use kusari_chain::{Block, Chain, ChainState, StateError, TreeLimits};
use serde_json::Value;

/// What is done to a state.
type Change = fn(&mut Value);

fn restore(state: Value) -> Result<Chain, StateError> {
    let state: ChainState = serde_json::from_value(state).unwrap();
    Chain::restore(state, Box::new(MemoryBlocks::default()), TreeLimits::default())
}

/// Two blocks in the best chain, two beside it, and an orphan.
fn state() -> Value {
    let store = Box::new(MemoryBlocks::default());
    let mut chain = Chain::open(store, TreeLimits::default()).unwrap();
    let genesis = Block::genesis();
    let best = crate::common::mine_branch(&genesis, 3, "best");
    let side = crate::common::mine_branch(&genesis, 2, "side");
    let orphans = crate::common::mine_branch(&genesis, 2, "orphan");
    for block in best.iter().chain(&side).chain(&orphans[1..]) {
        chain.accept(crate::common::checked(block), 0).unwrap();
    }
    serde_json::to_value(chain.state()).unwrap()
}

#[test]
fn a_restored_chain_has_the_state_that_it_was_restored_from() {
    let state = state();
    let chain = restore(state.clone()).unwrap();
    assert_eq!(serde_json::to_value(chain.state()).unwrap(), state);
    assert_eq!((chain.tip().height, chain.orphan_count()), (3, 1));
    assert!(chain.side_bytes().0 > 0);
}

#[test]
fn a_state_that_no_chain_ever_had_is_refused() {
    let changes: [(&str, Change); 6] = [
        ("no tip", |state| state["tree"]["window"] = Value::from(Vec::<Value>::new())),
        ("gap", |state| state["tree"]["window"][1]["point"]["height"] = Value::from(7)),
        // A circle, which would be followed for ever.
        ("follow its parent", |state| {
            let hash = state["tree"]["side"][1][0].clone();
            state["tree"]["side"][0][1]["prev_hash"] = hash;
        }),
        ("twice", |state| {
            let first = state["tree"]["side"][0].clone();
            state["tree"]["side"][1] = first;
        }),
        ("larger than anything", |state| {
            for side in state["tree"]["side"].as_array_mut().unwrap() {
                side[1]["line_bytes"] = Value::from(u64::MAX);
                side[1]["total_bytes"] = Value::from(u64::MAX);
            }
        }),
        ("more is remembered", |state| {
            let orphan = state["orphans"][0].clone();
            state["orphans"] = Value::from(vec![orphan; 257]);
        }),
    ];
    for (words, change) in changes {
        let mut state = state();
        change(&mut state);
        let error = restore(state).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn an_orphan_that_breaks_a_rule_is_not_read() {
    let mut state = state();
    state["orphans"][0]["data"] = Value::from("changed");
    assert!(serde_json::from_value::<ChainState>(state).is_err());
}
