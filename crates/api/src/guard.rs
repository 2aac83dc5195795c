//! Who may ask.
//!
//! Owns the checks that come before any route. Every program on this machine may read; a web page that
//! a browser on this machine shows may not, by whatever name it reached us (its own, or `Origin`).
//! An authorised write carries the token, which stands where only the user of the node can read it, or comes
//! from the API's own page with its cookie, see `session`.

use kusari_api_types::problem::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::{Duration, Instant, timeout};

use super::rate_limit::{Caller, RateLimit};
use super::reply::{Answer, Refusal};
use super::routes::AppState;

/// How long a request may take from its head to the beginning of the answer. The disk may be slow,
/// and a record may wait for room.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);
/// The same for what reads the whole store, which has no bound.
const WHOLE_STORE_DEADLINE: Duration = Duration::from_secs(60 * 60);
/// What reads the whole store.
const WHOLE_STORE: [&str; 2] = ["/v1/audit", "/v1/backup"];
/// What a watchdog asks for, which must not go unanswered because another program asks without end.
const WATCHING: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Headers of every answer: it is for the program that asked, is of the type that it names, and is not stored.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Where a request's connection comes from, among its extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remote(pub(super) SocketAddr);

/// Checks a request, has it answered, and says the same of every answer.
pub(super) async fn guard(
    State(app): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let deadline = match WHOLE_STORE.contains(&request.uri().path()) {
        true => WHOLE_STORE_DEADLINE,
        false => ANSWER_DEADLINE,
    };
    let caller = caller(&request, &app);
    let checked = check(request.uri(), request.headers()).and_then(|()| in_turn(&app.rate, caller));
    request.extensions_mut().insert(caller);
    let mut response = match checked {
        Ok(()) => match timeout(deadline, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refusal::from(NO_ANSWER).into_response(),
        },
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in HEADERS {
        // In place of what the answer says of it: a stream of events has a `Cache-Control` of its own.
        response.headers_mut().insert(name, value);
    }
    response
}

/// Who sends a request: that decides how often it may ask, and whether it may write.
fn caller(request: &Request, app: &AppState) -> Caller {
    let headers = request.headers();
    if bearer(headers).is_some_and(|token| app.token.is(token.as_bytes())) {
        return Caller::Token;
    }
    if is_of_page(headers, app) {
        return Caller::Page;
    }
    let remote = request.extensions().get::<Remote>();
    let address = remote.map_or(Ipv4Addr::UNSPECIFIED.into(), |remote| remote.0.ip());
    match WATCHING.contains(&request.uri().path()) {
        true => Caller::Watcher(address),
        false => Caller::Address(address),
    }
}

fn in_turn(rate: &RateLimit, caller: Caller) -> Answer<()> {
    rate.take(caller, Instant::now()).then_some(()).ok_or(TOO_MANY_REQUESTS.into())
}

fn check(uri: &Uri, headers: &HeaderMap) -> Answer<()> {
    let host = one(headers, &header::HOST).and_then(|host| host.parse::<Authority>().ok());
    let hosts = [host.as_ref(), uri.authority().or(host.as_ref())];
    // A name that a foreign DNS server resolves to this machine would let a web page of that name read.
    if !hosts.iter().all(|host| host.is_some_and(|host| is_loopback(host.host()))) {
        return Err(HOST.into());
    }
    let own = host.map(|host| format!("http://{host}"));
    if headers.contains_key(header::ORIGIN) && one(headers, &header::ORIGIN) != own.as_deref() {
        return Err(ORIGIN.into());
    }
    Ok(())
}

/// The value of a header that is there once, in ASCII.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none());
    value.and_then(|value| value.to_str().ok())
}

/// Whether a host, as an address has it, is this machine. Resolves no names.
fn is_loopback(host: &str) -> bool {
    let unbracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match unbracketed {
        Some(address) => address.parse() == Ok(Ipv6Addr::LOCALHOST),
        None => {
            host.eq_ignore_ascii_case("localhost")
                || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Whether the page asks, in a browser that has its cookie.
pub(super) fn is_of_page(headers: &HeaderMap, app: &AppState) -> bool {
    one(headers, &header::HOST).is_some_and(|host| app.session.is_in(headers, host))
}

/// How the caller names this API, as in `127.0.0.1:7878`.
pub(super) fn host(headers: &HeaderMap) -> &str {
    one(headers, &header::HOST).unwrap_or_default()
}

/// The token that a request brings, whether it is the right one or not.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    one(headers, &header::AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim_start())
}

/// A request that carries the token.
pub(super) struct TokenHolder;

/// A request that carries the token or the page's cookie.
pub(super) struct AuthorisedWrite;

/// A request that carries the token, or the key of a page link, which is used up by it.
pub(super) struct Admitted;

impl FromRequestParts<Arc<AppState>> for TokenHolder {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Answer<Self> {
        let detail = match (parts.extensions.get(), bearer(&parts.headers)) {
            (Some(Caller::Token), _) => return Ok(Self),
            (_, Some(_)) => {
                "this is not the token of this node; node.json in its data directory has it"
            }
            (_, None) => {
                "this needs the header `Authorization: Bearer TOKEN`; node.json in the node's data \
                 directory has the token"
            }
        };
        Err(TOKEN.because(detail).into())
    }
}

impl FromRequestParts<Arc<AppState>> for AuthorisedWrite {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Answer<Self> {
        if let Some(Caller::Page) = parts.extensions.get() {
            return Ok(Self);
        }
        TokenHolder::from_request_parts(parts, app).await.map(|_| Self)
    }
}

impl FromRequestParts<Arc<AppState>> for Admitted {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Answer<Self> {
        let key = bearer(&parts.headers).unwrap_or_default();
        if app.links.take(key.as_bytes(), Instant::now()) {
            return Ok(Self);
        }
        TokenHolder::from_request_parts(parts, app).await.map(|_| Self).map_err(|_| {
            let detail = "this is neither the token of this node, which is in node.json of its data directory, \
                          nor the key of a link that is still good; `kusari open` prints a new link, for one \
                          browser and 60 seconds";
            TOKEN.because(detail).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uri: &str, headers: &[(&str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        check(&uri.parse().unwrap(), &map).map_or_else(|refusal| refusal.0.status, |()| 200)
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:7878", "127.8.9.1", "[::1]:7878"] {
            assert_eq!(status("/v1/status", &[("host", host)]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:7878",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "192.168.0.1",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "localhost.",
            "",
            "a b",
        ] {
            assert_eq!(status("/v1/status", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status("/v1/status", &[]), 421);
        assert_eq!(status("/v1/status", &[("host", "localhost"), ("host", "evil.example")]), 421);
        assert_eq!(status("http://evil.example/v1/status", &[("host", "localhost")]), 421);
        assert_eq!(status("http://localhost/v1/status", &[("host", "evil.example")]), 421);
    }

    #[test]
    fn whoever_asks_without_end_is_refused_and_told_so() {
        let rate = RateLimit::default();
        let refusal =
            std::iter::repeat_with(|| in_turn(&rate, Caller::Token)).find_map(Result::err);
        assert_eq!(refusal.map(|refusal| refusal.0.status), Some(429));
    }

    #[test]
    fn only_the_apis_own_pages_may_ask() {
        let from = |origin| status("/", &[("host", "localhost:7878"), ("origin", origin)]);
        assert_eq!(from("http://localhost:7878"), 200);
        for origin in
            ["null", "", "https://localhost:7878", "http://localhost:7879", "http://evil.example"]
        {
            assert_eq!(from(origin), 403, "{origin}");
        }
    }
}
