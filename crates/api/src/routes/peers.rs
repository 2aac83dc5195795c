//! `GET /v1/peers` and `POST /v1/peers`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kusari_node::PeerAddress;
use kusari_node::seam::{Command, Reply};

use super::super::guard::Entrusted;
use super::super::problem::{self, names};
use super::super::reply::{Answer, accepted};
use super::body::Body;
use super::{Shared, unfitting};
use kusari_api_types::{ConnectReceipt, ConnectRequest, PeerList};

/// Who is connected, oldest connection first.
#[utoipa::path(
    get, path = "/v1/peers", tag = "Peers", operation_id = "peers",
    responses((status = 200, description = "The peers", body = PeerList)),
    extensions(("x-problems" = json!(names(&[])))),
)]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Json<PeerList> {
    Json(PeerList::new(&shared.node.snapshot()))
}

/// Connects to a peer, and again whenever the connection is lost.
///
/// Answered when the address is noted, not when it is reached.
#[utoipa::path(
    post, path = "/v1/peers", tag = "Peers", operation_id = "connect",
    request_body(content = ConnectRequest, example = json!({"address": "127.0.0.1:8081"})),
    responses((status = 202, description = "The address is noted", body = ConnectReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_ADDRESS, problem::TOO_MANY_ADDRESSES, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn connect(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(request): Body<ConnectRequest>,
) -> Answer<Response> {
    let address: PeerAddress = request
        .address
        .parse()
        .map_err(|error| problem::BAD_ADDRESS.because(format!("{error}")))?;
    let name = address.to_string();
    let already_dialled = match shared.ask(Command::Connect(address)).await? {
        Reply::Connecting => false,
        Reply::AlreadyDialled => true,
        Reply::TooManyAddresses { limit } => {
            let detail = format!(
                "{limit} addresses are dialled already, as many as may be; start the node with \
                 more --max-peers"
            );
            return Err(problem::TOO_MANY_ADDRESSES.because(detail).into());
        }
        _ => return Err(unfitting()),
    };
    Ok(accepted(ConnectReceipt { address: name, already_dialled }))
}
