//! The form of `witness.state`: what a witness key said last.
//!
//! Owns the line and its checksum. Where it is kept, and when it is written, is up to
//! [`crate::witness_key`]. Source: `docs/formats/witness.md`.

use kusari_chain::hex;
use kusari_chain::ledger::{PublicKey, StatementHash};
use kusari_node::{LastStatement, WitnessMemory};
use sha2::{Digest, Sha256};

/// How the line begins.
const FORM: &str = "kusari-witness-state-1";
/// What stands in place of the sequence and of the hash where the key has said nothing.
const NOTHING: &str = "-";
/// Hexadecimal digits of the checksum.
const CHECKSUM_DIGITS: usize = 16;
/// Most bytes of the file: the form, a key, a sequence of twenty digits, a hash and the checksum, with
/// a space or a newline behind each.
pub const MAX_BYTES: usize = FORM.len() + 64 + 20 + 64 + CHECKSUM_DIGITS + 5;

/// The file of a key of which this is remembered. `None` where there is nothing to write down: what is
/// lost has no file.
#[must_use]
pub fn encode(key: &PublicKey, memory: WitnessMemory) -> Option<String> {
    let (sequence, hash) = match memory {
        WitnessMemory::Unkept | WitnessMemory::Lost => return None,
        WitnessMemory::Nothing => (String::from(NOTHING), String::from(NOTHING)),
        WitnessMemory::Last(last) => (last.sequence.to_string(), last.hash.to_string()),
    };
    let said = format!("{FORM} {key} {sequence} {hash} ");
    let checksum = checksum(&said);
    Some(said + &checksum + "\n")
}

/// Whose file it is, and what it says. `None` where it was damaged, or is something else.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<(PublicKey, WitnessMemory)> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let line = core::str::from_utf8(bytes).ok()?;
    let mut fields = line.split(' ').skip(1);
    let mut next = || fields.next();
    let key: PublicKey = next()?.parse().ok()?;
    let memory = match (next()?, next()?) {
        (NOTHING, NOTHING) => WitnessMemory::Nothing,
        (sequence, hash) => {
            let (sequence, hash) = (sequence.parse().ok()?, hash.parse::<StatementHash>().ok()?);
            WitnessMemory::Last(LastStatement { sequence, hash })
        }
    };
    // There is one form of each: this compares the checksum and all that was passed over.
    (encode(&key, memory)?.as_bytes() == bytes).then_some((key, memory))
}

fn checksum(said: &str) -> String {
    let mut digits = hex::encode(&Sha256::digest(said));
    digits.truncate(CHECKSUM_DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: PublicKey = PublicKey([0xab; 32]);

    fn last(sequence: u64) -> WitnessMemory {
        WitnessMemory::Last(LastStatement { sequence, hash: StatementHash([0xcd; 32]) })
    }

    #[test]
    fn the_form_is_frozen() {
        let key = "ab".repeat(32);
        let new = encode(&KEY, WitnessMemory::Nothing).unwrap();
        assert_eq!(new, format!("kusari-witness-state-1 {key} - - 79fd6147d5a41ad7\n"));
        let hash = "cd".repeat(32);
        let said = encode(&KEY, last(41)).unwrap();
        assert_eq!(said, format!("kusari-witness-state-1 {key} 41 {hash} 863d1b3d57d8f3f5\n"));
    }

    #[test]
    fn what_is_written_is_read_and_the_longest_fits_the_bound() {
        for memory in [WitnessMemory::Nothing, last(0), last(u64::MAX)] {
            let line = encode(&KEY, memory).unwrap();
            assert_eq!(parse(line.as_bytes()), Some((KEY, memory)));
        }
        assert_eq!(encode(&KEY, last(u64::MAX)).unwrap().len(), MAX_BYTES);
        for memory in [WitnessMemory::Lost, WitnessMemory::Unkept] {
            assert_eq!(encode(&KEY, memory), None);
        }
    }

    #[test]
    fn any_byte_that_is_changed_missing_or_too_many_is_found() {
        let sound = encode(&KEY, last(1_234)).unwrap().into_bytes();
        for place in 0..sound.len() {
            assert_eq!(parse(&sound[..place]), None, "cut off at {place}");
            for flip in [1, 2, 4, 8, 16, 32, 64, 128] {
                let mut damaged = sound.clone();
                damaged[place] ^= flip;
                assert_eq!(parse(&damaged), None, "byte {place} with {flip} flipped");
            }
        }
        let text = String::from_utf8(sound).unwrap();
        for wrong in [
            format!("{text}\n"),
            format!(" {text}"),
            text.replacen(" 1234 ", " 01234 ", 1),
            text.replacen(" 1234 ", " +1234 ", 1),
            text.replacen(" 1234 ", " 18446744073709551616 ", 1),
            text.replacen(" 1234 ", " - ", 1),
            "x".repeat(1_000_000),
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong:.200}");
        }
    }
}
