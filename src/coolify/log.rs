//! Coolify's log of a deployment: a string that holds a JSON array, parsed entry by entry, so that a malformed or cut
//! entry does not affect the others. Password hashes and terminal escapes are removed here. It must not know what the
//! entries mean.

use super::sentence::plain;
use super::short_strings::CUT;
use crate::domain::deployment::LogEntry;
use serde_json::{Deserializer, Value};
use std::ops::RangeInclusive;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The separator between two entries. It cannot occur inside one, because quotes are escaped there.
const BOUNDARY: &str = r#"},{""#;
/// The longest line that is kept whole, in bytes.
const LINE_BYTES: usize = 8 * 1024;
/// How much of the end of a longer line is kept: compilers begin with what failed and end with how.
const LINE_END_BYTES: usize = 2 * 1024;

/// Every number that an entry may have. No log has so many; another number counts as left out.
const ORDERS: RangeInclusive<i32> = 1..=100_000_000;

/// An entry as sent.
struct Sent {
    /// Its number in the whole list, from 1 on. Coolify leaves it out of some entries.
    order: Option<i32>,
    output: String,
    hidden: bool,
    error: bool,
    at: Option<OffsetDateTime>,
}

/// The entries of a log, in Coolify's order. The positions of those after a cut are known from their numbers.
pub fn entries(text: &str) -> Vec<LogEntry> {
    let Some((head, tail)) = text.split_once(CUT) else {
        return placed(read(text), 0);
    };
    let mut first = read(head);
    let count = place(first.len());
    let mut last: Vec<Sent> = end_of_entry(tail).into_iter().collect();
    last.extend(read(next_entry(tail)));
    if let Some(begun) = beginning_of_entry(head) {
        match last.first_mut() {
            // The cut is inside this one entry.
            Some(ended) if ended.order == Some(count + 1) => {
                ended.output = format!("{}\n{}", begun.output, ended.output);
            }
            _ if begun.output.len() >= LINE_BYTES => first.push(begun),
            _ => {}
        }
    }
    let known = (0..)
        .zip(&last)
        .find_map(|(i, sent)| Some(sent.order? - 1 - i));
    let count = place(first.len());
    let from = known.map_or(count + 1, |from| from.max(count));
    let mut entries = placed(first, 0);
    entries.extend(placed(last, from));
    entries
}

fn placed(sent: Vec<Sent>, from: i32) -> Vec<LogEntry> {
    let places = (from..).zip(sent);
    let entry = |(position, sent): (i32, Sent)| LogEntry {
        position,
        output: sent.output,
        hidden: sent.hidden,
        error: sent.error,
        at: sent.at,
    };
    places.map(entry).collect()
}

fn place(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn read(text: &str) -> Vec<Sent> {
    let text = text.trim_start();
    let mut rest = text.strip_prefix('[').unwrap_or(text);
    let mut found = vec![];
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if rest.is_empty() || rest.starts_with(']') {
            return found;
        }
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            found.extend(entries_of(&value));
            rest = &rest[values.byte_offset()..];
        } else {
            rest = next_object(rest);
        }
    }
}

/// The entry, or the entries of an object with numbers as keys: PHP writes a list with gaps like that.
fn entries_of(value: &Value) -> Vec<Sent> {
    match value {
        Value::Object(object) if !object.contains_key("output") => {
            let number = |key: &String| key.parse::<u64>().ok();
            let numbered = object
                .iter()
                .filter_map(|(key, value)| Some((number(key)?, value)));
            let mut values: Vec<_> = numbered.collect();
            values.sort_unstable_by_key(|(key, _)| *key);
            values
                .into_iter()
                .filter_map(|(_, value)| entry(value))
                .collect()
        }
        _ => entry(value).into_iter().collect(),
    }
}

/// The text from the next beginning of an object on. It cannot be inside a string, because quotes are escaped there.
fn next_object(text: &str) -> &str {
    let begins = |at: &usize| text[at + 1..].trim_start().starts_with('"');
    let mut braces = text
        .match_indices('{')
        .map(|(at, _)| at)
        .filter(|at| *at > 0);
    braces.find(begins).map_or("", |at| &text[at..])
}

/// The text after the next separator.
fn next_entry(text: &str) -> &str {
    text.find(BOUNDARY)
        .map_or("", |end| &text[end + "},".len()..])
}

/// The entry that ends at the beginning of a text: the cause of a failure is at the end of its entry, however long that
/// is. It begins after a space, because an escape or a hash may have been cut before it.
fn end_of_entry(text: &str) -> Option<Sent> {
    let end = text.find(BOUNDARY).or_else(|| text.rfind('}'))?;
    let start = text[..end].find(' ')?;
    let object = format!("{{\"output\":\"…{}", &text[start..=end]);
    entry(&serde_json::from_str(&object).ok()?)
}

/// The entry that begins at the end of a text and is cut there, maybe within an escape.
fn beginning_of_entry(text: &str) -> Option<Sent> {
    let start = text.rfind(BOUNDARY).map_or(1, |end| end + "},".len());
    let begun = text.get(start..)?;
    let ends = begun.char_indices().rev().map(|(end, _)| &begun[..end]);
    let closed = ends.take(7).map(|begun| format!("{begun}…\"}}"));
    let objects = closed.filter_map(|object| serde_json::from_str(&object).ok());
    entry(&objects.into_iter().next()?)
}

fn entry(value: &Value) -> Option<Sent> {
    let output = plain(value.get("output")?.as_str()?);
    let order = value.get("order").and_then(Value::as_i64);
    Some(Sent {
        order: order
            .and_then(|order| i32::try_from(order).ok())
            .filter(|order| ORDERS.contains(order)),
        output: with_short_lines(output),
        hidden: value["hidden"].as_bool().unwrap_or_default(),
        error: value["type"] == "stderr",
        at: value["timestamp"].as_str().and_then(time),
    })
}

fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn with_short_lines(text: String) -> String {
    if text.len() <= LINE_BYTES {
        return text;
    }
    let lines: Vec<String> = text.split('\n').map(short_line).collect();
    lines.join("\n")
}

/// Both ends of a line that is too long, and how much is missing between them.
fn short_line(line: &str) -> String {
    if line.len() <= LINE_BYTES {
        return line.to_owned();
    }
    let begin = line.floor_char_boundary(LINE_BYTES - LINE_END_BYTES);
    let end = line.ceil_char_boundary(line.len() - LINE_END_BYTES);
    let missing = end - begin;
    let (begin, end) = (&line[..begin], &line[end..]);
    format!("{begin} … ({missing} bytes of this line are left out) … {end}")
}

#[cfg(test)]
mod tests;
