//! Proofs from what is stored.
//!
//! Owns which blocks a proof shows beside the one that it is about: those with the lowest hashes, which
//! stand for the work, the newest one, and those that witnesses signed. What a proof is, and what it
//! proves, is up to [`kusari_chain::proof`].

use std::collections::BTreeSet;

use kusari_chain::ledger::{ChainId, PublicKey, Txid, WitnessStatement};
use kusari_chain::proof::file::{BodyPath, EarlierBlock, ProvenHeader};
use kusari_chain::proof::{COUNTED_HASHES, ConsistencyProof, TransactionProof};
use kusari_chain::{Block, BlockHash, StoreError};
use redb::ReadTransaction;

use super::Store;
use super::blocks::BlockReader;
use super::content::Content;
use super::fault::Fault;
use super::history::HistoryReader;
use super::statements::StatementReader;
use super::transactions::find;

/// Witnesses whose statements go into one proof: with three blocks of each, beside those for the work,
/// a proof has as many blocks as it may.
const MAX_WITNESSES: usize = 16;

/// The best chain as one read sees it.
struct Chain<'txn> {
    blocks: BlockReader<'txn>,
    history: HistoryReader,
    tip: u32,
}

impl<'txn> Chain<'txn> {
    fn open(transaction: &'txn ReadTransaction, content: &'txn Content) -> Result<Self, Fault> {
        let blocks = BlockReader::open(transaction, content)?;
        let tip = blocks.best_height()?;
        Ok(Self { history: HistoryReader::open(transaction, tip)?, blocks, tip })
    }

    fn header(&self, height: u32) -> Result<ProvenHeader, Fault> {
        let missing = || Fault::unreadable("best", height, "there is none");
        let head = self.blocks.best_head_at(height)?.ok_or_else(missing)?;
        let ledger = head.ledger.ok_or_else(missing)?;
        Ok(ProvenHeader::of(&head.block, &ledger.commitment))
    }

    /// Whether the statement names a block of the best chain.
    fn is_named_by(&mut self, statement: &WitnessStatement) -> Result<bool, Fault> {
        let known = (1..=self.tip).contains(&statement.height);
        Ok(known && self.history.hash_at(statement.height)? == statement.hash)
    }
}

impl Store {
    /// A proof of a transaction in the best chain, up to its tip, with what witnesses said about it, of these
    /// keys before all others. `None` where it does not stand there.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn prove(
        &self,
        txid: &Txid,
        preferred: &[PublicKey],
    ) -> Result<Option<TransactionProof>, StoreError> {
        let Some(chain_id) = self.chain_id() else { return Ok(None) };
        Ok(self.read(|transaction| {
            prove(transaction, &self.inner.content, chain_id, txid, preferred)
        })?)
    }

    /// A proof that one block of the best chain is an ancestor of another. `None` where one of them is not
    /// there, or not below the other.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn prove_consistency(
        &self,
        earlier: &BlockHash,
        later: &BlockHash,
    ) -> Result<Option<ConsistencyProof>, StoreError> {
        let Some(chain_id) = self.chain_id() else { return Ok(None) };
        Ok(self.read(|transaction| {
            let mut chain = Chain::open(transaction, &self.inner.content)?;
            let genesis = Block::genesis().hash;
            let place = |hash: &BlockHash| {
                // It is nowhere stored, and an ancestor of all.
                if *hash == genesis {
                    return Ok(Some(0));
                }
                let Some(head) = chain.blocks.head_by_hash(hash)? else { return Ok(None) };
                let (height, order) = (head.block.index, head.order);
                Ok::<_, Fault>(chain.blocks.is_best(height, order)?.then_some(height))
            };
            let (Some(from), Some(to)) = (place(earlier)?, place(later)?) else { return Ok(None) };
            if from >= to {
                return Ok(None);
            }
            let earlier = EarlierBlock::of(from, *earlier, to, &mut chain.history)?;
            Ok(Some(ConsistencyProof::new(chain_id, earlier, chain.header(to)?)))
        })?)
    }

    fn chain_id(&self) -> Option<ChainId> {
        self.inner.kind.spec().map(|spec| spec.chain_id())
    }
}

fn prove(
    transaction: &ReadTransaction,
    content: &Content,
    chain_id: ChainId,
    txid: &Txid,
    preferred: &[PublicKey],
) -> Result<Option<TransactionProof>, Fault> {
    let mut chain = Chain::open(transaction, content)?;
    let Some(found) = find(transaction, &chain.blocks, txid)?.best else { return Ok(None) };
    let stored = chain.blocks.at(found.order)?;
    let Some(part) = stored.part() else { return Ok(None) };
    let (Some(body), Some(entry)) =
        (BodyPath::of(part, found.place), part.body.get(found.place as usize))
    else {
        return Ok(None);
    };
    let header = ProvenHeader::of(&stored.block, &part.commitment);
    let (said, payload) = (entry.transaction, entry.payload.clone());
    let mut proof = TransactionProof::new(chain_id, said, payload, body, header);

    let statements = StatementReader::open(transaction)?;
    let chosen = choose(&statements, preferred, found.height, &mut chain)?;
    let mut later: BTreeSet<u32> =
        chain.history.lowest(found.height, COUNTED_HASHES)?.into_iter().collect();
    later.insert(chain.tip);
    later.extend(chosen.iter().map(|statement| statement.height));
    let earlier: BTreeSet<u32> =
        later.iter().copied().filter(|height| *height < found.height).collect();
    later.retain(|height| *height > found.height);

    let later = later.into_iter().map(|height| chain.header(height));
    let later = later.collect::<Result<Vec<_>, Fault>>()?;
    proof.set_later(&later, &mut chain.history)?;
    for height in earlier {
        let hash = chain.history.hash_at(height)?;
        proof.earlier.push(EarlierBlock::of(height, hash, found.height, &mut chain.history)?);
    }
    proof.set_statements(chosen);
    Ok(Some(proof))
}

/// Of each key the last statement before a height, the first one from it on and the newest: between the
/// first two lies when the key saw it, and the third one stands for all that it confirmed since.
fn choose(
    statements: &StatementReader,
    preferred: &[PublicKey],
    height: u32,
    chain: &mut Chain<'_>,
) -> Result<Vec<WitnessStatement>, Fault> {
    let keys = preferred.iter().copied().chain(statements.keys()?);
    let (mut chosen, mut witnesses, mut asked) = (Vec::new(), 0, BTreeSet::new());
    for key in keys.filter(|key| asked.insert(*key)) {
        if witnesses == MAX_WITNESSES {
            break;
        }
        let mut of_key = Vec::new();
        for statement in statements.of(&key)? {
            if chain.is_named_by(&statement)? {
                of_key.push(statement);
            }
        }
        of_key.sort_unstable_by_key(|statement| (statement.height, statement.sequence));
        let seen = of_key.partition_point(|statement| statement.height < height);
        let (before, seen) = of_key.split_at(seen);
        // Without a statement about the block or a later one, a key says nothing about it.
        let Some(first) = seen.first() else { continue };
        witnesses += 1;
        chosen.extend(before.last());
        chosen.push(*first);
        chosen.extend(seen.get(1..).and_then(<[_]>::last));
    }
    Ok(chosen)
}
