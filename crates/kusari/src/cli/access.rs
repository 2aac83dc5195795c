//! The way from a subcommand to a node or its store.
//!
//! Owns the search: the lock on the data directory says whether a node runs there, and `node.json`
//! where its local API answers. Only where none runs is the store opened.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::data_directories;
use super::ephemeral;
use super::escape::shown;
use super::failure::{Result, UsageError, failed};
use super::node_api::{EmbeddedNode, NodeApi};
use super::node_choice::{NodeChoice, Query};
use super::stdout::show;
use kusari_api_types::{NodeFile, Status, Token};
use kusari_chain::ledger::Address;
use kusari_client::{Client, read_node_file, read_token};
use kusari_store::{OpenError, Store, UNKNOWN_HOLDER, holder_of_directory, name_of};
use kusari_wallet::AddressBook;

/// What a subcommand works on.
pub(crate) enum Access<T = EmbeddedNode> {
    /// A node runs; it is asked.
    Running(Client),
    /// None runs here, and this came of the directory.
    Stored(T),
}

impl Access {
    pub(crate) fn api(&self) -> &dyn NodeApi {
        match self {
            Self::Running(client) => client,
            Self::Stored(node) => node,
        }
    }
}

impl NodeChoice {
    /// Finds the node, or opens the store that is there. Creates nothing.
    pub(crate) fn open(&self) -> Result<Access> {
        self.find(Store::open_existing)
    }

    /// The same, and creates a classic store where there is none.
    pub(crate) fn open_or_create(&self) -> Result<Access> {
        self.find(|directory| match Store::open_existing(directory) {
            Err(OpenError::NoChain { .. }) => Store::open(directory),
            // Of whatever chain it is.
            opened => opened,
        })
    }

    fn find(&self, open: fn(&Path) -> Result<Store, OpenError>) -> Result<Access> {
        self.ask_or(|directory| {
            Ok(EmbeddedNode {
                store: open(directory)?,
                directory: Some(directory.to_path_buf()),
                running: None,
            })
        })
    }

    /// Finds the node that runs. `otherwise` says what to do where none does.
    pub(crate) fn running(&self, otherwise: impl FnOnce(&Path) -> String) -> Result<Client> {
        match self.open()? {
            Access::Running(client) => Ok(client),
            Access::Stored(node) => Err(otherwise(&node.directory.unwrap_or_default()).into()),
        }
    }

    /// The node that runs and keeps a ledger: one of the classic chain says so itself.
    pub(crate) fn ledger(&self) -> Result<Client> {
        self.running(|_| {
            String::from(
                "no node runs that would take this; start one, as in `kusari --listen 8080 --chain \
                 ledger`",
            )
        })
    }

    /// An address, or the label of one in the address book of this data directory.
    pub(crate) fn resolve(&self, text: &str) -> Result<Address> {
        Ok(AddressBook::open(&self.directory_of_wallets()?)?.resolve(text)?)
    }

    /// Finds the node, or does `alone` with the directory where none runs. `alone` takes the lock on
    /// the directory, and fails where it is taken.
    pub(crate) fn ask_or<T>(
        &self,
        alone: impl FnOnce(&Path) -> Result<T, OpenError>,
    ) -> Result<Access<T>> {
        if let Some(url) = &self.node {
            let token = self.token_file.as_deref().map(read_token).transpose()?;
            let client = Client::new(url, token)?;
            client.see_alive()?;
            return Ok(Access::Running(client));
        }
        let directory = self.directory_of_wallets()?;
        if ephemeral::is_one(&directory) {
            let holder = holder_of_directory(&directory).ok_or_else(|| {
                failed!("the node in memory that was reached by {} is gone", shown(&directory))
            })?;
            return Ok(Access::Running(running(&directory, &holder)?));
        }
        match alone(&directory) {
            Ok(result) => Ok(Access::Stored(result)),
            Err(OpenError::InUse { holder, .. }) => {
                Ok(Access::Running(running(&directory, &holder)?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The node of the directory, where it answers after it was started again; without its token.
    /// Opens no store, which would keep the node from starting. `None` while none answers there, and
    /// where an address was named.
    pub(crate) fn find_again(&self) -> Option<Client> {
        if self.node.is_some() {
            return None;
        }
        let directory = self.directory_of_wallets().ok()?;
        let file = read_node_file(&directory).ok()??;
        let client = Client::new(&format!("http://{}", file.http?), None).ok()?;
        // The file may have been left behind by a crash, and another program have the port now.
        let status = client.status().ok()?;
        is_of(&status, &directory, &file).then_some(client)
    }

    /// The data directory whose wallets and labels are meant, whichever node is asked.
    pub(crate) fn directory_of_wallets(&self) -> Result<PathBuf> {
        let directory = self.directory(data_directories::data_directory().as_deref())?;
        Ok(std::path::absolute(directory)?)
    }

    /// The directory that is meant; `data_directory` is where programs keep their data.
    fn directory(&self, data_directory: Option<&Path>) -> Result<PathBuf, UsageError> {
        data_directories::chosen(self.data_dir.as_deref(), self.port, data_directory)
    }
}

/// The node that holds the lock on `directory`.
fn running(directory: &Path, holder: &str) -> Result<Client> {
    let place = directory.display();
    let untold = || {
        failed!(
            "the data directory {place} is in use by {holder}, which tells no local API to ask; if it is a \
             node that is just starting or stopping, or another kusari command, try again in a moment"
        )
    };
    let file = read_node_file(directory).map_err(|error| {
        let file = directory.join(NodeFile::NAME);
        failed!(
            "{} cannot be read ({error}); run this as the user who runs the node",
            file.display()
        )
    })?;
    // The file may have been left behind by a crash. Another program may have the port now, and would be
    // given the token.
    let is_of_holder = |file: &NodeFile| holder == UNKNOWN_HOLDER || holder == name_of(file.pid);
    let file = file.filter(is_of_holder).ok_or_else(untold)?;
    let http = file.http.ok_or_else(|| {
        failed!(
            "the node that runs on {place} has its local API turned off; start it without `--http off`, or \
             stop it first"
        )
    })?;
    let client = Client::new(&format!("http://{http}"), None)?;
    match client.see_alive().and_then(|()| client.status()) {
        Ok(status) if is_of(&status, directory, &file) => {
            Ok(client.with_token(Token::parse(&file.token)))
        }
        // Left behind by a crash, and another node has the port now.
        Ok(_) => Err(untold()),
        Err(error) => Err(failed!(
            "the data directory {place} is in use by {holder}, and its local API does not answer ({error})"
        )),
    }
}

/// Whether the node that answers is the one of this directory, by whatever name.
fn is_of(status: &Status, directory: &Path, file: &NodeFile) -> bool {
    let Some(said) = &status.data_directory else {
        return ephemeral::is_one(directory) && status.listen == Some(file.listen);
    };
    let canonical = |path: &Path| path.canonicalize().ok();
    match (canonical(Path::new(said)), canonical(directory)) {
        (Some(said), Some(directory)) => said == directory,
        // A name that is not Unicode arrives changed.
        _ => *said == directory.to_string_lossy(),
    }
}

impl Query {
    /// Asks the node, or the store of one that does not run, and prints the answer.
    pub(crate) fn show<T: Serialize>(
        &self,
        ask: impl FnOnce(&dyn NodeApi) -> Result<T>,
        words: impl FnOnce(&T) -> String,
    ) -> Result {
        let access = self.node.open()?;
        show(self.json, &ask(access.api())?, words)
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
