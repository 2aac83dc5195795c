//! A node's document, and answers that are held against it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use crate::support::{HttpAnswer, Node, http};

/// Headers of an answer that tell programs something, and so are described wherever they are sent.
const TELLING: [&str; 6] =
    ["allow", "etag", "location", "retry-after", "set-cookie", "www-authenticate"];

/// A document by which each object has the keys that are described and no others.
pub(crate) struct Document {
    closed: Value,
}

/// A node whose answers are held against its own document.
pub(crate) struct Held<'a> {
    node: &'a Node,
    api: SocketAddr,
    token: String,
    pub(crate) document: Document,
    /// Operations that were answered with success, as `GET /v1/status`.
    pub(crate) answered: BTreeSet<String>,
}

impl Document {
    pub(crate) fn new(mut document: Value) -> Self {
        // Parts of others stay open: the whole is closed.
        let mut parts = document["components"]["schemas"].clone();
        open(&mut parts);
        document["components"]["parts"] = parts;
        for place in ["/components/schemas", "/components/responses", "/paths"] {
            close(document.pointer_mut(place).unwrap());
        }
        Self { closed: document }
    }

    /// `GET /v1/status` and so on: all that it describes.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let paths = self.closed["paths"].as_object().unwrap();
        let named = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
            methods.map(move |method| format!("{method} {path}"))
        });
        named.collect()
    }

    /// Whether an operation takes a body.
    pub(crate) fn takes_body(&self, operation: &str) -> bool {
        let (method, path) = operation.split_once(' ').unwrap();
        !self.closed["paths"][path][method.to_lowercase()]["requestBody"].is_null()
    }

    /// Whether a value has the form that the document has at this place, a JSON pointer; if not, why.
    pub(crate) fn check(&self, place: &str, value: &Value) -> Result<(), String> {
        let mut schema = self.closed.clone();
        let fragment = place.replace('{', "%7B").replace('}', "%7D").replace(' ', "%20");
        schema["$ref"] = json!(format!("#{fragment}"));
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{fault} (at {})", fault.instance_path()))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    /// Where the answer with this status is described.
    fn answer(&self, operation: &str, status: u16) -> Option<String> {
        let (method, path) = operation.split_once(' ').unwrap();
        let (method, path) = (method.to_lowercase(), path.replace('/', "~1"));
        let place = format!("/paths/{path}/{method}/responses/{status}");
        let found = self.closed.pointer(&place)?;
        let elsewhere = found.get("$ref").and_then(Value::as_str);
        Some(elsewhere.map_or(place, |place| place.trim_start_matches('#').to_owned()))
    }
}

/// Has parts be made of parts.
fn open(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(open),
        Value::Object(keys) => {
            open_parts(keys);
            keys.values_mut().for_each(open);
        }
        _ => {}
    }
}

/// Refers to open schemas where this one is made of several.
fn open_parts(keys: &mut Map<String, Value>) {
    for part in keys.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(Value::String(place)) = part.get_mut("$ref") {
            *place = place.replace("/schemas/", "/parts/");
        }
    }
}

/// Lets objects have no keys beside those that are described.
fn close(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(keys) => close_object(keys),
        _ => {}
    }
}

fn close_object(keys: &mut Map<String, Value>) {
    if keys.contains_key("allOf") {
        open_parts(keys);
        keys.insert(String::from("unevaluatedProperties"), json!(false));
        return;
    }
    // A property may have any name, and so may a schema; `properties` of a schema is an object of them.
    if keys.get("properties").is_some_and(Value::is_object) {
        keys.insert(String::from("additionalProperties"), json!(false));
    }
    keys.values_mut().for_each(close);
}

impl<'a> Held<'a> {
    #[track_caller]
    pub(crate) fn new(node: &'a Node) -> Self {
        let file = kusari_client::read_node_file(&node.directory()).unwrap().unwrap();
        let api = file.http.unwrap();
        let answer = http(api, "GET /v1/openapi.json", "", "");
        let document = Document::new(serde_json::from_str(&answer.body).unwrap());
        Self { node, api, token: file.token, document, answered: BTreeSet::new() }
    }

    /// Asks without the token. `operation` is one of the document, and `path` what it is asked for.
    #[track_caller]
    pub(crate) fn get(&mut self, operation: &str, path: &str, status: u16) -> Value {
        let answer = http(self.api, &format!("GET {path}"), "", "");
        self.hold(operation, path, status, &answer)
    }

    /// Asks with the token.
    #[track_caller]
    pub(crate) fn trusted(&mut self, operation: &str, status: u16) -> Value {
        let token = format!("Authorization: Bearer {}\r\n", self.token);
        let answer = http(self.api, operation, &token, "");
        self.hold(operation, operation, status, &answer)
    }

    /// Sends a body with the token.
    #[track_caller]
    pub(crate) fn post(&mut self, operation: &str, body: &Value, status: u16) -> Value {
        let token = format!("Authorization: Bearer {}\r\n", self.token);
        self.post_with(operation, &token, &body.to_string(), status)
    }

    /// Sends a body with these headers.
    #[track_caller]
    pub(crate) fn post_with(
        &mut self,
        operation: &str,
        headers: &str,
        body: &str,
        status: u16,
    ) -> Value {
        let answer = http(self.api, operation, headers, body);
        self.hold(operation, operation, status, &answer)
    }

    #[track_caller]
    fn hold(&mut self, operation: &str, asked: &str, status: u16, answer: &HttpAnswer) -> Value {
        let said = format!("{asked}: {} {}", answer.status, answer.body);
        assert_eq!(answer.status, status, "{said} ({})", self.node.port);
        let place = self.document.answer(operation, status);
        let place = place.unwrap_or_else(|| panic!("{operation} has no such answer: {said}"));
        let described = self.document.closed.pointer(&place).unwrap();
        let named = described["headers"].as_object().into_iter().flat_map(Map::keys);
        let named: BTreeSet<String> = named.map(|name| name.to_lowercase()).collect();
        let sent = TELLING.into_iter().filter(|name| answer.header(name).is_some());
        assert_eq!(sent.map(String::from).collect::<BTreeSet<_>>(), named, "{said}");
        let kinds = described["content"].as_object().unwrap();
        let kind = answer.header("content-type").unwrap();
        // The parameter says no more than that JSON and text are in UTF-8.
        let bare = kind.split(';').next().unwrap();
        let name = if kinds.contains_key(kind) { kind } else { bare };
        assert!(kinds.contains_key(name), "{operation} has no answer that is {kind}: {said}");
        let value = match name.ends_with("json") {
            true => serde_json::from_str(&answer.body).unwrap(),
            false => json!(answer.body),
        };
        let form = format!("{place}/content/{}/schema", name.replace('/', "~1"));
        self.document.check(&form, &value).unwrap_or_else(|why| panic!("{said}\n{why}"));
        if status < 300 {
            self.answered.insert(operation.to_owned());
        }
        value
    }
}
