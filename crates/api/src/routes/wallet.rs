//! `POST /v1/wallet/unlock`: the passphrase of the node's wallet.
//!
//! Owns that it is tried beside the node and one at a time. It is for the token alone: a page with
//! its cookie must not guess passphrases.

use kusari_wallet::passphrase::Passphrase;

use super::*;
use kusari_api_types::{UnlockRequest, WalletReport};

/// Unlocks the node's wallet, so that it signs what waits for that, until the node stops.
///
/// Takes a second or so. Nothing happens where it is unlocked already.
#[openapi::path(
    post, path = "/v1/wallet/unlock", tag = "Ledger", operation_id = "unlock-wallet",
    request_body(content = UnlockRequest, example = json!({"passphrase": "secret"})),
    responses((status = 200, description = "The wallet is unlocked", body = WalletReport)),
    security(("token" = [])),
    extensions(("x-problems" = json!([NO_LEDGER, WALLET, STOPPING]))),
)]
pub(super) async fn unlock(
    _: TokenHolder,
    app: App,
    Body(UnlockRequest { passphrase }): Body<UnlockRequest>,
) -> Answer<Json<WalletReport>> {
    let wallet = app.wallet.clone().ok_or(NO_LEDGER)?;
    let turn = Arc::clone(&app.unlocking).acquire_owned().await.map_err(|_| STOPPING)?;
    let tried = wallet.clone();
    // The trial goes on when its caller has gone, and so it keeps its turn until its end.
    let unlocked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        tried.unlock(&Passphrase::from(passphrase))
    });
    unlocked.await.map_err(|_| STOPPING)?.map_err(|error| WALLET.because(error))?;
    let account = wallet.account();
    app.node.wallet_changed(account);
    Ok(Json(WalletReport { address: wallet.address(), unlocked: account.unlocked }))
}
