//! `GET /v1/blocks` and `GET /v1/blocks/{height|hash}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use kusari_chain::BlockHash;
use serde::Deserialize;

use super::super::model::{BlockPage, BlockReport};
use super::super::problem;
use super::super::reply::Answer;
use super::Shared;

/// Most blocks of one page.
const MAX_BLOCKS: u32 = 256;
/// Bytes of canonical lines after which a page is full.
const PAGE_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stretch {
    from: Option<u32>,
    limit: Option<u32>,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    stretch: Result<Query<Stretch>, QueryRejection>,
) -> Answer<Json<BlockPage>> {
    let detail = format!(
        "a page of blocks is asked for with `from`, a height, and `limit`, from 1 to {MAX_BLOCKS}, \
         as in /v1/blocks?from=0&limit=10"
    );
    let wrong = || problem::BAD_REQUEST.because(detail);
    let Ok(Query(Stretch { from, limit })) = stretch else { return Err(wrong().into()) };
    let (from, limit) = (from.unwrap_or(0), limit.unwrap_or(MAX_BLOCKS));
    if !(1..=MAX_BLOCKS).contains(&limit) {
        return Err(wrong().into());
    }
    let page = shared.read(move |store| store.page(from, limit, PAGE_BYTES)).await?;
    Ok(Json(BlockPage { blocks: page.blocks, next: page.next }))
}

pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    which: Result<Path<String>, PathRejection>,
) -> Answer<Json<BlockReport>> {
    let wrong = || {
        let detail = "a block is named by its height, as in /v1/blocks/1, or by the 64 digits of \
                      its hash";
        problem::BAD_REQUEST.because(detail)
    };
    let Ok(Path(which)) = which else { return Err(wrong().into()) };
    let found = if let Ok(hash) = which.parse::<BlockHash>() {
        shared.read(move |store| store.placed(&hash)).await?
    } else {
        let digits = which.bytes().all(|byte| byte.is_ascii_digit());
        let height = which.parse::<u32>().ok().filter(|_| digits);
        let Some(height) = height else { return Err(wrong().into()) };
        shared.read(move |store| store.placed_at(height)).await?
    };
    let placed = found.ok_or_else(|| {
        let detail = "this node has no such block; /v1/status says how high its chain is";
        problem::NO_BLOCK.because(detail)
    })?;
    Ok(Json(placed.into()))
}
