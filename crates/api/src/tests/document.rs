//! The document of the API, by OpenAPI 3.1, made of what routes and forms say of themselves. The node serves
//! the file that holds it, so that a program is built without the descriptions.
//!
//! Owns what the routes do not say of themselves: the names of their groups, what needs the token,
//! and the problems that any of them may answer with. Nothing is said here of what a single route does.

mod formats;
mod properties;

use std::collections::BTreeMap;

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, RefOr, Response, ResponseBuilder};

use crate::routes;
use kusari_api_types::Problem;
use kusari_api_types::problem::{self, Kind};

/// The document as the node serves it.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
/// Where a route notes its own kinds of problems.
const PROBLEMS: &str = "x-problems";

/// What a problem document is called in `Content-Type`.
const PROBLEM_JSON: &str = "application/problem+json";
/// What any request may be answered with.
const ANY: [Kind; 4] =
    [problem::ORIGIN, problem::HOST, problem::TOO_MANY_REQUESTS, problem::NO_ANSWER];
/// What a request with a body may be answered with.
const WITH_BODY: [Kind; 4] =
    [problem::BAD_JSON, problem::SLOW_BODY, problem::BODY_TOO_LONG, problem::NOT_JSON];

/// The head of the document; its paths come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "kusari",
        description = "The local API of a node, for programs on its machine. Everybody there may \
                       read; a write needs the token of the node, or the cookie of its page.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Problem)),
    tags(
        (name = "State", description = "What the node has and where it is"),
        (name = "Records", description = "Lines of text on the classic chain"),
        (name = "Blocks", description = "Blocks of the best chain, and beside it"),
        (name = "Branches", description = "Branches beside the best chain"),
        (name = "Why", description = "What happened to blocks, transactions and peers"),
        (name = "Ledger", description = "Accounts, transactions and proofs; on a ledger alone"),
        (name = "Witnesses", description = "Who says which blocks it saw; on a ledger alone"),
        (name = "Events", description = "What happens, as it happens"),
        (name = "Peers", description = "Who is connected"),
        (name = "Store", description = "All that the node keeps"),
        (name = "Watching", description = "Numbers for whoever watches nodes"),
    ),
)]
struct Head;

#[test]
fn the_file_is_what_routes_and_forms_say_now() {
    let mut text = document().to_pretty_json().unwrap();
    text.push('\n');
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration file to read")]
    let is_to_be_written = std::env::var_os("KUSARI_UPDATE").is_some();
    if is_to_be_written {
        std::fs::write(FILE, &text).unwrap();
    }
    let is_same = std::fs::read_to_string(FILE).unwrap() == text;
    assert!(is_same, "run `KUSARI_UPDATE=1 cargo test -p kusari-api document`");
}

/// The document.
fn document() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    document.merge(routes::described().into_openapi());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let bearer = bearer.description(Some("`token` in `node.json` of the node's data directory"));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
    let cookie = "set by `POST /v1/session`; its number is the port of the API, and it counts \
                  in requests of the API's own pages alone";
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description("kusari-7878", cookie));
    components.add_security_scheme("page", SecurityScheme::ApiKey(cookie));
    for kind in problem::ALL {
        components.responses.insert(kind.name().to_owned(), RefOr::T(refusal(&[kind])));
    }
    formats::rename_in_components(components);
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            add_problems(operation);
            formats::rename_in_operation(operation);
        }
    }
    document
}

/// Makes answers of the kinds that the route notes, and of those that it shares with others.
fn add_problems(operation: &mut Operation) {
    let noted = operation.extensions.as_mut().and_then(|noted| noted.remove(PROBLEMS));
    operation.extensions = None;
    let noted = noted.and_then(|noted| noted.as_array().cloned()).unwrap_or_default();
    let own = |kind: &Kind| noted.iter().any(|name| name == kind.name());
    let needs_token = operation.security.is_some();
    let has_body = operation.request_body.is_some();
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in problem::ALL {
        let shared = ANY.contains(&kind)
            || has_body && WITH_BODY.contains(&kind)
            || needs_token && kind == problem::TOKEN;
        if shared || own(&kind) {
            by_status.entry(kind.status()).or_default().push(kind);
        }
    }
    let answers = &mut operation.responses.responses;
    for (status, kinds) in by_status {
        let answer = match kinds.as_slice() {
            [kind] => RefOr::Ref(Ref::from_response_name(kind.name())),
            several => RefOr::T(refusal(several)),
        };
        answers.insert(status.to_string(), answer);
    }
}

/// The answer with one of these kinds, which have one status.
fn refusal(kinds: &[Kind]) -> Response {
    let titles: Vec<&str> = kinds.iter().map(Kind::title).collect();
    let names: Vec<String> = kinds.iter().map(Kind::kind).collect();
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    let kind = ObjectBuilder::new().property("type", kind);
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(kind);
    let content = ContentBuilder::new().schema(Some(Schema::AllOf(schema.build()))).build();
    let answer = ResponseBuilder::new().description(titles.join("; "));
    let answer = answer.content(PROBLEM_JSON, content);
    let Some((name, form, words)) = kinds.first().and_then(header) else { return answer.build() };
    let form = ObjectBuilder::new().schema_type(form).build();
    let header = HeaderBuilder::new().schema(Some(form)).description(Some(words)).build();
    answer.header(name, header).build()
}

/// The header of a refusal that says more, with its form and in words.
fn header(kind: &Kind) -> Option<(&'static str, Type, &'static str)> {
    match kind.status() {
        401 => Some(("WWW-Authenticate", Type::String, "How the token is brought")),
        405 => Some(("Allow", Type::String, "The methods that the path is for")),
        429 | 503 => Some(("Retry-After", Type::Integer, "Seconds after which to ask again")),
        _ => None,
    }
}
