//! Whose place a newcomer gets where all are taken.
//!
//! Owns the choice alone. The idea is Bitcoin Core's (`src/node/eviction.cpp`, `SelectNodeToEvict`): who
//! is safe is decided by several measures, each of which costs an attacker something else to be good at,
//! and of the rest the group that has most loses its youngest. An attacker who takes many places is most
//! of the rest, and so only loses what is its own.

use core::net::IpAddr;

use crate::interface::PeerId;
use crate::limits::{
    IDLE_BY_HAND, PLACES_FOR_BLOCKS, PLACES_FOR_GROUPS, PLACES_FOR_LATENCY, PLACES_FOR_TRANSACTIONS,
};
use crate::prelude::*;
use crate::random::Random;

/// What is known of a peer that may lose its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) id: PeerId,
    pub(super) neighbourhood: IpAddr,
    pub(super) connected_at: Duration,
    /// When it was last heard of, if it never said `HELLO` and is no original node; a peer that is being
    /// answered is heard of now.
    pub(super) by_hand: Option<Duration>,
    pub(super) latency: Option<Duration>,
    pub(super) block_at: Option<Duration>,
    pub(super) transaction_at: Option<Duration>,
}

impl Candidate {
    fn age(&self) -> (Duration, PeerId) {
        (self.connected_at, self.id)
    }
}

/// Of peers that only talk by hand, or never said anything, the one that is idle longest, if it is so
/// for long enough.
pub(super) fn idle_by_hand(
    candidates: impl Iterator<Item = Candidate>,
    now: Duration,
) -> Option<PeerId> {
    let idle = candidates.filter_map(|candidate| Some((candidate.by_hand?, candidate.id)));
    let (heard_at, id) = idle.min()?;
    (now.saturating_sub(heard_at) >= IDLE_BY_HAND).then_some(id)
}

/// Who gives way of those that have all `places`, where nobody is [`idle_by_hand`].
pub(super) fn victim(mut candidates: Vec<Candidate>, places: usize, secret: u64) -> Option<PeerId> {
    let recent = |at: Duration| Duration::MAX.saturating_sub(at);
    keep_safe(&mut candidates, (places / PLACES_FOR_BLOCKS).max(1), |c| c.block_at.map(recent));
    let most = places / PLACES_FOR_TRANSACTIONS;
    keep_safe(&mut candidates, most, |c| c.transaction_at.map(recent));
    keep_safe(&mut candidates, places / PLACES_FOR_LATENCY, |c| c.latency);
    keep_groups_safe(&mut candidates, places / PLACES_FOR_GROUPS, secret);
    let nodes = candidates.iter().filter(|candidate| candidate.by_hand.is_none()).count();
    keep_safe(&mut candidates, nodes / 2, |c| c.by_hand.is_none().then_some(c.connected_at));
    youngest_of_the_biggest_group(&candidates)
}

/// Takes out those that come first by a measure, among those that have one.
fn keep_safe(
    candidates: &mut Vec<Candidate>,
    most: usize,
    measure: impl Fn(&Candidate) -> Option<Duration>,
) {
    let count =
        most.min(candidates.iter().filter(|candidate| measure(candidate).is_some()).count());
    if count == 0 {
        return;
    }
    candidates.select_nth_unstable_by_key(count - 1, |candidate| {
        let measured = measure(candidate);
        (measured.is_none(), measured, candidate.age())
    });
    candidates.drain(..count);
}

/// Takes out the oldest node of some groups. Which ones nobody else can know, so an attacker has to be
/// in all groups to be in these.
fn keep_groups_safe(candidates: &mut Vec<Candidate>, most: usize, secret: u64) {
    let mut oldest = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.by_hand.is_none()) {
        let first = oldest.entry(candidate.neighbourhood).or_insert(candidate.age());
        *first = candidate.age().min(*first);
    }
    let mut groups: Vec<(u64, PeerId)> =
        oldest.into_iter().map(|(group, (_, id))| (rank(group, secret), id)).collect();
    groups.sort_unstable();
    groups.truncate(most);
    candidates.retain(|candidate| !groups.iter().any(|(_, id)| *id == candidate.id));
}

/// The place of a group in an order that only who has the secret knows.
fn rank(group: IpAddr, secret: u64) -> u64 {
    let bits = match group {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let [high, low] = [(bits >> 64) as u64, bits as u64];
    let inner = Random::new(secret ^ high).draw();
    Random::new(inner ^ low).draw()
}

fn youngest_of_the_biggest_group(candidates: &[Candidate]) -> Option<PeerId> {
    let mut groups: BTreeMap<IpAddr, (usize, (Duration, PeerId))> = BTreeMap::new();
    for candidate in candidates {
        let (count, youngest) =
            groups.entry(candidate.neighbourhood).or_insert((0, candidate.age()));
        *count += 1;
        *youngest = candidate.age().max(*youngest);
    }
    groups.into_values().max().map(|(_, (_, id))| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(10_000);
    const PLACES: usize = 48;

    /// A node that connected so many seconds ago.
    fn node(id: u64, group: u8, age: u64) -> Candidate {
        Candidate {
            id: PeerId(id),
            neighbourhood: IpAddr::from([198, group, 0, 0]),
            connected_at: NOW - Duration::from_secs(age),
            by_hand: None,
            latency: None,
            block_at: None,
            transaction_at: None,
        }
    }

    fn by_hand(id: u64, group: u8, idle: u64) -> Candidate {
        Candidate { by_hand: Some(NOW - Duration::from_secs(idle)), ..node(id, group, 3_000) }
    }

    /// Attackers of three groups who answer at once and came long ago, and one stranger among them.
    fn besieged_by(attackers: u64, stranger: Candidate) -> Vec<Candidate> {
        let attacker = |id: u64| Candidate {
            latency: Some(Duration::from_micros(id)),
            ..node(id, u8::try_from(id % 3).unwrap(), 5_000 + id)
        };
        (100..100 + attackers).map(attacker).chain([stranger]).collect()
    }

    #[test]
    fn who_talks_by_hand_and_is_idle_longest_goes_first_and_no_node_ever_is_idle() {
        let candidates =
            [by_hand(1, 1, 119), by_hand(2, 2, 130), by_hand(3, 3, 200), node(4, 1, 9)];
        assert_eq!(idle_by_hand(candidates.into_iter(), NOW), Some(PeerId(3)));
        let busy = [by_hand(1, 1, 119), node(4, 1, 9_000)];
        assert_eq!(idle_by_hand(busy.into_iter(), NOW), None);
    }

    #[test]
    fn a_crowd_of_few_groups_loses_its_own_and_not_a_stranger_of_another() {
        for age in [0, 1, 4_000] {
            for secret in 0..100 {
                let candidates = besieged_by(47, node(7, 77, age));
                let chosen = victim(candidates, PLACES, secret).unwrap();
                assert_ne!(chosen, PeerId(7), "it connected {age} s ago");
            }
        }
    }

    #[test]
    fn each_measure_keeps_its_best_in_the_midst_of_a_crowd() {
        let young = node(7, 1, 0);
        let lost = |stranger| victim(besieged_by(47, stranger), PLACES, 1) == Some(stranger.id);
        assert!(lost(young), "the youngest of the biggest group stays without merit");
        let at = Some(NOW - Duration::from_secs(1));
        assert!(!lost(Candidate { block_at: at, ..young }));
        assert!(!lost(Candidate { transaction_at: at, ..young }));
        assert!(!lost(Candidate { latency: Some(Duration::ZERO), ..young }));
        assert!(!lost(Candidate { connected_at: Duration::ZERO, ..young }));
    }

    #[test]
    fn as_many_as_the_share_says_are_kept_for_their_blocks() {
        let mut candidates = besieged_by(36, node(7, 1, 0));
        let with_block =
            |id: u64| Candidate { block_at: Some(NOW - Duration::from_secs(id)), ..node(id, 9, 0) };
        candidates.extend((1..=12).filter(|id| *id != 7).map(with_block));
        for _ in 0..24 {
            let chosen = victim(candidates.clone(), PLACES, 1).unwrap();
            assert!(chosen == PeerId(7) || chosen.0 >= 100, "{chosen:?} brought a block");
            candidates.retain(|candidate| candidate.id != chosen);
        }
    }

    #[test]
    fn somebody_gives_way_however_few_places_there_are_unless_all_brought_blocks() {
        for places in 1..80_u64 {
            let candidates: Vec<Candidate> = (0..places).map(|id| node(id, 1, id)).collect();
            let most = usize::try_from(places).unwrap();
            assert!(victim(candidates, most, 3).is_some(), "{places} places");
        }
        let useful = Candidate { block_at: Some(NOW), ..node(1, 1, 1) };
        assert_eq!(victim(alloc::vec![useful], 1, 3), None);
    }
}
