//! What the trail of the node says.

use super::{Client, ClientError};
use kusari_api_types::WhyReport;

impl Client {
    /// The story of a block, a transaction or a peer, which is named as in `docs/api.md`.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] also where the node knows nothing of it.
    pub fn why(&self, what: &str) -> Result<WhyReport, ClientError> {
        // The brackets of IPv6 are all that may stand in a subject and not in a path.
        let what = what.replace('[', "%5B").replace(']', "%5D");
        self.get(&format!("/v1/why/{what}"))
    }
}
