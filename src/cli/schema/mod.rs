//! `hubroute schema`: JSON Schemas for editors. Draft 7, the newest that Taplo and Even Better
//! TOML read whole. Its keys are checked against those the parsers take.

mod book_keys;
mod config_keys;
mod rule_keys;
mod shape;
mod test_keys;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use self::shape::Shape;

/// Which files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of a rules folder, tests among them.
    Rules,
    /// `hubroute.toml`.
    Config,
}

/// The schema, as JSON with a newline at its end.
pub fn text(of: Of) -> String {
    let schema = match of {
        Of::Rules => rules(),
        Of::Config => config(),
    };
    format!("{schema:#}\n")
}

fn rules() -> Value {
    let mut schema = book_keys::ROOT.schema();
    let all = [rule_keys::SHAPES, book_keys::SHAPES, test_keys::SHAPES];
    schema["definitions"] = definitions(all.into_iter().flatten());
    titled(schema, "hubroute rules")
}

fn config() -> Value {
    let mut schema = json!({
        "type": "object",
        "description": "hubroute.toml: every key may also be given as HUBROUTE_<TABLE>_<KEY>.",
        "additionalProperties": false,
    });
    schema["properties"] = definitions(config_keys::SHAPES.iter());
    titled(schema, "hubroute configuration")
}

fn definitions<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Value {
    let all: Map<String, Value> =
        shapes.map(|shape| (shape.name.to_owned(), shape.schema())).collect();
    Value::Object(all)
}

fn titled(mut schema: Value, title: &str) -> Value {
    schema["$schema"] = Value::from("http://json-schema.org/draft-07/schema#");
    schema["title"] = Value::from(title);
    schema
}
