//! The story of a block, a transaction or a peer, for people.
//!
//! Owns its words. Agents and reasons in it are text of strangers.

use std::time::Duration;

use kusari_chain::BlockHash;
use kusari_node::happening::{BlockName, Happening, Origin, Sender};

use super::escape::{Plain, counted, grouped};
use super::moment::Moment;
use kusari_api_types::{WhyBlock, WhyEntry, WhyReport, WhySubject};

/// Width of the first column: a moment.
const TIME_WIDTH: usize = 23;

/// A story with a line for each thing that happened. The first says when, the others how much later.
pub(crate) fn in_words(report: &WhyReport) -> String {
    let WhyReport { subject, block, trail_begins, missed, has_more, entries } = report;
    let mut lines = vec![headline(subject, block.as_ref())];
    if *has_more {
        lines.push(format!("The newest {} entries:", entries.len()));
    }
    let began = entries.first().map_or(0, |first| first.entry.time);
    let mut teller = Teller { subject, block: block.as_ref(), was_reverted: false };
    for (at, WhyEntry { entry, .. }) in entries.iter().enumerate() {
        let when = match at {
            0 => Moment(entry.time / 1_000).to_string(),
            _ => format!("+{}", length(entry.time.saturating_sub(began))),
        };
        let mut said = teller.say(&entry.happening);
        let micros = |time: Option<u64>| time.map(|time| milliseconds(Duration::from_micros(time)));
        if let Some(checked) = micros(entry.checked_us) {
            said.push_str(&format!("; its check took {checked}"));
        }
        if let Some(handled) = micros(entry.handled_us) {
            said.push_str(&format!("; judging it beside the chain, {handled}"));
        }
        lines.push(format!("{when:>TIME_WIDTH$}  {said}"));
    }
    if entries.is_empty() {
        lines.push(String::from("The trail says nothing of it."));
    }
    lines.push(match trail_begins {
        Some(begins) => format!("This node's trail of such begins at {}.", Moment(begins / 1_000)),
        None => String::from("This node has no trail of such."),
    });
    if *missed > 0 {
        let more = counted(*missed, "more event");
        lines.push(format!("{more} of the kind came too fast to be written down."));
    }
    lines.join("\n")
}

fn headline(subject: &WhySubject, block: Option<&WhyBlock>) -> String {
    let place = block.map(|WhyBlock { height, confirmations, .. }| match confirmations {
        0 => format!("at height {height}, beside the best chain"),
        deep => format!("at height {height} of the best chain, {} deep", grouped(deep)),
    });
    match subject {
        WhySubject::Block { hash } => {
            format!("Block {hash} {}", place.as_deref().unwrap_or("is not stored here"))
        }
        WhySubject::Transaction { txid } => match (block, place) {
            (Some(WhyBlock { hash, .. }), Some(place)) => {
                format!("Transaction {txid} stands in block {hash} {place}")
            }
            _ => format!("Transaction {txid} stands in no block that is stored here"),
        },
        WhySubject::Peer { address } => format!("Peer {}", Plain(address)),
    }
}

/// Says one thing after another.
struct Teller<'a> {
    subject: &'a WhySubject,
    /// Where it stands.
    block: Option<&'a WhyBlock>,
    /// The block has left the best chain before.
    was_reverted: bool,
}

impl Teller<'_> {
    fn say(&mut self, happening: &Happening) -> String {
        match happening {
            Happening::BlocksJoined { .. }
            | Happening::SideBlock { .. }
            | Happening::OrphanKept { .. }
            | Happening::BlockAhead { .. }
            | Happening::BlockRefused { .. }
            | Happening::BlockPassedOn { .. }
            | Happening::Reorganised { .. } => self.of_block(happening),
            Happening::Missed { count, .. } => {
                format!("{} came too fast to be written down", counted(*count, "event"))
            }
            other => of_transaction(other).unwrap_or_else(|| of_peer(other)),
        }
    }

    fn of_block(&mut self, happening: &Happening) -> String {
        match happening {
            Happening::BlocksJoined { first, last, origin } if first == last => {
                format!("{} and became the tip of the best chain", came(origin))
            }
            Happening::BlocksJoined { first, last, origin } => format!(
                "It is one of the blocks {} to {}: each {} and joined the best chain",
                grouped(first.height),
                grouped(last.height),
                came(origin).replacen("It ", "", 1)
            ),
            Happening::SideBlock { block, origin, held } => {
                let why = match held {
                    true => ": following its branch would revert more than this node may",
                    false => "",
                };
                self.named(
                    block,
                    &format!("{} and was kept beside the best chain{why}", came(origin)),
                )
            }
            Happening::OrphanKept { block, parent, origin } => self.named(
                block,
                &format!(
                    "{} and was kept as an orphan: its parent {parent} was unknown",
                    came(origin)
                ),
            ),
            Happening::BlockAhead { block, due, origin } => self.named(
                block,
                &format!(
                    "{} ahead of this node's clock, and waits until {}",
                    came(origin),
                    Moment(*due)
                ),
            ),
            Happening::BlockRefused { block, code, reason, origin } => self.named(
                block,
                &format!("{} and was refused ({}): {}", came(origin), Plain(code), Plain(reason)),
            ),
            Happening::BlockPassedOn { pushed, announced, .. } => match (pushed, announced) {
                (pushed, 0) => format!("It was passed on to {}", peers(*pushed)),
                (0, announced) => format!("It was announced to {}", peers(*announced)),
                (pushed, announced) => format!(
                    "It was passed on to {} and announced to {}",
                    peers(*pushed),
                    peers(*announced)
                ),
            },
            Happening::Reorganised { .. } => self.of_reorganisation(happening),
            _ => String::new(),
        }
    }

    fn of_reorganisation(&mut self, happening: &Happening) -> String {
        let Happening::Reorganised { depth, from, to, reverted, connected } = happening else {
            return String::new();
        };
        let moved = format!(
            "a reorganisation of {} from {} at height {} to {} at height {}",
            counted(u64::from(*depth), "block"),
            from.hash,
            from.height,
            to.hash,
            to.height
        );
        if let WhySubject::Transaction { .. } = self.subject {
            let now = self.block.map(|block| block.hash);
            let joined = connected.iter().any(|block| Some(block.hash) == now);
            return match joined {
                true => format!("The block that it stands in joined by {moved}"),
                false => format!("The block that it stood in was reverted by {moved}"),
            };
        }
        let ours = |block: &&BlockName| self.is_subject(&block.hash);
        if let Some(block) = reverted.iter().find(ours) {
            self.was_reverted = true;
            let other = connected.iter().find(|other| other.height == block.height);
            let other = other.map(|other| format!("; in its place stands {}", other.hash));
            return format!("It was reverted by {moved}{}", other.unwrap_or_default());
        }
        match std::mem::take(&mut self.was_reverted) {
            true => format!("It returned to the best chain by {moved}"),
            false => format!("It joined the best chain by {moved}"),
        }
    }

    fn is_subject(&self, hash: &BlockHash) -> bool {
        matches!(self.subject, WhySubject::Block { hash: asked } if asked == hash)
    }

    /// Where the story is about a peer, a block is named.
    fn named(&self, block: &BlockName, said: &str) -> String {
        match self.subject {
            WhySubject::Block { .. } => said.to_owned(),
            _ => {
                let BlockName { height, hash } = block;
                said.replacen("It ", &format!("Block {hash} of height {height} "), 1)
            }
        }
    }
}

fn of_transaction(happening: &Happening) -> Option<String> {
    Some(match happening {
        Happening::TransactionPooled { origin, .. } => {
            format!("{} and waits to be mined", came(origin))
        }
        Happening::TransactionRefused { code, reason, origin, .. } => {
            format!("{} and was refused ({}): {}", came(origin), Plain(code), Plain(reason))
        }
        Happening::TransactionDisplaced { by, from, .. } => {
            let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
            let from = from.map(|from| format!(", after block {} left the best chain", from.hash));
            format!("It was displaced{by}{}", from.unwrap_or_default())
        }
        Happening::TransactionMined { height, .. } => {
            format!("It was mined in the block of height {height}")
        }
        Happening::TransactionMoved { from, to, .. } => format!(
            "Block {} left the best chain, and block {} of height {} holds it now",
            from.hash, to.hash, to.height
        ),
        Happening::TransactionReturned { from, pooled, .. } => {
            let from = from.map(|from| format!("Block {} left the best chain, and it", from.hash));
            let waits = if *pooled { "waits again" } else { "is tried again later" };
            format!("{} {waits}", from.as_deref().unwrap_or("It"))
        }
        _ => return None,
    })
}

fn of_peer(happening: &Happening) -> String {
    match happening {
        Happening::PeerConnected { address, target: Some(target) } => {
            format!("This node dialled {target} and reached {address}")
        }
        Happening::PeerConnected { address, target: None } => format!("{address} connected"),
        Happening::PeerIntroduced { address, agent } => {
            format!("{address} introduced itself as {}", Plain(agent))
        }
        Happening::LineRefused { sender, code, reason } => {
            format!("A line of {} was refused ({}): {}", name(sender), Plain(code), Plain(reason))
        }
        Happening::PeerPenalised { address, points, total } => {
            format!("{address} got {} for it and has {total}", counted(u64::from(*points), "point"))
        }
        Happening::PeerBanned { address, seconds } => {
            format!("{} was banned for {}", address.ip(), length(seconds.saturating_mul(1_000)))
        }
        Happening::PeerRefusedOurs { address, message } => {
            format!("{address} says that it refused something: {}", Plain(message))
        }
        Happening::PeerDisconnected { address, reason } => {
            format!("The connection to {address} ended: {}", Plain(reason))
        }
        _ => String::new(),
    }
}

fn came(origin: &Origin) -> String {
    match origin {
        Origin::Announced(sender) => format!("It came from {}, unasked,", name(sender)),
        Origin::Synced(sender) => {
            format!("It came from {}, asked for while this node caught up,", name(sender))
        }
        Origin::Mined { entry: Some(entry) } => {
            format!("It was mined here for line {}", grouped(entry))
        }
        Origin::Mined { entry: None } => String::from("It was mined here"),
        Origin::Waited => String::from("It had waited here"),
        Origin::Reconsidered => String::from("It was here, its branch was judged anew,"),
        Origin::Person => String::from("It was handed over by a person of this node"),
    }
}

fn name(sender: &Sender) -> String {
    match &sender.agent {
        Some(agent) => format!("{} ({})", sender.address, Plain(agent)),
        None => format!("{} (not introduced)", sender.address),
    }
}

fn peers(count: u32) -> String {
    counted(u64::from(count), "peer")
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

/// A stretch of time in milliseconds, by its two largest units.
fn length(time: u64) -> String {
    let seconds = time / 1_000;
    match seconds {
        0 => format!("{time} ms"),
        1..60 => format!("{}.{} s", seconds, time % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
