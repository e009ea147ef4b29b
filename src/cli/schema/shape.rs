//! What the schemas are written from: tables, their keys, what each takes and means.

use serde_json::{Map, Value, json};

/// A table, or an inline table.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its name among the definitions.
    pub(super) name: &'static str,
    /// What it is, for people.
    pub(super) says: &'static str,
    /// Keys that must be there.
    pub(super) required: &'static [&'static str],
    /// Every key.
    pub(super) keys: &'static [Key],
}

/// A key of a table: its name, what it takes, and what it means (shown when hovered).
#[derive(Debug)]
pub(super) struct Key(pub(super) &'static str, pub(super) Kind, pub(super) &'static str);

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// A text of this form, a regular expression.
    Like(&'static str),
    /// `true` or `false`.
    Flag,
    /// Only `true`.
    True,
    /// A whole number from, to.
    Whole(u64, u64),
    /// A length of time such as `"30 minutes"`.
    Duration,
    /// A date without quotes.
    Date,
    /// A date-time with its offset, without quotes.
    Moment,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A text, a number, true or false, or a date.
    Scalar,
    /// A list of these.
    List(&'static Kind),
    /// An object whose names are the author's, with these values.
    Named(&'static Kind),
    /// The shape of this name.
    Of(&'static str),
    /// Any of these.
    Any(&'static [Kind]),
}

/// `"30 minutes"`, `"3 working days"`: RULES.md 1.1.
pub(super) const DURATION: &str =
    "^ *[0-9]+ +(seconds?|minutes?|hours?|days?|working days?|weeks?) *$";

/// The largest number that every reader of JSON takes as it stands.
pub(super) const ID_MAX: u64 = 9_007_199_254_740_991;

impl Kind {
    fn schema(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Like(pattern) => json!({ "type": "string", "pattern": pattern }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::True => json!({ "type": "boolean", "enum": [true] }),
            Self::Whole(from, to) => {
                json!({ "type": "integer", "minimum": from, "maximum": to })
            }
            Self::Duration => json!({ "type": "string", "pattern": DURATION }),
            Self::Date => json!({ "type": "string", "format": "date" }),
            Self::Moment => json!({ "type": "string", "format": "date-time" }),
            Self::Words(words) => json!({ "type": "string", "enum": words }),
            Self::Scalar => json!({ "type": ["string", "number", "boolean"] }),
            Self::List(items) => json!({ "type": "array", "items": items.schema() }),
            Self::Named(values) => {
                json!({ "type": "object", "additionalProperties": values.schema() })
            }
            Self::Of(name) => json!({ "$ref": format!("#/definitions/{name}") }),
            Self::Any(kinds) => {
                let kinds: Vec<Value> = kinds.iter().map(|kind| kind.schema()).collect();
                json!({ "anyOf": kinds })
            }
        }
    }
}

impl Shape {
    /// The schema of the table. Unknown keys are errors, as they are for the parser.
    pub(super) fn schema(&self) -> Value {
        let property = |Key(name, kind, says): &Key| {
            let mut schema = kind.schema();
            // What stands beside a reference is not read by every editor: it goes around it.
            if schema.get("$ref").is_some() {
                schema = json!({ "allOf": [schema] });
            }
            schema["description"] = Value::from(*says);
            ((*name).to_owned(), schema)
        };
        let properties: Map<String, Value> = self.keys.iter().map(property).collect();
        let mut schema = json!({
            "type": "object",
            "description": self.says,
            "properties": properties,
            "additionalProperties": false,
        });
        if !self.required.is_empty() {
            schema["required"] = json!(self.required);
        }
        schema
    }
}
