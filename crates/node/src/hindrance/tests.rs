use alloc::string::ToString;
use alloc::vec;

use super::*;

fn storage(used_bytes: u64, limit_bytes: u64) -> Facts {
    let limit_bytes = Some(limit_bytes);
    Facts { storage: StorageState { used_bytes, limit_bytes, altered: None }, ..Facts::default() }
}

#[test]
fn each_state_has_its_hindrances_and_no_others() {
    let hash = BlockHash([7; 32]);
    let altered = AlteredBlock { height: Some(3), hash: Some(hash), others: 2 };
    let (height, others) = (Some(3), 2);
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
fn a_hindrance_reads_as_it_was_written() {
    let hindrance = Hindrance::UnsignedDrafts { drafts: 1, waits_for: DraftWait::Peer };
    let json = serde_json::to_string(&hindrance).unwrap();
    assert_eq!(json, r#"{"reason":"unsigned_drafts","drafts":1,"waits_for":"peer"}"#);
    assert_eq!(serde_json::from_str::<Hindrance>(&json).unwrap(), hindrance);
}
