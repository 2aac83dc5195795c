//! The way from a subcommand to a node or its store.
//!
//! Owns the search: the lock on the data directory says whether a node runs there, and `node.json`
//! where its local API answers. Only where none runs is the store opened.

use std::io;
use std::path::{Path, PathBuf};

use super::choice::NodeChoice;
use super::failure::Failure;
use super::places;
use super::settings::UsageError;
use kusari_api_types::Status;
use kusari_api_types::Token;
use kusari_client::{Client, ClientError, read_node_file, read_token};
use kusari_store::{OpenError, Store, UNKNOWN_HOLDER, name_of};

/// What a subcommand works on.
#[derive(Debug)]
pub(crate) enum Access {
    /// A node runs; it is asked.
    Running(Client),
    /// None runs here; its store is open, and no node can start until this is dropped.
    Stored { store: Store, directory: PathBuf },
}

/// What came of looking for a node.
#[derive(Debug)]
pub(crate) enum Found<T> {
    /// One runs; it is asked.
    Running(Client),
    /// None runs, and this came of the directory.
    Alone(T),
}

/// Why a node that runs cannot be asked.
#[derive(Debug, thiserror::Error)]
enum Unasked {
    #[error(
        "the data directory {} is in use by {holder}, which tells no local API to ask; if it is a \
         node that is just starting or stopping, or another kusari command, try again in a moment",
        .directory.display()
    )]
    Untold { directory: PathBuf, holder: String },
    #[error(
        "the node that runs on {} has its local API turned off; start it without `--http off`, or \
         stop it first",
        .directory.display()
    )]
    Off { directory: PathBuf },
    #[error(
        "{} cannot be read ({source}); run this as the user who runs the node",
        .directory.join("node.json").display()
    )]
    Unreadable { directory: PathBuf, source: io::Error },
    #[error(
        "the data directory {} is in use by {holder}, and its local API does not answer ({error})",
        .directory.display()
    )]
    Silent { directory: PathBuf, holder: String, error: Box<ClientError> },
}

impl NodeChoice {
    /// Finds the node, or opens the store that is there. Creates nothing.
    pub(crate) fn open(&self) -> Result<Access, Failure> {
        self.find(Store::open_existing)
    }

    /// The same, and creates a classic store where there is none.
    pub(crate) fn open_or_create(&self) -> Result<Access, Failure> {
        self.find(|directory| match Store::open_existing(directory) {
            Err(OpenError::NoChain { .. }) => Store::open(directory),
            // Of whatever chain it is.
            opened => opened,
        })
    }

    fn find(&self, open: fn(&Path) -> Result<Store, OpenError>) -> Result<Access, Failure> {
        let opened = |directory: &Path| Ok((open(directory)?, directory.to_path_buf()));
        Ok(match self.ask_or(opened)? {
            Found::Running(client) => Access::Running(client),
            Found::Alone((store, directory)) => Access::Stored { store, directory },
        })
    }

    /// Finds the node, or does `alone` with the directory where none runs. `alone` takes the lock on
    /// the directory, and fails where it is taken.
    pub(crate) fn ask_or<T>(
        &self,
        alone: impl FnOnce(&Path) -> Result<T, OpenError>,
    ) -> Result<Found<T>, Failure> {
        if let Some(url) = &self.node {
            let token = self.token_file.as_deref().map(read_token).transpose();
            let client = Client::new(url, token.map_err(Failure::failed)?);
            return client.map(Found::Running).map_err(Failure::failed);
        }
        let directory = self.directory(places::data_directory().as_deref())?;
        let directory = std::path::absolute(directory).map_err(Failure::failed)?;
        match alone(&directory) {
            Ok(result) => Ok(Found::Alone(result)),
            Err(OpenError::InUse { holder, .. }) => {
                running(directory, holder).map(Found::Running).map_err(Failure::failed)
            }
            Err(error) => Err(Failure::failed(error)),
        }
    }

    /// The node of the directory, where it answers after it was started again; without its token.
    /// Opens no store, which would keep the node from starting. `None` while none answers there, and
    /// where an address was named.
    pub(crate) fn find_again(&self) -> Option<Client> {
        if self.node.is_some() {
            return None;
        }
        let directory = self.directory(places::data_directory().as_deref()).ok()?;
        let directory = std::path::absolute(directory).ok()?;
        let http = read_node_file(&directory).ok()??.http?;
        let client = Client::new(&format!("http://{http}"), None).ok()?;
        // The file may have been left behind by a crash, and somebody else have the port now.
        let status = client.status().ok()?;
        is_of(&status, &directory).then_some(client)
    }

    /// The data directory whose wallets and labels are meant, whichever node is asked.
    pub(crate) fn directory_of_wallets(&self) -> Result<PathBuf, Failure> {
        let directory = self.directory(places::data_directory().as_deref())?;
        std::path::absolute(directory).map_err(Failure::failed)
    }

    /// The directory that is meant; `data_directory` is where programs keep their data.
    fn directory(&self, data_directory: Option<&Path>) -> Result<PathBuf, UsageError> {
        places::chosen(self.data_dir.as_deref(), self.port, data_directory)
    }
}

/// The node that holds the lock on `directory`.
fn running(directory: PathBuf, holder: String) -> Result<Client, Unasked> {
    let file = match read_node_file(&directory) {
        Ok(Some(file)) => file,
        Ok(None) => return Err(Unasked::Untold { directory, holder }),
        Err(source) => return Err(Unasked::Unreadable { directory, source }),
    };
    // The file was left behind by a crash. Somebody else may have the port now, and would be given
    // the token.
    if holder != UNKNOWN_HOLDER && holder != name_of(file.pid) {
        return Err(Unasked::Untold { directory, holder });
    }
    let Some(http) = file.http else { return Err(Unasked::Off { directory }) };
    let asked = Client::new(&format!("http://{http}"), None)
        .and_then(|client| client.status().map(|status| (client, status)));
    match asked {
        Ok((client, status)) if is_of(&status, &directory) => {
            Ok(client.with_token(Token::parse(&file.token)))
        }
        // The file was left behind by a crash, and another node has the port now.
        Ok(_) => Err(Unasked::Untold { directory, holder }),
        Err(error) => Err(Unasked::Silent { directory, holder, error: Box::new(error) }),
    }
}

/// Whether the node that answers is the one of this directory, by whatever name.
fn is_of(status: &Status, directory: &Path) -> bool {
    let Some(said) = &status.data_directory else { return false };
    let canonical = |path: &Path| path.canonicalize().ok();
    match (canonical(Path::new(said)), canonical(directory)) {
        (Some(said), Some(directory)) => said == directory,
        // A name that is not Unicode arrives changed.
        _ => *said == directory.to_string_lossy(),
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
