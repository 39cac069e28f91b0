//! Coolify's log of a deployment: a string that holds a JSON array, parsed entry by entry, so that a malformed or cut
//! entry does not affect the others. Password hashes and terminal escapes are removed here. It must not know what the
//! entries mean.

use super::sentence::plain;
use super::short_strings::CUT;
use crate::domain::deployment::LogEntry;
use serde_json::{Deserializer, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The separator between two entries. It cannot occur inside one, because quotes are escaped there.
const BOUNDARY: &str = r#"},{""#;
/// The longest line that is kept whole, in bytes.
const LINE_BYTES: usize = 8 * 1024;
/// How much of the end of a longer line is kept: compilers begin with what failed and end with how.
const LINE_END_BYTES: usize = 2 * 1024;

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
            found.extend(entry(&value));
            rest = &rest[values.byte_offset()..];
        } else {
            rest = next_entry(rest);
        }
    }
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
        order: order.and_then(|order| i32::try_from(order).ok()),
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
mod tests {
    use super::*;
    use crate::coolify::short_strings::{Keep, ShortStrings};
    use serde_json::json;
    use time::macros::datetime;

    fn outputs(text: &str) -> Vec<String> {
        entries(text).into_iter().map(|one| one.output).collect()
    }

    #[test]
    fn an_odd_entry_costs_that_entry() {
        let odd = [
            r#"{"output":null,"type":"stdout"}"#,
            r#"{"output":7,"hidden":"yes"}"#,
            r#"{"type":"stdout"}"#,
            r#""},{ no entry""#,
            "null",
            "[{}]",
            r#"{"output":"\ud83d"}"#,
            r#"{"output":"a" "type":"b"}"#,
        ];
        for odd in odd {
            let text = format!(r#"[{{"output":"first"}},{odd},{{"output":"last","new":{{}}}}]"#);
            assert_eq!(outputs(&text), ["first", "last"], "{odd}");
        }
        assert_eq!(outputs(r#"[{"output":"a"},{"outp"#), ["a"]);
        for nothing in ["", "[]", "null", "no JSON", "[", "{}"] {
            assert!(entries(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn what_an_entry_is_is_kept() {
        let text = r#"[{"command":"ls","output":"a\u0000b\nc","type":"stderr","hidden":true,"timestamp":"2026-11-25T10:00:01.500000Z"},{"output":"d","type":"stdout","hidden":0,"timestamp":"now"}]"#;
        let entry = |position: i32, output: &str, is: bool| LogEntry {
            position,
            output: output.to_owned(),
            hidden: is,
            error: is,
            at: is.then_some(datetime!(2026-11-25 10:00:01.5 UTC)),
        };
        assert_eq!(
            entries(text),
            [entry(0, "ab\nc", true), entry(1, "d", false)]
        );
    }

    /// A log of these outputs as a client reads it: as the text of a JSON string of which only the ends are kept.
    fn received(outputs: &[String], keep: Keep) -> String {
        // In Coolify's order of keys.
        let entry = |(number, output): (i32, &String)| {
            let output = json!(output);
            format!(
                r#"{{"command":"a b","output":{output},"type":"stderr","hidden":false,"order":{number}}}"#
            )
        };
        let entries: Vec<String> = (1..).zip(outputs).map(entry).collect();
        let sent = Value::String(format!("[{}]", entries.join(","))).to_string();
        serde_json::from_reader(ShortStrings::new(sent.as_bytes(), keep)).unwrap()
    }

    #[test]
    fn a_log_cut_in_the_middle_keeps_its_first_and_its_last_entries_in_their_places() {
        let lines: Vec<String> = (0..1_000).map(|n| format!("line \"{n}\" é\n")).collect();
        for extra in 0..80 {
            let keep = Keep {
                head: 500 + extra,
                tail: 700,
            };
            let found = entries(&received(&lines, keep));
            assert!(found.len() < 40, "{}", found.len());
            assert_eq!(found[0].output, lines[0]);
            assert_eq!(found[found.len() - 1].output, lines[999]);
            let is_in_place =
                |one: &&LogEntry| lines[usize::try_from(one.position).unwrap()] == one.output;
            assert!(
                found.iter().filter(|one| !is_in_place(one)).count() <= 1,
                "{found:?}"
            );
            assert!(found.is_sorted_by(|one, next| one.position < next.position));
        }
    }

    #[test]
    fn without_numbers_the_last_entries_follow_the_first() {
        let text = received(
            &vec!["a b c".to_owned(); 1_000],
            Keep {
                head: 500,
                tail: 700,
            },
        );
        let text = text.replace("\"order\"", "\"other\"");
        let found = entries(&text);
        let gaps = found
            .windows(2)
            .filter(|two| two[1].position != two[0].position + 1);
        assert_eq!(gaps.count(), 1, "{found:?}");
        assert!(found.len() < 40);
    }

    #[test]
    fn the_end_of_an_entry_that_is_itself_cut_is_kept() {
        let build = "#9 building \"a\"\n".repeat(1_000);
        let lines = [
            "first".to_owned(),
            format!("Deployment failed: {build}\nError: {build}\nERROR: failed to solve: it broke"),
            "=".repeat(40),
        ];
        for tail in 250..330 {
            let found = entries(&received(&lines, Keep { head: 400, tail }));
            let places: Vec<i32> = found.iter().map(|one| one.position).collect();
            assert_eq!(places, [0, 1, 2], "{found:?}");
            assert!(
                found[1].output.starts_with("Deployment failed: #9"),
                "{found:?}"
            );
            assert!(
                found[1]
                    .output
                    .ends_with("\nERROR: failed to solve: it broke"),
                "{found:?}"
            );
            assert_eq!(found[2].output, lines[2]);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_log_stays() {
        for (begin, end) in [("", ""), ("é", "€"), ("one line\n", "\nanother line")] {
            let long = format!("{begin}begin {} end{end}", "x".repeat(100_000));
            let lines = ["before".to_owned(), long, "after".to_owned()];
            let found = outputs(&received(&lines, Keep::LOG));
            assert_eq!(
                (found.len(), &*found[0], &*found[2]),
                (3, "before", "after")
            );
            assert!(found[1].len() < LINE_BYTES + 100, "{}", found[1].len());
            let [head, tail] = [format!("{begin}begin xxx"), format!("xxx end{end}")];
            assert!(found[1].starts_with(&head) && found[1].ends_with(&tail));
            let (_, sign) = found[1].split_once("… (").unwrap();
            let missing = sign
                .split_once(" bytes of this line are left out)")
                .unwrap()
                .0;
            assert!(
                (91_000..93_000).contains(&missing.parse::<u32>().unwrap()),
                "{sign}"
            );
        }
        // So long that the client cuts it while it is read.
        for long in ["x".repeat(3 << 20), "y z".repeat(1 << 20)] {
            let lines = ["before".to_owned(), long, "after".to_owned()];
            let found = outputs(&received(&lines, Keep::LOG));
            assert_eq!((&*found[0], &*found[found.len() - 1]), ("before", "after"));
            assert!(found[1].contains("bytes of this line are left out"));
            assert!(found.concat().len() < 3 * LINE_BYTES);
        }
    }

    #[test]
    fn no_terminal_escape_is_kept() {
        let lines =
            ["\u{1b}[31mred\u{1b}[0m 10%\r\u{1b}[2K100%\n\u{1b}]0;title\u{7}next".to_owned()];
        assert_eq!(outputs(&received(&lines, Keep::LOG)), ["100%\nnext"]);
    }

    #[test]
    fn a_log_without_a_cut_is_the_same_as_before() {
        let lines: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
        assert_eq!(outputs(&received(&lines, Keep::LOG)), lines);
    }

    #[test]
    fn no_hash_of_a_password_is_kept() {
        let text = r#"[{"output":"HASHED_PASSWORD='$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA' PORT=8080 $argon2id$x"}]"#;
        assert_eq!(
            outputs(text),
            ["HASHED_PASSWORD='(hidden)' PORT=8080 (hidden)"]
        );
        let hash = format!("$argon2id$v=19${}", "h".repeat(2_000));
        let lines = [format!("a {hash} end"), "b".to_owned()];
        for tail in 100..160 {
            let found = outputs(&received(&lines, Keep { head: 50, tail }));
            assert!(!found.concat().contains("hhh"), "{found:?}");
        }
    }
}
