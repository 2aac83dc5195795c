//! What an account owns, in words.

use super::escape::{counted, grouped};
use kusari_api_types::AccountReport;

pub(crate) fn in_words(account: &AccountReport) -> String {
    let AccountReport { address, balance, sequence, next_sequence } = account;
    let mut text = format!(
        "{address}\n- Balance: {}\n- Sent   : {}",
        grouped(balance),
        counted(*sequence, "transaction")
    );
    let waiting = next_sequence.saturating_sub(*sequence);
    if waiting > 0 {
        text.push_str(&format!(", {} to be mined", grouped(waiting)));
    }
    text
}
