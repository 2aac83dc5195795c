//! `GET /v1/blocks` and `GET /v1/blocks/{height|hash}`.

use super::*;
use kusari_api_types::{BlockPage, BlockReport};

/// Most blocks of one page.
const MAX_BLOCKS: u32 = 256;
/// Bytes of canonical lines after which a page is full.
const PAGE_BYTES: usize = 1024 * 1024;

parameters! {
    BlockRange:
    "a page of blocks is asked for with `from`, a height, and `limit`, from 1 to 256, as in \
     /v1/blocks?from=0&limit=10";
    /// Height of the first one; 0 where there is none.
    #[param(maximum = 4294967295u32, nullable = false)]
    from: Option<u32>,
    /// Most blocks of the answer, which ends with about 1 MiB in any case.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 256, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_BLOCKS>,
}

/// A stretch of the best chain, read at one moment.
#[openapi::path(
    get, path = "/v1/blocks", tag = "Blocks", operation_id = "blocks",
    params(BlockRange),
    responses((status = 200, description = "The blocks, lowest first", body = BlockPage)),
    extensions(("x-problems" = json!([BAD_REQUEST, STORE]))),
)]
pub(super) async fn page(
    app: App,
    Query(BlockRange { from, limit }): Query<BlockRange>,
) -> Answer<Json<BlockPage>> {
    let from = from.unwrap_or(0);
    let undurable = app.undurable(from.saturating_sub(1)).await?;
    let page = app.read_at_once(move |store| store.page(from, limit.0, PAGE_BYTES)).await?;
    let (mut blocks, mut next) = (page.blocks, page.next);
    if next.is_none() {
        let last = blocks.last().map(|last| (last.block.index, last.block.hash));
        let room = limit.0 as usize - blocks.len();
        let more = views::that_follow(from, last, &undurable);
        let mut bytes = 0;
        let fits = |stored: &&Arc<StoredBlock>| {
            let fits = bytes < PAGE_BYTES as u64;
            bytes += stored.counted_bytes();
            fits
        };
        let count = more.iter().take(room).take_while(fits).count();
        next = more.get(count).map(|stored| stored.block.index);
        let whole = |stored: &Arc<StoredBlock>| StoredBlock::clone(stored).into_whole();
        blocks.extend(more.iter().take(count).map(whole));
    }
    Ok(Json(BlockPage { blocks, next }))
}

/// How a block is named.
#[derive(Clone, Copy)]
pub(super) enum BlockName {
    Height(u32),
    Hash(BlockHash),
}

impl Name for BlockName {
    fn read(text: &str) -> Result<Self, Problem> {
        let hash = text.parse().map(Self::Hash).ok();
        // A number with a sign is none.
        let height = text.parse().map(Self::Height).ok().filter(|_| !text.starts_with('+'));
        hash.or(height).ok_or_else(|| {
            BAD_REQUEST.because(
                "a block is named by its height, as in /v1/blocks/1, or by the 64 digits of its hash",
            )
        })
    }
}

/// One block and where it stands, also beside the best chain where it is named by its hash.
#[openapi::path(
    get, path = "/v1/blocks/{which}", tag = "Blocks", operation_id = "block",
    params(
        ("which" = String, Path, description = "Its height, or the 64 digits of its hash", pattern = "^([0-9]{1,10}|[0-9A-Fa-f]{64})$", example = "0"),
    ),
    responses((status = 200, description = "The block", body = BlockReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_BLOCK, STORE]))),
)]
pub(super) async fn one(app: App, Named(which): Named<BlockName>) -> Answer<Json<BlockReport>> {
    let above = match which {
        BlockName::Height(height) => height.saturating_sub(1),
        BlockName::Hash(_) => app.read_at_once(Store::last_sound).await?.height,
    };
    let undurable = app.undurable(above).await?;
    let found = app.read_at_once(move |store| match which {
        BlockName::Height(height) => store.placed_at(height),
        BlockName::Hash(hash) => store.placed(&hash),
    });
    if let Some(placed) = found.await? {
        return Ok(Json(views::block(placed)));
    }
    let is_it = |stored: &&Arc<StoredBlock>| match which {
        BlockName::Height(height) => stored.block.index == height,
        BlockName::Hash(hash) => stored.block.hash == hash,
    };
    let found = undurable.iter().find(is_it).ok_or_else(|| {
        NO_BLOCK.because("this node has no such block; /v1/status says how high its chain is")
    })?;
    Ok(Json(views::undurable_block(found, app.node.snapshot().announced_tip.height)))
}
