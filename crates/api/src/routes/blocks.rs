//! `GET /v1/blocks` and `GET /v1/blocks/{height|hash}`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use kusari_chain::BlockHash;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::Shared;
use kusari_api_types::{BlockPage, BlockReport};

/// Most blocks of one page.
const MAX_BLOCKS: u32 = 256;
/// Bytes of canonical lines after which a page is full.
const PAGE_BYTES: usize = 1024 * 1024;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Stretch {
    /// Height of the first one; 0 where there is none.
    #[param(maximum = 4294967295u32, nullable = false)]
    from: Option<u32>,
    /// Most blocks of the answer, which ends with about 1 MiB in any case.
    #[param(minimum = 1, maximum = 256, nullable = false)]
    limit: Option<u32>,
}

/// A stretch of the best chain, read at one moment.
#[utoipa::path(
    get, path = "/v1/blocks", tag = "Blocks", operation_id = "blocks",
    params(Stretch),
    responses((status = 200, description = "The blocks, lowest first", body = BlockPage)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STORE,
    ])))),
)]
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

/// One block and where it stands, also beside the best chain where it is named by its hash.
#[utoipa::path(
    get, path = "/v1/blocks/{which}", tag = "Blocks", operation_id = "block",
    params(
        ("which" = String, Path, description = "Its height, or the 64 digits of its hash", pattern = "^([0-9]{1,10}|[0-9A-Fa-f]{64})$", example = "0"),
    ),
    responses((status = 200, description = "The block", body = BlockReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_BLOCK, problem::STORE,
    ])))),
)]
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
    Ok(Json(views::block(placed)))
}
