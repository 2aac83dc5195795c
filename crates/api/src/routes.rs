//! The routes of `/v1` and of those who watch a node, and what their handlers share.
//!
//! Owns the way from a request to the node or its store. Store reads run on blocking threads, of
//! which there are few; commands are awaited.

mod audit;
mod backup;
mod batch;
mod blocks;
mod body;
pub(crate) mod branches;
mod browse;
mod document;
mod drafts;
mod events;
mod explorer;
pub(crate) mod ledger;
mod page;
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
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::routing::get;
use axum::{Router, middleware};
use kusari_chain::{StoreError, Work};
use kusari_node::seam::{Command, Reply};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, timeout};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::events::Feed;
use super::guard::guard;
use super::mining::Meter;
use super::page_link::PageLinks;
use super::problem;
use super::rate::Rate;
use super::reply::{Answer, Refusal};
use super::session::Session;
use kusari_api_types::Token;
use kusari_runtime::NodeHandle;
use kusari_runtime::NodeWallet;
use kusari_store::Store;

/// Longest body of a request, in bytes: a record of 3,826 bytes, each written as `\u00XX`, fits.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// Longest transaction or batch as JSON, in bytes: 64 KiB of text, each byte of it written as
/// `\u00XX`, and what stands around it.
const MAX_TRANSACTION_BYTES: usize = 512 * 1024;
/// How long a read waits until the store holds what the node has shown.
const STORED_DEADLINE: Duration = Duration::from_secs(5);

/// What handlers work with.
pub(super) struct Shared {
    pub(super) node: NodeHandle,
    pub(super) token: Token,
    pub(super) listen: Option<SocketAddr>,
    pub(super) data_directory: Option<std::path::PathBuf>,
    /// One at a time reads the whole store: each takes one of the few threads that read, and holds
    /// pages of the file as they were when it began.
    pub(super) turn: Arc<Semaphore>,
    pub(super) events: Feed,
    pub(super) mining: Meter,
    pub(super) session: Session,
    pub(super) links: PageLinks,
    pub(super) rate: Rate,
    /// The node's own wallet, on a ledger.
    pub(super) wallet: Option<NodeWallet>,
    /// One passphrase is tried at a time: each takes a second and 64 MiB.
    pub(super) unlocking: Arc<Semaphore>,
}

impl Shared {
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

    async fn read_at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let store = self.node.store().clone();
        let result = tokio::task::spawn_blocking(move || work(&store)).await;
        let failed = |error: &dyn std::error::Error| {
            let mut detail = format!("the store cannot be read: {error}");
            // Where a block or a row is altered, it says itself what to do.
            if !detail.contains("`kusari audit`") {
                detail.push_str("; restore it from a backup");
            }
            Refusal(problem::STORE.because(detail))
        };
        result.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }

    /// Begins something that reads the whole store.
    fn take_turn(&self) -> Answer<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).try_acquire_owned().map_err(|_| {
            let detail = "an audit or a backup is under way already; try again when it is done";
            problem::BUSY.because(detail).into()
        })
    }

    async fn ask(&self, command: Command) -> Answer<Reply> {
        self.node.ask(command).await.map_err(|_| stopping())
    }
}

fn stopping() -> Refusal {
    let detail = "the node stops and takes nothing more; what it did not answer with 202 may or \
                  may not be recorded";
    problem::STOPPING.because(detail).into()
}

/// The node answered a command with what is no answer to it.
fn unfitting() -> Refusal {
    let detail = "the node answered something else, which is a bug in kusari; please report it";
    problem::INTERNAL.because(detail).into()
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let guarded = middleware::from_fn_with_state(Arc::clone(&shared), guard);
    let (router, _) = described().split_for_parts();
    router
        .route("/", get(explorer::index))
        .route("/explorer/{*path}", get(explorer::asset))
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(guarded)
        .with_state(shared)
}

/// Every route together with its description. Nothing else is answered but the explorer's files, which
/// are for browsers and say what they are.
pub(super) fn described() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(status::status))
        .routes(routes!(browse::named))
        .routes(routes!(browse::mempool))
        .routes(routes!(page::rates))
        .routes(routes!(page::session, page::open_session))
        .routes(routes!(page::make_link))
        .routes(routes!(browse::records, records::record))
        .routes(routes!(batch::batch).layer(DefaultBodyLimit::max(MAX_TRANSACTION_BYTES)))
        .routes(routes!(records::one))
        .routes(routes!(blocks::page))
        .routes(routes!(blocks::one))
        .routes(routes!(browse::headers))
        .routes(routes!(browse::search))
        .routes(routes!(branches::list))
        .routes(routes!(branches::accept))
        .routes(routes!(browse::branch))
        .routes(routes!(why::why))
        .routes(routes!(why::reorganisations))
        .routes(routes!(ledger::ledger))
        .routes(routes!(drafts::record))
        .routes(routes!(drafts::transfer))
        .routes(routes!(wallet::unlock))
        .routes(routes!(browse::accounts))
        .routes(routes!(ledger::account))
        .routes(
            routes!(proofs::search, ledger::submit)
                .layer(DefaultBodyLimit::max(MAX_TRANSACTION_BYTES)),
        )
        .routes(routes!(ledger::transaction))
        .routes(routes!(proofs::proof))
        .routes(routes!(explorer::evidence))
        .routes(routes!(proofs::consistency))
        .routes(routes!(ledger::mine_on))
        .routes(routes!(ledger::erase))
        .routes(routes!(witnesses::witnesses))
        .routes(routes!(events::events))
        .routes(routes!(peers::list, peers::connect))
        .routes(routes!(audit::audit))
        .routes(routes!(backup::backup))
        .routes(routes!(document::document))
        .routes(routes!(document::page))
        .routes(routes!(document::viewer))
        .routes(routes!(watch::metrics))
        .routes(routes!(watch::healthz))
        .routes(routes!(watch::readyz))
}

async fn no_route(uri: Uri) -> Refusal {
    let detail = format!("there is nothing at {}; docs/api.md lists the paths", uri.path());
    problem::NO_ROUTE.because(detail).into()
}

async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    let detail = format!(
        "{method} is not for {}; the header `Allow` of this answer lists what is",
        uri.path()
    );
    problem::METHOD.because(detail).into()
}
