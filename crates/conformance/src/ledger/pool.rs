//! Transactions that are offered to a node, one after another.

use std::collections::BTreeMap;

use kusari_chain::ledger::{Account, ChainSpec, PublicKey};
use kusari_chain::mempool::{Mempool, PoolLimits};
use kusari_node::wire::{Dialect, Message};
use serde::Deserialize;
use serde_json::{Value, json};

use super::playable;
use crate::blocks::refused;
use crate::suites::{InputError, form};

/// Most transactions that one input may offer.
const MAX_OFFERS: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    spec: ChainSpec,
    /// As they stand after the best chain; all others are empty.
    #[serde(default)]
    accounts: Vec<Account>,
    /// How much may wait, where it is less than a node lets wait.
    #[serde(default)]
    limits: PoolLimits,
    /// Whether they are submitted to this node, and not passed on to it.
    #[serde(default)]
    own: bool,
    /// What `TX` lines carry.
    offers: Vec<Value>,
}

pub(crate) fn answer(input: &Value) -> Result<Value, InputError> {
    let Question { spec, accounts, limits, own, offers } = form(input)?;
    let spec = playable(spec)?;
    if offers.len() > MAX_OFFERS {
        return Err(InputError(format!("at most {MAX_OFFERS} transactions are offered")));
    }
    let accounts: BTreeMap<PublicKey, Account> =
        accounts.into_iter().map(|account| (account.key, account)).collect();
    let dialect = Dialect::Ledger(spec.chain_id());
    let mut pool = Mempool::new(limits);
    let mut results = Vec::new();
    for offer in offers {
        let checked = match dialect.receive(format!("TX:{offer}").as_bytes()) {
            Ok(Message::Transaction(checked)) => *checked,
            Ok(_) => return Err(InputError::new("an offer is no TX line")),
            Err(refusal) => {
                results.push(refused(refusal.code()));
                continue;
            }
        };
        let sender = checked.transaction().sender;
        let account = accounts.get(&sender).copied().unwrap_or_else(|| Account::empty(sender));
        results.push(match pool.admit(checked, &account, &spec, own, 0) {
            Ok(admission) if admission.known => String::from("known"),
            Ok(_) => String::from("waits"),
            Err(refusal) => refused(refusal.code()),
        });
    }
    let mut waiting: Vec<String> = pool.txids().map(|txid| txid.to_string()).collect();
    waiting.sort();
    Ok(json!({"results": results, "waiting": waiting}))
}
