//! `GET /v1/why/{what}` and `GET /v1/reorganisations`.

use super::*;
use kusari_api_types::{HindranceReport, ReorganisationList, WhyReport};
use kusari_store::Resolved;
use kusari_store::event_log::Subject;

/// What happened to a block, a transaction or a peer on this node, by its event log.
#[openapi::path(
    get, path = "/v1/why/{what}", tag = "Why", operation_id = "why",
    params(("what" = String, Path, description = "A height, 8 digits of a hash or more, an address or a host", example = "0")),
    responses((status = 200, description = "Its story", body = WhyReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_TRACE, SEVERAL, STORE]))),
)]
pub(super) async fn why(app: App, Named(subject): Named<Subject>) -> Answer<Json<WhyReport>> {
    let asked = subject.clone();
    let unresolved = match app.read(move |store| store.story(&asked)).await? {
        Resolved::One(story) => {
            let mut report = views::story(&subject, *story);
            if report.block.as_ref().is_none_or(|block| block.confirmations == 0) {
                report.hindrances = HindranceReport::of_mining(&app.node.snapshot());
            }
            return Ok(Json(report));
        }
        unresolved => unresolved,
    };
    let kind = if let Resolved::Several(_) = unresolved { SEVERAL } else { NO_TRACE };
    Err(kind.because(unresolved.in_words().unwrap_or_default()).into())
}

parameters! {
    MovesBefore:
    "reorganisations are asked for with `limit`, from 1 to 256, and `before`, a number, as \
     in /v1/reorganisations?limit=10";
    /// `next` of the page before.
    #[param(maximum = 18446744073709551615u64, nullable = false)]
    before: Option<u64>,
    /// Most moves of the answer.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 256, nullable = false)]
    #[serde(default)]
    limit: Limit<256>,
}

/// Moves of the best chain to another branch, newest first.
#[openapi::path(
    get, path = "/v1/reorganisations", tag = "Why", operation_id = "reorganisations",
    params(MovesBefore),
    responses((status = 200, description = "The moves", body = ReorganisationList)),
    extensions(("x-problems" = json!([BAD_REQUEST, STORE]))),
)]
pub(super) async fn reorganisations(
    app: App,
    Query(MovesBefore { before, limit }): Query<MovesBefore>,
) -> Answer<Json<ReorganisationList>> {
    let limit = limit.count();
    let found = app.read(move |store| store.reorganisations(before, limit + 1)).await?;
    Ok(Json(views::reorganisations(found, limit)))
}
