//! `/v1/peers` and `/v1/bans`: who is connected, and who may not be.

use kusari_node::interface::{Disconnected, TooManyAddresses};

use super::*;
use kusari_api_types::{
    BanList, ConnectReceipt, ConnectRequest, DisconnectReceipt, DisconnectRequest, PeerList,
    UnbanReceipt, UnbanRequest,
};
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

/// Ends every connection with an address, and dials it no more.
#[openapi::path(
    post, path = "/v1/peers/disconnect", tag = "Peers", operation_id = "disconnect",
    request_body(content = DisconnectRequest, example = json!({"address": "127.0.0.1:8081"})),
    responses((status = 202, description = "What ended", body = DisconnectReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([BAD_ADDRESS, STOPPING, INTERNAL]))),
)]
pub(super) async fn disconnect(
    _: AuthorisedWrite,
    app: App,
    Body(DisconnectRequest { address }): Body<DisconnectRequest>,
) -> Answer<Response> {
    let peer: PeerAddress = address.parse().map_err(|error| BAD_ADDRESS.because(error))?;
    let address = peer.to_string();
    let Disconnected { dialled, connections } = app.ask(request::disconnect(peer)).await?;
    Ok(accepted(DisconnectReceipt { address, dialled, connections }))
}

/// The hosts from which no connection is taken for a time.
#[openapi::path(
    get, path = "/v1/bans", tag = "Peers", operation_id = "bans",
    responses((status = 200, description = "The hosts", body = BanList)),
    extensions(("x-problems" = json!([STOPPING, INTERNAL]))),
)]
pub(super) async fn bans(app: App) -> Answer<Json<BanList>> {
    Ok(Json(BanList { bans: app.ask(request::bans()).await? }))
}

/// Takes connections from a banned host again.
#[openapi::path(
    post, path = "/v1/bans/lift", tag = "Peers", operation_id = "unban",
    request_body(content = UnbanRequest, example = json!({"host": "192.0.2.7"})),
    responses((status = 202, description = "It is not banned any more", body = UnbanReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([BAD_ADDRESS, STOPPING, INTERNAL]))),
)]
pub(super) async fn unban(
    _: AuthorisedWrite,
    app: App,
    Body(UnbanRequest { host }): Body<UnbanRequest>,
) -> Answer<Response> {
    let ip = host.parse().map_err(|_| {
        BAD_ADDRESS.because(format!("{host:?} is no IP address; write one as in 192.0.2.7"))
    })?;
    let was_banned = app.ask(request::unban(ip)).await?;
    Ok(accepted(UnbanReceipt { host, was_banned }))
}
