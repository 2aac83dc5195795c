//! The explorer in a browser, as a test drives it.

use serde_json::{Value, json};

use super::super::api::client;
use super::super::browser::driver::Browser;
use super::super::support::Node;

/// A page of a node.
pub(super) struct Page {
    pub(super) browser: Browser,
    pub(super) base: String,
}

impl Page {
    /// Opens the explorer of a node in a new browser, which may not write; `None` where no browser is
    /// installed.
    pub(super) fn of_a_stranger(node: &Node, language: &str) -> Option<Self> {
        let browser = Browser::start(language)?;
        let page = Self { browser, base: client(node).base().to_owned() };
        page.open("");
        Some(page)
    }

    /// Opens it by a link of `kusari open`, so that one may write.
    pub(super) fn of(node: &Node, language: &str) -> Option<Self> {
        let browser = Browser::start(language)?;
        let page = Self { browser, base: client(node).base().to_owned() };
        page.browser.open(&client(node).page_link().unwrap().0);
        page.until("document.querySelector('#say input') && 1");
        Some(page)
    }

    /// Types the token, or what is taken for it.
    pub(super) fn unlock(&self, token: &str) {
        self.until("document.querySelector('#unlock input') && 1");
        self.browser.type_into("#unlock input", token);
        self.browser.run("document.querySelector('#unlock button').click()", &json!([]));
    }

    /// Opens it as if the node were at this address, as it is behind a proxy.
    pub(super) fn at(base: String) -> Option<Self> {
        let page = Self { browser: Browser::start("en-US")?, base };
        page.open("");
        Some(page)
    }

    /// Opens a view, whose name follows `#/`.
    pub(super) fn open(&self, view: &str) {
        self.browser.open(&format!("{}/#/{view}", self.base));
    }

    /// Waits until an expression of the page is true or something like it, and returns it.
    #[track_caller]
    pub(super) fn until(&self, expression: &str) -> Value {
        let script = format!(
            "for (let again = 0; again < 1200; again += 1) {{
                 const found = ({expression});
                 if (found) return found;
                 await new Promise((next) => setTimeout(next, 50));
             }}
             return 'it shows ' + document.body.innerText;"
        );
        let found = self.browser.run_async(&script, &json!([]));
        let shown = found.as_str().unwrap_or_default();
        assert!(!shown.starts_with("it shows "), "never came true: {expression}\n{shown}");
        found
    }

    /// Waits until an element shows these words.
    #[track_caller]
    pub(super) fn until_shown(&self, selector: &str, words: &str) {
        let (selector, words) = (json!(selector), json!(words));
        self.until(&format!("document.querySelector({selector})?.textContent.includes({words})"));
    }

    /// Turns to a view without loading the page again.
    pub(super) fn turn_to(&self, view: &str) {
        self.browser.run("location.hash = arguments[0]", &json!([format!("#/{view}")]));
    }

    /// From now on an async function of JavaScript, `async (path, options) => …`, answers the page in place of the
    /// node, which it can ask by `asked(path, options)`; where it returns nothing, the node answers.
    pub(super) fn answer_with(&self, function: &str) {
        let script = format!(
            "window.asked ??= window.fetch.bind(window);
             window.fetch = async (path, options) =>
                 (await ({function})(String(path), options)) ?? asked(path, options);"
        );
        self.browser.run(&script, &json!([]));
    }

    /// What the elements say that a selector finds.
    pub(super) fn texts(&self, selector: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)";
        serde_json::from_value(self.browser.run(script, &json!([selector]))).unwrap()
    }

    #[track_caller]
    pub(super) fn record(&self, text: &str) {
        self.until("document.querySelector('#say input')");
        self.browser.type_into("#say input", text);
        self.browser.run("document.querySelector('#say button').click()", &json!([]));
    }

    #[track_caller]
    pub(super) fn assert_calm(&self) {
        assert_eq!(self.browser.console(), [] as [&str; 0], "the console has something to say");
    }
}
