//! A pool is written into a checkpoint, and made again from it.

use kusari_chain::ledger::ChainSpec;
use kusari_chain::mempool::{Mempool, PoolLimits};
use serde_json::{Value, json};

use crate::mempool::rig::{Draft, Rig, SMALLEST};

/// A pool with two senders, payloads, an own one and a parked one.
fn rig() -> Rig {
    let mut rig = Rig::new(PoolLimits::default()).with_balances(&[100, 100]);
    rig.other(Draft { bytes: 5, ..Draft::fee(0, 0, 3) }).unwrap();
    rig.own(Draft::fee(0, 1, 4)).unwrap();
    rig.own(Draft::fee(0, 2, 90)).unwrap();
    rig.follow(0, 50, 0);
    rig.other(Draft::fee(1, 0, 5)).unwrap();
    rig.other(Draft::fee(1, 1, 6)).unwrap();
    assert_eq!(rig.parked(), [2]);
    rig
}

fn read(form: Value) -> Result<Mempool, String> {
    serde_json::from_value(form).map_err(|error| error.to_string())
}

#[test]
fn pool_comes_back_from_its_form_and_does_the_same_from_there_on() {
    let mut rig = rig();
    let form = serde_json::to_value(&rig.pool).unwrap();
    let again = read(form.clone()).unwrap();
    assert_eq!(again, rig.pool);
    assert_eq!(serde_json::to_value(&again).unwrap(), form);
    assert_eq!(again.check(&rig.spec), Ok(()));
    let before = std::mem::replace(&mut rig.pool, again);
    let resumed = rig.follow(0, 100, 0).resumed;
    assert_eq!(resumed, [Draft::fee(0, 2, 90).txid()]);
    assert_ne!(rig.pool, before);
}

/// The form of the pool after a change of it is refused with this reason.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value), reason: &str) {
    let mut form = serde_json::to_value(rig().pool).unwrap();
    change(&mut form);
    let refusal = read(form).unwrap_err();
    assert!(refusal.contains(reason), "{refusal}");
}

/// The place in the form of the sender who has so many transactions.
fn with_count(form: &mut Value, count: usize) -> &mut Value {
    let senders = form["senders"].as_array_mut().unwrap();
    let has = |sender: &&mut Value| sender["transactions"].as_array().unwrap().len() == count;
    senders.iter_mut().find(has).unwrap()
}

#[test]
fn form_that_contradicts_itself_is_refused() {
    refused(|form| form["senders"].as_array_mut().unwrap().reverse(), "order of their keys");
    let twice = |form: &mut Value| {
        let senders = form["senders"].as_array_mut().unwrap();
        senders[1] = senders[0].clone();
    };
    refused(twice, "order of their keys");
    refused(|form| with_count(form, 3)["transactions"] = json!([]), "has none");
    let exchange = |form: &mut Value| {
        let others = with_count(form, 2)["transactions"].clone();
        with_count(form, 3)["transactions"] = others;
    };
    refused(exchange, "of another sender");
    let reverse = |form: &mut Value| {
        with_count(form, 2)["transactions"].as_array_mut().unwrap().reverse();
    };
    refused(reverse, "sequences do not rise");
    refused(|form| with_count(form, 2)["account"]["balance"] = json!(10), "could not be mined");
    refused(|form| with_count(form, 2)["account"]["sequence"] = json!(1), "could not be mined");
    let gap = |form: &mut Value| {
        with_count(form, 2)["transactions"].as_array_mut().unwrap().remove(0);
    };
    refused(gap, "could not be mined");
    let foreign = |form: &mut Value| with_count(form, 3)["transactions"][2]["own"] = json!(false);
    refused(foreign, "could not be mined");
    refused(|form| form["more"] = json!(1), "unknown field");
}

#[test]
fn form_with_a_transaction_at_fault_is_refused() {
    let first = |form: &mut Value| with_count(form, 3)["transactions"][0].clone();
    refused(
        |form| {
            let mut entry = first(form);
            entry["payload"] = Value::Null;
            with_count(form, 3)["transactions"][0] = entry;
        },
        "commits to a payload that is not with it",
    );
    refused(
        |form| with_count(form, 3)["transactions"][0]["payload"]["data"] = json!("other"),
        "is not the one",
    );
    refused(
        |form| with_count(form, 2)["transactions"][0]["transaction"]["amount"] = json!(u64::MAX),
        "more than there can ever be",
    );
}

#[test]
fn form_over_a_bound_is_refused() {
    let limit = |name: &'static str, value: u64| {
        move |form: &mut Value| form["limits"][name] = json!(value)
    };
    refused(limit("bytes", 1 << 40), "above the greatest");
    refused(limit("age_s", 1 << 40), "above the greatest");
    refused(limit("bytes", 5 * SMALLEST), "in all");
    refused(limit("own_bytes", 2 * SMALLEST - 1), "of our own");
    refused(limit("sender_transactions", 2), "of one sender");
    refused(limit("sender_bytes", 3 * SMALLEST), "of one sender");
}

#[test]
fn forged_signature_in_a_form_is_found_by_the_check_that_knows_the_chain() {
    let rig = rig();
    let mut form = serde_json::to_value(&rig.pool).unwrap();
    with_count(&mut form, 2)["transactions"][1]["transaction"]["fee"] = json!(7);
    let forged = read(form).unwrap();
    let (txid, refusal) = forged.check(&rig.spec).unwrap_err();
    assert_eq!(refusal.code(), "bad-signature");
    assert_eq!(forged.get(&txid).unwrap().transaction().fee, 7);
    // A pool of another chain is nobody's either.
    let other = ChainSpec { min_fee: 1, ..ChainSpec::ledger() };
    assert_eq!(rig.pool.check(&other).unwrap_err().1.code(), "bad-signature");
}
