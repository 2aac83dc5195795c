//! What nodes say when histories part: which branches they hold, and which they followed.
//!
//! Owns what each user was told, what must hold of it, and what a user decides. Who mines in
//! secret is known here too: such a machine runs the node under test, and is owed nothing.

use std::collections::{BTreeMap, BTreeSet};

use kusari_chain::{BestPoint, Block, BlockHash};
use kusari_node::Node;
use kusari_node::event::HeldReport;
use kusari_node::interface::{Command, Input};

use crate::users::Asked;
use crate::world::{Micros, SECOND, World};

/// What one machine told its user.
#[derive(Default)]
struct Told {
    /// Branches that it holds.
    held: Vec<HeldReport>,
    /// Heights of the forks at which it left a branch for another one.
    left_at: Vec<u32>,
    /// Whether its user accepted a branch, whatever that takes back.
    accepts: bool,
}

/// What all machines told.
#[derive(Default)]
pub(crate) struct Alarms {
    told: BTreeMap<usize, Told>,
    rewriters: BTreeSet<usize>,
}

impl World {
    /// Has a node hold what would take back more blocks than that.
    pub(crate) fn set_limit(&mut self, host: usize, max_reorg_depth: u32) {
        self.set(host, |kusari| kusari.config.tree_limits.max_reorg_depth = Some(max_reorg_depth));
    }

    /// A machine mines a branch of its own, to have others take theirs back.
    pub(crate) fn let_rewrite(&mut self, host: usize) {
        self.alarms.rewriters.insert(host);
    }

    pub(crate) fn is_honest(&self, host: usize) -> bool {
        !self.alarms.rewriters.contains(&host)
    }

    /// Machines that rewrite history leave for good.
    pub(crate) fn dismiss_rewriters(&mut self) {
        for host in self.alarms.rewriters.clone() {
            self.stay_away(host, Micros::MAX / 2);
        }
    }

    /// A machine is down for a time.
    pub(crate) fn stay_away(&mut self, host: usize, time: Micros) {
        let Some(kusari) = self.running(host) else { return };
        kusari.restart_after = time;
        self.crash(host);
    }

    /// An alarm shows both sides as the node sees them, and is about more than it takes back by itself.
    pub(crate) fn branch_held(&mut self, host: usize, report: &HeldReport) {
        self.counts.alarms += 1;
        let Some(kusari) = self.kusari(host) else { return };
        let limit = kusari.config.tree_limits.max_reorg_depth;
        let Some(snapshot) = self.node(host).map(Node::snapshot) else { return };
        let HeldReport { best, branch, .. } = report;
        let seen = snapshot.held.first().map(|held| held.tip);
        if (*best, Some(branch.tip)) != (snapshot.tip, seen) {
            self.fail(format!("node {host} is at {:?} and shows {report:?}", snapshot.tip));
        } else if limit.is_none_or(|limit| branch.depth <= limit) || !branch.tip.beats(best) {
            self.fail(format!("node {host} is alarmed without need: {report:?}"));
        }
        self.alarms.told.entry(host).or_default().held.push(report.clone());
    }

    /// No node takes back more by itself than its limit. Every store here holds blocks when it is opened.
    pub(crate) fn branch_followed(&mut self, host: usize, depth: u32, from: &BestPoint) {
        let Some(kusari) = self.kusari(host) else { return };
        let limit = kusari.config.tree_limits.max_reorg_depth;
        let told = self.alarms.told.entry(host).or_default();
        told.left_at.push(from.height.saturating_sub(depth));
        if !told.accepts && limit.is_some_and(|limit| depth > limit) {
            self.fail(format!("node {host} takes back {depth} blocks by itself"));
        }
    }

    pub(crate) fn best_chain(&self, host: usize) -> Vec<Block> {
        self.kusari(host).map_or_else(Vec::new, |kusari| kusari.disk.best_chain())
    }

    /// The end of the branch that a node holds and that is ahead of its chain.
    pub(crate) fn held_tip(&self, host: usize) -> Option<BestPoint> {
        self.node(host)?.snapshot().held.first().map(|held| held.tip)
    }

    /// These nodes hold a branch, have shown it, and stand on a chain of their own.
    pub(crate) fn must_hold(&mut self, hosts: &[usize]) {
        for &host in hosts {
            let chain = self.best_chain(host);
            let told = self.alarms.told.get(&host).and_then(|told| told.held.last());
            let fault = match (self.held_tip(host), told) {
                (None, _) => "holds nothing",
                (_, None) => "raised no alarm",
                (_, Some(report))
                    if chain.iter().any(|block| block.hash == report.branch.tip.hash) =>
                {
                    "follows what it showed as held"
                }
                (Some(_), Some(_)) => continue,
            };
            self.fail(format!("node {host} {fault}"));
        }
    }

    /// These nodes have the block in their chain.
    pub(crate) fn must_follow(&mut self, hosts: &[usize], point: Option<BestPoint>) {
        for &host in hosts {
            let chain = self.best_chain(host);
            if !chain.iter().any(|block| point.is_some_and(|point| point.hash == block.hash)) {
                self.fail(format!("node {host} does not follow {point:?}"));
            }
        }
    }

    /// The last alarm of a node showed these two ends.
    pub(crate) fn must_have_shown(&mut self, host: usize, here: BlockHash, there: BlockHash) {
        let told = self.alarms.told.get(&host).and_then(|told| told.held.last());
        let shown = told.map(|report| (report.best.hash, report.branch.tip.hash));
        if shown != Some((here, there)) {
            self.fail(format!("node {host} shows {shown:?} of {here} and {there}"));
        }
    }

    /// A node that ends on another branch than some other node told its user where the two part, be it
    /// that it holds the other branch or that it left it.
    pub(crate) fn must_have_told_who_parted(&mut self) {
        let hosts = self.kusari_hosts();
        let chains: Vec<Vec<Block>> = hosts.iter().map(|&host| self.best_chain(host)).collect();
        for (place, &host) in hosts.iter().enumerate() {
            for (other, theirs) in chains.iter().enumerate() {
                let ours = &chains[place];
                let pairs = ours.iter().zip(theirs);
                let fork = pairs.take_while(|(a, b)| a.hash == b.hash).count();
                if fork == ours.len().min(theirs.len()) {
                    continue;
                }
                self.counts.parted += u64::from(place < other);
                let said = self.alarms.told.get(&host).is_some_and(|told| {
                    let held = told.held.iter().map(|report| report.branch.fork.height);
                    held.chain(told.left_at.iter().copied()).any(|at| at as usize == fork)
                });
                if !said {
                    self.fail(format!("node {host} parted at {fork} and said nothing"));
                }
            }
        }
    }

    /// Lets time pass until every node has done all it had to do, and has what its own users were
    /// told is saved, wherever the others are.
    pub(crate) fn must_rest_within(&mut self, time: Micros) {
        let hosts = self.kusari_hosts();
        self.must_within(time, |world| {
            let is_busy = |&host: &usize| world.rest_of(host).is_none();
            hosts.iter().any(is_busy).then(|| String::from("the nodes do not come to rest"))
        });
        for host in hosts {
            if let Some(fault) = self.lines.fault_of_own(host, &self.best_chain(host)) {
                self.fail(format!("node {host}: {fault}"));
            }
        }
    }

    /// Lets time pass until every honest node has all transactions that were acknowledged. An
    /// attack goes on meanwhile, so that no disk may ever come to rest.
    pub(crate) fn must_have_all_submitted_within(&mut self, time: Micros) {
        let deadline = self.now + time;
        for host in self.kusari_hosts() {
            self.must_within(deadline.saturating_sub(self.now), |world| {
                let chain = world.kusari(host)?.disk.best_whole();
                world.fault_of_submitted(&chain).map(|fault| format!("node {host}: {fault}"))
            });
        }
    }

    /// Once all is said, nodes that parted have nothing to say to one another beyond signs of life.
    pub(crate) fn must_be_calm(&mut self) {
        const CALM: Micros = 600 * SECOND;
        self.run_for(60 * SECOND);
        let before = self.counts;
        self.run_for(CALM);
        let lines = self.counts.lines - before.lines;
        let opened = self.counts.connections - before.connections;
        if lines + opened > 0 {
            self.fail(format!("nothing happens, and costs {lines} lines, {opened} connections"));
        }
    }

    /// No node asks without an end.
    pub(crate) fn must_have_asked_at_most(&mut self, most: u64) {
        let asked = self.counts.questions;
        if asked > most {
            self.fail(format!("{asked} questions were asked, where {most} would do"));
        }
    }

    /// Lets time pass until the chains of these nodes are longer than that.
    pub(crate) fn must_be_above(&mut self, hosts: &[usize], height: u32) {
        self.must_within(300 * SECOND, |world| {
            let is_above = hosts.iter().all(|&host| world.height(host) > height);
            (!is_above).then(|| format!("the chain does not grow beyond {height}"))
        });
    }

    pub(crate) fn height(&self, host: usize) -> u32 {
        self.kusari(host).map_or(0, |kusari| kusari.disk.tip().0)
    }

    /// A user accepts the branch that the node shows.
    pub(crate) fn accept_branch(&mut self, host: usize) {
        let Some(tip) = self.held_tip(host) else { return };
        self.alarms.told.entry(host).or_default().accepts = true;
        let Some(kusari) = self.kusari_mut(host) else { return };
        let request = kusari.ask(Asked::Accept);
        self.input(host, Input::Command(request, Command::AcceptBranch(tip.hash)));
    }

    /// Users accept the branches that their nodes hold, one after another, and again where a machine crashed
    /// before it was stored.
    pub(crate) fn let_users_accept(&mut self) {
        for _ in 0..20 {
            for host in self.kusari_hosts() {
                self.accept_branch(host);
                let pause = self.random.below(5 * SECOND);
                self.run_for(pause);
            }
        }
        for host in self.kusari_hosts() {
            if self.held_tip(host).is_some() {
                self.fail(format!("node {host} still holds what its user accepted"));
            }
        }
    }
}
