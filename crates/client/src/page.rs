//! The page of the node, as it is asked for by a person who may write.

use serde_json::json;

use super::{Client, ClientError};
use kusari_api_types::PageLinkReport;

impl Client {
    /// A link that admits one browser to the node's page, and for how many seconds it is good.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn page_link(&self) -> Result<(String, u64), ClientError> {
        let PageLinkReport { path, seconds } = self.write("/v1/session/links", &json!({}))?;
        // It ends at a terminal and in a file for a browser.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/#".contains(&byte);
        match path.starts_with('/') && path.bytes().all(is_plain) {
            true => Ok((format!("{}{path}", self.base), seconds)),
            false => Err(self.unfit("its link has another form")),
        }
    }
}
