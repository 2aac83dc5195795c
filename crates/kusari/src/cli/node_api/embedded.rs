//! A node whose store this process reads: the one that runs here, or one that does not run.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use kusari_api::views;
use kusari_api_types::branches::{AcceptReceipt, BranchList, in_best_chain, no_branch};
use kusari_api_types::problem::too_many_addresses;
use kusari_api_types::{
    AccountReport, BanList, BlockReport, ConnectReceipt, DisconnectReceipt, PeerList, Status,
    UnbanReceipt, WhySubject, WitnessList,
};
use kusari_chain::ledger::Address;
use kusari_chain::{BlockHash, WholeBlock};
use kusari_miner::measure::this_machine;
use kusari_node::interface::{
    AccountState, BranchRefusal, Disconnected, NoLedger, Request, TooManyAddresses, request,
};
use kusari_node::{PeerAddress, Snapshot};
use kusari_runtime::offline::Offline;
use kusari_runtime::witness_key::WitnessKey;
use kusari_runtime::{NodeHandle, unix_time};
use kusari_store::event_log::{Prefix, Subject};
use kusari_store::{Resolved, Store};

use super::NodeApi;
use crate::cli::failure::{Result, failed};
use crate::cli::witnessing::Witnessing;

/// Bytes of canonical lines, near which a page of blocks ends earlier.
const PAGE_BYTES: usize = 1024 * 1024;

/// What is said where the chain knows no accounts.
pub(crate) const NO_LEDGER: &str = "this is the classic chain, which has no accounts and no witnesses; start \
                                    a node with `--chain ledger`, or name the data directory of a ledger";

/// A node whose store this process has open.
pub(crate) struct EmbeddedNode {
    pub(crate) store: Store,
    /// `None` for a chain in memory.
    pub(crate) directory: Option<PathBuf>,
    /// The node, and where it takes connections; without it none can start until this is dropped.
    pub(crate) running: Option<(NodeHandle, SocketAddr)>,
}

impl EmbeddedNode {
    fn witness_key(&self) -> Result<Option<WitnessKey>> {
        let key = self.directory.as_deref().map(WitnessKey::open).transpose()?;
        Ok(key.flatten())
    }

    /// The node as it would start, without network and miner.
    fn offline(&self) -> Result<Offline> {
        // Where the key cannot be used, `witnesses` and the next start say so.
        let key = self.witness_key().ok().flatten();
        let witnesses = Witnessing::default().config(key.as_ref());
        Ok(Offline::open_as(self.store.clone(), witnesses)?)
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>> {
        Ok(match &self.running {
            Some((node, _)) => node.snapshot(),
            None => Arc::new(self.offline()?.snapshot()),
        })
    }

    /// What only a node with connections can do.
    fn of_node<T>(&self, request: Request<T>) -> Result<T> {
        match &self.running {
            Some((node, _)) => Ok(node.command(request)?),
            None => Err(failed!("no node runs there, so there are no connections; start one")),
        }
    }

    fn command<T>(&self, request: Request<T>) -> Result<T> {
        match &self.running {
            Some((node, _)) => Ok(node.command(request)?),
            None => Ok(self.offline()?.command(request)?),
        }
    }
}

impl NodeApi for EmbeddedNode {
    fn as_dyn(&self) -> &dyn NodeApi {
        self
    }

    fn status(&self) -> Result<Status> {
        let recent = self.store.recent_work(unix_time())?;
        let listen = self.running.as_ref().map(|(_, listen)| *listen);
        let directory = self.directory.as_ref().map(|path| path.to_string_lossy().into_owned());
        let status = Status::new(&*self.snapshot()?, listen, directory);
        let machine_rate = self.running.as_ref().map(|_| this_machine() as u64);
        Ok(views::with_recent_work(Status { machine_rate, ..status }, recent))
    }

    fn height(&self) -> Result<u32> {
        Ok(self.store.last_sound()?.height)
    }

    fn peers(&self) -> Result<PeerList> {
        Ok(PeerList::new(&*self.snapshot()?))
    }

    fn connect(&self, address: &PeerAddress) -> Result<ConnectReceipt> {
        match self.of_node(request::connect(address.clone()))? {
            Ok(already_dialled) => {
                Ok(ConnectReceipt { address: address.to_string(), already_dialled })
            }
            Err(TooManyAddresses { limit }) => Err(failed!("{}", too_many_addresses(limit).detail)),
        }
    }

    fn disconnect(&self, address: &PeerAddress) -> Result<DisconnectReceipt> {
        let Disconnected { dialled, connections } =
            self.of_node(request::disconnect(address.clone()))?;
        Ok(DisconnectReceipt { address: address.to_string(), dialled, connections })
    }

    fn bans(&self) -> Result<BanList> {
        Ok(BanList { bans: self.of_node(request::bans())? })
    }

    fn unban(&self, host: IpAddr) -> Result<UnbanReceipt> {
        let was_banned = self.of_node(request::unban(host))?;
        Ok(UnbanReceipt { host: host.to_string(), was_banned })
    }

    fn beginning_so(&self, prefix: &Prefix) -> Result<WhySubject> {
        let subject = Subject::Prefix(prefix.clone());
        match self.store.story(&subject)? {
            Resolved::One(story) => Ok(views::story(&subject, *story).subject),
            unresolved => Err(unresolved.in_words().unwrap_or_default().into()),
        }
    }

    fn block_at(&self, height: u32) -> Result<Option<BlockReport>> {
        Ok(self.store.placed_at(height)?.map(views::block))
    }

    fn block_with(&self, hash: &BlockHash) -> Result<Option<BlockReport>> {
        Ok(self.store.placed(hash)?.map(views::block))
    }

    fn blocks(&self, from: u32, count: u32) -> Result<Vec<WholeBlock>> {
        Ok(self.store.page(from, count, PAGE_BYTES)?.blocks)
    }

    fn branches(&self) -> Result<BranchList> {
        Ok(BranchList::from(self.command(request::branches())?.as_ref()))
    }

    fn accept_branch(&self, hash: &BlockHash) -> Result<AcceptReceipt> {
        match self.command(request::accept_branch(*hash))? {
            Ok(accepted) => Ok(AcceptReceipt::from(accepted.as_ref())),
            Err(BranchRefusal::Unknown) => Err(no_branch(hash).into()),
            Err(BranchRefusal::InBestChain) => Err(in_best_chain(hash).into()),
        }
    }

    fn witnesses(&self) -> Result<WitnessList> {
        if self.running.is_none() {
            // Here it is said where the key cannot be used.
            self.witness_key()?;
        }
        let known = self.store.witnesses()?;
        let snapshot = self.snapshot()?;
        let summary = &snapshot.ledger.as_ref().ok_or(NO_LEDGER)?.witnesses;
        Ok(match self.running {
            Some(_) => views::witnesses(summary, &known),
            None => views::stored_witnesses(summary, &known),
        })
    }

    fn account(&self, address: &Address) -> Result<AccountReport> {
        let account = self.command(request::account(address.0))?;
        let AccountState { account, next_sequence } = account.map_err(|NoLedger| NO_LEDGER)?;
        Ok(AccountReport {
            address: *address,
            balance: account.balance,
            sequence: account.sequence,
            next_sequence,
        })
    }
}
