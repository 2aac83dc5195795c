//! `GET /v1/why/{what}` and `GET /v1/reorganisations`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::Shared;
use kusari_api_types::{ReorganisationList, WhyReport};
use kusari_store::Resolved;
use kusari_store::trail::{Subject, UnknownSubject};

/// Most reorganisations of one answer.
const MAX_REORGANISATIONS: usize = 256;

/// What happened to a block, a transaction or a peer on this node, by its trail.
#[utoipa::path(
    get, path = "/v1/why/{what}", tag = "Why", operation_id = "why",
    params(("what" = String, Path, description = "A height, 8 digits of a hash or more, an address or a host", example = "0")),
    responses((status = 200, description = "Its story", body = WhyReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_TRACE, problem::SEVERAL, problem::STORE,
    ])))),
)]
pub(super) async fn why(
    State(shared): State<Arc<Shared>>,
    what: Result<Path<String>, PathRejection>,
) -> Answer<Json<WhyReport>> {
    let subject = what.map_err(|_| UnknownSubject).and_then(|Path(what)| what.parse::<Subject>());
    let subject = subject.map_err(|error| problem::BAD_REQUEST.because(error.to_string()))?;
    let asked = subject.clone();
    match shared.read(move |store| store.story(&asked)).await? {
        Resolved::One(story) => Ok(Json(views::story(&subject, *story))),
        unresolved => {
            let detail = unresolved.in_words().unwrap_or_default();
            let kind = match unresolved {
                Resolved::Several(_) => problem::SEVERAL,
                _ => problem::NO_TRACE,
            };
            Err(kind.because(detail).into())
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Stretch {
    /// `next` of the page before.
    #[param(maximum = 18446744073709551615u64, nullable = false)]
    before: Option<u64>,
    /// Most moves of the answer.
    #[param(minimum = 1, maximum = 256, nullable = false)]
    limit: Option<usize>,
}

/// Moves of the best chain to another branch, newest first.
#[utoipa::path(
    get, path = "/v1/reorganisations", tag = "Why", operation_id = "reorganisations",
    params(Stretch),
    responses((status = 200, description = "The moves", body = ReorganisationList)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STORE,
    ])))),
)]
pub(super) async fn reorganisations(
    State(shared): State<Arc<Shared>>,
    stretch: Result<Query<Stretch>, QueryRejection>,
) -> Answer<Json<ReorganisationList>> {
    let detail = format!(
        "reorganisations are asked for with `limit`, from 1 to {MAX_REORGANISATIONS}, and `before`, \
         a number, as in /v1/reorganisations?limit=10"
    );
    let wrong = || problem::BAD_REQUEST.because(detail);
    let Ok(Query(Stretch { before, limit })) = stretch else { return Err(wrong().into()) };
    let limit = limit.unwrap_or(MAX_REORGANISATIONS);
    if !(1..=MAX_REORGANISATIONS).contains(&limit) {
        return Err(wrong().into());
    }
    let found = shared.read(move |store| store.reorganisations(before, limit + 1)).await?;
    Ok(Json(views::reorganisations(found, limit)))
}
