//! The server: a thread of its own that takes connections and serves each until it ends.
//!
//! Owns what connections may take: how many there are, how long the head of a request, the pause
//! before the next one and the reading of an answer last. What is asked is up to the routes.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::{Duration, sleep, timeout};

use super::api_listener::ApiListener;
use super::events::EventFeed;
use super::guard::Remote;
use super::mining;
use super::node_file::Published;
use super::rate_limit::RateLimit;
use super::routes::{AppState, router};
use super::session::Session;
use super::write_timeout::WriteTimeout;
use crate::TokenError;
use kusari_api_types::{MiningReport, NodeFile, Token};
use kusari_runtime::{NodeHandle, NodeWallet, Seldom};

/// Connections at once. Those beyond wait in the queue of the operating system until one ends,
/// which an idle one soon does.
pub(super) const MAX_CONNECTIONS: usize = 1_280;
/// How long the head of a request may take, and a connection lie idle before it.
pub(super) const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// Longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Bytes of a connection that are buffered.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// Threads that read the store. Few: readers share its cache and the disk.
const READERS: usize = 4;
/// How long to wait after the operating system could not give us a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long answers under way may take when the node has stopped.
const STOP_DEADLINE: Duration = Duration::from_secs(1);

/// What the API serves.
pub struct ApiConfig {
    /// The node.
    pub node: NodeHandle,
    /// What a write must bring along.
    pub token: Token,
    /// Where the node takes connections of peers.
    pub listen: Option<SocketAddr>,
    /// Where its store is, unless in memory.
    pub data_directory: Option<PathBuf>,
    /// Where programs look for `node.json`: the data directory, or a place for a node in memory.
    pub node_file_directory: Option<PathBuf>,
    /// What happens, as the node's thread tells it.
    pub events: EventFeed,
    /// The node's own wallet, on a ledger.
    pub wallet: Option<NodeWallet>,
}

/// Why the API could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No thread or no runtime.
    #[error("the operating system refused what the local API needs: {0}; look at its limits")]
    System(#[from] io::Error),
    /// The cookie of the page could not be read or written.
    #[error(transparent)]
    Cookie(TokenError),
    /// `node.json` could not be written.
    #[error("node.json cannot be written to {}: {source}; make room or let this user write there", .directory.display())]
    NodeFile {
        /// Where.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A local API. Dropping it ends it, once the node has stopped.
pub struct Api {
    /// Goes first: who finds no file does not ask.
    published: Option<Published>,
    address: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Api {
    /// Serves on `listener`, if there is one, and says so where programs look for it, if there is such a place.
    ///
    /// # Errors
    /// [`ApiError`], one sentence.
    pub fn start(listener: Option<ApiListener>, config: ApiConfig) -> Result<Self, ApiError> {
        let address = listener.as_ref().map(|listener| listener.address);
        let (kept, directory) = (&config.data_directory, config.node_file_directory.clone());
        let file = config.listen.map(|listen| NodeFile {
            pid: std::process::id(),
            listen,
            http: address,
            token: config.token.expose().to_owned(),
        });
        let mut api = Self { published: None, address, stop: None, thread: None };
        if let Some(listener) = listener {
            // What has no data directory is forgotten with its run.
            let session = kept.as_deref().map_or_else(Session::random, Session::of);
            let session = session.map_err(ApiError::Cookie)?;
            let (reports, mining) = watch::channel(MiningReport::default());
            let app = AppState::new(config, mining, session, RateLimit::default());
            let (stop, stopped) = oneshot::channel();
            api.thread = Some(spawn(listener, app, reports, stopped)?);
            api.stop = Some(stop);
        }
        if let (Some(directory), Some(file)) = (directory, file) {
            let published = crate::publish(&file, &directory);
            let unwritable = |source| ApiError::NodeFile { directory, source };
            api.published = Some(published.map_err(unwritable)?);
        }
        Ok(api)
    }

    /// Where it answers, if it does.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.published = None;
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn spawn(
    listener: ApiListener,
    app: AppState,
    reports: watch::Sender<MiningReport>,
    stop: oneshot::Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(READERS)
        .build()?;
    let entered = runtime.enter();
    let listener = TcpListener::from_std(listener.socket)?;
    drop(entered);
    let node = app.node.clone();
    let router = router(Arc::new(app));
    // Files that the operating system gives are for the peers of the node and for its store as well.
    let most = MAX_CONNECTIONS.min(kusari_runtime::open_files::raised() / 2);
    std::thread::Builder::new().name("api".into()).spawn(move || {
        runtime.spawn(async move { mining::measure(node.counts(), reports).await });
        // Who asks for the rate then need not wait for it.
        runtime.spawn_blocking(kusari_miner::measure::this_machine);
        runtime.block_on(serve(listener, most, router, stop));
        // A read that hangs keeps nothing from ending.
        runtime.shutdown_background();
    })
}

/// Serves `most` connections at once until it is told to stop, and then for as long as answers under way may take.
pub(super) async fn serve(
    listener: TcpListener,
    most: usize,
    router: Router,
    stop: oneshot::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(most));
    let (close, closing) = watch::channel(false);
    let mut failures = Seldom::default();
    let accept = async {
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    let (router, closing) = (router.clone(), closing.clone());
                    tokio::spawn(async move {
                        connection(stream, remote, router, closing).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    if let Some(unsaid) = failures.happened() {
                        tracing::warn!(%error, unsaid, "the local API could not accept connections");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        _ = stop => {}
    }
    drop(listener);
    let _ = close.send(true);
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = timeout(STOP_DEADLINE, places.acquire_many(all)).await;
}

async fn connection(
    stream: TcpStream,
    remote: SocketAddr,
    router: Router,
    mut closing: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |mut request| {
        request.extensions_mut().insert(Remote(remote));
        routes.call(request)
    });
    let io = TokioIo::new(WriteTimeout::new(stream));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_DEADLINE)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(MAX_BUFFER_BYTES)
            .serve_connection(io, service)
    );
    let told = async { closing.wait_for(|closing| *closing).await.is_ok() };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the local API ended badly");
    }
}
