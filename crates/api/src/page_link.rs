//! Links that admit a browser to the page.
//!
//! Owns their keys: each is good for one browser, and for [`VALID_FOR`]. A link is made for a program
//! with the node's token and is not stored; the page that it opens exchanges the key for the cookie, see
//! `session`. The key stands behind the `#` of the link, so it is part of no request for a page.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

use crate::TokenError;
use kusari_api_types::Token;

/// How long a link is good: enough to paste it into a browser on another machine.
pub(super) const VALID_FOR: Duration = Duration::from_secs(60);
/// Links that are good at once; one more takes the place of the oldest.
const MAX_LINKS: usize = 16;
/// What the page shows for a link, behind its address; the key follows.
const VIEW: &str = "/#/admit/";

/// The links that are good, oldest first.
#[derive(Debug, Default)]
pub(super) struct PageLinks(Mutex<VecDeque<(Token, Instant)>>);

impl PageLinks {
    /// Makes a link. Returns what stands behind the address of the API.
    pub(super) fn make(&self, now: Instant) -> Result<String, TokenError> {
        let key = crate::draw_token()?;
        let path = format!("{VIEW}{}", key.expose());
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MAX_LINKS {
            links.pop_front();
        }
        links.push_back((key, now));
        Ok(path)
    }

    /// Uses up the link with this key. `false` where no link has it that is still good.
    pub(super) fn take(&self, key: &[u8], now: Instant) -> bool {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|(_, made)| now.saturating_duration_since(*made) < VALID_FOR);
        let before = links.len();
        links.retain(|(known, _)| !known.is(key));
        links.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(links: &PageLinks, now: Instant) -> String {
        links.make(now).unwrap().strip_prefix(VIEW).unwrap().to_owned()
    }

    #[test]
    fn a_link_is_good_once_and_for_less_than_a_minute() {
        let links = PageLinks::default();
        let now = Instant::now();
        let (used, in_time, late) = (made(&links, now), made(&links, now), made(&links, now));
        assert!(!links.take(b"", now) && !links.take(&[b'0'; 64], now));
        assert!(links.take(used.as_bytes(), now));
        assert!(!links.take(used.as_bytes(), now), "a second time");
        assert!(links.take(in_time.as_bytes(), now + VALID_FOR - Duration::from_millis(1)));
        assert!(!links.take(late.as_bytes(), now + VALID_FOR), "after a minute");
        assert!(!links.take(late.as_bytes(), now), "it is forgotten");
    }

    #[test]
    fn a_program_that_makes_links_without_end_fills_no_memory() {
        let links = PageLinks::default();
        let now = Instant::now();
        let all: Vec<String> = (0..1_000).map(|_| made(&links, now)).collect();
        assert_eq!(links.0.lock().unwrap().len(), MAX_LINKS);
        assert!(!links.take(all[0].as_bytes(), now));
        assert!(all.iter().rev().take(MAX_LINKS).all(|key| links.take(key.as_bytes(), now)));
    }
}
