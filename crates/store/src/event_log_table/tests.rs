//! The event log in a store: found again, bounded, and right by the audit.

use kusari_chain::ledger::Txid;
use kusari_chain::{BestPoint, Block, BlockHash, Work};
use kusari_node::event::{BlockName, Event, EventKind, Origin, Sender};

use super::{LIMITS, Resolved, Story};
use crate::Store;
use crate::checksummed::WriteTables;
use crate::event_log::{EventEntry, Subject};

fn entry(time: u64, event: Event) -> EventEntry {
    EventEntry { time, checked_us: None, handled_us: None, event }
}

/// A hash that begins with these eight bytes.
fn hash(first: u64, last: u8) -> BlockHash {
    let mut bytes = [last; 32];
    bytes[..8].copy_from_slice(&first.to_be_bytes());
    BlockHash(bytes)
}

fn name(height: u32, hash: BlockHash) -> BlockName {
    BlockName { height, hash }
}

fn orphan(block: BlockName, port: u16) -> Event {
    let agent = Some(String::from("kusari/0.1.0"));
    let origin = Origin::Announced(Sender { address: ([127, 0, 0, 1], port).into(), agent });
    Event::OrphanKept { block, parent: BlockHash::ZERO, origin }
}

fn side(block: BlockName) -> Event {
    Event::SideBlock { block, origin: Origin::Waited, held: false }
}

fn story(store: &Store, subject: &str) -> Option<Story> {
    match store.story(&subject.parse::<Subject>().unwrap()).unwrap() {
        Resolved::One(story) => Some(*story),
        _ => None,
    }
}

fn assert_sound(store: &Store) {
    assert_eq!(store.audit().finding, None);
}

#[test]
fn a_subject_is_found_by_all_that_names_it_and_nothing_of_its_namesakes_with_it() {
    let store = Store::ephemeral().unwrap();
    // The same first eight bytes.
    let (ours, other) = (hash(7, 1), hash(7, 2));
    let entries = [
        entry(1, orphan(name(5, ours), 4_000)),
        entry(2, orphan(name(5, other), 4_001)),
        entry(3, side(name(5, ours))),
    ];
    store.commit_with_events(&[], &entries).unwrap();
    let times = |subject: &str| -> Vec<u64> {
        story(&store, subject).map_or_else(Vec::new, |story| {
            story.entries.iter().map(|(_, entry)| entry.time).collect()
        })
    };
    assert_eq!(times(&ours.to_string()), [1, 3]);
    assert_eq!(times(&ours.to_string()[..18]), [1, 3]);
    assert_eq!(times(&ours.to_string()[..17]), [0; 0]);
    assert_eq!(times(&other.to_string()), [2]);
    assert_eq!(times("127.0.0.1:4000"), [1]);
    assert_eq!(times("127.0.0.1"), [1, 2]);
    assert_eq!(times("127.0.0.2"), [0; 0]);
    let several = store.story(&ours.to_string()[..16].parse().unwrap()).unwrap();
    assert!(matches!(&several, Resolved::Several(found) if found.len() == 2), "{several:?}");
    assert!(several.in_words().unwrap().contains(&other.to_string()));
    let nothing = store.story(&hash(8, 1).to_string().parse().unwrap()).unwrap();
    assert!(matches!(nothing, Resolved::Nothing(Some(1))), "{nothing:?}");
    assert_sound(&store);
}

#[test]
fn a_prefix_of_eight_digits_is_enough_where_it_fits_one() {
    let store = Store::ephemeral().unwrap();
    let block = hash(0x0000_3f12_0000_0000, 9);
    store.commit_with_events(&[], &[entry(1, side(name(5, block)))]).unwrap();
    assert_eq!(story(&store, "00003f12").unwrap().block, Some(block));
    assert!(story(&store, "00003f13").is_none());
}

#[test]
fn the_oldest_of_a_kind_go_first_with_their_index_and_the_other_kinds_stay() {
    let store = Store::ephemeral().unwrap();
    let kept = hash(1, 1);
    store.commit_with_events(&[], &[entry(1, side(name(1, kept)))]).unwrap();
    let (_, most, _) = LIMITS.into_iter().find(|(kind, ..)| *kind == EventKind::Peers).unwrap();
    // What a stranger sends for nothing, in the groups of a busy committer.
    let mut number = 0;
    for _ in 0..20 {
        let group: Vec<_> = (0..1_000)
            .map(|_| {
                number += 1;
                entry(number, orphan(name(5, hash(number, 3)), 4_000))
            })
            .collect();
        store.commit_with_events(&[], &group).unwrap();
    }
    assert!(number > most);
    let oldest = number - most + 1;
    // By its count or by its bytes, whichever is reached first.
    let story_of = |number: u64| story(&store, &hash(number, 3).to_string());
    assert!(story_of(oldest - 1).is_none());
    assert!(story_of(number).is_some());
    assert!(story(&store, &kept.to_string()).is_some());
    let peer = story(&store, "127.0.0.1").unwrap();
    assert!(peer.has_more && peer.entries.len() == 256 && peer.begins >= Some(oldest));
    assert_sound(&store);
}

#[test]
fn what_people_submitted_to_this_node_outlives_a_flood_of_strangers_transactions() {
    let store = Store::ephemeral().unwrap();
    let txid = |first, last| Txid(hash(first, last).0);
    let pooled = |txid, origin| Event::TransactionPooled { txid, origin };
    let (own, refused) = (txid(1, 6), txid(2, 6));
    let (code, reason) = (String::from("underbid"), String::from("pay more"));
    let own_story = [
        pooled(own, Origin::Person),
        Event::TransactionMined { txid: own, height: 7 },
        Event::TransactionRefused { txid: refused, code, reason, origin: Origin::Person },
    ];
    let written: Vec<_> = own_story.into_iter().map(|event| entry(1, event)).collect();
    store.commit_with_events(&[], &written).unwrap();
    let stranger =
        || Origin::Announced(Sender { address: ([127, 0, 0, 1], 4_000).into(), agent: None });
    for group in 0..20_u64 {
        let group: Vec<_> = (1_000 * group..1_000 * (group + 1))
            .map(|number| entry(2 + number, pooled(txid(number, 8), stranger())))
            .collect();
        store.commit_with_events(&[], &group).unwrap();
    }
    assert!(story(&store, &txid(0, 8).to_string()).is_none(), "the flood fills its part");
    let of_own = story(&store, &own.to_string()).unwrap();
    assert_eq!((of_own.entries.len(), of_own.begins), (2, Some(1)));
    assert!(story(&store, &refused.to_string()).is_some());
    // Nothing is known of what strangers sent before the flood, and it is not claimed.
    let of_last = story(&store, &txid(19_999, 8).to_string()).unwrap();
    assert!(of_last.begins > Some(2), "{:?}", of_last.begins);
    assert_sound(&store);
}

#[test]
fn the_bytes_of_a_kind_are_bounded_whatever_its_entries_hold() {
    let store = Store::ephemeral().unwrap();
    let name_of = |number: u64| name(5, hash(number, 4));
    let point = BestPoint { height: 5, hash: BlockHash::ZERO, work: Work::ZERO };
    let reorganised = |number: u64| Event::Reorganised {
        depth: 64,
        from: point,
        to: point,
        reverted: (0..64).map(|at| name_of(1_000 * number + at)).collect(),
        connected: (64..128).map(|at| name_of(1_000 * number + at)).collect(),
    };
    for group in 0..20 {
        let group: Vec<_> =
            (0..100).map(|at| 100 * group + at).map(|n| entry(n, reorganised(n))).collect();
        store.commit_with_events(&[], &group).unwrap();
    }
    let kept = store.reorganisations(None, 10_000).unwrap();
    let bytes: usize = kept.iter().map(|(_, entry)| entry.write().len()).sum();
    assert!(kept.len() < 2_000 && bytes <= 8 << 20, "{} entries of {bytes} bytes", kept.len());
    assert!(bytes > 7 << 20);
    assert_sound(&store);
}

#[test]
fn reorganisations_are_paged_from_the_newest_down() {
    let store = Store::ephemeral().unwrap();
    let point = |byte| BestPoint { height: 1, hash: hash(byte, 0), work: Work::ZERO };
    let moved = |byte| Event::Reorganised {
        depth: 1,
        from: point(byte),
        to: point(byte + 1),
        reverted: Vec::new(),
        connected: Vec::new(),
    };
    let entries: Vec<_> = (1..=5).map(|time| entry(time, moved(time))).collect();
    store.commit_with_events(&[], &entries).unwrap();
    let times = |before, limit| -> Vec<u64> {
        let found = store.reorganisations(before, limit).unwrap();
        found.iter().map(|(_, entry)| entry.time).collect()
    };
    assert_eq!(times(None, 2), [5, 4]);
    assert_eq!(times(Some(4), 10), [3, 2, 1]);
    assert_eq!(times(Some(1), 10), [0; 0]);
}

#[test]
fn a_store_without_a_trail_knows_blocks_and_says_that_it_has_none() {
    let store = Store::ephemeral().unwrap();
    let genesis = story(&store, "0").unwrap();
    assert_eq!(genesis.block, Some(Block::genesis().hash));
    assert!(genesis.entries.is_empty() && genesis.begins.is_none());
    assert!(store.reorganisations(None, 10).unwrap().is_empty());
    assert!(matches!(store.story(&"127.0.0.1".parse().unwrap()).unwrap(), Resolved::Nothing(None)));
    assert_sound(&store);
}

#[test]
fn a_height_in_the_midst_of_a_run_is_told_with_the_run() {
    let store = Store::ephemeral().unwrap();
    let (first, last) = (name(0, hash(1, 1)), name(9, hash(2, 2)));
    let run = Event::BlocksJoined { first, last, origin: Origin::Waited };
    store.commit_with_events(&[], &[entry(1, run)]).unwrap();
    assert_eq!(story(&store, "0").unwrap().entries.len(), 1);
}

#[test]
fn an_entry_is_read_as_it_was_written_and_damage_is_found_by_the_audit() {
    let happened = entry(1, orphan(name(5, hash(1, 1)), 4_000));
    assert_eq!(EventEntry::read(&happened.write()).unwrap(), happened);
    let form = "{\"time\":1,\"happened\":\"orphan_kept\",\"block\":{\"height\":5,\"hash\":\"";
    assert!(String::from_utf8(happened.write()).unwrap().starts_with(form));
    let store = Store::ephemeral().unwrap();
    store.commit_with_events(&[], &[happened]).unwrap();
    let transaction = store.inner.database.begin_write().unwrap();
    transaction.table(super::super::tables::EVENT_SIZES).unwrap().remove(1).unwrap();
    transaction.commit().unwrap();
    let finding = store.audit().finding.unwrap().to_string();
    assert!(finding.contains("trail"), "{finding}");
}
