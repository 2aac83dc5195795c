//! Stores that answer as the recorded ones did, question by question.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use kusari_chain::ledger::{Account, BodyEntry, PublicKey, Txid};
use kusari_chain::{BlockHash, BlockStore, StoreError, StoreResult, StoredBlock, StoredReorgLimit};
use kusari_node::store::{EntryId, OutboxEntry, OutboxFacts, OutboxStore, PoolRecord, Witnessed};

use super::source::{
    Source, account_of, accounts_after, displaced_by, mined_at, stored_at, transaction_at,
    waiting_from,
};
use crate::format::{Answer, Read};

/// What the core is told where the journal has no answer. The replay looks at the source instead.
fn no_answer() -> StoreError {
    StoreError(String::from("the journal holds no such answer"))
}

pub(super) struct Answering(Rc<RefCell<Source>>);

impl Answering {
    pub(super) fn new(source: Rc<RefCell<Source>>) -> Self {
        Self(source)
    }

    /// The recorded answer, if `fits` takes it for one to this question.
    fn answer<T>(
        &self,
        asked: impl Fn() -> String,
        fits: impl FnOnce(Read) -> Result<Answer<T>, Box<Read>>,
    ) -> StoreResult<Option<T>> {
        let mut source = self.0.borrow_mut();
        let read = source.answer(&asked).ok_or_else(no_answer)?;
        match fits(read) {
            Ok(answer) => answer.map_err(StoreError),
            Err(other) => {
                source.differs(asked(), &other);
                Err(no_answer())
            }
        }
    }
}

/// The recorded answer to this question, if the next read is one.
macro_rules! recorded {
    ($self:ident, $asked:expr, $read:pat if $fits:expr => $answer:ident) => {
        $self.answer(
            || $asked,
            |read| match read {
                $read if $fits => Ok($answer),
                other => Err(Box::new(other)),
            },
        )
    };
}

impl BlockStore for Answering {
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>> {
        Err(no_answer())
    }

    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>> {
        recorded!(
            self,
            stored_at(height),
            Read::BestAt { height: recorded, answer } if recorded == height => answer
        )
    }

    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>> {
        recorded!(
            self,
            format!("the block {hash}"),
            Read::ByHash { hash: recorded, answer } if recorded == *hash => answer
        )
    }

    fn visit_side_blocks(&self, _visit: &mut dyn FnMut(StoredBlock)) -> StoreResult {
        Err(no_answer())
    }

    fn next_order(&self) -> StoreResult<u64> {
        Err(no_answer())
    }

    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit> {
        Err(no_answer())
    }

    fn account(&self, key: &PublicKey) -> StoreResult<Option<Account>> {
        recorded!(
            self,
            account_of(key),
            Read::Account { key: recorded, answer } if recorded == *key => answer
        )
    }

    fn accounts_after(
        &self,
        after: Option<&PublicKey>,
        _limit: usize,
    ) -> StoreResult<Vec<Account>> {
        let accounts = recorded!(
            self,
            accounts_after(after),
            Read::Accounts { after: recorded, answer } if recorded.as_ref() == after => answer
        )?;
        Ok(accounts.unwrap_or_default())
    }
}

impl OutboxStore for Answering {
    fn visit_open_entries(&self, _visit: &mut dyn FnMut(OutboxEntry)) -> StoreResult {
        Err(no_answer())
    }

    fn entry_of_block(&self, hash: &BlockHash) -> StoreResult<Option<OutboxEntry>> {
        recorded!(
            self,
            format!("the line of the block {hash}"),
            Read::EntryOfBlock { hash: recorded, answer } if recorded == *hash => answer
        )
    }

    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        _limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> StoreResult {
        let from = range.start;
        let next = || {
            recorded!(
                self,
                waiting_from(from),
                Read::WaitingEntry { from: recorded, answer } if recorded == from => answer
            )
        };
        while let Some(entry) = next()? {
            visit(entry);
        }
        Ok(())
    }

    fn displaced_by(&self, txid: &Txid) -> StoreResult<Vec<OutboxEntry>> {
        let next = || {
            recorded!(
                self,
                displaced_by(txid),
                Read::DisplacedEntry { by, answer } if by == *txid => answer
            )
        };
        let mut found = Vec::new();
        while let Some(entry) = next()? {
            found.push(entry);
        }
        Ok(found)
    }

    fn outbox_facts(&self) -> StoreResult<OutboxFacts> {
        Err(no_answer())
    }

    fn transaction_at(&self, sender: &PublicKey, sequence: u64) -> StoreResult<Option<Txid>> {
        recorded!(
            self,
            transaction_at(sender, sequence),
            Read::TransactionAt { sender: of, sequence: at, answer } if of == *sender && at == sequence => answer
        )
    }

    fn visit_pool(&self, _visit: &mut dyn FnMut(PoolRecord)) -> StoreResult {
        Err(no_answer())
    }

    fn visit_predecessors(&self, _visit: &mut dyn FnMut(BodyEntry)) -> StoreResult {
        Err(no_answer())
    }

    fn visit_witnessed(&self, _visit: &mut dyn FnMut(Witnessed)) -> StoreResult {
        Err(no_answer())
    }

    fn mined_at(&self, txid: &Txid) -> StoreResult<Option<u32>> {
        recorded!(
            self,
            mined_at(txid),
            Read::MinedAt { txid: recorded, answer } if recorded == *txid => answer
        )
    }
}
