//! `POST /v1/wallet/unlock`: the passphrase of the node's wallet.
//!
//! Owns that it is tried beside the node and one at a time. It is for the token alone: the page's
//! cookie lets nobody guess passphrases.

use kusari_wallet::passphrase::Passphrase;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::super::guard::Trusted;
use super::super::problem::{self, names};
use super::super::reply::{Answer, Refusal};
use super::body::Body;
use super::ledger::no_ledger;
use super::{Shared, stopping};
use kusari_api_types::{UnlockRequest, WalletReport};

/// Unlocks the node's wallet, so that it signs what waits for that, until the node stops.
///
/// Takes a second or so. Nothing happens where it is unlocked already.
#[utoipa::path(
    post, path = "/v1/wallet/unlock", tag = "Ledger", operation_id = "unlock-wallet",
    request_body(content = UnlockRequest, example = json!({"passphrase": "secret"})),
    responses((status = 200, description = "The wallet is unlocked", body = WalletReport)),
    security(("token" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER, problem::WALLET, problem::STOPPING,
    ])))),
)]
pub(super) async fn unlock(
    _: Trusted,
    State(shared): State<Arc<Shared>>,
    Body(UnlockRequest { passphrase }): Body<UnlockRequest>,
) -> Answer<Json<WalletReport>> {
    let wallet = shared.wallet.clone().ok_or_else(no_ledger)?;
    let _turn = shared.unlocking.acquire().await.map_err(|_| stopping())?;
    let tried = wallet.clone();
    let passphrase = Passphrase::from(passphrase);
    let unlocked = tokio::task::spawn_blocking(move || tried.unlock(&passphrase)).await;
    unlocked
        .map_err(|_| stopping())?
        .map_err(|error| Refusal(problem::WALLET.because(error.to_string())))?;
    let account = wallet.account();
    shared.node.wallet_changed(account);
    Ok(Json(WalletReport { address: wallet.address(), unlocked: account.unlocked }))
}
