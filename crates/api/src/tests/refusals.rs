//! Every refusal is a problem document, and nothing of what is refused is done.

use super::*;

/// A request without the token.
fn bare_post(headers: &str) -> String {
    let head = "POST /v1/records HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    format!("{head}Content-Length: 13\r\n{headers}\r\n{{\"text\":\"hi\"}}")
}

#[test]
fn each_refusal_is_a_problem_document() {
    let rig = Rig::new(store(1));
    let json = "Content-Type: application/json\r\n";
    let wrong = "Authorization: Bearer 0123456789abcdeX\r\n";
    let basic = format!("Authorization: Basic {TOKEN}\r\n");
    let (get_host, own) = (get("/v1/status"), "Host: localhost\r\n");
    for (request, status, name) in [
        (get_host.replace("localhost", "evil.example"), 421, "host"),
        (get_host.replace(own, ""), 421, "host"),
        (
            get_host.replace(own, "Host: localhost\r\nOrigin: http://evil.example\r\n"),
            403,
            "origin",
        ),
        (get("/v2/status"), 404, "no-such-path"),
        (get("/x"), 404, "no-such-path"),
        (get("/explorer/nothing.js"), 404, "no-such-path"),
        (get("/explorer/vendor/README.md"), 404, "no-such-path"),
        (get("/v1/%ff"), 404, "no-such-path"),
        (get("/v1/status").replace("GET", "DELETE"), 405, "method"),
        (get("/v1/status").replace("GET", "OPTIONS"), 405, "method"),
        (get("/v1/mining"), 405, "method"),
        (post("/v1/events", "", "{}"), 405, "method"),
        (get("/v1/blocks?limit=0"), 400, "bad-request"),
        (get("/v1/blocks?limit=257"), 400, "bad-request"),
        (get("/v1/blocks?from=-1"), 400, "bad-request"),
        (get("/v1/blocks?form=1"), 400, "bad-request"),
        (get("/v1/blocks/x"), 400, "bad-request"),
        (get("/v1/blocks/+1"), 400, "bad-request"),
        (get("/v1/blocks/%ff"), 400, "bad-request"),
        (get("/v1/blocks/4294967296"), 400, "bad-request"),
        (get("/v1/accounts/%ff"), 400, "bad-request"),
        (get("/v1/transactions/%ff"), 400, "bad-request"),
        (get("/v1/proofs/%ff"), 400, "bad-request"),
        (get("/v1/blocks/2"), 404, "no-such-block"),
        (get(&format!("/v1/blocks/{}", "f".repeat(64))), 404, "no-such-block"),
        (get("/v1/records/x"), 400, "bad-request"),
        (get("/v1/records/1"), 404, "no-such-record"),
        (bare_post(json), 401, "token"),
        (bare_post(&format!("{json}{wrong}")), 401, "token"),
        (bare_post(&format!("{json}{basic}")), 401, "token"),
        (post("/v1/records", "", "{\"text\":"), 400, "bad-json"),
        (post("/v1/records", "", ""), 400, "bad-json"),
        (post("/v1/records", "", "[]"), 400, "bad-json"),
        (post("/v1/records", "", "{\"text\":\"a\",\"more\":1}"), 400, "bad-json"),
        (post("/v1/records", "", &"[".repeat(5_000)), 400, "bad-json"),
        (post("/v1/records", "", "{\"text\":\"hi\"}").replace("/json", "/text"), 415, "not-json"),
        (post("/v1/records", "", &" ".repeat(33_000)), 413, "body-too-long"),
        (post("/v1/peers", "", "{\"address\":\"nowhere\"}"), 422, "bad-address"),
    ] {
        assert_problem(&rig.answer(&request), status, name);
    }
}

#[test]
fn each_limit_of_a_page_is_the_one_that_is_described_and_that_a_refusal_names() {
    let rig = Rig::new(store(1));
    let document: serde_json::Value =
        serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let mut limits = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let of = |name: &str| parameters.clone().find(|parameter| parameter["name"] == name);
        let Some(limit) = of("limit") else { continue };
        limits += 1;
        let most = limit["schema"]["maximum"].as_u64().unwrap();
        let asked = |limit: u64| {
            let others = [("from", "&from=0"), ("text", "&text=x")];
            let others = others.into_iter().filter(|(name, _)| of(name).is_some());
            let others: String = others.map(|(_, text)| text).collect();
            rig.answer(&get(&format!("{path}?limit={limit}{others}")))
        };
        assert!(!asked(most).starts_with("HTTP/1.1 400 "), "{path}");
        for wrong in [0, most + 1] {
            let answer = asked(wrong);
            assert_problem(&answer, 400, "bad-request");
            assert!(answer.contains(&format!("1 to {most}")), "{path}: {answer}");
        }
    }
    assert_eq!(limits, 9);
}

#[test]
fn nothing_that_is_refused_reaches_the_node() {
    let mut rig = Rig::new(store(0));
    for request in [
        bare_post("Content-Type: application/json\r\n"),
        post("/v1/records", "", "{\"text\":1}"),
        post("/v1/records", "Origin: http://evil.example\r\n", "{\"text\":\"hi\"}"),
    ] {
        rig.answer(&request);
    }
    let command = async { tokio::time::timeout(Duration::ZERO, rig.node.next_command()).await };
    assert!(rig.runtime.block_on(command).is_err());
}

#[test]
fn a_refusal_says_what_would_be_taken() {
    let rig = Rig::new(store(0));
    let answer = rig.answer(&bare_post("Content-Type: application/json\r\n"));
    assert!(answer.contains("www-authenticate: Bearer realm=\"kusari\"\r\n"), "{answer}");
    let answer = rig.answer(&get("/v1/peers").replace("GET", "PUT"));
    assert!(answer.contains("allow: GET,HEAD,POST\r\n"), "{answer}");
}

#[test]
fn web_pages_get_no_permission_and_no_answer_they_could_embed() {
    let rig = Rig::new(store(0));
    let preflight = get("/v1/status").replace("GET", "OPTIONS").replace(
        "\r\n\r\n",
        "\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
    );
    for answer in [rig.answer(&preflight), rig.answer(&get("/v1/status"))] {
        assert!(!answer.contains("access-control"), "{answer}");
        assert!(answer.contains("cross-origin-resource-policy: same-origin\r\n"), "{answer}");
        assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{answer}");
    }
}

#[test]
fn a_page_of_blocks_is_bounded_in_bytes() {
    let rig = Rig::new(store(400));
    let answer = rig.answer(&get("/v1/blocks?from=1&limit=256"));
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert!((700_000..1_100_000).contains(&body.len()), "{}", body.len());
    let page: kusari_api_types::BlockPage = serde_json::from_str(body).unwrap();
    assert_eq!((page.blocks.len(), page.next), (256, Some(257)));
    let answer = rig.answer(&get("/v1/blocks?from=399"));
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let page: kusari_api_types::BlockPage = serde_json::from_str(body).unwrap();
    assert_eq!((page.blocks.len(), page.next), (2, None));
}

#[test]
fn heads_that_are_too_long_or_nonsense_end_the_connection() {
    let rig = Rig::new(store(0));
    let long =
        get("/v1/status").replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(17_000)));
    assert!(rig.answer(&long).starts_with("HTTP/1.1 431 "));
    assert!(rig.answer("GET_CHAIN\n\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_page_of_the_document_loads_nothing_from_elsewhere() {
    let rig = Rig::new(store(0));
    let page = rig.answer(&get("/v1/docs"));
    let policy =
        "content-security-policy: default-src 'none'; script-src 'self'; connect-src 'self'; ";
    assert!(page.contains(policy), "{page}");
    assert!(page.contains("frame-ancestors 'none'") && !page.contains("://"), "{page}");
    for source in page.split("src=\"").skip(1).chain(page.split("spec-url=\"").skip(1)) {
        let path = source.split('"').next().unwrap();
        assert!(rig.answer(&get(path)).starts_with("HTTP/1.1 200 OK"), "{path}");
    }
}

#[test]
fn the_viewer_is_the_one_that_its_note_names() {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(include_bytes!("../viewer/openapi-explorer.min.js.gz"));
    let digest = BlockHash(digest.into()).to_string();
    assert!(include_str!("../viewer/README.md").contains(&digest), "{digest}");
}

/// Asks for the node's health until that is refused, which the next question is for sure within a
/// second of it.
#[track_caller]
fn ask_too_often(rig: &Rig) -> String {
    let answers = (0..100).map(|_| rig.answer(&get("/v1/status")));
    let refused = answers.into_iter().find(|answer| !answer.starts_with("HTTP/1.1 200 "));
    refused.expect("a client that asks without end is refused")
}

#[test]
fn a_client_that_asks_without_end_keeps_nobody_from_watching_the_node() {
    for path in ["/readyz", "/healthz", "/metrics"] {
        let rig = Rig::with_rate(store(1), 1);
        ask_too_often(&rig);
        let answer = rig.answer(&get(path));
        assert!(!answer.starts_with("HTTP/1.1 429 "), "{path}: {answer}");
    }
    // They have a bound too.
    let rig = Rig::with_rate(store(1), 1);
    let answers = (0..100).map(|_| rig.answer(&get("/healthz")));
    assert!(answers.into_iter().any(|answer| answer.starts_with("HTTP/1.1 429 ")));
}

#[test]
fn a_client_that_asks_without_end_keeps_no_other_client_waiting() {
    let rig = Rig::with_rate(store(1), 1);
    assert_problem(&ask_too_often(&rig), 429, "too-many-requests");
    let with_token = get("/v1/status")
        .replace("\r\n\r\n", &format!("\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"));
    assert!(rig.answer(&with_token).starts_with("HTTP/1.1 200 "), "the node's own programs");
    #[cfg(target_os = "linux")]
    {
        use socket2::{Domain, Socket, Type};
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
        socket.connect(&rig.address.into()).unwrap();
        let mut elsewhere = TcpStream::from(socket);
        elsewhere.write_all(get("/v1/status").as_bytes()).unwrap();
        assert!(rig.all_of(elsewhere).0.starts_with("HTTP/1.1 200 "), "another address");
    }
}
