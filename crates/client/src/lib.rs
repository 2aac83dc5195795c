//! A client of the local API of a node that runs.
//!
//! ```no_run
//! use kusari_client::Client;
//!
//! let client = Client::new("http://127.0.0.1:7878", None)?;
//! println!("{} blocks", client.status()?.height);
//! # Ok::<_, kusari_client::ClientError>(())
//! ```
//!
//! Owns requests, their deadlines, and what an answer that is not the expected one means. A new
//! endpoint is one method over `get` or `post`.

mod branches;
mod error;
pub mod event_stream;
mod events;
mod ledger;
mod node_file;
mod page;
mod proofs;
mod token;
mod whole_store;
mod why;

use std::error::Error;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::uri::Authority;
use ureq::http::{Response, StatusCode};
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder, Timeout};

use kusari_api_types::problem::OUTBOX_FULL;
use kusari_api_types::{
    BanList, BatchReport, BatchRequest, BlockPage, BlockReport, ConnectReceipt, ConnectRequest,
    DisconnectReceipt, DisconnectRequest, PeerList, RecordReport, RecordRequest, Status, Token,
    UnbanReceipt, UnbanRequest,
};

/// How long a connection may take. On this machine it takes microseconds; through a tunnel, longer.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// For how long a connection is kept for the next request. A node closes one that lies idle for 10 s: a
/// write that it crosses on the way would end in doubt, and this is far from it. One that was closed
/// before is noticed, and not used.
const KEPT_FOR: Duration = Duration::from_secs(2);
/// How long a node has to say that it lives. It waits for nothing to say so.
const LIVES_DEADLINE: Duration = Duration::from_secs(3);
/// How long an answer may take: longer than [`ROOM_SECONDS`] and a slow disk together.
const ANSWER_DEADLINE: Duration = Duration::from_secs(90);
/// How long the node is asked to wait for room in its outbox before it answers.
const ROOM_SECONDS: u64 = 20;
/// Longest answer that is read whole, in bytes: one page of blocks is near 1 MiB, and 4,096 peers
/// that call themselves long names are below 4 MiB.
const MAX_ANSWER_BYTES: u64 = 8 * 1024 * 1024;

pub use self::error::ClientError;
pub use self::events::{Events, Told};
pub use self::node_file::read_node_file;
pub use self::token::read_token;
pub use self::whole_store::BackupTransferError;

/// A node, by where its local API answers.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    /// `http://host:port`.
    base: String,
    token: Option<Token>,
}

impl Client {
    /// A client of the API at `http://host:port`. Connects when something is asked.
    ///
    /// # Errors
    /// [`ClientError::Url`] where `url` is something else.
    pub fn new(url: &str, token: Option<Token>) -> Result<Self, ClientError> {
        Self::answered_within(url, token, ANSWER_DEADLINE)
    }

    fn answered_within(
        url: &str,
        token: Option<Token>,
        deadline: Duration,
    ) -> Result<Self, ClientError> {
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let authority: Option<Authority> = authority.and_then(|text| text.parse().ok());
        let authority = authority.filter(|parsed| !parsed.as_str().contains('@'));
        let Some(authority) = authority else { return Err(ClientError::Url(url.to_owned())) };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // What is for a program on this machine goes through no proxy.
            .proxy(None)
            .max_idle_connections(1)
            .max_idle_age(KEPT_FOR)
            .timeout_resolve(Some(CONNECT_DEADLINE))
            .timeout_connect(Some(CONNECT_DEADLINE))
            .timeout_per_write(Some(deadline))
            .timeout_recv_response(Some(deadline))
            .timeout_per_read(Some(deadline))
            .build()
            .new_agent();
        Ok(Self { agent, base: format!("http://{authority}"), token })
    }

    /// The same, with the token that goes along from now on.
    #[must_use]
    pub fn with_token(self, token: Option<Token>) -> Self {
        Self { token, ..self }
    }

    /// Where the API is, as in `http://127.0.0.1:7878`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Looks whether the node lives: an answer to another question may take long for good reasons.
    ///
    /// # Errors
    /// [`ClientError::Silent`] where something listens and says nothing, and [`ClientError`].
    pub fn see_alive(&self) -> Result<(), ClientError> {
        let path = format!("{}/healthz", self.base);
        let request = self.agent.get(path).config().timeout_per_read(Some(LIVES_DEADLINE));
        let answer = request.timeout_recv_response(Some(LIVES_DEADLINE)).build().call();
        let (base, seconds) = (self.base.clone(), LIVES_DEADLINE.as_secs());
        let body = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        body.map(drop).map_err(|error| match error {
            ureq::Error::Timeout(Timeout::RecvResponse | Timeout::RecvBody | Timeout::PerRead) => {
                ClientError::Silent { base, seconds }
            }
            error => self.unopened(&error),
        })
    }

    /// What the node has and where it is.
    ///
    /// # Errors
    /// [`ClientError`]; the same holds for every request here.
    pub fn status(&self) -> Result<Status, ClientError> {
        self.get("/v1/status")
    }

    /// The block of a height or a hash, if the node has it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn block(&self, which: &str) -> Result<Option<BlockReport>, ClientError> {
        if which.is_empty() || !which.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        self.get_if_there(&format!("/v1/blocks/{which}"))
    }

    /// Blocks of the best chain from a height on; one page of them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn blocks(&self, from: u32, limit: u32) -> Result<BlockPage, ClientError> {
        self.get(&format!("/v1/blocks?from={from}&limit={limit}"))
    }

    /// Who is connected.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn peers(&self) -> Result<PeerList, ClientError> {
        self.get("/v1/peers")
    }

    /// Has the node connect to a peer, `host:port`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn connect(&self, address: &str) -> Result<ConnectReceipt, ClientError> {
        self.write("/v1/peers", &ConnectRequest { address: address.to_owned() })
    }

    /// Has the node end every connection with an address, `host:port`, and dial it no more.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn disconnect(&self, address: &str) -> Result<DisconnectReceipt, ClientError> {
        self.write("/v1/peers/disconnect", &DisconnectRequest { address: address.to_owned() })
    }

    /// The hosts from which the node takes no connection for a time.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn bans(&self) -> Result<BanList, ClientError> {
        self.get("/v1/bans")
    }

    /// Has the node take connections from a host again.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn unban(&self, host: &str) -> Result<UnbanReceipt, ClientError> {
        self.write("/v1/bans/lift", &UnbanRequest { host: host.to_owned() })
    }

    /// Records a line of text and waits until it is durable. While the outbox is full it waits for
    /// room, and calls `on_full` with what the node says each time it has waited in vain. No line
    /// is ever sent again unless the node said that it did not take it.
    ///
    /// # Errors
    /// [`ClientError`]; after [`ClientError::Unanswered`] the line may be recorded or not.
    pub fn record(
        &self,
        text: &str,
        on_full: &mut dyn FnMut(&str),
    ) -> Result<RecordReport, ClientError> {
        let request = RecordRequest { text: text.to_owned() };
        // The first time the answer comes at once, so that a person hears of the wait.
        let mut wait = 0;
        loop {
            let answer = self.post("/v1/records", &request, wait)?;
            match self.understood(answer) {
                Err(ClientError::Problem(problem)) if problem.kind == OUTBOX_FULL.kind() => {
                    on_full(&problem.detail);
                    wait = ROOM_SECONDS;
                }
                other => return other,
            }
        }
    }

    /// Records many texts in order, at most [`MAX_BATCH`], on a ledger as drafts of the node's own
    /// wallet; what is taken is durable when this returns. Waits for no room.
    ///
    /// # Errors
    /// [`ClientError`]; after [`ClientError::Unanswered`] each of them may be recorded or not.
    ///
    /// [`MAX_BATCH`]: kusari_api_types::MAX_BATCH
    pub fn record_batch(&self, request: &BatchRequest) -> Result<BatchReport, ClientError> {
        self.write("/v1/records/batch", request)
    }

    /// What became of a record, if the node knows it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn record_state(&self, id: u64) -> Result<Option<RecordReport>, ClientError> {
        self.get_if_there(&format!("/v1/records/{id}"))
    }

    /// Asks, and takes the answer for a `T`.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.open(path)?;
        self.understood(answer)
    }

    /// Asks for what is taken as it is, byte for byte.
    fn text(&self, path: &str) -> Result<String, ClientError> {
        let mut answer = self.open(path)?;
        if !answer.status().is_success() {
            // Always an error, which says what the node said.
            return self.understood::<serde_json::Value>(answer).map(|value| value.to_string());
        }
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
        body.map_err(|error| self.unreadable(&error))
    }

    /// The same, and `None` where there is no such thing.
    fn get_if_there<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ClientError> {
        let answer = self.open(path)?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.understood(answer).map(Some)
    }

    /// Asks; the answer's body is yet to be read, in whatever way fits it. The token goes along
    /// where there is one: some reads are not for everybody.
    pub(crate) fn open(&self, path: &str) -> Result<Response<Body>, ClientError> {
        self.opened(self.agent.get(format!("{}{path}", self.base)))
    }

    /// The same, with another deadline for the beginning of the answer.
    fn open_within(&self, path: &str, deadline: Duration) -> Result<Response<Body>, ClientError> {
        let request = self.agent.get(format!("{}{path}", self.base));
        // The limit of a single read holds for the head of the answer as well.
        let request = request.config().timeout_recv_response(Some(deadline));
        self.opened(request.timeout_per_read(Some(deadline)).build())
    }

    fn opened(
        &self,
        mut request: RequestBuilder<WithoutBody>,
    ) -> Result<Response<Body>, ClientError> {
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {}", token.expose()));
        }
        request.call().map_err(|error| self.unopened(&error))
    }

    /// Sends a write, which the node answers at once, and takes the answer for a `T`.
    fn write<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let answer = self.post(path, body, 0)?;
        self.understood(answer)
    }

    /// Sends a write. The node may wait this many seconds for room before it says no.
    fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        wait: u64,
    ) -> Result<Response<Body>, ClientError> {
        let Some(token) = &self.token else {
            return Err(ClientError::Token { base: self.base.clone() });
        };
        let body = serde_json::to_vec(body).map_err(|error| self.unreadable(&error))?;
        self.agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", format!("Bearer {}", token.expose()))
            .header("Prefer", format!("wait={wait}"))
            .content_type("application/json")
            .send(&body[..])
            .map_err(|error| {
                ClientError::never_reached(&self.base, &error)
                    .unwrap_or_else(|| self.unanswered(&error))
            })
    }

    /// Makes an answer what was asked for, or says what it is instead.
    pub(crate) fn understood<T: DeserializeOwned>(
        &self,
        mut answer: Response<Body>,
    ) -> Result<T, ClientError> {
        let status = answer.status();
        if status == StatusCode::UNAUTHORIZED {
            return Err(ClientError::Token { base: self.base.clone() });
        }
        // Something that is answered with success has happened, whatever its answer looks like.
        let doubtful = |error: &(dyn Error + 'static)| match status {
            StatusCode::ACCEPTED => self.unanswered(error),
            _ => self.unreadable(error),
        };
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        let body = body.map_err(|error| doubtful(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| doubtful(&error));
        }
        Err(match serde_json::from_slice(&body) {
            Ok(problem) => ClientError::Problem(problem),
            Err(_) => self.unfit(format!("it answers {status}")),
        })
    }

    /// The error for a read to which no answer began.
    fn unopened(&self, error: &ureq::Error) -> ClientError {
        ClientError::never_reached(&self.base, error).unwrap_or_else(|| self.unreadable(error))
    }

    fn unreadable(&self, error: &(dyn Error + 'static)) -> ClientError {
        ClientError::unreadable(&self.base, error)
    }

    /// The error for an answer that has another form than those of this API.
    fn unfit(&self, reason: impl Into<String>) -> ClientError {
        ClientError::Unreadable { base: self.base.clone(), reason: reason.into() }
    }

    fn unanswered(&self, error: &dyn Error) -> ClientError {
        ClientError::Unanswered { base: self.base.clone(), reason: error.to_string() }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
