//! What the page may do in the name of the person who looks at it.
//!
//! Owns the cookie that stands for the node's token in a browser. It is set for a request alone that
//! brings the token or the key of a page link, see `page_link`: loading the page never sets
//! it. It is kept beside the token, so that a browser that was admitted stays so
//! when the node starts again. It reads nothing of the store as a whole, and is of no use to a page of
//! elsewhere: browsers do not send it along, and a request with it has to name this API as its origin.

use std::path::Path;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::TokenError;
use kusari_api_types::Token;
use kusari_files::Readers;

/// The file of a data directory that keeps the cookie.
const FILE: &str = "page.cookie";
/// How long a browser is to keep the cookie, in seconds: 400 days, the most that browsers do.
/// Source: draft-ietf-httpbis-rfc6265bis, section 5.5.
const KEPT_SECONDS: u32 = 400 * 24 * 60 * 60;

/// The cookie of one node.
#[derive(Debug)]
pub(super) struct Session(Token);

impl Session {
    /// A cookie that is forgotten with this run.
    pub(super) fn random() -> Result<Self, TokenError> {
        crate::draw_token().map(Self)
    }

    /// The cookie of the node with this data directory; it is drawn at the first start.
    pub(super) fn of(directory: &Path) -> Result<Self, TokenError> {
        crate::token::read_or_write(&directory.join(FILE), Readers::DirectoryOwner).map(Self)
    }

    /// What sets it: for the paths of the API alone, out of reach of scripts, never sent along by a page
    /// of elsewhere. `host` is how the browser calls this API; several nodes on one machine share all
    /// cookies, so the port is part of its name.
    pub(super) fn cookie(&self, host: &str) -> Option<HeaderValue> {
        let (name, value) = (name_for(host), self.0.expose());
        let cookie =
            format!("{name}={value}; Path=/v1; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Strict");
        HeaderValue::from_str(&cookie).ok()
    }

    /// Whether a request brings the cookie. Those that do not say from which page they come bring none.
    pub(super) fn is_in(&self, headers: &HeaderMap, host: &str) -> bool {
        let from_page = headers.contains_key(header::ORIGIN)
            || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        let name = name_for(host);
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs =
            pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        from_page
            && pairs.filter(|(key, _)| *key == name).any(|(_, value)| self.0.is(value.as_bytes()))
    }
}

fn name_for(host: &str) -> String {
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    format!("kusari-{}", if digits { port } else { "80" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| {
                (axum::http::HeaderName::from_static(name), value.parse().unwrap())
            })
            .collect()
    }

    #[test]
    fn a_page_of_this_api_is_known_by_its_cookie_and_nobody_else_is() {
        let session = Session(Token::parse("0123456789abcdef").unwrap());
        let set = session.cookie("localhost:7878").unwrap();
        let cookie = "kusari-7878=0123456789abcdef";
        assert_eq!(set, format!("{cookie}; Path=/v1; Max-Age=34560000; HttpOnly; SameSite=Strict"));
        let origin = ("origin", "http://localhost:7878");
        fn asked(session: &Session, headers: &[(&'static str, &str)]) -> bool {
            session.is_in(&request(headers), "localhost:7878")
        }
        assert!(asked(&session, &[origin, ("cookie", cookie)]));
        assert!(asked(&session, &[origin, ("cookie", &format!("a=b; {cookie}; c=d"))]));
        assert!(asked(&session, &[("sec-fetch-site", "same-origin"), ("cookie", cookie)]));
        // A page of another port of this machine is of the same site, and sends the cookie along.
        assert!(!asked(&session, &[("sec-fetch-site", "same-site"), ("cookie", cookie)]));
        assert!(!asked(&session, &[("cookie", cookie)]));
        assert!(!asked(&session, &[origin]));
        assert!(!asked(&session, &[origin, ("cookie", "kusari-7879=0123456789abcdef")]));
        assert!(!asked(&session, &[origin, ("cookie", "kusari-7878=0123456789abcdee")]));
        assert!(session.cookie("localhost").unwrap().to_str().unwrap().starts_with("kusari-80="));
        assert!(session.cookie("[::1]").unwrap().to_str().unwrap().starts_with("kusari-80="));
    }

    #[test]
    fn the_cookie_of_a_data_directory_is_the_same_at_each_start_and_nobody_elses_to_read() {
        let directory = tempfile::tempdir().unwrap();
        let first = Session::of(directory.path()).unwrap();
        assert_eq!(Session::of(directory.path()).unwrap().0, first.0);
        assert_ne!(Session::random().unwrap().0, first.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = std::fs::metadata(directory.path().join(FILE)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }
}
