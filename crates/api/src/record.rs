//! A record as the local API tells it, from the outbox entry that a store holds and what the node says of
//! itself.
//!
//! Owns what people are told of an entry: where its text is now, under which id, and what it waits for.

use kusari_chain::ledger::{Address, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{BlockStore, StoreError};
use kusari_node::drafts::{Draft, DraftContent, DraftWait};
use kusari_node::interface::WrittenTransaction;
use kusari_node::snapshot::LedgerSummary;
use kusari_node::store::{EntryId, EntryState, OutboxEntry, OutboxStore};

use kusari_api_types::{PaymentReport, RecordList, RecordPlace, RecordReport, RecordState};
use kusari_store::{Placed, Store};

/// An entry of a store. `ledger` is what the node says that runs on it.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn record(
    entry: OutboxEntry,
    store: &Store,
    ledger: Option<&LedgerSummary>,
) -> Result<RecordReport, StoreError> {
    let place = store.entry(entry.id)?.and_then(|(_, place)| place);
    match store.spec() {
        Some(_) => of_ledger(entry, place, store, ledger),
        None => {
            let (id, state) = (entry.id, state_of(&entry, place.is_some()));
            let block = place.map(placed);
            Ok(RecordReport { state, block, ..RecordReport::waiting(id, entry.text) })
        }
    }
}

/// A page of a store, the newest first: those below a number if one is given, of all or of those
/// alone that wait or were displaced, and so many of them at most.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub fn records(
    store: &Store,
    below: Option<EntryId>,
    open: bool,
    limit: usize,
    ledger: Option<&LedgerSummary>,
) -> Result<RecordList, StoreError> {
    let mut entries = store.entries(below, open, limit.saturating_add(1))?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|entry| entry.id);
    let records = entries.into_iter().map(|entry| record(entry, store, ledger));
    Ok(RecordList { records: records.collect::<Result<_, _>>()?, next })
}

fn of_ledger(
    entry: OutboxEntry,
    place: Option<Placed>,
    store: &Store,
    ledger: Option<&LedgerSummary>,
) -> Result<RecordReport, StoreError> {
    let signed = signed(&entry);
    let last = entry.txids().next_back();
    // Where both ids name transactions, either may be the one that was mined.
    let stands = |txid: &Txid| {
        let body = place.as_ref().and_then(|place| place.block.ledger.as_ref());
        body.is_some_and(|part| part.body.iter().any(|one| one.transaction.txid() == *txid))
    };
    let txid = entry.txids().find(|txid| entry.blocks.len() > 1 && stands(txid)).or(last);
    let former_txid = entry.txids().next().filter(|first| Some(*first) != txid);
    let mut state = state_of(&entry, place.is_some());
    let mut displaced_by = match entry.state {
        EntryState::Displaced { by, .. } if state == RecordState::Displaced => Some(by),
        _ => None,
    };
    if let (RecordState::Waiting, Some(signed), Some(_)) = (state, &signed, &entry.draft) {
        displaced_by = taken_by(signed, store)?;
        if displaced_by.is_some() {
            state = RecordState::Draft;
        }
    }
    let waits_for = match (&entry.draft, ledger) {
        (Some(draft), Some(ledger)) if state == RecordState::Draft => waits_for(draft, ledger),
        _ => None,
    };
    let (text, payment) = content(entry.draft.as_ref(), signed.as_ref());
    let block = place.map(placed);
    let report = RecordReport::waiting(entry.id, text);
    Ok(RecordReport { payment, state, txid, former_txid, displaced_by, waits_for, block, ..report })
}

fn state_of(entry: &OutboxEntry, is_placed: bool) -> RecordState {
    match entry.state {
        // The chain is looked at as well: the two are written by one commit and read one by one.
        _ if is_placed => RecordState::Mined,
        EntryState::Displaced { .. } => RecordState::Displaced,
        EntryState::Waiting if entry.draft.is_some() && entry.blocks.is_empty() => {
            RecordState::Draft
        }
        EntryState::Waiting | EntryState::Mined { .. } => RecordState::Waiting,
    }
}

/// The transaction that has the sequence of this one in the best chain, where another one does: the text
/// is still to be signed again.
fn taken_by(signed: &CheckedTransaction, store: &Store) -> Result<Option<Txid>, StoreError> {
    let transaction = signed.transaction();
    let account = store.account(&transaction.sender)?;
    if account.is_none_or(|account| account.sequence <= transaction.sequence) {
        return Ok(None);
    }
    let holder = store.transaction_at(&transaction.sender, transaction.sequence)?;
    Ok(holder.filter(|holder| *holder != signed.txid()))
}

/// The transaction of an entry as it was signed last; `None` for a draft, and where it was erased.
fn signed(entry: &OutboxEntry) -> Option<CheckedTransaction> {
    let line = serde_json::Value::String(entry.text.clone());
    serde_json::from_value(line).ok().map(|WrittenTransaction(checked)| checked)
}

/// The text and the payment of an entry.
fn content(
    draft: Option<&Draft>,
    signed: Option<&CheckedTransaction>,
) -> (String, Option<PaymentReport>) {
    if let Some(draft) = draft {
        return (draft.text().unwrap_or_default().to_owned(), payment_of(draft));
    }
    let Some(signed) = signed else { return (String::new(), None) };
    let transaction = signed.transaction();
    let to = Address(transaction.receiver);
    let payment = PaymentReport { to, amount: transaction.amount };
    let text = signed.payload().map(|payload| payload.data.clone());
    (text.unwrap_or_default(), Some(payment).filter(|_| !transaction.is_record()))
}

/// What a draft pays, where it is no record.
pub(crate) fn payment_of(draft: &Draft) -> Option<PaymentReport> {
    match draft.content {
        DraftContent::Record(_) => None,
        DraftContent::Transfer { to, amount, .. } => {
            Some(PaymentReport { to: Address(to), amount })
        }
    }
}

/// What a draft waits for, by what the node says of itself.
fn waits_for(draft: &Draft, ledger: &LedgerSummary) -> Option<DraftWait> {
    match ledger.wallet.filter(|wallet| wallet.key == draft.account) {
        None => Some(DraftWait::Account),
        Some(_) if !ledger.may_sign => Some(DraftWait::Peer),
        Some(wallet) if !wallet.unlocked => Some(DraftWait::Unlock),
        Some(_) => ledger.drafts_wait.filter(|wait| *wait == DraftWait::Turn),
    }
}

fn placed(place: Placed) -> RecordPlace {
    RecordPlace {
        height: place.block.block.index,
        hash: place.block.block.hash,
        confirmations: place.confirmations.unwrap_or(0),
    }
}
