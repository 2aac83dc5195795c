//! The words that restore a key, and the key that follows from them.
//!
//! Owns BIP-39, with 24 words of the English list and no passphrase of its own, and the step from
//! its seed to an Ed25519 key: the master key of SLIP-0010. Words alone restore the key, here and
//! in any other program that follows the two.

use core::fmt;

use bip39::{Language, Mnemonic};
use ed25519_zebra::SigningKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

/// Words of a phrase: 256 bits and 8 of a checksum, 11 in each word.
pub(super) const WORDS: usize = 24;

/// Most bytes of a text that is read as a phrase: words have at most eight letters, and there may be
/// much white space around them.
pub const MAX_PHRASE_BYTES: usize = 4_096;

/// Letters of the longest word of the list.
const MAX_LETTERS: usize = 8;

/// Letters by which no two words of the list begin: BIP-39 says so.
const TELLING_LETTERS: usize = 4;

/// What SLIP-0010 keys its HMAC with for this curve.
const SLIP_0010_KEY: &[u8; 12] = b"ed25519 seed";

/// Bytes of a block of SHA-512, to which HMAC fills up a short key with zeros.
const HMAC_BLOCK_BYTES: usize = 128;

/// Why a text is no phrase. The sentences name places alone: a word is a part of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhraseError {
    /// More words, or fewer.
    #[error("there are {0} words and a phrase has 24; see whether one is missing or written twice")]
    Count(usize),
    /// A word is not in the list.
    #[error("word {0} of 24 is not in the list of BIP-39; see whether it is misspelt")]
    Word(usize),
    /// All words are in the list, and do not belong together.
    #[error(
        "every word is in the list of BIP-39, but they do not belong together: one is wrong, or \
         they are not in order"
    )]
    Checksum,
    /// The first letters of several words, or too few.
    #[error(
        "word {0} of 24 is cut off, and several words of BIP-39 begin so; write four letters of it or more"
    )]
    CutOff(usize),
    /// No text, or a very long one.
    #[error("it is no text of at most {MAX_PHRASE_BYTES} bytes; a phrase is 24 words")]
    Text,
}

/// A phrase of 24 words, as the 32 bytes that they stand for.
pub struct Phrase(pub(super) Zeroizing<[u8; 32]>);

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(secret)")
    }
}

impl Phrase {
    /// Draws a phrase.
    ///
    /// # Errors
    /// Where the operating system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut entropy = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *entropy)?;
        Ok(Self(entropy))
    }

    /// Reads words as people keep them: in any case, parted by white space or commas, with numbers or without;
    /// four letters of a word say which it is.
    ///
    /// # Errors
    /// [`PhraseError`] names the first thing that is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, PhraseError> {
        if text.len() > MAX_PHRASE_BYTES {
            return Err(PhraseError::Text);
        }
        let text = kusari_input::decode(text).map_err(|_| PhraseError::Text)?;
        let text = kusari_input::words(&text);
        let count = text.split_whitespace().count();
        if count != WORDS {
            return Err(PhraseError::Count(count));
        }
        let mut whole = Zeroizing::new(String::with_capacity(WORDS * (MAX_LETTERS + 1)));
        for (place, word) in text.split_whitespace().enumerate() {
            whole.push_str(whole_word(word, place + 1)?);
            whole.push(' ');
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &whole);
        let mnemonic = mnemonic.map_err(|error| match error {
            bip39::Error::UnknownWord(place) => PhraseError::Word(place + 1),
            _ => PhraseError::Checksum,
        })?;
        let (all, _) = mnemonic.to_entropy_array();
        let all = Zeroizing::new(all);
        let mut entropy = Zeroizing::new([0; 32]);
        // 24 words are 32 bytes; the array has room for a checksum besides.
        entropy.copy_from_slice(&all[..32]);
        Ok(Self(entropy))
    }

    /// The words, each parted from the next by a space.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        // Growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(WORDS * (MAX_LETTERS + 1)));
        if let Some(mnemonic) = self.mnemonic() {
            for word in mnemonic.words() {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(word);
            }
        }
        text
    }

    /// The key.
    pub(super) fn signing_key(&self) -> Zeroizing<SigningKey> {
        let seed = self.seed("");
        let key = master_key(&*seed);
        Zeroizing::new(SigningKey::from(*key))
    }

    /// The seed of BIP-39 with a passphrase of its own, which a wallet leaves empty.
    fn seed(&self, passphrase: &str) -> Zeroizing<[u8; 64]> {
        let seed = self.mnemonic().map(|mnemonic| mnemonic.to_seed_normalized(passphrase));
        Zeroizing::new(seed.unwrap_or([0; 64]))
    }

    /// There is one for any 32 bytes.
    fn mnemonic(&self) -> Option<Mnemonic> {
        Mnemonic::from_entropy_in(Language::English, &*self.0).ok()
    }
}

/// The word of the list that is written, in whole or by its first letters, at a place.
fn whole_word(written: &str, place: usize) -> Result<&'static str, PhraseError> {
    let list = Language::English;
    if let Some(at) = list.find_word(written) {
        return Ok(list.word_list()[usize::from(at)]);
    }
    let mut begun = list.words_by_prefix_iter(written);
    match (begun.next(), begun.next()) {
        (Some(word), None) if written.len() >= TELLING_LETTERS => Ok(word),
        (Some(_), _) => Err(PhraseError::CutOff(place)),
        (None, _) => Err(PhraseError::Word(place)),
    }
}

/// SLIP-0010: the left half of the HMAC is the key, in the form of RFC 8032's seed.
fn master_key(seed: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = [0; HMAC_BLOCK_BYTES];
    key[..SLIP_0010_KEY.len()].copy_from_slice(SLIP_0010_KEY);
    let mut mac = Hmac::<Sha512>::new(&key.into());
    mac.update(seed);
    let both = Zeroizing::new(<[u8; 64]>::from(mac.finalize().into_bytes()));
    let mut master = Zeroizing::new([0; 32]);
    master.copy_from_slice(&both[..32]);
    master
}

#[cfg(test)]
#[path = "phrase_tests.rs"]
mod tests;
