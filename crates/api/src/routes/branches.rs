//! `GET /v1/branches` and `POST /v1/branches/accept`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kusari_node::seam::{Command, Reply};

use super::super::guard::Entrusted;
use super::super::problem::{self, names};
use super::super::reply::{Answer, accepted};
use super::body::Body;
use super::{Shared, unfitting};
use kusari_api_types::branches::{
    AcceptReceipt, AcceptRequest, BranchList, in_best_chain, no_branch,
};

/// The best chain's last block, and the branches beside it, at most 32, the one with the most work first.
#[utoipa::path(
    get, path = "/v1/branches", tag = "Branches", operation_id = "branches",
    responses((status = 200, description = "The branches", body = BranchList)),
    extensions(("x-problems" = json!(names(&[
        problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Answer<Json<BranchList>> {
    match shared.ask(Command::GetBranches).await? {
        Reply::Branches(branches) => Ok(Json(BranchList::from(branches.as_ref()))),
        _ => Err(unfitting()),
    }
}

/// Follows a branch, however much that takes back.
///
/// Answered once what came of it is on disk.
#[utoipa::path(
    post, path = "/v1/branches/accept", tag = "Branches", operation_id = "accept-branch",
    request_body(content = AcceptRequest),
    responses((status = 202, description = "What came of it", body = AcceptReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_BRANCH, problem::IN_BEST_CHAIN, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn accept(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(AcceptRequest { hash }): Body<AcceptRequest>,
) -> Answer<Response> {
    match shared.ask(Command::AcceptBranch(hash)).await? {
        Reply::BranchAccepted(done) => Ok(accepted(AcceptReceipt::from(done.as_ref()))),
        Reply::UnknownBranch => Err(problem::NO_BRANCH.because(no_branch(&hash)).into()),
        Reply::InBestChain => Err(problem::IN_BEST_CHAIN.because(in_best_chain(&hash)).into()),
        _ => Err(unfitting()),
    }
}
