//! Coolify's log of a deployment: a string that holds a JSON array, parsed entry by entry, so that a malformed or cut
//! entry does not affect the others. Password hashes are redacted here. It must not know what the entries mean.

use super::short_strings::CUT;
use crate::domain::deployment::LogEntry;
use serde_json::{Deserializer, Value};

/// The separator between two entries. It cannot occur inside one, because quotes are escaped there.
const BOUNDARY: &str = r#"},{""#;
/// Replaces entries that were left out.
const LEFT_OUT: &str = "… (this part of the log is too long and is left out) …";

/// The entries of a log, in Coolify's order.
pub fn entries(text: &str) -> Vec<LogEntry> {
    let Some((head, tail)) = text.split_once(CUT) else {
        return read(text);
    };
    let mut found = read(head);
    found.push(LogEntry {
        output: LEFT_OUT.to_owned(),
        hidden: false,
        error: false,
    });
    found.extend(end_of_entry(tail));
    found.extend(read(next_entry(tail)));
    found
}

fn read(text: &str) -> Vec<LogEntry> {
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
fn end_of_entry(text: &str) -> Option<LogEntry> {
    let end = text.find(BOUNDARY).or_else(|| text.rfind('}'))?;
    let start = text[..end].find(' ')?;
    let object = format!("{{\"output\":\"…{}", &text[start..=end]);
    entry(&serde_json::from_str(&object).ok()?)
}

fn entry(value: &Value) -> Option<LogEntry> {
    let output = value.get("output")?.as_str()?;
    Some(LogEntry {
        // PostgreSQL's `text` cannot hold NUL.
        output: without_hashes(&output.replace('\0', "")),
        hidden: value["hidden"].as_bool().unwrap_or_default(),
        error: value["type"] == "stderr",
    })
}

/// Coolify may print a container's variables, and the password's hash is enough to sign in.
pub fn without_hashes(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("$argon2") {
        let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"');
        let end = text[start..].find(ends);
        let end = end.map_or(text.len(), |length| start + length);
        text.replace_range(start..end, "(hidden)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coolify::short_strings::{Keep, ShortStrings};
    use serde_json::json;

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
        let text = r#"[{"command":"ls","output":"a\u0000b\nc","type":"stderr","hidden":true},{"output":"d","type":"stdout","hidden":0}]"#;
        let entry = |output: &str, is: bool| LogEntry {
            output: output.to_owned(),
            hidden: is,
            error: is,
        };
        assert_eq!(entries(text), [entry("ab\nc", true), entry("d", false)]);
    }

    /// A log of these outputs as a client reads it: as the text of a JSON string of which only the ends are kept.
    fn received(outputs: &[String], keep: Keep) -> String {
        let entries: Vec<Value> = outputs
            .iter()
            .map(|output| json!({"command": "a b", "output": output, "type": "stderr", "hidden": false}))
            .collect();
        let sent = Value::String(Value::from(entries).to_string()).to_string();
        serde_json::from_reader(ShortStrings::new(sent.as_bytes(), keep)).unwrap()
    }

    #[test]
    fn a_log_cut_in_the_middle_keeps_its_first_and_its_last_entries() {
        let lines: Vec<String> = (0..1_000).map(|n| format!("line \"{n}\" é\n")).collect();
        for extra in 0..80 {
            let keep = Keep {
                head: 500 + extra,
                tail: 700,
            };
            let found = outputs(&received(&lines, keep));
            assert!(found.len() < 40, "{}", found.len());
            assert_eq!(found[0], lines[0]);
            assert_eq!(found[found.len() - 3..], lines[997..]);
            assert_eq!(found.iter().filter(|one| *one == LEFT_OUT).count(), 1);
            let whole = |one: &&String| lines.contains(one) || *one == LEFT_OUT;
            assert!(
                found.iter().filter(|one| !whole(one)).count() <= 1,
                "{found:?}"
            );
        }
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
            let found = outputs(&received(&lines, Keep { head: 400, tail }));
            assert_eq!(found[..2], ["first", LEFT_OUT], "{found:?}");
            assert!(
                found[2].ends_with("\nERROR: failed to solve: it broke"),
                "{found:?}"
            );
            assert_eq!(found[3], lines[2]);
        }
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
