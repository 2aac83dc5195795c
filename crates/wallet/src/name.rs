//! Names of wallets, which are names of files too.

use core::fmt;
use core::str::FromStr;

/// Longest name, in characters.
const MAX_CHARACTERS: usize = 32;

/// The name of a wallet: on every file system one file, and never another place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WalletName(String);

/// Why a text is no name of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a wallet is named by 1 to 32 of the characters a to z, 0 to 9, `-` and `_`, and begins with a \
     letter or a digit"
)]
pub struct NameError;

impl FromStr for WalletName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= MAX_CHARACTERS
            && text.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'_')
            && text.bytes().next().is_some_and(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(NameError) }
    }
}

impl Default for WalletName {
    /// The wallet that is meant where none is named.
    fn default() -> Self {
        Self(String::from("default"))
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
