//! The routes of `/v1` and of those who watch a node, and what their handlers share.
//!
//! Owns the way from a request to the node or its store. Store reads run on blocking threads, of
//! which there are few; commands are awaited.

mod audit;
mod backup;
mod batch;
mod blocks;
mod body;
mod branches;
mod browse;
mod document;
mod drafts;
mod events;
mod explorer;
mod ledger;
mod page;
mod parameters;
mod peers;
mod proofs;
mod records;
mod status;
mod wallet;
mod watch;
mod why;
mod witnesses;

#[cfg(test)]
pub(super) use self::events::HEARTBEAT;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router, middleware};
use kusari_chain::ledger::{Address, ChainSpec, Txid};
use kusari_chain::{BlockHash, StoreError, StoredBlock, Work};
#[cfg(not(test))]
use kusari_no_schema as openapi;
use kusari_node::interface::{NoLedger, Request, request};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, timeout};
#[cfg(test)]
use utoipa as openapi;

use self::body::Body;
use self::parameters::{Limit, Name, Named, Parsed, Query, Usage, parameters};
use super::events::EventFeed;
use super::guard::{AuthorisedWrite, TokenHolder, guard};
use super::mining::Meter;
use super::page_link::PageLinks;
use super::rate_limit::RateLimit;
use super::reply::{Answer, Refusal, accepted};
use super::server::ApiConfig;
use super::session::Session;
use crate::views;
use kusari_api_types::problem::*;
use kusari_api_types::{Problem, Token};
use kusari_runtime::{NoAnswer, NodeHandle, NodeWallet};
use kusari_store::Store;

/// Longest body of a request, in bytes: a record of 3,826 bytes, each written as `\u00XX`, fits.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// Longest transaction or batch as JSON, in bytes: 64 KiB of text, each byte of it written as
/// `\u00XX`, and what stands around it.
const MAX_TRANSACTION_BYTES: usize = 512 * 1024;
/// How long a read waits until the store holds what the node has shown.
const STORED_DEADLINE: Duration = Duration::from_secs(5);

/// What handlers work with.
pub(super) struct AppState {
    pub(super) node: NodeHandle,
    pub(super) token: Token,
    listen: Option<SocketAddr>,
    data_directory: Option<PathBuf>,
    /// One at a time reads the whole store: each takes one of the few threads that read, and holds
    /// pages of the file as they were when it began.
    pub(super) turn: Arc<Semaphore>,
    events: EventFeed,
    mining: Meter,
    pub(super) session: Session,
    pub(super) links: PageLinks,
    pub(super) rate: RateLimit,
    /// The node's own wallet, on a ledger.
    wallet: Option<NodeWallet>,
    /// One passphrase is tried at a time: each takes a second, 64 MiB and one of the few threads that read.
    pub(super) unlocking: Arc<Semaphore>,
}

type App = State<Arc<AppState>>;

impl AppState {
    pub(super) fn new(config: ApiConfig, mining: Meter, session: Session, rate: RateLimit) -> Self {
        let ApiConfig { node, token, listen, data_directory, events, wallet, .. } = config;
        let one_at_a_time = || Arc::new(Semaphore::new(1));
        Self {
            node,
            token,
            listen,
            data_directory: data_directory
                .map(|directory| directory.canonicalize().unwrap_or(directory)),
            turn: one_at_a_time(),
            events,
            mining,
            session,
            links: PageLinks::default(),
            rate,
            wallet,
            unlocking: one_at_a_time(),
        }
    }

    /// Reads the store.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let shown = self.node.snapshot().tip.work;
        // Where the disk is that slow, what is stored so far is a true answer too.
        if let Ok(stored) = timeout(STORED_DEADLINE, self.until_stored(shown)).await {
            stored?;
        }
        self.read_at_once(work).await
    }

    /// Waits until the store has caught up with what the node had when it was asked: a person who
    /// has seen a block can ask for it.
    async fn until_stored(&self, shown: Work) -> Answer<()> {
        let mut snapshots = self.node.snapshots();
        loop {
            snapshots.mark_unchanged();
            let is_stored = self.read_at_once(move |store| store.reaches(shown)).await?;
            // The snapshot changes after each commit.
            if is_stored || snapshots.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// Reads what is stored by now, for routes that tell of blocks before they are.
    async fn read_at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let store = self.node.store().clone();
        let read = tokio::task::spawn_blocking(move || work(&store)).await;
        read.map_err(unreadable)?.map_err(|error| unreadable(error).into())
    }

    /// Begins something that reads the whole store.
    fn take_turn(&self) -> Answer<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).try_acquire_owned().map_err(|_| BUSY.into())
    }

    /// Blocks of other nodes above a height that are accepted and may not be on the disk yet. To be asked for
    /// before the disk is read: what was written in between is there then.
    async fn undurable(&self, above: u32) -> Answer<Vec<Arc<StoredBlock>>> {
        let shown = self.node.snapshot().announced_tip;
        if shown.height <= above || self.read_at_once(move |s| s.reaches(shown.work)).await? {
            return Ok(Vec::new());
        }
        // Where the node is gone, what is on the disk is all there is.
        Ok(self.node.ask(request::undurable(above)).await.unwrap_or_default())
    }

    async fn ask<T>(&self, request: Request<T>) -> Answer<T> {
        Ok(self.node.ask(request).await?)
    }

    /// The ledger that the node keeps, where it keeps one.
    fn spec(&self) -> Answer<ChainSpec> {
        self.node.store().spec().ok_or(NO_LEDGER.into())
    }
}

impl From<NoAnswer> for Refusal {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Stopped => STOPPING.into(),
            NoAnswer::Unfitting => INTERNAL.into(),
        }
    }
}

impl From<NoLedger> for Refusal {
    fn from(_: NoLedger) -> Self {
        NO_LEDGER.into()
    }
}

pub(super) fn router(app: Arc<AppState>) -> Router {
    let guarded = middleware::from_fn_with_state(Arc::clone(&app), guard);
    routes()
        .route("/", get(explorer::index))
        .route("/explorer/{*path}", get(explorer::asset))
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(guarded)
        .with_state(app)
}

/// Makes the router of a table; handlers of one path stand together, with the most bytes of a body where that is
/// more than usual.
macro_rules! table {
    ($($path:literal => $($method:ident $module:ident :: $handler:ident),+ $(takes $bytes:ident)?;)+) => {
        fn routes() -> Router<Arc<AppState>> {
            Router::new().$(route(
                $path,
                MethodRouter::new().$($method($module::$handler)).+$(.layer(DefaultBodyLimit::max($bytes)))?,
            )).+
        }

        /// The same routes as their handlers describe them.
        #[cfg(test)]
        pub(super) fn described() -> utoipa_axum::router::OpenApiRouter<Arc<AppState>> {
            utoipa_axum::router::OpenApiRouter::new()
                .$(routes(utoipa_axum::routes!($($module::$handler),+))).+
        }

        #[cfg(test)]
        pub(super) const TABLE: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),+];
    };
}

// Every route but the explorer's files, which are for browsers and say what they are.
table! {
    "/v1/status" => get status::status;
    "/v1/named" => get browse::named;
    "/v1/mempool" => get browse::mempool;
    "/v1/rates" => get page::rates;
    "/v1/session" => get page::session, post page::open_session;
    "/v1/session/links" => post page::make_link;
    "/v1/records" => get browse::records, post records::record;
    "/v1/records/batch" => post batch::batch takes MAX_TRANSACTION_BYTES;
    "/v1/records/{id}" => get records::one;
    "/v1/blocks" => get blocks::page;
    "/v1/blocks/{which}" => get blocks::one;
    "/v1/headers" => get browse::headers;
    "/v1/search" => get browse::search;
    "/v1/branches" => get branches::list;
    "/v1/branches/accept" => post branches::accept;
    "/v1/branches/{hash}" => get browse::branch;
    "/v1/why/{what}" => get why::why;
    "/v1/reorganisations" => get why::reorganisations;
    "/v1/ledger" => get ledger::ledger;
    "/v1/ledger/records" => post drafts::record;
    "/v1/ledger/transfers" => post drafts::transfer;
    "/v1/wallet/unlock" => post wallet::unlock;
    "/v1/accounts" => get browse::accounts;
    "/v1/accounts/{address}" => get ledger::account;
    "/v1/transactions" => get proofs::search, post ledger::submit takes MAX_TRANSACTION_BYTES;
    "/v1/transactions/{txid}" => get ledger::transaction;
    "/v1/proofs/{txid}" => get proofs::proof;
    "/v1/evidence/{txid}" => get explorer::evidence;
    "/v1/consistency" => get proofs::consistency;
    "/v1/mining" => post ledger::mine_on;
    "/v1/erasures" => post ledger::erase;
    "/v1/witnesses" => get witnesses::witnesses;
    "/v1/events" => get events::events;
    "/v1/peers" => get peers::list, post peers::connect;
    "/v1/peers/disconnect" => post peers::disconnect;
    "/v1/bans" => get peers::bans;
    "/v1/bans/lift" => post peers::unban;
    "/v1/audit" => get audit::audit;
    "/v1/backup" => get backup::backup;
    "/v1/openapi.json" => get document::document;
    "/v1/docs" => get document::page;
    "/v1/docs/viewer.js" => get document::viewer;
    "/metrics" => get watch::metrics;
    "/healthz" => get watch::healthz;
    "/readyz" => get watch::readyz;
}

async fn no_route(uri: Uri) -> Refusal {
    no_path(uri.path()).into()
}

async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    not_for_method(method.as_str(), uri.path()).into()
}
