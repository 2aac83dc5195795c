//! What the event log of the node says.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Client, ClientError};
use kusari_api_types::WhyReport;

impl Client {
    /// The story of a block, a transaction or a peer, which is named as in `docs/api.md`.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Problem`] also where the node knows nothing of it.
    pub fn why(&self, what: &str) -> Result<WhyReport, ClientError> {
        self.get(&format!("/v1/why/{}", utf8_percent_encode(what, NON_ALPHANUMERIC)))
    }
}
