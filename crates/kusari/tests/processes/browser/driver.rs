//! A headless Chromium, spoken to by WebDriver: HTTP and JSON on loopback.
//!
//! Owns the processes and the few commands that the tests need. Knows nothing of the page.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

/// How long a command may take before a test fails. Far more than it takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(180);

/// A browser takes memory and both processors, so there is one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A browser with one window, which ends with this value.
pub(crate) struct Browser {
    driver: Child,
    /// Kept open: a driver that cannot write ends.
    _output: BufReader<ChildStdout>,
    agent: ureq::Agent,
    /// Where its commands go.
    session: String,
    _turn: MutexGuard<'static, ()>,
}

/// Whether the environment says that a machine without a browser is a fault.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration file to read")]
fn is_required() -> bool {
    std::env::var_os("KUSARI_BROWSER").is_some_and(|value| value == "required")
}

/// Nothing, said aloud; or a failure, where there has to be a browser.
fn left_out(why: &str) -> Option<Browser> {
    let remedy = "install chromium and chromium-driver, as Debian calls them";
    assert!(!is_required(), "KUSARI_BROWSER=required, but {why}: {remedy}");
    println!("SKIPPED, the page is not tested in a browser, as {why}: {remedy}");
    None
}

impl Browser {
    /// Starts a browser for readers of `language`; `None` where none is installed.
    pub(crate) fn start(language: &str) -> Option<Self> {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let command = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = match command {
            Ok(driver) => driver,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return left_out("there is no chromedriver");
            }
            Err(error) => panic!("chromedriver does not start: {error}"),
        };
        let mut output = BufReader::new(driver.stdout.take().unwrap());
        let port = port_of(&mut output);
        let config = ureq::Agent::config_builder();
        let config = config.timeout_global(Some(DEADLINE)).http_status_as_error(false);
        let mut browser = Self {
            driver,
            _output: output,
            agent: config.build().into(),
            session: format!("http://127.0.0.1:{port}/session"),
            _turn: turn,
        };
        match browser.command("", &capabilities(language)) {
            Ok(answer) => {
                let id = answer["sessionId"].as_str().unwrap();
                browser.session = format!("{}/{id}", browser.session);
            }
            Err(why) if why.contains("cannot find Chrome binary") => {
                return left_out("there is no chromium");
            }
            Err(why) => panic!("no browser starts: {why}"),
        }
        let timeouts = json!({"script": DEADLINE.as_millis() as u64});
        browser.command("/timeouts", &timeouts).unwrap();
        Some(browser)
    }

    fn command(&self, path: &str, body: &Value) -> Result<Value, String> {
        let address = format!("{}{path}", self.session);
        let sent = self.agent.post(&address).content_type("application/json");
        let mut answer = sent.send(body.to_string()).map_err(|error| error.to_string())?;
        // Pictures of pages and lists of cases have some megabytes.
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string();
        let text = text.map_err(|error| error.to_string())?;
        let mut value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let value = value["value"].take();
        if answer.status().is_success() { Ok(value) } else { Err(value["message"].to_string()) }
    }

    /// Opens an address, and returns once the page is loaded.
    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.command("/url", &json!({"url": url})).unwrap();
    }

    /// Opens one more tab, and turns to it.
    #[track_caller]
    pub(crate) fn new_tab(&self) {
        let tab = self.command("/window/new", &json!({"type": "tab"})).unwrap();
        self.turn_to_tab(tab["handle"].as_str().unwrap());
    }

    /// All tabs, in the order in which they were opened.
    #[track_caller]
    pub(crate) fn tabs(&self) -> Vec<String> {
        let mut answer = self.agent.get(format!("{}/window/handles", self.session)).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(value["value"].take()).unwrap()
    }

    #[track_caller]
    pub(crate) fn turn_to_tab(&self, tab: &str) {
        self.command("/window", &json!({"handle": tab})).unwrap();
    }

    /// Closes the tab that is turned to. Another one is to be turned to then.
    #[track_caller]
    pub(crate) fn close_tab(&self) {
        self.agent.delete(format!("{}/window", self.session)).call().unwrap();
    }

    /// Runs the body of a function in the page; `arguments` are its own.
    #[track_caller]
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Value {
        self.command("/execute/sync", &json!({"script": script, "args": arguments})).unwrap()
    }

    /// Runs the body of an async function in the page, and waits for what it returns.
    #[track_caller]
    pub(crate) fn run_async(&self, script: &str, arguments: &Value) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {script} }})().then(done, (error) => done(`threw ${{error}}`));"
        );
        self.command("/execute/async", &json!({"script": script, "args": arguments})).unwrap()
    }

    /// Types into the element that a selector of CSS finds; a path, where it takes a file.
    #[track_caller]
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let asked = json!({"using": "css selector", "value": selector});
        let found = self.command("/element", &asked).unwrap();
        // The standard names an element's id so.
        let id = found["element-6066-11e4-a52e-4f735466cecf"].as_str().unwrap();
        self.command(&format!("/element/{id}/value"), &json!({"text": text})).unwrap();
    }

    /// Shows the page as a screen of this many pixels across would, light or dark.
    #[track_caller]
    pub(crate) fn show_on(&self, width: u32, scheme: &str) {
        let screen = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true});
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        for (command, parameters) in [
            ("Emulation.setDeviceMetricsOverride", screen),
            ("Emulation.setEmulatedMedia", json!({"features": [feature]})),
        ] {
            let body = json!({"cmd": command, "params": parameters});
            self.command("/goog/cdp/execute", &body).unwrap();
        }
    }

    /// Keeps a picture of what is shown, in the directory `screenshots` that Cargo gives to tests.
    #[track_caller]
    pub(crate) fn keep_picture(&self, name: &str) {
        let url = format!("{}/screenshot", self.session);
        let mut answer = self.agent.get(&url).call().unwrap();
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let picture = Base64::decode_vec(value["value"].as_str().unwrap()).unwrap();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(name), picture).unwrap();
    }

    /// What the page wrote to the console since the last time, errors of the browser included.
    #[track_caller]
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.command("/se/log", &json!({"type": "browser"})).unwrap();
        let entries = entries.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser first. Where that fails, the test has failed before.
        drop(self.agent.delete(&self.session).call());
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// The port that a driver says it listens on.
fn port_of(output: &mut BufReader<ChildStdout>) -> u16 {
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        if let Some((_, port)) = line.rsplit_once("successfully on port ") {
            return port.trim().trim_end_matches('.').parse().unwrap();
        }
        line.clear();
    }
    panic!("chromedriver ended before it listened");
}

fn capabilities(language: &str) -> Value {
    // The pages are our own, and root, as whom containers test, has no sandbox.
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        &format!("--lang={language}"),
        &format!("--accept-lang={language}"),
    ];
    json!({"capabilities": {"alwaysMatch": {
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    }}})
}
