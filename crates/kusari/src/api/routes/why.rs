//! `GET /v1/why/{what}` and `GET /v1/reorganisations`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::super::model::{ReorganisationList, WhyReport};
use super::super::problem;
use super::super::reply::Answer;
use super::Shared;
use crate::store::Resolved;
use crate::trail::{Subject, UnknownSubject};

/// Most reorganisations of one answer.
const MAX_REORGANISATIONS: usize = 256;

pub(super) async fn why(
    State(shared): State<Arc<Shared>>,
    what: Result<Path<String>, PathRejection>,
) -> Answer<Json<WhyReport>> {
    let subject = what.map_err(|_| UnknownSubject).and_then(|Path(what)| what.parse::<Subject>());
    let subject = subject.map_err(|error| problem::BAD_REQUEST.because(error.to_string()))?;
    let asked = subject.clone();
    match shared.read(move |store| store.story(&asked)).await? {
        Resolved::One(story) => Ok(Json(WhyReport::new(&subject, *story))),
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stretch {
    before: Option<u64>,
    limit: Option<usize>,
}

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
    Ok(Json(ReorganisationList::new(found, limit)))
}
