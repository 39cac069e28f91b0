//! Holds values against JSON schemas, as far as the API's description uses them: what it does not know is an error, so
//! that nothing goes unchecked.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Says nothing of the value by itself.
const WORDS: [&str; 5] = ["title", "description", "default", "example", "examples"];

/// What is wrong with a value.
pub fn wrongs(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut checker = Checker {
        document,
        found: vec![],
    };
    checker.check("$", schema, value);
    checker.found
}

struct Checker<'a> {
    document: &'a Value,
    found: Vec<String>,
}

impl Checker<'_> {
    fn wrong(&mut self, at: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{at}: {what}"));
    }

    fn check(&mut self, at: &str, schema: &Value, value: &Value) {
        let Some(keywords) = schema.as_object() else {
            return self.wrong(at, format!("is held against no schema: {schema}"));
        };
        for (keyword, wanted) in keywords {
            self.keyword(at, keyword, wanted, value);
        }
        let closed = keywords.get("additionalProperties") == Some(&Value::Bool(false));
        if let (Some(object), true) = (value.as_object(), closed) {
            self.known(at, &keywords["properties"], object);
        }
    }

    fn keyword(&mut self, at: &str, keyword: &str, wanted: &Value, value: &Value) {
        match keyword {
            "$ref" => self.follow(at, wanted, value),
            "type" => self.kind(at, wanted, value),
            "properties" => self.properties(at, wanted, value),
            "required" => self.required(at, wanted, value),
            "items" => self.items(at, wanted, value),
            "oneOf" | "anyOf" => self.one_of(at, wanted, value),
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                self.wrong(at, format!("{value} is none of {wanted}"));
            }
            "format" => self.format(at, wanted, value),
            "minimum" if value.as_f64() < wanted.as_f64() && value.is_number() => {
                self.wrong(at, format!("{value} is less than {wanted}"));
            }
            "maximum" if value.as_f64() > wanted.as_f64() => {
                self.wrong(at, format!("{value} is more than {wanted}"));
            }
            "enum" | "minimum" | "maximum" | "additionalProperties" => {}
            word if WORDS.contains(&word) => {}
            odd => self.wrong(at, format!("the keyword {odd} is not known here")),
        }
    }

    fn follow(&mut self, at: &str, place: &Value, value: &Value) {
        let place = place.as_str().unwrap();
        let document = self.document;
        match document.pointer(place.trim_start_matches('#')) {
            Some(schema) => self.check(at, schema, value),
            None => self.wrong(at, format!("there is no {place}")),
        }
    }

    fn kind(&mut self, at: &str, wanted: &Value, value: &Value) {
        let is = |kind: &Value| match kind.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            _ => false,
        };
        let fits = match wanted.as_array() {
            Some(kinds) => kinds.iter().any(is),
            None => is(wanted),
        };
        if !fits {
            self.wrong(at, format!("{value} is no {wanted}"));
        }
    }

    fn properties(&mut self, at: &str, wanted: &Value, value: &Value) {
        for (name, schema) in wanted.as_object().unwrap() {
            if let Some(value) = value.get(name) {
                self.check(&format!("{at}.{name}"), schema, value);
            }
        }
    }

    fn required(&mut self, at: &str, wanted: &Value, value: &Value) {
        for name in wanted.as_array().unwrap() {
            if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                self.wrong(at, format!("{name} is missing"));
            }
        }
    }

    fn known(&mut self, at: &str, properties: &Value, object: &Map<String, Value>) {
        for name in object.keys() {
            if properties.get(name).is_none() {
                self.wrong(at, format!("{name} is not described"));
            }
        }
    }

    fn items(&mut self, at: &str, schema: &Value, value: &Value) {
        for (number, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&format!("{at}[{number}]"), schema, item);
        }
    }

    fn one_of(&mut self, at: &str, schemas: &Value, value: &Value) {
        let all = schemas.as_array().unwrap().iter();
        let wrongs: Vec<_> = all.map(|it| wrongs(self.document, it, value)).collect();
        if !wrongs.iter().any(Vec::is_empty) {
            self.wrong(at, format!("{value} is none of several: {wrongs:?}"));
        }
    }

    fn format(&mut self, at: &str, format: &Value, value: &Value) {
        let Some(text) = value.as_str() else { return };
        let fits = match format.as_str().unwrap() {
            "date-time" => OffsetDateTime::parse(text, &Rfc3339).is_ok() && text.ends_with('Z'),
            "uri" => url::Url::parse(text).is_ok(),
            _ => true,
        };
        if !fits {
            self.wrong(at, format!("{value} is no {format}"));
        }
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let document = json(
        r##"{ "a": { "type": "object", "required": ["n"], "additionalProperties": false,
              "properties": { "n": { "type": ["integer", "null"], "minimum": 1 }, "t": { "type": "string", "format": "date-time" },
                              "w": { "enum": ["x", "y"] }, "l": { "type": "array", "items": { "type": "boolean" } },
                              "o": { "oneOf": [{ "type": "null" }, { "$ref": "#/a" }] } } } }"##,
    );
    let schema = json(r##"{ "$ref": "#/a" }"##);
    let whole =
        r#"{ "n": 1, "t": "2026-01-02T03:04:05Z", "w": "x", "l": [true], "o": { "n": null } }"#;
    assert!(wrongs(&document, &schema, &json(whole)).is_empty());
    for odd in [
        "[]",
        "{}",
        r#"{ "n": 0 }"#,
        r#"{ "n": "1" }"#,
        r#"{ "n": 1, "odd": 1 }"#,
        r#"{ "n": 1, "t": "today" }"#,
        r#"{ "n": 1, "w": "z" }"#,
        r#"{ "n": 1, "l": [1] }"#,
        r#"{ "n": 1, "o": {} }"#,
    ] {
        let found = wrongs(&document, &schema, &json(odd));
        assert_eq!(found.len(), 1, "{odd}: {found:?}");
    }
}
