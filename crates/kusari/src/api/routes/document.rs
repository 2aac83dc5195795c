//! `GET /v1/openapi.json`: the description of all the others, and of itself.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::super::document;
use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::unfitting;

/// This document.
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "State", operation_id = "openapi",
    responses((status = 200, description = "The document, by OpenAPI 3.1", body = serde_json::Value)),
    extensions(("x-problems" = json!(names(&[
        problem::INTERNAL,
    ])))),
)]
pub(super) async fn document() -> Answer<Response> {
    let text = document::text().ok_or_else(unfitting)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
