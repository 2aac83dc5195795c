//! The wallet of a node that runs: it signs the node's drafts, once it is unlocked.
//!
//! Owns the private key in memory, and that a slow passphrase holds nothing up. Which sequence a draft
//! gets is up to the node.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kusari_chain::ledger::{Address, ChainId};
use kusari_chain::mempool::CheckedTransaction;
use kusari_node::drafts::{DraftToSign, SigningAccount};
use kusari_node::interface::{SignedDraft, WrittenTransaction};

use kusari_wallet::passphrase::{Passphrase, Source};
use kusari_wallet::{UnlockedWallet, Wallet, WalletError, ensure, payload_of};

/// The wallet of a running node. Copies share one lock.
#[derive(Clone)]
pub struct NodeWallet {
    address: Address,
    /// `None` where it is in no file.
    wallet: Option<Wallet>,
    unlocked: Arc<Mutex<Option<Arc<UnlockedWallet>>>>,
}

impl NodeWallet {
    /// Opens the default wallet of a data directory, or makes one there, which the answer says. It is
    /// unlocked where it has no passphrase, or the source has one.
    ///
    /// # Errors
    /// [`WalletError`] where the file cannot be used, or the passphrase is wrong.
    pub fn open(directory: &Path, source: &Source) -> Result<(Self, bool), WalletError> {
        let (wallet, made) = ensure(directory, source)?;
        // Where a passphrase is at hand, a wrong one shows now and not at the first draft.
        let unlocked = match !wallet.is_protected() || source.is_given() {
            true => Some(Arc::new(wallet.unlock_from(source)?)),
            false => None,
        };
        let (address, unlocked) = (wallet.address(), Arc::new(Mutex::new(unlocked)));
        Ok((Self { address, wallet: Some(wallet), unlocked }, made))
    }

    /// A wallet that is forgotten at the end, as the chain in memory is that it goes with.
    ///
    /// # Errors
    /// [`WalletError`] where the operating system gives no random numbers.
    pub fn forgotten() -> Result<Self, WalletError> {
        let unlocked = UnlockedWallet::forgotten()?;
        let address = unlocked.address();
        Ok(Self { address, wallet: None, unlocked: Arc::new(Mutex::new(Some(Arc::new(unlocked)))) })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// Where its file is, if it has one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.wallet.as_ref().map(Wallet::path)
    }

    /// What the node is told of it.
    #[must_use]
    pub fn account(&self) -> SigningAccount {
        SigningAccount { key: self.address.0, unlocked: self.unlocked().is_some() }
    }

    fn unlocked(&self) -> Option<Arc<UnlockedWallet>> {
        // Nothing panics while it holds the lock.
        self.unlocked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_unlocked(&self, unlocked: UnlockedWallet) {
        let mut lock = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        *lock = Some(Arc::new(unlocked));
    }

    /// Unlocks it. Takes a second or so, in which drafts of others are signed as before.
    ///
    /// # Errors
    /// [`WalletError`] where the passphrase is wrong.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<(), WalletError> {
        if let (Some(wallet), None) = (&self.wallet, self.unlocked()) {
            self.set_unlocked(wallet.unlock(passphrase)?);
        }
        Ok(())
    }

    /// The same with a passphrase from a source, which may ask at the terminal.
    ///
    /// # Errors
    /// [`WalletError`] where there is none, or it is wrong.
    pub fn unlock_from(&self, source: &Source) -> Result<(), WalletError> {
        if let (Some(wallet), None) = (&self.wallet, self.unlocked()) {
            self.set_unlocked(wallet.unlock_from(source)?);
        }
        Ok(())
    }

    /// Signs drafts, each in some twenty microseconds. What is missing in the answer could not be
    /// signed: the wallet is locked, or there are no random numbers.
    pub(crate) fn sign(&self, drafts: Vec<DraftToSign>, chain: &ChainId) -> Vec<SignedDraft> {
        let Some(wallet) = self.unlocked() else { return Vec::new() };
        let signed = drafts.into_iter().map_while(|DraftToSign { entry, sequence, draft }| {
            let payload = draft.text().map(payload_of).transpose().ok()?;
            let unsigned = draft.unsigned(sequence, payload.as_ref());
            let signed = wallet.sign(&unsigned, chain).ok()?;
            let checked = CheckedTransaction::check_unsigned(signed, payload).ok()?;
            Some(SignedDraft { entry, transaction: WrittenTransaction(checked) })
        });
        signed.collect()
    }
}
