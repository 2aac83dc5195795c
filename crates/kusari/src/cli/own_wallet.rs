//! The wallet of a node that runs here: what is said of it at the start, and when a person is asked for
//! its passphrase.
//!
//! Owns words. The secret is [`NodeWallet`]'s, and what is signed is up to the node.

use std::path::Path;

use super::escape::{Plain, shown};
use super::screen::Screen;
use super::words::Message;
use kusari_runtime::{NodeHandle, NodeWallet};
use kusari_wallet::WalletError;
use kusari_wallet::passphrase::Source;

/// Opens the wallet in a data directory, or makes one there; without a directory, one that is forgotten
/// at the end. Returns what a person should know.
pub(crate) fn open(
    directory: Option<&Path>,
    passphrase: Option<&Path>,
) -> Result<(NodeWallet, Vec<Message>), WalletError> {
    let Some(directory) = directory else {
        let wallet = NodeWallet::forgotten()?;
        let said = Message::routine(format!("Wallet: {}, forgotten at the end", wallet.address()));
        return Ok((wallet, vec![said]));
    };
    let (wallet, made) = NodeWallet::open(directory, &Source::silent(passphrase))?;
    let mut said = vec![Message::routine(format!("Wallet: {}", wallet.address()))];
    if let Some(file) = wallet.path().filter(|_| made) {
        said.push(Message::answer(format!(
            "A new wallet is in {}: write down its words (`kusari wallet export --data-dir {}`), \
             without which nobody can restore it",
            shown(file),
            shown(directory)
        )));
    } else if !wallet.account().unlocked {
        said.push(Message::routine(
            "The wallet is locked; it is asked for when it must sign, at the prompt or by `kusari wallet \
             unlock`",
        ));
    }
    Ok((wallet, said))
}

/// Asks the person at the terminal for the passphrase of a locked wallet, and tells the node that its
/// drafts can be signed.
pub(crate) fn ask_to_unlock(wallet: &NodeWallet, node: &NodeHandle, screen: &Screen) {
    if wallet.account().unlocked {
        return;
    }
    match wallet.unlock_from(&Source::new(None)) {
        Ok(()) => node.wallet_changed(wallet.account()),
        Err(error) => screen.say(Message::warning(format!(
            "The wallet stays locked: {}",
            Plain(&error.to_string())
        ))),
    }
}
