//! The client against servers that answer wrongly, late or not at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use super::*;

const TOKEN: &str = "0123456789abcdef";

/// Answers one connection after another with these bytes; returns the requests.
fn server(answers: Vec<String>) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread =
        std::thread::spawn(move || answers.iter().map(|answer| serve(&listener, answer)).collect());
    (address, thread)
}

fn serve(listener: &TcpListener, answer: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let request = request(&mut stream);
    stream.write_all(answer.as_bytes()).unwrap();
    request
}

/// Reads one request.
fn request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    while !is_whole(&request) {
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "the request broke off");
        request.extend(&bytes[..count]);
    }
    String::from_utf8(request).unwrap()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn answer(status: &str, body: &str) -> String {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    format!("{head}Connection: close\r\n\r\n{body}")
}

fn client(address: SocketAddr) -> Client {
    Client::new(&format!("http://{address}/"), Token::parse(TOKEN)).unwrap()
}

fn problem(status: u16, name: &str) -> String {
    format!(
        "{{\"type\":\"urn:kusari:problem:{name}\",\"title\":\"t\",\"status\":{status},\
         \"detail\":\"what is wrong; what to do\"}}"
    )
}

#[test]
fn only_plain_http_addresses_are_taken() {
    for url in
        ["", "127.0.0.1:7878", "https://127.0.0.1:7878", "http://", "http://a/b", "http://u@a"]
    {
        let message = Client::new(url, None).unwrap_err().to_string();
        assert!(message.ends_with("write it so: http://127.0.0.1:7878"), "{url}: {message}");
    }
    for url in ["http://127.0.0.1:7878", "http://[::1]:7878/", "http://node.example.org:80"] {
        let client = Client::new(url, None).unwrap();
        assert_eq!(client.base(), url.trim_end_matches('/'));
    }
}

#[test]
fn a_full_outbox_is_waited_for_and_the_line_taken_once() {
    let full = answer("503 Service Unavailable", &problem(503, "outbox-full"));
    let taken =
        answer("202 Accepted", "{\"id\":7,\"text\":\"hi\",\"state\":\"waiting\",\"block\":null}");
    let (address, requests) = server(vec![full.clone(), full, taken]);
    let mut told = Vec::new();
    let report = client(address).record("hi", &mut |detail| told.push(detail.to_owned()));
    assert_eq!(report.unwrap().id, 7);
    assert_eq!(told, ["what is wrong; what to do"; 2]);
    let requests: Vec<String> =
        requests.join().unwrap().iter().map(|request| request.to_lowercase()).collect();
    for (request, wait) in requests.iter().zip([0, 20, 20]) {
        assert!(request.starts_with("post /v1/records http/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("authorization: bearer {TOKEN}\r\n")), "{request}");
        assert!(request.contains(&format!("prefer: wait={wait}\r\n")), "{request}");
        assert!(request.ends_with("{\"text\":\"hi\"}"), "{request}");
    }
}

#[test]
fn a_line_whose_answer_never_comes_is_not_sent_again() {
    let cut = "HTTP/1.1 202 Accepted\r\nContent-Length: 900\r\n\r\n{\"id\"".to_owned();
    let nonsense = answer("202 Accepted", "<html>");
    for wrong in [String::new(), "HTTP/1.1 202".to_owned(), cut, nonsense] {
        let (address, requests) = server(vec![wrong]);
        let error = client(address).record("hi", &mut |_| panic!("nothing is full")).unwrap_err();
        assert!(matches!(error, ClientError::Unanswered { .. }), "{error:?}");
        assert!(error.to_string().contains("nothing is sent twice"), "{error}");
        assert_eq!(requests.join().unwrap().len(), 1);
    }
}

#[test]
fn an_address_without_a_node_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for error in [
        client(address).status().unwrap_err(),
        client(address).record("hi", &mut |_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("no node answers at http://{address}")));
    }
}

#[test]
fn what_the_node_refuses_is_said_in_its_words() {
    let (address, requests) =
        server(vec![answer("400 Bad Request", &problem(400, "empty-record"))]);
    let error = client(address).record("", &mut |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "what is wrong; what to do");
    requests.join().unwrap();
}

#[test]
fn a_wrong_or_missing_token_is_told_apart_from_all_else() {
    let (address, requests) = server(vec![answer("401 Unauthorized", &problem(401, "token"))]);
    let wrong = client(address).connect("127.0.0.1:8080").unwrap_err();
    requests.join().unwrap();
    // Without a token nothing is even asked.
    let missing = Client::new(&format!("http://{address}"), None).unwrap();
    for error in [wrong, missing.connect("127.0.0.1:8080").unwrap_err()] {
        assert!(error.to_string().contains("name the file that holds it with --token-file"));
    }
}

#[test]
fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    let long = format!("\"{}\"", "x".repeat(9 * 1024 * 1024));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        request(&mut stream);
        let _ = stream.write_all(answer("200 OK", &long).as_bytes());
    });
    let error = client(address).status().unwrap_err();
    assert!(matches!(error, ClientError::Unreadable { .. }), "{error:?}");
    thread.join().unwrap();
}

#[test]
fn what_is_not_there_is_no_error() {
    let missing = answer("404 Not Found", &problem(404, "not-found"));
    let (address, requests) = server(vec![missing.clone(), missing]);
    assert_eq!(client(address).block("7").unwrap(), None);
    assert_eq!(client(address).record_state(7).unwrap(), None);
    requests.join().unwrap();
    // What cannot be the name of a block is not asked for.
    assert_eq!(client(address).block("../status").unwrap(), None);
}

#[test]
fn an_audit_is_waited_for_longer_than_any_other_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hasty = || {
        let soon = Duration::from_millis(50);
        Client::answered_within(&url, Token::parse(TOKEN), soon).unwrap()
    };
    let client = hasty();
    let audit = std::thread::spawn(move || client.audit());
    let (mut stream, _) = listener.accept().unwrap();
    // These began later and give up one after another: the first has waited longer than they may.
    for _ in 0..3 {
        assert!(hasty().status().is_err());
    }
    let report = r#"{"sound":true,"file":null,"best_blocks":0,"side_blocks":0,"outbox_entries":0,"waiting_entries":0,"finding":null}"#;
    stream.write_all(answer("200 OK", report).as_bytes()).unwrap();
    assert!(audit.join().unwrap().unwrap().sound);
}

#[test]
fn a_node_that_goes_in_the_midst_of_an_answer_is_gone_and_no_other_version() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"height\"".to_owned();
    for broken_off in [String::new(), "HTTP/1.1 200".to_owned(), cut] {
        let (address, requests) = server(vec![broken_off]);
        let error = client(address).status().unwrap_err();
        assert!(matches!(error, ClientError::Gone { .. }), "{error:?}");
        assert!(error.to_string().ends_with("; see whether it still runs"), "{error}");
        requests.join().unwrap();
    }
}

/// Answers so many requests over each connection, closes it, and says so.
fn keeping_server(requests: Vec<usize>) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, closed) = channel();
    std::thread::spawn(move || {
        for count in requests {
            let (mut stream, _) = listener.accept().unwrap();
            for _ in 0..count {
                request(&mut stream);
                let body = "{\"peers\":[]}";
                let head = format!("HTTP/1.1 202 Accepted\r\nContent-Length: {}", body.len());
                stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
            }
            drop(stream);
            tell.send(()).unwrap();
        }
    });
    (address, closed)
}

#[test]
fn requests_that_follow_one_another_share_a_connection() {
    let (address, closed) = keeping_server(vec![5]);
    let client = client(address);
    for _ in 0..3 {
        client.peers().unwrap();
    }
    for _ in 0..2 {
        client.write::<serde_json::Value>("/v1/peers", &[1]).unwrap();
    }
    closed.recv().unwrap();
}

#[test]
fn a_write_after_the_node_closed_a_kept_connection_goes_over_a_new_one() {
    let (address, closed) = keeping_server(vec![1, 1]);
    let client = client(address);
    client.peers().unwrap();
    closed.recv().unwrap();
    client.write::<serde_json::Value>("/v1/peers", &[1]).unwrap();
    closed.recv().unwrap();
}
