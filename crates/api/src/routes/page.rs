//! What the explorer asks for: whether it may write, the link and the cookie that let it, and rates of work.

use kusari_miner::measure::{this_machine, this_machine_if_measured};

use super::*;
use crate::guard::{Admitted, host, is_of_page};
use crate::page_link::VALID_FOR;
use kusari_api_types::{
    PageLinkReport, REFERENCE_GPU_NAME, REFERENCE_GPU_RATE, RateReport, SessionReport,
};

/// Whether the caller is a page that may write.
#[openapi::path(
    get, path = "/v1/session", tag = "State", operation_id = "session",
    responses((status = 200, description = "Whether it may", body = SessionReport)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn session(app: App, headers: HeaderMap) -> Json<SessionReport> {
    Json(SessionReport { may_write: is_of_page(&headers, &app) })
}

/// Gives the page's cookie to a browser that brings the token, or the key of a link.
///
/// The key of a link of `POST /v1/session/links` stands in place of the token, and is used up by this.
#[openapi::path(
    post, path = "/v1/session", tag = "State", operation_id = "open-session",
    responses((
        status = 200, description = "The cookie is set", body = SessionReport,
        headers(("Set-Cookie" = String, description = "`HttpOnly; SameSite=Strict; Path=/v1`")),
    )),
    security(("token" = [])),
    extensions(("x-problems" = json!([INTERNAL]))),
)]
pub(super) async fn open_session(_: Admitted, app: App, headers: HeaderMap) -> Answer<Response> {
    let cookie = app.session.cookie(host(&headers)).ok_or(INTERNAL)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(SessionReport { may_write: true })).into_response())
}

/// Makes a link that admits one browser to the page.
#[openapi::path(
    post, path = "/v1/session/links", tag = "State", operation_id = "make-page-link",
    responses((status = 200, description = "The link", body = PageLinkReport)),
    security(("token" = [])),
    extensions(("x-problems" = json!([INTERNAL]))),
)]
pub(super) async fn make_link(_: TokenHolder, app: App) -> Answer<Json<PageLinkReport>> {
    let path = app.links.make(Instant::now()).map_err(|error| INTERNAL.because(error))?;
    Ok(Json(PageLinkReport { path, seconds: VALID_FOR.as_secs() }))
}

/// Tries a second that this machine makes. The server has it measured when it begins, so only what is asked
/// at once waits for it.
pub(super) async fn machine_rate() -> Answer<f64> {
    match this_machine_if_measured() {
        Some(rate) => Ok(rate),
        None => Ok(tokio::task::spawn_blocking(this_machine).await.map_err(|_| STOPPING)?),
    }
}

/// How fast work can be redone.
///
/// This machine was measured when the node began.
#[openapi::path(
    get, path = "/v1/rates", tag = "State", operation_id = "rates",
    responses((status = 200, description = "Tries a second", body = RateReport)),
    extensions(("x-problems" = json!([STOPPING]))),
)]
pub(super) async fn rates() -> Answer<Json<RateReport>> {
    let machine = machine_rate().await?;
    let gpu_name = String::from(REFERENCE_GPU_NAME);
    Ok(Json(RateReport { machine, gpu: REFERENCE_GPU_RATE, gpu_name }))
}
