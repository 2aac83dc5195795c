//! `GET /v1/branches` and `POST /v1/branches/accept`.

use kusari_node::interface::BranchRefusal;

use super::*;
use kusari_api_types::branches::{
    AcceptReceipt, AcceptRequest, BranchList, in_best_chain, no_branch,
};

/// The best chain's last block, and the branches beside it, at most 32, the one with the most work first.
#[openapi::path(
    get, path = "/v1/branches", tag = "Branches", operation_id = "branches",
    responses((status = 200, description = "The branches", body = BranchList)),
    extensions(("x-problems" = json!([STOPPING, INTERNAL]))),
)]
pub(super) async fn list(app: App) -> Answer<Json<BranchList>> {
    let branches = app.ask(request::branches()).await?;
    Ok(Json(BranchList::from(branches.as_ref())))
}

/// Follows a branch, however much that takes back.
///
/// Answered once what came of it is on disk.
#[openapi::path(
    post, path = "/v1/branches/accept", tag = "Branches", operation_id = "accept-branch",
    request_body(content = AcceptRequest),
    responses((status = 202, description = "What came of it", body = AcceptReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([NO_BRANCH, IN_BEST_CHAIN, STOPPING, INTERNAL]))),
)]
pub(super) async fn accept(
    _: AuthorisedWrite,
    app: App,
    Body(AcceptRequest { hash }): Body<AcceptRequest>,
) -> Answer<Response> {
    match app.ask(request::accept_branch(hash)).await? {
        Ok(done) => Ok(accepted(AcceptReceipt::from(done.as_ref()))),
        Err(BranchRefusal::Unknown) => Err(NO_BRANCH.because(no_branch(&hash)).into()),
        Err(BranchRefusal::InBestChain) => Err(IN_BEST_CHAIN.because(in_best_chain(&hash)).into()),
    }
}
