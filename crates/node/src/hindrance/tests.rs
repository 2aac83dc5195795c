use alloc::string::ToString;
use alloc::vec;

use super::*;
use core::time::Duration;
use kusari_chain::BestPoint;

use crate::pacing::WaitingBranch;
use crate::snapshot::Behind;
use crate::witnesses::WitnessStop;

fn storage(used_bytes: u64, limit_bytes: u64) -> Facts {
    let limit_bytes = Some(limit_bytes);
    Facts { storage: StorageState { used_bytes, limit_bytes, altered: None }, ..Facts::default() }
}

#[test]
fn each_state_has_its_hindrances_and_no_others() {
    let hash = BlockHash([7; 32]);
    let altered = AlteredBlock { height: Some(3), hash: Some(hash), others: 2 };
    let (height, others) = (Some(3), 2);
    let lead = Work::of_classic_blocks(1);
    let waiting = WaitingBranch {
        tip: BestPoint { height: 9, hash, work: Work::of_classic_blocks(9) },
        fork: BestPoint::genesis(),
        depth: 8,
        lead,
        follow_at: Duration::from_secs(100),
        seconds: 60,
    };
    let behind = Behind {
        claimed: waiting.tip,
        ours: BestPoint::genesis(),
        since: Duration::ZERO,
        peers: 3,
        chosen: 1,
    };
    let table = [
        (Facts::default(), vec![]),
        (storage(899, 1_000), vec![]),
        (
            storage(900, 1_000),
            vec![Hindrance::StoreFillsUp { used_bytes: 900, limit_bytes: 1_000 }],
        ),
        (
            storage(1_000, 1_000),
            vec![Hindrance::StoreFull { used_bytes: 1_000, limit_bytes: 1_000 }],
        ),
        (
            storage(u64::MAX, u64::MAX),
            vec![Hindrance::StoreFull { used_bytes: u64::MAX, limit_bytes: u64::MAX }],
        ),
        (
            Facts {
                storage: StorageState { used_bytes: 9, ..StorageState::default() },
                ..Facts::default()
            },
            vec![],
        ),
        (
            Facts {
                storage: StorageState { altered: Some(altered), ..StorageState::default() },
                ..Facts::default()
            },
            vec![Hindrance::AlteredBlock { height, hash: Some(hash), others }],
        ),
        (
            Facts { finding: Some(String::from("block 3")), ..Facts::default() },
            vec![Hindrance::DamagedStore { finding: String::from("block 3") }],
        ),
        (
            Facts { refused_by: 3, catching_up_at: Some(5), ..Facts::default() },
            vec![Hindrance::RefusedByPeers { peers: 3 }, Hindrance::CatchingUp { height: 5 }],
        ),
        (
            Facts { behind: Some(behind), ..Facts::default() },
            vec![Hindrance::Behind { height: 0, claimed_height: 9, peers: 3, dialled: 1 }],
        ),
        (
            Facts { waiting: Some(waiting), ..Facts::default() },
            vec![Hindrance::BranchWaits { height: 9, hash, depth: 8, lead, seconds: 60 }],
        ),
        (
            Facts { ahead_of_clock: Some(60), ..Facts::default() },
            vec![Hindrance::Clock { seconds: 60 }],
        ),
        (
            Facts { drafts: Some((2, DraftWait::Unlock)), ..Facts::default() },
            vec![Hindrance::UnsignedDrafts { drafts: 2, waits_for: DraftWait::Unlock }],
        ),
        (Facts { drafts: Some((0, DraftWait::Peer)), ..Facts::default() }, vec![]),
        (
            Facts { witness_stopped: Some(WitnessStop::NoSequence), ..Facts::default() },
            vec![Hindrance::WitnessStopped { why: WitnessStop::NoSequence.to_string() }],
        ),
    ];
    for (facts, expected) in table {
        assert_eq!(hindrances(facts.clone()), expected, "{facts:?}");
    }
}

#[test]
fn what_makes_a_node_unready_comes_first() {
    let facts = Facts {
        catching_up_at: Some(1),
        refused_by: 3,
        finding: Some(String::new()),
        ahead_of_clock: Some(1),
        ..storage(10, 10)
    };
    let unready: Vec<bool> = hindrances(facts).iter().map(Hindrance::is_unready).collect();
    assert_eq!(unready, [true, true, true, false, false]);
}

#[test]
fn claims_of_peers_that_were_not_dialled_do_not_make_a_node_unready() {
    let claims = |dialled| {
        Hindrance::Behind { height: 1, claimed_height: 9, peers: 5, dialled }.is_unready()
    };
    assert_eq!((claims(0), claims(1)), (false, true));
}

#[test]
fn a_hindrance_reads_as_it_was_written() {
    let hindrance = Hindrance::UnsignedDrafts { drafts: 1, waits_for: DraftWait::Peer };
    let json = serde_json::to_string(&hindrance).unwrap();
    assert_eq!(json, r#"{"reason":"unsigned_drafts","drafts":1,"waits_for":"peer"}"#);
    assert_eq!(serde_json::from_str::<Hindrance>(&json).unwrap(), hindrance);
}
