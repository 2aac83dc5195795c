//! What watches a node: `deploy/prometheus.yml` and `deploy/grafana-dashboard.json`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use kusari_api::DEFAULT_PORT;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;
use tempfile::TempDir;

use super::tools::{assert_success, read, root, run_if_installed};

const SCRAPE_FILE: &str = "deploy/prometheus.yml";
const DASHBOARD: &str = "deploy/grafana-dashboard.json";

/// How long the node may take for one line or one answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often it is asked whether it is ready, which takes a few times.
const MOST_LOOKS: usize = 10_000;

/// Functions of PromQL that the dashboard uses.
const FUNCTIONS: [&str; 3] = ["increase", "label_values", "rate"];

/// A node of a ledger, which has every number that there is. It is killed when this is dropped.
struct Node {
    process: Child,
    /// Kept open: a node may go on speaking.
    _out: BufReader<ChildStdout>,
    api: SocketAddr,
    _home: TempDir,
}

impl Node {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_kusari"))
            .args(["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--chain", "ledger"])
            .args(["--mine", "off", "--data-dir"])
            .arg(home.path().join("data"))
            .env("HOME", home.path())
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let api = out.by_ref().lines().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("Local API on http://").map(|address| address.parse().unwrap())
        });
        assert!(api.is_some(), "the node ended");
        let node = Self { process, _out: out, api: api.unwrap(), _home: home };
        // It runs a moment after it listens.
        let is_ready = |_| node.ask("/readyz").ends_with("\r\n\r\nready\n");
        assert!((0..MOST_LOOKS).any(is_ready), "the node never was ready");
        node
    }

    /// What it answers to somebody who names it by its address, as Prometheus does.
    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.api).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let host = self.api;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn with_scrape_file<T>(check: impl Fn(&Yaml) -> T) -> T {
    let text = read(SCRAPE_FILE);
    let files = Yaml::load_from_str(&text).unwrap();
    assert_eq!(files.len(), 1);
    check(&files[0])
}

/// The path that Prometheus asks a node for.
fn scraped_path() -> String {
    with_scrape_file(|file| file["scrape_configs"][0]["metrics_path"].as_str().unwrap().to_owned())
}

fn dashboard() -> Value {
    serde_json::from_str(&read(DASHBOARD)).unwrap()
}

/// All texts under this key, at whatever depth.
fn texts_under(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| texts_under(value, key, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == key => found.push(text.clone()),
                    _ => texts_under(value, key, found),
                }
            }
        }
        _ => {}
    }
}

/// What the dashboard asks Prometheus for: what panels show, and what can be chosen.
fn expressions() -> Vec<String> {
    let mut found = Vec::new();
    for key in ["expr", "definition"] {
        texts_under(&dashboard(), key, &mut found);
    }
    found
}

/// The words of an expression that are no label, no duration, no number and no function.
fn metrics_in(expression: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut depth = 0;
    for c in expression.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{expression}");
    // In label_values(series, label) the second one is a label.
    if let Some(inner) = bare.strip_prefix("label_values(") {
        bare = inner.split(',').next().unwrap().to_owned();
    }
    let words = bare.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic());
    words.filter(is_name).filter(|word| !FUNCTIONS.contains(word)).map(str::to_owned).collect()
}

#[test]
fn prometheus_asks_where_a_node_answers_by_itself() {
    with_scrape_file(|file| {
        let jobs = file["scrape_configs"].as_sequence().unwrap();
        assert_eq!(jobs.len(), 1);
        let targets = jobs[0]["static_configs"][0]["targets"].as_sequence().unwrap();
        let targets: Vec<&str> = targets.iter().map(|target| target.as_str().unwrap()).collect();
        assert_eq!(targets, [format!("127.0.0.1:{DEFAULT_PORT}")]);
    });
}

#[test]
fn a_node_has_every_number_that_the_dashboard_shows() {
    let node = Node::start();
    let answer = node.ask(&scraped_path());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let samples = answer.lines().filter(|line| !line.starts_with('#'));
    let known: BTreeSet<&str> = samples.filter_map(|line| line.split(['{', ' ']).next()).collect();
    let asked: BTreeSet<String> =
        expressions().iter().flat_map(|expression| metrics_in(expression)).collect();
    let resident = |name: &&String| cfg!(target_os = "linux") || !name.contains("resident");
    let unknown: Vec<&String> =
        asked.iter().filter(resident).filter(|name| !known.contains(name.as_str())).collect();
    assert_eq!(unknown, [""; 0], "the dashboard asks for what no node has");
    for name in [
        "kusari_chain_height",
        "kusari_held_branches",
        "kusari_peers",
        "kusari_pool_transactions",
        "kusari_received_bytes_total",
        "kusari_reorganisations_total",
        "kusari_sent_bytes_total",
    ] {
        assert!(asked.contains(name), "the dashboard does not show {name}");
    }
}

#[test]
fn every_panel_says_what_it_shows_and_has_a_place_of_its_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut places = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{title}");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title}");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(x + w <= 24, "{title} is wider than the page");
        for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(places.insert(place), "{title} lies on another panel");
        }
    }
}

#[test]
fn the_dashboard_names_no_prometheus_and_no_node_of_ours() {
    let dashboard = dashboard();
    let mut sources = Vec::new();
    texts_under(&dashboard, "uid", &mut sources);
    sources.retain(|uid| uid != "kusari");
    assert!(sources.iter().all(|uid| uid == "${datasource}"), "{sources:?}");
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<&str> = variables.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
}

#[test]
fn words_of_an_expression_are_told_apart() {
    let metrics = |expression| metrics_in(expression).join(" ");
    assert_eq!(metrics("rate(a_total{job=~\"$job\"}[$__rate_interval]) * 3600"), "a_total");
    assert_eq!(metrics("a_bytes{x=\"y\"} / b_bytes{x=\"y\"}"), "a_bytes b_bytes");
    assert_eq!(metrics("label_values(a_info{job=~\"$job\"}, instance)"), "a_info");
    assert_eq!(metrics("rtae(a_total[5m])"), "rtae a_total");
}

#[test]
fn prometheus_takes_the_scrape_file_where_it_is_installed() {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "config", SCRAPE_FILE]).current_dir(root());
    if let Some(output) = run_if_installed(&mut promtool) {
        assert_success(SCRAPE_FILE, &output);
    }
}
