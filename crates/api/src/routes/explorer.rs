//! `GET /`: the explorer, and the files that it is made of.
//!
//! Owns what a browser may do with them: it loads nothing from elsewhere, is shown in no other page, and
//! scripts come from files alone. What the page shows it asks of `/v1` like everybody else.

use axum::extract::Path;
use axum::http::HeaderName;
use kusari_chain::proof::ProofFile;
use rust_embed::Embed;

use super::proofs::proof_of;
use super::*;

/// The files, as they are part of the program; a build for development reads them where they lie.
#[derive(Embed)]
#[folder = "assets/explorer/"]
struct Files;

const INDEX: &str = "index.html";
/// What the explorer's page may do.
const EXPLORER_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// What a page of evidence may do: it is one file, and sends no request.
const EVIDENCE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri \
     'none'; form-action 'none'; frame-ancestors 'self'",
);
const NO_REFERRER: (HeaderName, HeaderValue) =
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));

pub(super) async fn index() -> Answer<Response> {
    file(INDEX)
}

pub(super) async fn asset(Path(path): Path<String>) -> Answer<Response> {
    file(&path)
}

fn file(path: &str) -> Answer<Response> {
    let (file, kind) = Files::get(path)
        .zip(kind_of(path))
        .ok_or_else(|| NO_ROUTE.because("the explorer has no such file; it begins at `/`"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, EXPLORER_POLICY),
        NO_REFERRER,
    ];
    Ok((headers, file.data.into_owned()).into_response())
}

fn kind_of(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// A page that checks the proof of a transaction in the browser that shows it.
#[openapi::path(
    get, path = "/v1/evidence/{txid}", tag = "Ledger", operation_id = "evidence",
    params(("txid" = Txid, Path, description = "Its id")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_TRANSACTION, NO_LEDGER, STORE]))),
)]
pub(super) async fn evidence(app: App, Named(txid): Named<Txid>) -> Answer<Response> {
    let proof = ProofFile::Transaction(Box::new(proof_of(&app, txid).await?));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, EVIDENCE_POLICY),
        NO_REFERRER,
    ];
    Ok((headers, crate::evidence::page(&proof.to_text())).into_response())
}
