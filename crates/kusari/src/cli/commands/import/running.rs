//! Import into a node that runs, through its port for peers.
//!
//! Blocks go there in rounds: first the node is asked which of them it lacks, by
//! `GET_BLOCKS:{"hashes":…}`, then it is given those. So what it has already costs little, and what
//! was new is known exactly. `STATUS` closes a round: the node answers lines in order, so whatever
//! it refuses comes before that answer. Its gossip in between is let pass.

use kusari_chain::{BlockHash, CheckedBlock};
use kusari_node::wire::{Dialect, ErrorReport, GetBlocks, Message, Received, StatusReport};

use super::stored::UNKNOWN_PARENT;
use super::tally::{Tally, Target};
use crate::cli::conversation::{Conversation, closed};
use crate::cli::prelude::*;

/// Blocks in a round. Their hashes fit a line of a peer that has not said `HELLO`.
const ROUND_BLOCKS: usize = 56;

/// How often a round is tried. A node closes whoever does not read for long, as we do not while a
/// pipe that we read from has nothing.
const ATTEMPTS: usize = 3;

pub(super) struct RunningTarget {
    address: String,
    /// None before the first round, and after an interruption.
    conversation: Option<Conversation>,
    round: Vec<(u64, CheckedBlock)>,
}

/// What became of a block that the node lacked.
enum Fate {
    Taken,
    Orphan,
    Refused(String),
}

impl RunningTarget {
    /// `address` is the node's port for peers.
    pub(super) fn new(address: String) -> Self {
        Self { address, conversation: None, round: Vec::with_capacity(ROUND_BLOCKS) }
    }

    /// Runs one exchange, and again over a new connection where that breaks.
    fn attempt<T>(
        &mut self,
        mut exchange: impl FnMut(&mut Conversation) -> Result<T>,
    ) -> Result<T> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let conversation = match self.conversation.take() {
                Some(conversation) => Ok(conversation),
                None => Conversation::begin(&self.address),
            };
            let result = conversation.and_then(|mut conversation| {
                let result = exchange(&mut conversation)?;
                self.conversation = Some(conversation);
                Ok(result)
            });
            match result {
                Ok(result) => return Ok(result),
                Err(failure) => last = Some(failure),
            }
        }
        Err(last.unwrap_or_else(closed))
    }

    fn end_round(&mut self, tally: &mut Tally) -> Result {
        let round = std::mem::take(&mut self.round);
        let hashes: Vec<BlockHash> = round.iter().map(|(_, block)| block.block().hash).collect();
        let missing = self.attempt(|node| missing(node, &hashes))?;
        let (new, old): (Vec<_>, Vec<_>) =
            round.into_iter().partition(|(_, block)| missing.contains(&block.block().hash));
        old.iter().for_each(|_| tally.known());
        if new.is_empty() {
            return Ok(());
        }
        let fates = self.attempt(|node| give(node, &new))?;
        for ((number, block), fate) in new.iter().zip(fates) {
            match fate {
                Fate::Taken => tally.imported(),
                Fate::Orphan => tally.waits(*number, block.block().hash),
                Fate::Refused(reason) => tally.refused(*number, &reason),
            }
        }
        Ok(())
    }
}

impl Target for RunningTarget {
    /// A node of a ledger takes blocks from those alone who introduced themselves, so none comes here.
    fn dialect(&self) -> Dialect {
        Dialect::Classic
    }

    fn take(&mut self, number: u64, block: CheckedBlock, tally: &mut Tally) -> Result {
        let hash = block.block().hash;
        if self.round.iter().any(|(_, other)| other.block().hash == hash) {
            tally.known();
            return Ok(());
        }
        self.round.push((number, block));
        if self.round.len() == ROUND_BLOCKS { self.end_round(tally) } else { Ok(()) }
    }

    fn finish(&mut self, tally: &mut Tally) -> Result<u32> {
        if !self.round.is_empty() {
            self.end_round(tally)?;
        }
        for orphans in tally.take_orphans().chunks(ROUND_BLOCKS) {
            let hashes: Vec<BlockHash> = orphans.iter().map(|(_, hash)| *hash).collect();
            let missing = self.attempt(|node| missing(node, &hashes))?;
            for (number, hash) in orphans {
                tally.settled(*number, !missing.contains(hash));
            }
        }
        let status = self.attempt(|node| {
            // An answer by locator is read from the store, so it begins once everything that was
            // accepted before is durable.
            let locator = vec![BlockHash::ZERO];
            ask(node, GetBlocks::After { locator, limit: 0 })?;
            status(node).map(|(status, _)| status)
        })?;
        Ok(status.height)
    }
}

/// Which of these blocks the node lacks.
fn missing(node: &mut Conversation, hashes: &[BlockHash]) -> Result<Vec<BlockHash>> {
    ask(node, GetBlocks::ByHash(hashes.to_vec()))
}

/// Asks for blocks and returns which of them are missing.
fn ask(node: &mut Conversation, which: GetBlocks) -> Result<Vec<BlockHash>> {
    node.say(&[Received::GetBlocks(which)])?;
    loop {
        if let Message::End { missing, .. } = answer(node)? {
            return Ok(missing);
        }
    }
}

/// The next line that is a message; what a later version may say beside is let pass.
fn answer(node: &mut Conversation) -> Result<Received> {
    loop {
        match node.next()? {
            Some(Ok(message)) => return Ok(message),
            Some(Err(_)) => {}
            None => return Err(closed()),
        }
    }
}

/// Asks for the state of the node, and returns it with what was refused before.
fn status(node: &mut Conversation) -> Result<(StatusReport, Vec<ErrorReport>)> {
    node.say(&[Received::GetStatus])?;
    let mut errors = Vec::new();
    loop {
        match answer(node)? {
            Message::Error(report) => errors.push(report),
            Message::Status(status) => return Ok((status, errors)),
            _ => {}
        }
    }
}

/// Gives the node blocks, and says what became of each.
fn give(node: &mut Conversation, blocks: &[(u64, CheckedBlock)]) -> Result<Vec<Fate>> {
    let messages: Vec<Received> =
        blocks.iter().map(|(_, block)| Message::Block(block.clone())).collect();
    node.say(&messages)?;
    let (_, errors) = status(node)?;
    // What lacks its parent is named by its hash.
    let waits = |block: &CheckedBlock| {
        let hash = block.block().hash.to_string();
        errors.iter().any(|error| error.code == UNKNOWN_PARENT && error.message.contains(&hash))
    };
    let others = errors.iter().any(|error| error.code != UNKNOWN_PARENT);
    let mut fates = Vec::with_capacity(blocks.len());
    for ((_, block), message) in blocks.iter().zip(&messages) {
        fates.push(if waits(block) {
            Fate::Orphan
        } else if others {
            // Which one was meant is found out one by one; those that were taken are known now.
            node.say(std::slice::from_ref(message))?;
            let (_, mut errors) = status(node)?;
            match errors.pop() {
                Some(error) => Fate::Refused(error.message),
                None => Fate::Taken,
            }
        } else {
            Fate::Taken
        });
    }
    Ok(fates)
}

#[cfg(test)]
#[path = "running_tests.rs"]
mod tests;
