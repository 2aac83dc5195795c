//! Addresses: public keys as people write them.
//!
//! Owns the form, bech32m with the prefix `ks`, which finds every single mistyped character and
//! nearly every other mistake.

use core::fmt;
use core::str::FromStr;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};

use super::keys::PublicKey;
use crate::prelude::*;

/// What every address begins with, before the separator `1`.
const PREFIX: Hrp = Hrp::parse_unchecked("ks");

/// The address of an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub PublicKey);

crate::bytes::described!(
    Address,
    "The address of an account, which is its key in bech32m with the prefix `ks`.",
    "^(ks1[02-9ac-hj-np-z]{58}|KS1[02-9AC-HJ-NP-Z]{58})$",
    "ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3"
);

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not bech32m, or a character is wrong.
    #[error("{text:?} is not an address ({reason}): copy it again, a character may be wrong")]
    Damaged {
        /// What was given, at most 100 characters.
        text: String,
        /// What the reader says.
        reason: String,
    },
    /// Another network's.
    #[error("{prefix:?} addresses are not of this program: an address here begins with `ks1`")]
    OtherPrefix {
        /// What it begins with.
        prefix: String,
    },
    /// The content is not a public key.
    #[error("the address carries {bytes} bytes where a public key has 32")]
    WrongLength {
        /// Bytes in it.
        bytes: usize,
    },
    /// No key could ever spend from it, or every key could.
    #[error("the address names no key that somebody can sign with: whatever goes there is lost")]
    UnusableKey,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let damaged = |reason: String| AddressError::Damaged {
            text: text.chars().take(100).collect(),
            reason,
        };
        let parsed =
            CheckedHrpstring::new::<Bech32m>(text).map_err(|error| damaged(error.to_string()))?;
        if parsed.hrp() != PREFIX {
            return Err(AddressError::OtherPrefix { prefix: parsed.hrp().to_lowercase() });
        }
        let mut key = [0; 32];
        let mut bytes = 0;
        for byte in parsed.byte_iter() {
            if let Some(place) = key.get_mut(bytes) {
                *place = byte;
            }
            bytes += 1;
        }
        if bytes != key.len() {
            return Err(AddressError::WrongLength { bytes });
        }
        let key = PublicKey(key);
        if !key.is_usable() {
            return Err(AddressError::UnusableKey);
        }
        let address = Self(key);
        // The last character holds bits of no byte; they are zero in the one form that counts.
        if !text.eq_ignore_ascii_case(&address.to_string()) {
            return Err(damaged(String::from("its last bits are not zero")));
        }
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_to_fmt::<Bech32m, _>(f, PREFIX, &self.0.0).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
