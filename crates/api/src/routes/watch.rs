//! `GET /metrics`, `GET /healthz` and `GET /readyz`: what programs ask that watch a node.
//!
//! All three answer at once, from what the node has shown: none waits for it or reads its store.

use axum::http::StatusCode;

use super::*;
use crate::metrics::{self, CONTENT_TYPE};

/// The node in numbers, in the text form of OpenMetrics.
#[openapi::path(
    get, path = "/metrics", tag = "Watching", operation_id = "metrics",
    responses((status = 200, description = "The numbers", body = String, content_type = CONTENT_TYPE)),
    extensions(("x-problems" = json!([INTERNAL]))),
)]
pub(super) async fn metrics(app: App) -> Answer<Response> {
    let node = &app.node;
    let resident = metrics::resident_bytes();
    let text = metrics::text(&node.snapshot(), node.counts(), node.traffic(), resident);
    // A number that has no form would be a fault of ours.
    let text = text.map_err(|_| INTERNAL)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// Whether the process serves. Whoever gets this answer knows that it does.
#[openapi::path(
    get, path = "/healthz", tag = "Watching", operation_id = "healthz",
    responses((status = 200, description = "It does", body = String)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether what the node says is to be relied on yet.
#[openapi::path(
    get, path = "/readyz", tag = "Watching", operation_id = "readyz",
    responses(
        (status = 200, description = "It runs, and nothing makes it unready", body = String),
        (status = 503, description = "It is not; the reason in one line", body = String),
    ),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn readyz(app: App) -> Response {
    let unready = match app.node.has_shown_itself() {
        Err(_) => Some(String::from("the node has stopped")),
        Ok(false) => Some(String::from("the node is starting")),
        Ok(true) => {
            let hindrances = &app.node.snapshot().hindrances;
            let first = hindrances.iter().find(|hindrance| hindrance.is_unready());
            first.map(ToString::to_string)
        }
    };
    match unready {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}
