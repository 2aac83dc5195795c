//! The wallet: keys of this machine, each in a file of its own, and names for addresses.
//!
//! ```
//! use kusari_chain::ledger::{ChainSpec, UnsignedTransaction};
//! use kusari_wallet::{UnlockedWallet, payload_of};
//!
//! // `kusari_wallet::ensure` keeps one in a file.
//! let wallet = UnlockedWallet::forgotten()?;
//! let payload = payload_of("hello")?;
//! let record = UnsignedTransaction::record(wallet.address().0, 0, 0, &payload);
//! let signed = wallet.sign(&record, &ChainSpec::ledger().chain_id())?;
//! assert_eq!(signed.sender, wallet.address().0);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Owns `wallet/` and `addresses.toml` in the data directory, and every secret of the program: they
//! are overwritten when they are dropped, shown by no `Debug`, and leave by `words` alone. Signs
//! what it is given; whether that is wise, and what a chain makes of it, is up to the caller.
//!
//! [`Wallet`] is the public part of a key file: its address, to which a node can mine while
//! the wallet is locked. [`Wallet::unlock`] takes the passphrase and makes an [`UnlockedWallet`].

pub mod key_file;
mod labels;
mod name;
pub mod passphrase;
mod payload;
mod phrase;
mod seal;

use core::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use kusari_chain::ledger::{
    Address, ChainId, PublicKey, Signature, SignedTransaction, UnsignedTransaction,
};
use zeroize::Zeroizing;

use key_file::{Cost, KeyFile, KeyFileError, MAX_BYTES};
use kusari_files::{Readers, SecretFileError};
use passphrase::{Passphrase, PassphraseError, Purpose, Source};
use seal::SealError;

pub use kusari_files::FileError;
pub use labels::{AddressBook, LabelError};
pub use name::{NameError, WalletName};
pub use payload::payload_of;
pub use phrase::{MAX_PHRASE_BYTES, Phrase, PhraseError};

/// The directory of key files in the data directory.
const DIRECTORY: &str = "wallet";

/// What the name of a key file ends with.
const EXTENSION: &str = "json";

/// Why a wallet does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// No such file.
    #[error("there is no wallet at {}; `kusari wallet new` makes one", .file.display())]
    Missing {
        /// Where it was looked for.
        file: PathBuf,
    },
    /// A key must not be lost by a slip of the finger.
    #[error("there is a wallet at {} already; choose another name, or move it away", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The system refuses.
    #[error(
        "the wallet {} cannot be read ({source}); {}",
        .file.display(), kusari_files::remedy(kusari_files::directory_of(.file), "see to its permissions")
    )]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Every user could read it.
    #[error(
        "the wallet {} is open to every user of this machine; `chmod 600` it, and move what it \
         holds to a new wallet if others may have read it",
        .file.display()
    )]
    Open {
        /// The file.
        file: PathBuf,
    },
    /// No key file.
    #[error(
        "the wallet {} cannot be used: {source}; restore it from a copy, or from its words with \
         `kusari wallet import`",
        .file.display()
    )]
    Bad {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: KeyFileError,
    },
    /// It needs a passphrase, and this is not it.
    #[error(
        "the wallet {} does not open: the passphrase is wrong, or the file was changed; try again, \
         or restore the wallet from its words with `kusari wallet import`",
        .file.display()
    )]
    Locked {
        /// The file.
        file: PathBuf,
    },
    /// It needs none, and does not open.
    #[error(
        "the wallet {} was changed; restore it from a copy, or from its words with `kusari wallet \
         import`",
        .file.display()
    )]
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// Trying a passphrase takes memory by intent.
    #[error(
        "there is not enough free memory to try a passphrase; end other programs, then try again"
    )]
    Memory,
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers for a key ({0}); look at its limits")]
    Chance(getrandom::Error),
    /// It cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
}

/// A transaction of another sender was to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction is sent by {sender} and this wallet is {own}; choose the sender's wallet")]
pub struct OtherSender {
    /// Who sends it.
    pub sender: Address,
    /// Whose wallet it is.
    pub own: Address,
}

/// Where the wallet is that is meant where none is named.
#[must_use]
pub fn default_path(data_directory: &Path) -> PathBuf {
    path_of(data_directory, &WalletName::default())
}

/// Where the wallet of a name is.
#[must_use]
pub fn path_of(data_directory: &Path, name: &WalletName) -> PathBuf {
    data_directory.join(DIRECTORY).join(format!("{name}.{EXTENSION}"))
}

/// A wallet of a data directory by its name, or why it cannot be read.
pub type Found = (WalletName, Result<Wallet, WalletError>);

/// Every wallet of a data directory, or why it cannot be read, by name. Other files are passed over.
///
/// # Errors
/// [`WalletError::Unreadable`] where the directory cannot be read; one that is not there is empty.
pub fn list(data_directory: &Path) -> Result<Vec<Found>, WalletError> {
    let directory = data_directory.join(DIRECTORY);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(WalletError::Unreadable { file: directory, source }),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry =
            entry.map_err(|source| WalletError::Unreadable { file: directory.clone(), source })?;
        let file = PathBuf::from(entry.file_name());
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        let is_ours = file.extension().is_some_and(|extension| extension == EXTENSION);
        if let Some(name) = stem.filter(|_| is_ours).and_then(|stem| stem.parse().ok()) {
            let wallet = Wallet::open(&path_of(data_directory, &name));
            found.push((name, wallet));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

/// Makes a wallet of a phrase. It is durable when this returns.
///
/// # Errors
/// [`WalletError::Exists`] where there is one already; see the others there.
pub fn create(
    path: &Path,
    phrase: &Phrase,
    passphrase: &Passphrase,
) -> Result<Wallet, WalletError> {
    create_at_cost(path, phrase, passphrase, Cost::USUAL)
}

fn create_at_cost(
    path: &Path,
    phrase: &Phrase,
    passphrase: &Passphrase,
    cost: Cost,
) -> Result<Wallet, WalletError> {
    let content =
        seal::seal(phrase, passphrase, cost).map_err(|error| failed(error, path, true))?;
    if let Some(directory) = path.parent() {
        kusari_files::create_directory_within(directory)
            .map_err(FileError::unwritable(directory))?;
    }
    let text = Zeroizing::new(content.encode());
    kusari_files::write_new(path, text.as_bytes(), Readers::DirectoryOwner).map_err(|error| {
        match error {
            FileError::Exists { file } => WalletError::Exists { file },
            error => error.into(),
        }
    })?;
    Ok(Wallet { path: path.into(), content })
}

/// The wallet that is meant where none is named, and whether it was made just now: what a node does
/// at its first start. No user is asked; without a passphrase from `source` it gets none.
///
/// # Errors
/// [`WalletError`] where there is none and none can be made, or the one there is cannot be read.
pub fn ensure(data_directory: &Path, source: &Source) -> Result<(Wallet, bool), WalletError> {
    let path = default_path(data_directory);
    match Wallet::open(&path) {
        Err(WalletError::Missing { .. }) => {}
        found => return found.map(|wallet| (wallet, false)),
    }
    let passphrase = match source.is_given() {
        true => passphrase::obtain(source, Purpose::Protect, "the new wallet")?,
        false => Passphrase::default(),
    };
    let phrase = Phrase::random().map_err(WalletError::Chance)?;
    match create(&path, &phrase, &passphrase) {
        Ok(wallet) => Ok((wallet, true)),
        // Another process made one meanwhile.
        Err(WalletError::Exists { .. }) => Ok((Wallet::open(&path)?, false)),
        Err(error) => Err(error),
    }
}

fn failed(error: SealError, path: &Path, protected: bool) -> WalletError {
    match error {
        SealError::Refused if protected => WalletError::Locked { file: path.into() },
        SealError::Refused => WalletError::Changed { file: path.into() },
        SealError::Memory => WalletError::Memory,
        SealError::Chance(error) => WalletError::Chance(error),
    }
}

/// The public part of a wallet.
#[derive(Clone, Debug)]
pub struct Wallet {
    path: PathBuf,
    content: KeyFile,
}

impl Wallet {
    /// Reads a key file. Whether its secret belongs to its address shows when it is unlocked.
    ///
    /// # Errors
    /// [`WalletError::Missing`] where there is none; see the others there.
    pub fn open(path: &Path) -> Result<Self, WalletError> {
        let file = path.into();
        let bytes = kusari_files::read_secret(path, MAX_BYTES).map_err(|error| match error {
            SecretFileError::Open => WalletError::Open { file },
            SecretFileError::Unreadable(source) if source.kind() == io::ErrorKind::NotFound => {
                WalletError::Missing { file }
            }
            SecretFileError::Unreadable(source) => WalletError::Unreadable { file, source },
        })?;
        match KeyFile::parse(&bytes) {
            Ok(content) => Ok(Self { path: path.into(), content }),
            Err(source) => Err(WalletError::Bad { file: path.into(), source }),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is paid.
    #[must_use]
    pub fn address(&self) -> Address {
        self.content.header.address
    }

    /// Whether a passphrase is needed to unlock it.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.content.header.protected
    }

    /// Unlocks it. Takes a fraction of a second by intent, and 64 MiB, where it is protected; one
    /// that is not opens with any passphrase.
    ///
    /// # Errors
    /// [`WalletError::Locked`] where the passphrase is wrong.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<UnlockedWallet, WalletError> {
        let phrase = seal::open(&self.content, passphrase)
            .map_err(|error| failed(error, &self.path, self.is_protected()))?;
        let key = phrase.signing_key();
        Ok(UnlockedWallet { address: self.address(), phrase, key })
    }

    /// Unlocks it with a passphrase from `source`, which is asked only where one is needed.
    ///
    /// # Errors
    /// As [`Self::unlock`], and where there is no passphrase.
    pub fn unlock_from(&self, source: &Source) -> Result<UnlockedWallet, WalletError> {
        let passphrase = match self.is_protected() {
            true => {
                let name = self.path.display().to_string();
                passphrase::obtain(source, Purpose::Open, &name)?
            }
            false => Passphrase::default(),
        };
        self.unlock(&passphrase)
    }
}

/// A wallet that can sign, until it is dropped.
pub struct UnlockedWallet {
    address: Address,
    phrase: Phrase,
    key: Zeroizing<SigningKey>,
}

impl fmt::Debug for UnlockedWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockedWallet").field("address", &self.address).finish_non_exhaustive()
    }
}

impl UnlockedWallet {
    /// A new wallet that is in no file and is forgotten when it is dropped.
    ///
    /// # Errors
    /// [`WalletError::Chance`].
    pub fn forgotten() -> Result<Self, WalletError> {
        let phrase = Phrase::random().map_err(WalletError::Chance)?;
        let key = phrase.signing_key();
        let address = Address(PublicKey(VerificationKeyBytes::from(&*key).into()));
        Ok(Self { address, phrase, key })
    }

    /// Whose it is.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs a transaction of this wallet, for one chain.
    ///
    /// # Errors
    /// [`OtherSender`] where its sender is another account: no signature of ours would be valid.
    pub fn sign(
        &self,
        transaction: &UnsignedTransaction,
        chain: &ChainId,
    ) -> Result<SignedTransaction, OtherSender> {
        if transaction.sender != self.address.0 {
            return Err(OtherSender { sender: Address(transaction.sender), own: self.address });
        }
        Ok(transaction.signed(self.sign_bytes(&transaction.signing_bytes(chain))))
    }

    /// Signs bytes that begin with what they are for, as each statement of the protocol does.
    #[must_use]
    pub fn sign_bytes(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message).to_bytes())
    }

    /// The words that restore it: the secret itself.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        self.phrase.words()
    }
}

#[cfg(test)]
mod tests;
