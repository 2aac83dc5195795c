//! Sealing a phrase with a passphrase, and opening it.
//!
//! Owns the cryptography of the key file, and nothing of its form: Argon2id makes a key of the
//! passphrase, XChaCha20-Poly1305 seals the 32 bytes of the phrase with it and authenticates the
//! header. Without a passphrase the same is done with the empty one, so that damage is found there
//! too; it hides nothing.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use kusari_chain::ledger::{Address, PublicKey};
use zeroize::Zeroizing;

use super::key_file::{Cost, Header, KeyFile, SEALED_BYTES};
use super::passphrase::Passphrase;
use super::phrase::Phrase;

/// Why a phrase is not sealed, or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SealError {
    /// The passphrase is another one, or the file was changed. It is impossible to tell which.
    Refused,
    /// The machine has not the memory that a try takes.
    Memory,
    /// There are no random numbers.
    Chance(getrandom::Error),
}

/// Seals a phrase. The empty passphrase makes a file that says so, at the least cost.
pub(super) fn seal(
    phrase: &Phrase,
    passphrase: &Passphrase,
    cost: Cost,
) -> Result<KeyFile, SealError> {
    seal_with(phrase, &passphrase.normal(), !passphrase.is_empty(), cost)
}

/// The same with the bytes that are to open it.
pub(super) fn seal_with(
    phrase: &Phrase,
    passphrase: &str,
    protected: bool,
    cost: Cost,
) -> Result<KeyFile, SealError> {
    let (mut salt, mut nonce) = ([0; 16], [0; 24]);
    getrandom::fill(&mut salt).map_err(SealError::Chance)?;
    getrandom::fill(&mut nonce).map_err(SealError::Chance)?;
    let cost = if protected { cost } else { Cost::LEAST };
    let header = Header { address: address(phrase), protected, cost, salt, nonce };
    let message = Payload { msg: &phrase.0[..], aad: &header.associated_data() };
    let sealed = cipher(&header, passphrase)?.encrypt(&nonce.into(), message);
    // Only a message of many gigabytes is refused.
    let sealed = sealed.ok().and_then(|sealed| <[u8; SEALED_BYTES]>::try_from(sealed).ok());
    sealed.map(|sealed| KeyFile { header, sealed }).ok_or(SealError::Refused)
}

/// Opens what was sealed. A file without a passphrase opens with any. What is tried after the first candidate costs
/// as much again, and there is more than one only where the passphrase has several forms.
pub(super) fn open(file: &KeyFile, passphrase: &Passphrase) -> Result<Phrase, SealError> {
    let none = Passphrase::default();
    let passphrase = if file.header.protected { passphrase } else { &none };
    let mut opened = passphrase.candidates().map(|candidate| open_with(file, &candidate));
    let refused = Err(SealError::Refused);
    opened.find(|opened| !matches!(opened, Err(SealError::Refused))).unwrap_or(refused)
}

fn open_with(file: &KeyFile, passphrase: &str) -> Result<Phrase, SealError> {
    let header = &file.header;
    let message = Payload { msg: &file.sealed[..], aad: &header.associated_data() };
    let opened = cipher(header, passphrase)?.decrypt(&header.nonce.into(), message);
    let opened = Zeroizing::new(opened.map_err(|_| SealError::Refused)?);
    let mut phrase = Phrase(Zeroizing::new([0; 32]));
    if opened.len() != phrase.0.len() {
        return Err(SealError::Refused);
    }
    phrase.0.copy_from_slice(&opened);
    // Another program may have sealed the words of another address.
    if address(&phrase) == header.address { Ok(phrase) } else { Err(SealError::Refused) }
}

/// The address of the key that follows from a phrase.
pub(super) fn address(phrase: &Phrase) -> Address {
    let key = phrase.signing_key();
    Address(PublicKey(ed25519_zebra::VerificationKeyBytes::from(&*key).into()))
}

fn cipher(header: &Header, passphrase: &str) -> Result<XChaCha20Poly1305, SealError> {
    let cost = header.cost;
    // Every cost keeps the bounds of the function, which are wider.
    let params = Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(32));
    let params = params.map_err(|_| SealError::Memory)?;
    let count = params.block_count();
    let mut memory = Zeroizing::new(Vec::new());
    memory.try_reserve_exact(count).map_err(|_| SealError::Memory)?;
    memory.resize(count, Block::default());
    let mut key = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (passphrase, salt) = (passphrase.as_bytes(), &header.salt);
    argon2
        .hash_password_into_with_memory(passphrase, salt, &mut *key, &mut memory[..])
        .map_err(|_| SealError::Memory)?;
    Ok(XChaCha20Poly1305::new((&*key).into()))
}
