//! Texts that a transaction carries.

use kusari_chain::ledger::{Payload, Salt};

/// A payload of a text, with a salt that cannot be guessed.
///
/// # Errors
/// The operating system gave no random numbers.
pub fn payload_of(text: &str) -> Result<Payload, getrandom::Error> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    Ok(Payload { salt: Salt(salt), data: text.to_owned() })
}
