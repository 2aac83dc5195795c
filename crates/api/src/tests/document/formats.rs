//! The formats of numbers, as the document calls them, and which properties answers always have.
//!
//! Owns what utoipa cannot be told in one place: the registry of OpenAPI knows other formats than utoipa
//! writes. Looks at schemas and never at examples, which describe nothing.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Object, SchemaType, Type};
use utoipa::openapi::{Components, Content, KnownFormat, RefOr, Response, Schema, SchemaFormat};

/// Renames the formats of all that has a name of its own.
pub(super) fn rename_in_components(components: &mut Components) {
    for (name, schema) in &mut components.schemas {
        rename(schema);
        if !name.ends_with("Request") {
            require(schema);
        }
    }
    components.responses.values_mut().for_each(rename_in_answer);
}

/// Says of each property that may be null that it is there: an answer leaves out only what is never null.
fn require(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            for (name, property) in &object.properties {
                if may_be_null(property) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
            }
        }
        RefOr::T(Schema::OneOf(either)) => either.items.iter_mut().for_each(require),
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(require),
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => match &object.schema_type {
            SchemaType::Array(several) => several.contains(&Type::Null),
            one => *one == SchemaType::Type(Type::Null),
        },
        RefOr::T(Schema::OneOf(either)) => either.items.iter().any(may_be_null),
        _ => false,
    }
}

/// Renames the formats of what an operation takes and gives.
pub(super) fn rename_in_operation(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            parameter.schema.iter_mut().for_each(rename);
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(rename_in_content);
    }
    operation.responses.responses.values_mut().for_each(rename_in_answer);
}

fn rename_in_answer(answer: &mut RefOr<Response>) {
    let RefOr::T(answer) = answer else { return };
    answer.content.values_mut().for_each(rename_in_content);
    for header in answer.headers.values_mut() {
        if let RefOr::T(header) = header {
            header.schema.iter_mut().for_each(rename);
        }
    }
}

fn rename_in_content(content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content {
        content.schema.iter_mut().for_each(rename);
    }
}

/// Renames the formats of a schema and of its parts. They are as deep as our own types.
fn rename(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => rename_in_object(object),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                rename(items);
            }
        }
        Schema::OneOf(either) => either.items.iter_mut().for_each(rename),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(rename),
        Schema::AllOf(all) => all.items.iter_mut().for_each(rename),
        // Nothing of ours has another form; the test of the whole document would find it.
        _ => {}
    }
}

fn rename_in_object(object: &mut Object) {
    if let Some(SchemaFormat::KnownFormat(known)) = &object.format {
        let name = match known {
            KnownFormat::UInt8 => Some("uint8"),
            KnownFormat::UInt16 => Some("uint16"),
            KnownFormat::UInt32 => Some("uint32"),
            KnownFormat::UInt64 => Some("uint64"),
            _ => None,
        };
        if let Some(name) = name {
            object.format = Some(SchemaFormat::Custom(name.to_owned()));
        }
    }
    object.properties.values_mut().for_each(rename);
    if let Some(AdditionalProperties::RefOr(more)) = object.additional_properties.as_deref_mut() {
        rename(more);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn formats_are_renamed_wherever_they_stand_and_examples_stay() {
        let said = json!({"format": "u-int64", "text": "\"format\":\"u-int64\""});
        let schema = |format: &str| {
            let number = json!({"type": "integer", "format": format});
            json!({
                "type": "object",
                "properties": {
                    "format": number,
                    "list": {"type": "array", "items": number},
                    "more": {"type": "object", "additionalProperties": number},
                    "one": {"oneOf": [number]},
                    "all": {"allOf": [number]},
                },
                "examples": [said],
            })
        };
        let mut read: RefOr<Schema> = serde_json::from_value(schema("u-int64")).unwrap();
        rename(&mut read);
        assert_eq!(serde_json::to_value(&read).unwrap(), schema("uint64"));
    }

    #[test]
    fn the_document_has_no_format_that_nobody_knows() {
        fn look(node: &Value, found: &mut Vec<String>) {
            if let Some(format) = node.get("format").and_then(Value::as_str) {
                found.push(format.to_owned());
            }
            match node {
                Value::Array(items) => items.iter().for_each(|item| look(item, found)),
                Value::Object(keys) => keys.values().for_each(|value| look(value, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        look(&serde_json::to_value(super::super::document()).unwrap(), &mut found);
        found.sort();
        found.dedup();
        assert_eq!(found, ["double", "uint16", "uint32", "uint64", "uint8"]);
    }
}
