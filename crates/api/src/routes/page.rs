//! What the page asks beside the rest: whether it may write, and what lets it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::super::guard::{Admitted, Trusted, host, is_of_page};
use super::super::page_link::VALID_FOR;
use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::{Shared, stopping, unfitting};
use kusari_api_types::{PageLinkReport, RateReport, SessionReport};

/// Whether whoever asks is the page of a person who may write.
#[utoipa::path(
    get, path = "/v1/session", tag = "State", operation_id = "session",
    responses((status = 200, description = "Whether it may", body = SessionReport)),
    extensions(("x-problems" = json!(names(&[])))),
)]
pub(super) async fn session(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Json<SessionReport> {
    Json(SessionReport { may_write: is_of_page(&headers, &shared) })
}

/// Gives the page's cookie to a browser that brings the token, or the key of a link.
///
/// The key of a link of `POST /v1/session/links` stands in place of the token, and is used up by this.
#[utoipa::path(
    post, path = "/v1/session", tag = "State", operation_id = "open-session",
    responses((
        status = 200, description = "The cookie is set", body = SessionReport,
        headers(("Set-Cookie" = String, description = "`HttpOnly; SameSite=Strict; Path=/v1`")),
    )),
    security(("token" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::INTERNAL,
    ])))),
)]
pub(super) async fn open_session(
    _: Admitted,
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Answer<Response> {
    let cookie = shared.session.cookie(host(&headers)).ok_or_else(unfitting)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(SessionReport { may_write: true })).into_response())
}

/// Makes a link that admits one browser to the page.
#[utoipa::path(
    post, path = "/v1/session/links", tag = "State", operation_id = "make-page-link",
    responses((status = 200, description = "The link", body = PageLinkReport)),
    security(("token" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::INTERNAL,
    ])))),
)]
pub(super) async fn make_link(
    _: Trusted,
    State(shared): State<Arc<Shared>>,
) -> Answer<Json<PageLinkReport>> {
    let made = shared.links.make(Instant::now());
    let path = made.map_err(|error| problem::INTERNAL.because(error.to_string()))?;
    Ok(Json(PageLinkReport { path, seconds: VALID_FOR.as_secs() }))
}

/// How fast work can be redone.
///
/// Measuring this machine takes a moment, at the first question alone.
#[utoipa::path(
    get, path = "/v1/rates", tag = "State", operation_id = "rates",
    responses((status = 200, description = "Tries a second", body = RateReport)),
    extensions(("x-problems" = json!(names(&[
        problem::STOPPING,
    ])))),
)]
pub(super) async fn rates() -> Answer<Json<RateReport>> {
    let machine = tokio::task::spawn_blocking(kusari_miner::measure::this_machine)
        .await
        .map_err(|_| stopping())?;
    let (gpu, gpu_name) =
        (kusari_api_types::REFERENCE_GPU_RATE, String::from(kusari_api_types::REFERENCE_GPU_NAME));
    Ok(Json(RateReport { machine, gpu, gpu_name }))
}
