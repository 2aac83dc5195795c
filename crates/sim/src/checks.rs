//! What must hold: at every moment, and once everything is quiet.

use std::collections::BTreeSet;
use std::sync::Arc;

use kusari_chain::ledger::BodyEntry;
use kusari_chain::params::MAX_ORPHANS;
use kusari_chain::{Block, BlockHash, Chain};
use kusari_node::interface::PeerId;
use kusari_node::limits::MAX_WAITING_SAYS;
use kusari_node::wire::{Message, Sent};
use kusari_node::{Node, Snapshot};

use crate::connection::Connection;
use crate::world::{Host, Micros, SECOND, World};

/// What must hold of the lists of originals in the end, where they can hold the best chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListRule {
    /// They end with it.
    EndWithTip,
    /// They are it: no block stands in them twice.
    EachOnce,
}

impl World {
    /// No bound may be exceeded, ever.
    pub(crate) fn check_bounds(&mut self, host: usize, snapshot: &Snapshot) {
        let Some(kusari) = self.kusari_mut(host) else { return };
        let (capacity, most) = (kusari.config.outbox.entries, kusari.config.max_peers);
        let Snapshot { orphans, side_bytes, side_limit, waiting_entries, .. } = snapshot;
        let peers = snapshot.peers.len();
        // A reorganisation opens entries again that made room for others, so the outbox itself may
        // hold more than its capacity, by as many as were satisfied before.
        let reopened = u64::from(kusari.disk.tip().0);
        let fault = if *orphans > MAX_ORPHANS {
            format!("{orphans} orphans")
        } else if side_bytes > side_limit {
            format!("{side_bytes} bytes of side branches, {side_limit} allowed")
        } else if *waiting_entries > capacity + MAX_WAITING_SAYS as u64 + reopened {
            format!("{waiting_entries} lines wait, {capacity} may")
        } else if peers > most {
            format!("{peers} peers, {most} allowed")
        } else {
            return;
        };
        self.fail(format!("node {host} exceeds a bound: {fault}"));
    }

    /// A node speaks of no block of its own before that is on its disk.
    pub(crate) fn check_durable_before_spoken(
        &mut self,
        host: usize,
        peer: PeerId,
        message: &Sent,
    ) {
        let spoken: BlockHash = match message {
            Message::Block(sent) => sent.stored.block.hash,
            Message::Hello(hello) => hello.tip,
            Message::Have(have) => have.hash,
            Message::Status(report) => report.tip,
            _ => return,
        };
        if let Some(kusari) = self.kusari_mut(host)
            && spoken != Block::genesis().hash
        {
            kusari.spoken.insert(peer, spoken);
        }
        if !self.is_own(host, &spoken) {
            return;
        }
        let Some(kusari) = self.kusari(host) else { return };
        if !kusari.disk.holds(&spoken) {
            self.fail(format!("node {host} speaks of its block {spoken} before it is durable"));
        }
    }

    /// What a node streams is read from its disk, which must hold what the peer was told of.
    pub(crate) fn check_answer_is_stored(&mut self, host: usize, peer: PeerId) {
        let Some(kusari) = self.kusari_mut(host) else { return };
        let Some(spoken) = kusari.spoken.get(&peer) else { return };
        if !kusari.disk.holds(spoken) {
            let what = format!("node {host} answers {peer:?} from less than {spoken}");
            self.fail(what);
        }
    }

    /// Whether every node has said all it had to say and agrees with every other.
    fn is_settled(&self) -> bool {
        let hosts = self.kusari_hosts();
        let mut tips = hosts.into_iter().map(|host| self.rest_of(host));
        let first = tips.next().flatten();
        first.is_some() && tips.all(|tip| tip == first)
    }

    /// The tip of a node that has said all it had to say, and has it on its disk.
    pub(crate) fn rest_of(&self, host: usize) -> Option<BlockHash> {
        let kusari = self.kusari(host)?;
        let snapshot = kusari.node.as_ref()?.snapshot();
        let stored = kusari.disk.tip().1 == snapshot.tip.hash;
        let pooled =
            snapshot.ledger.map_or(0, |ledger| ledger.pooled as u64 + ledger.local_transactions);
        let waiting = snapshot.waiting_entries + pooled;
        (stored && waiting == 0 && !kusari.commits.is_busy()).then_some(snapshot.tip.hash)
    }

    /// Ends all faults and lets time pass until all nodes agree, and then some: what is wrong after
    /// that is wrong for good.
    pub fn settle(&mut self) {
        const DEADLINE: Micros = 1_800 * SECOND;
        const STEP: Micros = 5 * SECOND;
        const CALM: u32 = 20;
        self.heal();
        let healed_at = self.now;
        let deadline = healed_at + DEADLINE;
        let mut calm = 0;
        while self.failure.is_none() && calm < CALM {
            self.let_miners_go_on();
            self.run_for(STEP);
            calm = if self.is_settled() { calm + 1 } else { 0 };
            if calm == 1 {
                self.counts.seconds_to_agree = (self.now - healed_at) / SECOND;
            }
            if self.now > deadline {
                let state = self.describe();
                self.fail(format!("the nodes do not agree:\n{state}"));
            }
        }
        self.check_connected();
        self.check_outcome();
        self.check_ledger();
        if let Some(rule) = self.lists {
            self.check_lists(rule);
        }
    }

    /// Lets time pass until all nodes agree, whatever goes wrong meanwhile.
    pub(crate) fn must_agree_within(&mut self, time: Micros) {
        self.must_within(time, |world| {
            let fault = || format!("the nodes do not agree in time:\n{}", world.describe());
            (!world.is_settled()).then(fault)
        });
    }

    /// Lets time pass until nothing is wrong any more.
    pub(crate) fn must_within(&mut self, time: Micros, fault: impl Fn(&Self) -> Option<String>) {
        let deadline = self.now + time;
        while self.failure.is_none()
            && let Some(fault) = fault(self)
        {
            if self.now > deadline {
                self.fail(fault);
            }
            self.run_for(SECOND);
        }
    }

    fn describe(&self) -> String {
        let mut text = String::new();
        for (place, host) in self.hosts.iter().enumerate() {
            let line = match host {
                Host::Kusari(kusari) => match kusari.node.as_ref().map(Node::snapshot) {
                    Some(s) => format!(
                        "tip {} {}, {} waiting, {:?}, {} orphans, catching up {}, peers {:?}",
                        s.tip.height,
                        s.tip.hash,
                        s.waiting_entries,
                        s.ledger.map(|ledger| (ledger.local_transactions, ledger.pooled)),
                        s.orphans,
                        s.catching_up,
                        s.peers.iter().map(|p| (p.address, p.stage, p.height)).collect::<Vec<_>>()
                    ),
                    None => String::from("down"),
                },
                Host::Original(original) => format!("original, {} blocks", original.chain.len()),
                Host::Byzantine(_) => String::from("byzantine"),
            };
            text.push_str(&format!("  {place}: {line}\n"));
        }
        text
    }

    /// No block joined the best chain of a node twice.
    pub(crate) fn must_add_once(&mut self) {
        for (host, hash) in self.lines.added_twice() {
            self.fail(format!("node {host} added the block {hash} twice"));
        }
    }

    /// Whom a node is to keep connected is connected to it, and not twice.
    fn check_connected(&mut self) {
        let hosts = self.kusari_hosts();
        for &from in &hosts {
            let Some(kusari) = self.kusari(from) else { continue };
            let targets: BTreeSet<usize> = kusari
                .config
                .connect
                .iter()
                .filter_map(|address| self.directory.get(address).copied())
                .filter(|to| *to != from && hosts.contains(to))
                .collect();
            for to in targets {
                let count = self.links_between(from, to);
                if count != 1 {
                    self.fail(format!("nodes {from} and {to} have {count} connections"));
                }
            }
        }
    }

    /// Connections of two machines that both of them have.
    pub(crate) fn links_between(&self, a: usize, b: usize) -> usize {
        let joins = |state: &&Connection| {
            let ends = [state.ends[0].host, state.ends[1].host];
            state.ends.iter().all(|end| end.open) && (ends == [a, b] || ends == [b, a])
        };
        self.connections.values().filter(joins).count()
    }

    /// Every node holds what the transactions of the best chain carry.
    pub(crate) fn check_payloads(&mut self) {
        let mut lacking = Vec::new();
        for host in self.kusari_hosts() {
            let Some(kusari) = self.kusari(host) else { continue };
            for stored in kusari.disk.best_whole() {
                let body = stored.part().map_or(&[][..], |part| &part.body);
                let lacks = |e: &BodyEntry| e.transaction.has_payload() && e.payload.is_none();
                let count = body.iter().filter(|entry| lacks(entry)).count();
                if count > 0 {
                    lacking.push((host, stored.block.index, count));
                }
            }
        }
        for (host, height, count) in lacking {
            self.fail(format!("node {host} lacks {count} payloads of block {height}"));
        }
    }

    /// Every acknowledged line stands in the best chain once, at every node, and a restart finds
    /// the same.
    pub(crate) fn check_outcome(&mut self) {
        if self.failure.is_some() {
            return;
        }
        for place in self.kusari_hosts() {
            let Some(kusari) = self.kusari(place) else { continue };
            let chain = kusari.disk.best_chain();
            let linked = chain.windows(2).all(|pair| pair[1].prev_hash == pair[0].hash);
            let limits = kusari.config.tree_limits;
            let disk = Box::new(kusari.disk.store());
            let reopened = match &kusari.config.ledger {
                Some(ledger) => Chain::open_ledger(disk, limits, Arc::clone(&ledger.spec)),
                None => Chain::open(disk, limits),
            };
            let same = reopened.is_ok_and(|chain| chain.tip().hash == kusari.disk.tip().1);
            if let Some(fault) = self.lines.fault_of(&chain) {
                self.fail(format!("node {place}: {fault}"));
            } else if !linked || !same {
                self.fail(format!("node {place}: its store is not sound"));
            }
        }
    }
}
