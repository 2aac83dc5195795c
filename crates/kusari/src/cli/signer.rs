//! The wallet of a node that runs: what is typed at its prompt, or comes through its pipe, is signed
//! here.
//!
//! Owns the wallet while the node runs, and when a locked one is opened: at the start where a
//! passphrase is at hand, else when something must be signed. Knows nothing of the chain but its id
//! and its least fee.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kusari_chain::ledger::{Address, ChainId, ChainSpec, PublicKey, Txid};

use super::words::Said;
use crate::api::{Recorder, RecorderRefusal};
use crate::runtime::{NodeHandle, Stopped};
use crate::signing::{self, Draft, Unsent};
use crate::wallet::passphrase::Source;
use crate::wallet::{self, UnlockedWallet, Wallet, WalletError};

/// What a prompt or a pipe signs with.
#[derive(Clone)]
pub(crate) struct Signer {
    address: Address,
    /// `None` where it is in no file.
    wallet: Option<Wallet>,
    chain: ChainId,
    fee: u64,
    unlocked: Arc<Mutex<Option<Arc<UnlockedWallet>>>>,
}

impl Signer {
    /// Opens the wallet in a data directory, or makes one there. Returns what a person should know.
    pub(crate) fn open(
        directory: &Path,
        spec: &ChainSpec,
        passphrase: Option<&Path>,
    ) -> Result<(Self, Vec<Said>), WalletError> {
        let source = Source::silent(passphrase);
        let (wallet, made) = wallet::ensure(directory, &source)?;
        // Where a passphrase is at hand, a wrong one shows now and not at the first line.
        let unlocked = match !wallet.is_protected() || source.is_given() {
            true => Some(Arc::new(wallet.unlock_from(&source)?)),
            false => None,
        };
        let mut said = vec![Said::routine(format!("Wallet: {}", wallet.address()))];
        if made {
            let file = super::escape::Plain(&wallet.path().display().to_string()).to_string();
            said.push(Said::answer(format!(
                "A new wallet is in {file}: write down its words (`kusari wallet export \
                 --data-dir {}`), without which nobody can restore it",
                super::escape::Plain(&directory.display().to_string())
            )));
        } else if unlocked.is_none() {
            said.push(Said::routine("The wallet is locked; it is asked for when it must sign"));
        }
        let (chain, fee) = (spec.chain_id(), spec.min_fee);
        let (address, unlocked) = (wallet.address(), Arc::new(Mutex::new(unlocked)));
        Ok((Self { address, wallet: Some(wallet), chain, fee, unlocked }, said))
    }

    /// A wallet that is forgotten at the end, as the chain in memory is that it goes with.
    pub(crate) fn forgotten(spec: &ChainSpec) -> Result<(Self, Vec<Said>), WalletError> {
        let unlocked = UnlockedWallet::forgotten()?;
        let (address, chain, fee) = (unlocked.address(), spec.chain_id(), spec.min_fee);
        let unlocked = Arc::new(Mutex::new(Some(Arc::new(unlocked))));
        let said = vec![Said::routine(format!("Wallet: {address}, forgotten at the end"))];
        Ok((Self { address, wallet: None, chain, fee, unlocked }, said))
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// Who gets the reward of blocks that are mined here.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.address.0
    }

    /// Signs a draft and has the node take it. A person at a terminal is asked for a passphrase
    /// that is missing.
    pub(crate) fn send(&self, node: &NodeHandle, draft: &Draft) -> Result<Txid, Unsent<Stopped>> {
        let unlocked = self.unlocked().map_err(|error| Unsent::Refused(error.to_string()))?;
        signing::send(node, &self.chain, &unlocked, draft, self.fee)
    }

    /// The same for whoever asks elsewhere than at the terminal: a locked wallet stays locked.
    pub(crate) fn into_recorder(self) -> Recorder {
        Arc::new(move |node, text| {
            let unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let unlocked = unlocked.ok_or(RecorderRefusal::Locked)?;
            let sent = signing::send(node, &self.chain, &unlocked, &Draft::Record(text), self.fee);
            sent.map_err(|unsent| match unsent {
                Unsent::Refused(why) => RecorderRefusal::Refused(why),
                Unsent::Node(Stopped) => RecorderRefusal::Stopped,
            })
        })
    }

    fn unlocked(&self) -> Result<Arc<UnlockedWallet>, WalletError> {
        // Nothing panics while it holds the lock.
        let mut unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wallet) = unlocked.as_ref() {
            return Ok(Arc::clone(wallet));
        }
        let wallet = match &self.wallet {
            Some(wallet) => wallet.unlock_from(&Source::new(None))?,
            // One that is in no file is never locked.
            None => UnlockedWallet::forgotten()?,
        };
        let wallet = Arc::new(wallet);
        *unlocked = Some(Arc::clone(&wallet));
        Ok(wallet)
    }
}
