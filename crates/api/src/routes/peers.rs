//! `GET /v1/peers` and `POST /v1/peers`.

use kusari_node::interface::TooManyAddresses;

use super::*;
use kusari_api_types::{ConnectReceipt, ConnectRequest, PeerList};
use kusari_node::PeerAddress;

/// Who is connected, oldest connection first.
#[openapi::path(
    get, path = "/v1/peers", tag = "Peers", operation_id = "peers",
    responses((status = 200, description = "The peers", body = PeerList)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn list(app: App) -> Json<PeerList> {
    Json(PeerList::new(&app.node.snapshot()))
}

/// Connects to a peer, and again whenever the connection is lost.
///
/// Answered when the address is noted, not when it is reached.
#[openapi::path(
    post, path = "/v1/peers", tag = "Peers", operation_id = "connect",
    request_body(content = ConnectRequest, example = json!({"address": "127.0.0.1:8081"})),
    responses((status = 202, description = "The address is noted", body = ConnectReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([BAD_ADDRESS, TOO_MANY_ADDRESSES, STOPPING, INTERNAL]))),
)]
pub(super) async fn connect(
    _: AuthorisedWrite,
    app: App,
    Body(ConnectRequest { address }): Body<ConnectRequest>,
) -> Answer<Response> {
    let peer: PeerAddress = address.parse().map_err(|error| BAD_ADDRESS.because(error))?;
    let address = peer.to_string();
    let already_dialled = app
        .ask(request::connect(peer))
        .await?
        .map_err(|TooManyAddresses { limit }| too_many_addresses(limit))?;
    Ok(accepted(ConnectReceipt { address, already_dialled }))
}
