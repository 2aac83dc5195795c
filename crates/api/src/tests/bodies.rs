//! Bodies of writes: each route takes an object of the form that its document shows, and nothing else.

use serde_json::{Map, Value, json};

use super::*;

/// The document, whose schemas name one another.
struct Document(Value);

impl Document {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("../../openapi.json")).unwrap())
    }

    /// Each route that takes a body, with the schema of it.
    fn writes(&self) -> Vec<(&str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths
            .filter_map(|(path, item)| {
                let body = item["post"]["requestBody"].as_object()?;
                Some((path.as_str(), &body["content"]["application/json"]["schema"]))
            })
            .collect()
    }

    /// A value of this form.
    fn value(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            let (_, name) = name.rsplit_once('/').unwrap();
            return self.value(&self.0["components"]["schemas"][name]);
        }
        let listed = ["oneOf", "anyOf", "allOf"].into_iter().find_map(|key| schema[key].as_array());
        if let Some(first) = listed.and_then(|all| all.iter().find(|one| one["type"] != "null")) {
            return self.value(first);
        }
        if let Some(example) = schema["examples"].get(0) {
            return example.clone();
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
        match kind.unwrap_or_else(|| panic!("no type: {schema}")) {
            "object" => self.object(schema).into(),
            "array" => json!([self.value(&schema["items"])]),
            "string" => json!("text"),
            "integer" | "number" => json!(1),
            "boolean" => json!(true),
            other => panic!("no value of the type {other}"),
        }
    }

    fn object(&self, schema: &Value) -> Map<String, Value> {
        let properties = schema["properties"].as_object().unwrap().iter();
        properties.map(|(name, form)| (name.clone(), self.value(form))).collect()
    }
}

#[test]
fn each_route_takes_an_object_and_neither_a_list_nor_a_key_twice_nor_one_it_does_not_know() {
    let mut rig = Rig::new(store(1));
    // What is well formed is answered at once: there is no node to wait for.
    rig.node = TestNode::new(store(1)).0;
    let document = Document::read();
    let writes = document.writes();
    assert!(writes.len() >= 9, "{} routes", writes.len());
    for (path, schema) in writes {
        let form = document.value(schema);
        let well_formed = rig.answer(&post(path, "", &form.to_string()));
        assert!(!well_formed.contains("bad-json"), "{path} {form}\n{well_formed}");
        let values: Vec<&Value> = form.as_object().unwrap().values().collect();
        let (key, value) = form.as_object().unwrap().iter().next().unwrap();
        let rest = form.to_string().split_off(1);
        for body in [
            json!([]).to_string(),
            json!(values).to_string(),
            format!("{{{}:{value},{rest}", json!(key)),
            format!("{{\"no such key\":1,{rest}"),
            json!("text").to_string(),
            json!(null).to_string(),
        ] {
            let answer = rig.answer(&post(path, "", &body));
            assert!(answer.contains(":bad-json\""), "{path} took {body}\n{answer}");
        }
    }
}
