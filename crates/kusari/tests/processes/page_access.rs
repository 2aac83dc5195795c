//! Who may write on the page of a node: a browser that opened a link of `kusari open`, or was given the
//! token. A browser here is a program that keeps cookies and says which page it asks from.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::api::client;
use super::support::command::on;
use super::support::{HttpAnswer, Node, Proxy, Setup, http};

/// A browser that calls the API by this address.
struct Browser {
    address: SocketAddr,
    cookie: Option<String>,
}

impl Browser {
    fn new(address: SocketAddr) -> Self {
        Self { address, cookie: None }
    }

    /// Asks as the page does, with the cookie if there is one, and keeps the cookie that is set.
    fn ask(&mut self, line: &str, headers: &str, body: &str) -> HttpAnswer {
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n"));
        let headers =
            format!("Origin: http://{}\r\n{}{headers}", self.address, cookie.unwrap_or_default());
        let answer = http(self.address, line, &headers, body);
        if let Some(set) = answer.header("set-cookie") {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        answer
    }

    /// What the page does with the key of a link, or with the token that is typed into it.
    fn bring(&mut self, key: &str) -> u16 {
        self.ask("POST /v1/session", &format!("Authorization: Bearer {key}\r\n"), "{}").status
    }

    /// Loads the page with all that it asks for at first.
    fn load(&mut self) {
        for path in ["/", "/explorer/app.js", "/v1/session", "/v1/status", "/v1/docs"] {
            assert_eq!(self.ask(&format!("GET {path}"), "", "").status, 200, "{path}");
        }
    }

    fn may_write(&mut self) -> bool {
        let says = self.ask("GET /v1/session", "", "").body == "{\"may_write\":true}";
        let may = self.ask("POST /v1/records", "", "{\"text\":\"hi\"}").status;
        assert_eq!(says, may == 202, "{may}");
        says
    }
}

fn api_of(node: &Node) -> SocketAddr {
    client(node).base().strip_prefix("http://").unwrap().parse().unwrap()
}

/// The key of a link that `kusari open` prints for a node.
#[track_caller]
fn key_of_link(node: &Node) -> String {
    let printed = on(&node.directory(), "open").printed();
    let start = format!("http://{}/#/admit/", api_of(node));
    let key = printed.strip_prefix(&start).unwrap_or_else(|| panic!("{printed:?}"));
    assert_eq!(key.lines().count(), 1, "{printed:?}");
    key.trim_end().to_owned()
}

/// An address that nobody else has, for a node that is to come back to it.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn a_browser_that_loads_the_page_is_not_admitted_not_even_through_a_tunnel_of_the_nodes_own_user() {
    let node = Node::start("node");
    let tunnel = Proxy::new(api_of(&node).port());
    let through = SocketAddr::from(([127, 0, 0, 1], tunnel.port));
    for address in [through, api_of(&node)] {
        let mut browser = Browser::new(address);
        for _ in 0..3 {
            browser.load();
            assert_eq!(browser.cookie, None, "{address}");
            assert!(!browser.may_write(), "{address}");
        }
    }
    // Whom the node's user gives a link is admitted through the tunnel as well.
    let mut browser = Browser::new(through);
    assert_eq!(browser.bring(&key_of_link(&node)), 200);
    assert!(browser.may_write());
}

#[test]
fn a_link_admits_one_browser_and_no_other() {
    let node = Node::start("node");
    let key = key_of_link(&node);
    let (mut first, mut second) = (Browser::new(api_of(&node)), Browser::new(api_of(&node)));
    assert_eq!(first.bring(&key), 200);
    assert!(first.may_write());
    assert_eq!(second.bring(&key), 401);
    let answer = second.ask("POST /v1/session", &format!("Authorization: Bearer {key}\r\n"), "{}");
    assert!(answer.body.contains("`kusari open` prints a new link"), "{answer:?}");
    assert!(!second.may_write());
    assert_ne!(key_of_link(&node), key);
    // A link is good for a cookie and for nothing else.
    let key = key_of_link(&node);
    let headers = format!("Authorization: Bearer {key}\r\n");
    for (line, body) in
        [("POST /v1/records", "{\"text\":\"hi\"}"), ("POST /v1/session/links", "{}")]
    {
        assert_eq!(http(api_of(&node), line, &headers, body).status, 401, "{line}");
    }
    assert!(first.ask("POST /v1/session/links", "", "{}").status == 401, "the page makes no links");
}

#[test]
fn an_admitted_browser_stays_admitted_when_the_node_starts_again() {
    let mut node = Setup::new("node").args(["--http", &free_address()]).start();
    let mut admitted = Browser::new(api_of(&node));
    let token = kusari_client::read_node_file(&node.directory()).unwrap().unwrap().token;
    assert_eq!(admitted.bring(&token), 200, "the token that a person types");
    let unused = key_of_link(&node);
    node.terminate();
    node.restart();
    assert!(admitted.may_write());
    let mut stranger = Browser::new(api_of(&node));
    stranger.load();
    assert!(!stranger.may_write());
    assert_eq!((stranger.bring(&token), stranger.bring(&unused)), (401, 401), "of the run before");
    let mode = |name: &str| {
        let file = std::fs::metadata(node.directory().join(name)).unwrap();
        file.permissions().mode() & 0o777
    };
    assert_eq!((mode("page.cookie"), mode("node.json")), (0o600, 0o600));
    // Without the file every browser has to be admitted again.
    node.terminate();
    std::fs::remove_file(node.directory().join("page.cookie")).unwrap();
    node.restart();
    assert!(!admitted.may_write());
}

/// Puts a program in the place of the system's opener, and runs `kusari open --browser` on a node.
fn open_with(node: &Node, script: &str) -> (std::process::Output, Setup) {
    let home = Setup::bare("home");
    let opener = home.home().join("xdg-open");
    std::fs::write(&opener, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o700)).unwrap();
    let directory = node.directory();
    let words = ["open", "--browser", "--data-dir", directory.to_str().unwrap()];
    let home = home.args(words);
    let output = home.command().env("PATH", home.home()).output().unwrap();
    (output, home)
}

#[cfg(target_os = "linux")]
#[test]
fn a_browser_is_led_to_the_link_by_a_private_file_and_no_process_names_the_key() {
    let node = Node::start("node");
    let (output, home) = open_with(&node, "echo \"$#:$1\" > \"$0.heard\"");
    let link = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let heard = std::fs::read_to_string(home.home().join("xdg-open.heard")).unwrap();
    let file = Path::new(heard.strip_prefix("1:").unwrap().trim_end());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.contains(&format!("url={}\"", link.trim_end())), "{page}");
    let key = link.trim_end().rsplit('/').next().unwrap();
    assert!(key.len() == 64 && !heard.contains(key), "{heard}");
}

#[cfg(target_os = "linux")]
#[test]
fn where_no_browser_opens_the_link_is_printed_all_the_same_with_what_to_do() {
    let node = Node::start("node");
    let (output, _home) = open_with(&node, "exit 3");
    let link = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("error: no browser was opened (`xdg-open` ended with"), "{said}");
    assert!(said.trim_end().ends_with("open the link above in one, within 60 s"), "{said}");
    let mut browser = Browser::new(api_of(&node));
    assert_eq!(browser.bring(link.trim_end().rsplit('/').next().unwrap()), 200);
}

#[test]
fn where_no_node_runs_there_is_no_page_to_open() {
    let mut node = Node::start("node");
    node.terminate();
    let said = on(&node.directory(), "open").refused(1);
    assert!(said.contains("no node runs on") && said.contains("start one"), "{said}");
}
