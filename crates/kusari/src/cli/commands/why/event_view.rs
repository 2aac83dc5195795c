//! The story of a block, a transaction or a peer, for people.
//!
//! Owns its words. Agents and reasons in it are text of strangers.

use std::time::Duration;

use kusari_node::event::{BlockName, Event, Origin, Sender};

use crate::cli::answers::hindered;
use crate::cli::escape::{Plain, counted, grouped};
use crate::cli::utc_time::UtcTime;
use crate::cli::words::words;
use kusari_api_types::{RecordPlace, WhyEntry, WhyReport, WhySubject};

/// Width of the first column: a moment.
const TIME_WIDTH: usize = 23;

/// A story with a line for each thing that happened. The first says when, the others how much later.
pub(crate) fn in_words(report: &WhyReport) -> String {
    let WhyReport { subject, block, event_log_begins, missed, hindrances, has_more, entries } =
        report;
    let mut lines = vec![headline(subject, block.as_ref())];
    if *has_more {
        lines.push(format!("The newest {} entries:", entries.len()));
    }
    let began = entries.first().map_or(0, |first| first.entry.time);
    let mut view = EventView { subject, block: block.as_ref(), was_reverted: false };
    for (at, WhyEntry { entry, .. }) in entries.iter().enumerate() {
        let when = match at {
            0 => UtcTime(entry.time / 1_000).to_string(),
            _ => format!("+{}", length(entry.time.saturating_sub(began))),
        };
        let mut said = view.say(&entry.event);
        let micros = |time: Option<u64>| {
            time.map(|time| format!("{:.2} ms", Duration::from_micros(time).as_secs_f64() * 1e3))
        };
        if let Some(checked) = micros(entry.checked_us) {
            said.push_str(&format!("; its check took {checked}"));
        }
        if let Some(handled) = micros(entry.handled_us) {
            said.push_str(&format!("; judging it beside the chain, {handled}"));
        }
        lines.push(format!("{when:>TIME_WIDTH$}  {said}"));
    }
    if entries.is_empty() {
        lines.push(String::from("The event log says nothing of it."));
    }
    lines.extend(hindrances.iter().map(hindered));
    lines.push(match event_log_begins {
        Some(begins) => {
            format!("This node's event log of such begins at {}.", UtcTime(begins / 1_000))
        }
        None => String::from("This node has no event log of such."),
    });
    if *missed > 0 {
        let more = counted(*missed, "more event");
        lines.push(format!("{more} of the kind came too fast to be written down."));
    }
    lines.join("\n")
}

fn headline(subject: &WhySubject, block: Option<&RecordPlace>) -> String {
    let place = block.map(|RecordPlace { height, confirmations, .. }| match confirmations {
        0 => format!("at height {height}, beside the best chain"),
        deep => format!("at height {height} of the best chain, {} deep", grouped(deep)),
    });
    match subject {
        WhySubject::Block { hash } => {
            format!("Block {hash} {}", place.as_deref().unwrap_or("is not stored here"))
        }
        WhySubject::Transaction { txid } => match (block, place) {
            (Some(RecordPlace { hash, .. }), Some(place)) => {
                format!("Transaction {txid} stands in block {hash} {place}")
            }
            _ => format!("Transaction {txid} stands in no block that is stored here"),
        },
        WhySubject::Peer { address } => format!("Peer {}", Plain(address)),
    }
}

/// Says one thing after another.
struct EventView<'a> {
    subject: &'a WhySubject,
    /// Where it stands.
    block: Option<&'a RecordPlace>,
    /// The block has left the best chain before.
    was_reverted: bool,
}

impl EventView<'_> {
    fn say(&mut self, event: &Event) -> String {
        let said = self.of_block(event).or_else(|| of_transaction(event));
        let Some(said) = said else { return of_peer(event) };
        match event {
            // Where the story is about a peer, a block is named.
            Event::SideBlock { block, .. }
            | Event::OrphanKept { block, .. }
            | Event::BlockAhead { block, .. }
            | Event::BlockRefused { block, .. }
                if !matches!(self.subject, WhySubject::Block { .. }) =>
            {
                let BlockName { height, hash } = block;
                said.replacen("It ", &format!("Block {hash} of height {height} "), 1)
            }
            _ => said,
        }
    }

    fn of_block(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            Event::BlocksJoined { first, last, origin } if first == last => {
                format!("{} and became the tip of the best chain", came(origin))
            }
            Event::BlocksJoined { first, last, origin } => format!(
                "It is one of the blocks {} to {}: each {} and joined the best chain",
                grouped(first.height),
                grouped(last.height),
                came(origin).replacen("It ", "", 1)
            ),
            Event::SideBlock { origin, held, .. } => {
                let why = match held {
                    true => ": following its branch would revert more than this node may",
                    false => "",
                };
                format!("{} and was kept beside the best chain{why}", came(origin))
            }
            Event::OrphanKept { parent, origin, .. } => {
                format!(
                    "{} and was kept as an orphan: its parent {parent} was unknown",
                    came(origin)
                )
            }
            Event::BlockAhead { due, origin, .. } => format!(
                "{} ahead of this node's clock, and waits until {}",
                came(origin),
                UtcTime(*due)
            ),
            Event::BlockPassedOn { pushed, announced, .. } => {
                let told = [(*pushed, "passed on"), (*announced, "announced")];
                let told = told.into_iter().filter(|(count, _)| *count > 0);
                let told =
                    told.map(|(count, how)| format!("{how} to {}", counted(count.into(), "peer")));
                format!("It was {}", told.collect::<Vec<_>>().join(" and "))
            }
            Event::Reorganised { depth, from, to, reverted, connected } => {
                let moved = format!(
                    "a reorganisation of {} from {} at height {} to {} at height {}",
                    counted(u64::from(*depth), "block"),
                    from.hash,
                    from.height,
                    to.hash,
                    to.height
                );
                self.of_reorganisation(&moved, reverted, connected)
            }
            _ => return None,
        })
    }

    fn of_reorganisation(
        &mut self,
        moved: &str,
        reverted: &[BlockName],
        connected: &[BlockName],
    ) -> String {
        if let WhySubject::Transaction { .. } = self.subject {
            let now = self.block.map(|block| block.hash);
            let joined = connected.iter().any(|block| Some(block.hash) == now);
            return match joined {
                true => format!("The block that it stands in joined by {moved}"),
                false => format!("The block that it stood in was reverted by {moved}"),
            };
        }
        let is_subject = |block: &&BlockName| matches!(self.subject, WhySubject::Block { hash } if *hash == block.hash);
        if let Some(block) = reverted.iter().find(is_subject) {
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
}

fn of_transaction(event: &Event) -> Option<String> {
    Some(match event {
        Event::TransactionPooled { origin, .. } => {
            format!("{} and waits to be mined", came(origin))
        }
        Event::TransactionRefused { code, reason, origin, .. }
        | Event::BlockRefused { code, reason, origin, .. } => {
            format!("{} and was refused ({}): {}", came(origin), Plain(code), Plain(reason))
        }
        Event::TransactionDisplaced { by, from, .. } => {
            let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
            let from = from.map(|from| format!(", after block {} left the best chain", from.hash));
            format!("It was displaced{by}{}", from.unwrap_or_default())
        }
        Event::TransactionMined { height, .. } => {
            format!("It was mined in the block of height {height}")
        }
        Event::TransactionMoved { from, to, .. } => format!(
            "Block {} left the best chain, and block {} of height {} holds it now",
            from.hash, to.hash, to.height
        ),
        Event::TransactionReturned { from, pooled, .. } => {
            let from = from.map(|from| format!("Block {} left the best chain, and it", from.hash));
            let waits = if *pooled { "waits again" } else { "is tried again later" };
            format!("{} {waits}", from.as_deref().unwrap_or("It"))
        }
        _ => return None,
    })
}

fn of_peer(event: &Event) -> String {
    match event {
        Event::PeerPenalised { address, points, total } => {
            format!("{address} got {} for it and has {total}", counted(u64::from(*points), "point"))
        }
        Event::Missed { count, .. } => {
            format!("{} came too fast to be written down", counted(*count, "event"))
        }
        told => words(told).map(|said| said.text).unwrap_or_default(),
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
#[path = "event_view_tests.rs"]
mod tests;
