//! The key file: its form.
//!
//! Owns what stands in the file and the bounds of it; a [`KeyFile`] keeps them. Opens no file and
//! knows no passphrase. There is one way to write each key file, and a file that differs from it in
//! a single byte is refused. Source: docs/formats/wallet.md.

use core::fmt;

use borsh::BorshSerialize;
use kusari_chain::hex;
use kusari_chain::ledger::Address;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest file that is read, in bytes. A real one has some 500.
pub const MAX_BYTES: usize = 4_096;

/// The version of the form that is written and read here.
const VERSION: u32 = 1;

/// What is authenticated begins so, and means nothing elsewhere.
const DOMAIN: &str = "kusari-wallet";

/// How the key is made of the passphrase: RFC 9106.
const KDF: &str = "argon2id";

/// What the secret is sealed with.
const CIPHER: &str = "xchacha20poly1305";

/// Most memory that a file may ask for, in KiB: 1 GiB.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;

/// Most memory that a file may have written, over all passes, in KiB. 4 GiB take some seconds.
const MAX_WORK_KIB: u64 = 4 * 1024 * 1024;

/// Most lanes; each needs 8 KiB of the memory.
const MAX_LANES: u32 = 64;

/// Bytes of the secret, and of the tag behind it.
pub(super) const SEALED_BYTES: usize = 32 + 16;

/// Why bytes are no key file. None of the sentences shows any of them: in a file without a
/// passphrase they are the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Far longer than any key file.
    #[error("it has more than {MAX_BYTES} bytes, which no key file has")]
    TooLong,
    /// Not JSON, or not with the keys of a key file.
    #[error("line {line}, column {column} is not what a key file says there")]
    Form {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Of another version.
    #[error("it has version {0} and this program reads version {VERSION}")]
    Version(u64),
    /// It names another function.
    #[error("it is not made with {KDF} and {CIPHER}, and nothing else is read here")]
    Algorithm,
    /// A file must not eat the machine.
    #[error(
        "it asks for {memory_kib} KiB of memory, {passes} passes and {lanes} lanes, which is out \
         of bounds"
    )]
    Cost {
        /// Memory, in KiB.
        memory_kib: u32,
        /// Passes over it.
        passes: u32,
        /// Independent parts of it.
        lanes: u32,
    },
    /// Some byte is not as it was written.
    #[error("it is not byte by byte as it was written")]
    Changed,
}

/// What it costs to try a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// The second recommended option of RFC 9106, section 4: 64 MiB, which a small machine has too.
    pub const USUAL: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// The least there is, where there is no passphrase that could be guessed.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// Checks the bounds.
    fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, KeyFileError> {
        let work = u64::from(memory_kib) * u64::from(passes);
        let is_bounded = (1..=MAX_LANES).contains(&lanes)
            && (8 * lanes..=MAX_MEMORY_KIB).contains(&memory_kib)
            && passes >= 1
            && work <= MAX_WORK_KIB;
        match is_bounded {
            true => Ok(Self { memory_kib, passes, lanes }),
            false => Err(KeyFileError::Cost { memory_kib, passes, lanes }),
        }
    }

    /// Memory, in KiB.
    pub(super) fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub(super) fn passes(self) -> u32 {
        self.passes
    }

    /// Independent parts of the memory.
    pub(super) fn lanes(self) -> u32 {
        self.lanes
    }
}

/// What is public, and cannot change unnoticed by the owner of the passphrase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Whose key it is.
    pub address: Address,
    /// Whether a passphrase is needed.
    pub protected: bool,
    /// What it costs to try one.
    pub cost: Cost,
    /// Random, so that each file must be attacked by itself.
    pub salt: [u8; 16],
    /// Random.
    pub nonce: [u8; 24],
}

impl Header {
    /// What is authenticated along with the secret: every field, and what the text implies.
    pub(super) fn associated_data(&self) -> Vec<u8> {
        let Self { address, protected, cost, salt, nonce } = self;
        let all = (DOMAIN, VERSION, KDF, CIPHER, address.0, protected, cost, salt, nonce);
        // Writing numbers and bytes into memory has no way to fail.
        borsh::to_vec(&all).unwrap_or_default()
    }
}

/// A key file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyFile {
    /// What is public.
    pub header: Header,
    /// The secret under seal. Where there is no passphrase, it is as good as the secret itself.
    pub(super) sealed: [u8; SEALED_BYTES],
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { address, protected, .. } = &self.header;
        let mut shown = f.debug_struct("KeyFile");
        shown.field("address", address).field("protected", protected).finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Reads the content of a file.
    ///
    /// # Errors
    /// [`KeyFileError`] for everything but what [`Self::encode`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.len() > MAX_BYTES {
            return Err(KeyFileError::TooLong);
        }
        let wrong =
            |at: serde_json::Error| KeyFileError::Form { line: at.line(), column: at.column() };
        let VersionAlone { kusari_wallet: version } =
            serde_json::from_slice(bytes).map_err(wrong)?;
        if version != u64::from(VERSION) {
            return Err(KeyFileError::Version(version));
        }
        let form: Form = serde_json::from_slice(bytes).map_err(wrong)?;
        if form.kdf.name != KDF || form.cipher.name != CIPHER {
            return Err(KeyFileError::Algorithm);
        }
        let KdfForm { memory_kib, passes, lanes, salt, .. } = form.kdf;
        let file = Self {
            header: Header {
                address: form.address,
                protected: form.protected,
                cost: Cost::new(memory_kib, passes, lanes)?,
                salt: salt.0,
                nonce: form.cipher.nonce.0,
            },
            sealed: form.secret.0,
        };
        match file.encode().as_bytes() == bytes {
            true => Ok(file),
            false => Err(KeyFileError::Changed),
        }
    }

    /// The content of the file.
    #[must_use]
    pub fn encode(&self) -> String {
        let Header { address, protected, cost, salt, nonce } = self.header;
        let Cost { memory_kib, passes, lanes } = cost;
        let form = Form {
            kusari_wallet: VERSION,
            address,
            protected,
            kdf: KdfForm { name: KDF.into(), memory_kib, passes, lanes, salt: Hex(salt) },
            cipher: CipherForm { name: CIPHER.into(), nonce: Hex(nonce) },
            secret: Hex(self.sealed),
        };
        // Writing text and numbers into memory has no way to fail.
        let mut text = serde_json::to_string_pretty(&form).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// What every version has.
#[derive(Deserialize)]
struct VersionAlone {
    kusari_wallet: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    kusari_wallet: u32,
    address: Address,
    protected: bool,
    kdf: KdfForm,
    cipher: CipherForm,
    secret: Hex<SEALED_BYTES>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KdfForm {
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: Hex<16>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CipherForm {
    name: String,
    nonce: Hex<24>,
}

/// Bytes as lower-case hexadecimal digits.
struct Hex<const N: usize>([u8; N]);

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode_array(&text).map(Self);
        bytes.ok_or_else(|| serde::de::Error::custom("not so many hexadecimal digits"))
    }
}
