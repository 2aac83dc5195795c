use std::collections::BTreeSet;

use kusari_chain::ledger::Address;
use serde_json::Value;

use super::*;

/// All that the routes describe, as they do it, with their methods and paths.
fn operations() -> Vec<(String, Operation)> {
    let paths = routes::described().into_openapi().paths.paths;
    let all = paths.into_iter().flat_map(|(path, item)| {
        let post = item.post.map(|operation| (format!("POST {path}"), operation));
        item.get.map(|operation| (format!("GET {path}"), operation)).into_iter().chain(post)
    });
    all.collect()
}

/// The names of kinds that a route notes.
fn noted(operation: &Operation) -> Option<Vec<String>> {
    let noted = operation.extensions.as_ref()?;
    // A key that nobody reads would be dropped without a word.
    let noted = noted.get(PROBLEMS).filter(|_| noted.len() == 1)?;
    serde_json::from_value(noted.clone()).ok()
}

#[test]
fn every_route_notes_its_problems_where_they_are_read_even_if_it_has_none() {
    let known: BTreeSet<String> = problem::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    let mut missing = known.clone();
    for (name, operation) in operations() {
        let noted = noted(&operation).unwrap_or_else(|| panic!("{name} does not say its problems"));
        for kind in noted {
            assert!(known.contains(&kind), "{name} notes {kind}, which is no kind");
            missing.remove(&kind);
        }
    }
    // The rest is of what routes share, or of what is no route.
    for kind in ANY.into_iter().chain(WITH_BODY).chain([problem::TOKEN]) {
        assert!(missing.remove(kind.name()), "{kind:?} is noted although it is shared");
    }
    assert_eq!(missing, [problem::METHOD, problem::NO_ROUTE].map(|kind| kind.name().into()).into());
}

#[test]
fn every_problem_that_a_route_notes_is_an_answer_of_it() {
    let document = serde_json::to_value(document()).unwrap();
    for (name, operation) in operations() {
        let (method, path) = name.split_once(' ').unwrap();
        let answers = &document["paths"][path][method.to_lowercase()]["responses"];
        for kind in noted(&operation).unwrap() {
            let kind = problem::ALL.into_iter().find(|one| one.name() == kind).unwrap();
            let answer = &answers[kind.status().to_string()];
            let text = answer.to_string();
            let is_it = text.contains(&format!("/responses/{}\"", kind.name()))
                || text.contains(&format!("\"{}\"", kind.kind()));
            assert!(is_it, "{name} has no answer for {kind:?}: {answers}");
        }
    }
}

#[test]
fn writes_take_the_token_or_the_cookie_of_the_page_but_for_what_a_page_has_no_use_for() {
    let document = serde_json::to_value(document()).unwrap();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["token"]["scheme"], &schemes["page"]["in"]),
        (&"bearer".into(), &"cookie".into())
    );
    for (name, operation) in operations() {
        let security = serde_json::to_value(&operation.security).unwrap();
        let expected = match name.as_str() {
            "GET /v1/audit"
            | "GET /v1/backup"
            | "POST /v1/session"
            | "POST /v1/session/links"
            | "POST /v1/wallet/unlock" => serde_json::json!([{"token": []}]),
            write if write.starts_with("POST ") => serde_json::json!([{"token": []}, {"page": []}]),
            _ => Value::Null,
        };
        assert_eq!(security, expected, "{name}");
    }
}

#[test]
fn the_address_that_stands_for_others_is_one() {
    let document = serde_json::to_value(document()).unwrap();
    let example = &document["components"]["schemas"]["Address"]["examples"][0];
    example.as_str().unwrap().parse::<Address>().unwrap();
}

#[test]
fn every_reason_of_a_hindrance_is_described() {
    // serde names all that it knows where it is given a name that it does not know.
    let unknown = serde_json::json!({ "reason": "a reason that is none" });
    let refused =
        serde_json::from_value::<kusari_node::Hindrance>(unknown).unwrap_err().to_string();
    let (_, known) = refused.split_once("expected one of ").unwrap();
    let known: BTreeSet<&str> = known.split(", ").map(|name| name.trim_matches('`')).collect();
    let document = serde_json::to_value(document()).unwrap();
    let described = document["components"]["schemas"]["Hindrance"]["oneOf"].as_array().unwrap();
    let reasons = described.iter().map(|one| one["properties"]["reason"]["enum"][0].as_str());
    assert_eq!(reasons.map(Option::unwrap).collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_route_that_is_answered_is_described_under_its_own_path() {
    let described = operations().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let answered =
        routes::TABLE.iter().map(|(method, path)| format!("{} {path}", method.to_uppercase()));
    assert_eq!(described, answered.collect::<Vec<_>>());
}
