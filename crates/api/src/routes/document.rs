//! `GET /v1/openapi.json`, the description of all the others and of itself, and `GET /v1/docs`, a page
//! that shows it.
//!
//! The page needs no internet and asks this API alone: its policy lets a browser load nothing from
//! elsewhere, whatever the viewer would like.

use super::*;

/// This document.
#[openapi::path(
    get, path = "/v1/openapi.json", tag = "State", operation_id = "openapi",
    responses((status = 200, description = "The document, by OpenAPI 3.1", body = serde_json::Value)),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn document() -> Response {
    let text = include_str!("../../openapi.json");
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Styles stand in the viewer's elements; all else comes from here, and nothing may frame the page.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
                           style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";

/// A page for browsers that shows this document.
#[openapi::path(
    get, path = "/v1/docs", tag = "State", operation_id = "docs",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
    ];
    (headers, include_str!("../viewer/page.html")).into_response()
}

/// The program of that page.
#[openapi::path(
    get, path = "/v1/docs/viewer.js", tag = "State", operation_id = "viewer",
    responses((status = 200, description = "It", body = String, content_type = "text/javascript")),
    extensions(("x-problems" = json!([]))),
)]
pub(super) async fn viewer() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_ENCODING, "gzip"),
    ];
    (headers, include_bytes!("../viewer/openapi-explorer.min.js.gz")).into_response()
}
