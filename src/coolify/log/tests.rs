//! What is read of logs that are odd, cut or too long.

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
        let spaced =
            format!("[ {{ \"output\": \"first\" }},\n  {odd},\n  {{\n \"output\": \"last\" }}\n]");
        assert_eq!(outputs(&spaced), ["first", "last"], "{odd}");
    }
    assert_eq!(
        outputs(r#"[{broken},"text",{"output":"a"},7,{"output":"b"}]"#),
        ["a", "b"]
    );
    assert_eq!(
        outputs(r#"{"10":{"output":"b"},"9":{"output":"a"},"x":{"output":"c"},"11":null}"#),
        ["a", "b"]
    );
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
fn odd_numbers_of_entries_after_a_cut_are_left_out() {
    let lines = vec!["a b c".to_owned(); 1_000];
    let text = received(
        &lines,
        Keep {
            head: 500,
            tail: 700,
        },
    );
    let expected: Vec<i32> = entries(&text.replace("\"order\"", "\"other\""))
        .iter()
        .map(|one| one.position)
        .collect();
    for odd in [
        "-2147483648",
        "2147483647",
        "0",
        "1e99",
        "\"7\"",
        "null",
        "9223372036854775808",
    ] {
        let (head, tail) = text.split_once(CUT).unwrap();
        let tail = tail.replace("\"order\":", &format!("\"order\":{odd},\"other\":"));
        let found = entries(&format!("{head}{CUT}{tail}"));
        let places: Vec<i32> = found.iter().map(|one| one.position).collect();
        assert_eq!(places, expected, "{odd}");
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
    let lines = ["\u{1b}[31mred\u{1b}[0m 10%\r\u{1b}[2K100%\n\u{1b}]0;title\u{7}next".to_owned()];
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
