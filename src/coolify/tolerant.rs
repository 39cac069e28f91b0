//! Tolerant deserializing: a value of an unexpected type counts as missing, without affecting the values around it. It
//! knows nothing of what the values mean.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// How much of a short string is kept, in characters: more than any name, address or description has.
const TEXT_LIMIT: usize = 4_096;
/// The maximum number of rows in a list.
const ROWS_LIMIT: usize = 200_000;

/// A string, or a number as one; anything else is `None`. A very long one is truncated.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Text { limit: TEXT_LIMIT })
}

/// Like `text`, but `None` becomes an empty string.
pub fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer).map(Option::unwrap_or_default)
}

/// A string of any length.
pub fn long_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Text { limit: usize::MAX })
}

/// A non-negative number, or a string with one; anything else is `None`.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(text(deserializer)?.and_then(|text| text.parse().ok()))
}

/// An object; anything else is `None`.
pub fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(Object(PhantomData))
}

/// An array of objects; other elements are skipped.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Rows::new(Some).deserialize(deserializer)
}

/// Deserializes the objects of an array, or of an object with numeric keys, and passes each to `make` before the next
/// one is read.
pub struct Rows<T, F> {
    make: F,
    row: PhantomData<fn() -> T>,
}

impl<T, F> Rows<T, F> {
    /// Maps every row with `make`; `None` skips it.
    pub fn new(make: F) -> Self {
        Self {
            make,
            row: PhantomData,
        }
    }
}

impl<'de, T, U, F> DeserializeSeed<'de> for Rows<T, F>
where
    T: Deserialize<'de>,
    F: FnMut(T) -> Option<U>,
{
    type Value = Vec<U>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<U>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T, U, F> Visitor<'de> for Rows<T, F>
where
    T: Deserialize<'de>,
    F: FnMut(T) -> Option<U>,
{
    type Value = Vec<U>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Vec<U>, A::Error> {
        let mut rows = vec![];
        while let Some(row) = seq.next_element_seed(Object(PhantomData))? {
            add(&mut rows, row.and_then(&mut self.make))?;
        }
        Ok(rows)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Vec<U>, A::Error> {
        let mut rows = vec![];
        while let Some(key) = map.next_key::<String>()? {
            if key.parse::<u64>().is_err() {
                return Err(A::Error::custom("an object that is no list"));
            }
            let row = map.next_value_seed(Object(PhantomData))?;
            add(&mut rows, row.and_then(&mut self.make))?;
        }
        Ok(rows)
    }
}

fn add<U, E: Error>(rows: &mut Vec<U>, row: Option<U>) -> Result<(), E> {
    rows.extend(row);
    if rows.len() > ROWS_LIMIT {
        return Err(E::custom("too many rows"));
    }
    Ok(())
}

struct Text {
    limit: usize,
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let end = text.char_indices().nth(self.limit);
        let end = end.map_or(text.len(), |(end, _)| end);
        Ok(Some(text[..end].to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(map).map(|_| None)
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Object<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_| None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
        #[serde(default, deserialize_with = "number")]
        count: Option<u32>,
        #[serde(default, deserialize_with = "object")]
        inner: Option<Box<Row>>,
    }

    fn names(json: &serde_json::Value) -> Result<Vec<Option<String>>, serde_json::Error> {
        let text = json.to_string();
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        Rows::new(|row: Row| Some(row.name)).deserialize(&mut deserializer)
    }

    #[test]
    fn an_odd_value_costs_itself_and_an_odd_row_costs_the_row() {
        let odd = [
            json!(true),
            json!(null),
            json!([{"a": 1}]),
            json!({"b": []}),
        ];
        for odd in odd {
            let list = json!([{"name": odd, "other": odd}, odd, {"name": "b", "inner": odd, "count": odd}]);
            let found = names(&list).unwrap();
            assert_eq!(found.last(), Some(&Some("b".to_owned())), "{list}");
        }
        assert_eq!(names(&json!([1, -1, 1.5, "a"])).unwrap(), vec![]);
        assert_eq!(
            names(&json!([{"name": 7}])).unwrap(),
            [Some("7".to_owned())]
        );
    }

    #[test]
    fn a_list_may_be_an_object_with_numbers_as_keys_but_no_other() {
        let row = json!({"name": "a"});
        assert_eq!(names(&json!({"1": row, "3": row})).unwrap().len(), 2);
        for other in [json!({"message": "no"}), json!("no"), json!(null), json!(7)] {
            assert!(names(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn numbers_and_objects_inside_are_read() {
        let row: Row =
            serde_json::from_value(json!({"count": "3", "inner": {"name": "x", "count": 4}}))
                .unwrap();
        let inner = row.inner.unwrap();
        assert_eq!(
            (row.count, inner.count, inner.name.as_deref()),
            (Some(3), Some(4), Some("x"))
        );
    }

    #[test]
    fn a_text_is_kept_up_to_a_limit() {
        let long = "é".repeat(TEXT_LIMIT + 1);
        let found = names(&json!([{"name": long}])).unwrap().remove(0).unwrap();
        assert_eq!(found.chars().count(), TEXT_LIMIT);
    }
}
