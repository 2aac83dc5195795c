//! `GET /v1/audit`.

use super::*;
use kusari_api_types::audit::Audit;

/// Reads every block and record again, and says what is wrong, if anything.
///
/// Needs the token: it costs a read of the whole store, and may quote what people said.
#[openapi::path(
    get, path = "/v1/audit", tag = "Store", operation_id = "audit",
    responses((status = 200, description = "What was read, and the first finding", body = Audit)),
    security(("token" = [])),
    extensions(("x-problems" = json!([BUSY, STORE]))),
)]
pub(super) async fn audit(_: TokenHolder, app: App) -> Answer<Json<Audit>> {
    let turn = app.take_turn()?;
    // The audit goes on when its caller has gone, and so it keeps its turn until its end.
    let report = app.read_at_once(move |store| {
        let _turn = turn;
        Ok(store.audit())
    });
    Ok(Json(views::audit(report.await?)))
}
