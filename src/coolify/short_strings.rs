//! A reader that shortens the long strings of a JSON text before it is parsed, so that parsing needs little memory
//! regardless of the input. It knows JSON's strings and escapes, and no other syntax.

use std::io::{self, Read};

/// Replaces the middle of a shortened string. JSON never contains it unescaped, so it is unambiguous even in a string
/// that itself holds JSON.
pub const CUT: char = '\0';
const CUT_ESCAPED: &[u8] = br"\u0000";
/// The size of one read, in bytes.
const READ_BYTES: usize = 16 * 1024;
/// The longest run of plain bytes that is kept or dropped as a whole.
const RUN_BYTES: usize = 1_024;

/// How much of a string is kept, in bytes of its JSON.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    pub head: usize,
    /// At least this much of the end, and at most twice as much.
    pub tail: usize,
}

impl Keep {
    /// Enough of a build's log to show how it began and why it ended.
    pub const LOG: Self = Self {
        head: 512 * 1024,
        tail: 512 * 1024,
    };
}

/// Reads JSON and outputs it with its long strings shortened.
pub struct ShortStrings<R> {
    inner: R,
    input: Vec<u8>,
    shortener: Shortener,
    given: usize,
}

impl<R: Read> ShortStrings<R> {
    /// Wraps `inner`.
    pub fn new(inner: R, keep: Keep) -> Self {
        Self {
            inner,
            input: vec![0; READ_BYTES],
            shortener: Shortener::new(keep),
            given: 0,
        }
    }
}

impl<R: Read> Read for ShortStrings<R> {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        while self.given == self.shortener.output.len() {
            self.shortener.output.clear();
            self.given = 0;
            let count = self.inner.read(&mut self.input)?;
            if count == 0 {
                return Ok(0);
            }
            self.shortener.feed(&self.input[..count]);
        }
        let ready = &self.shortener.output[self.given..];
        let count = ready.len().min(wanted.len());
        wanted[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InString,
    InEscape,
}

struct Shortener {
    keep: Keep,
    place: Place,
    /// Pending output.
    output: Vec<u8>,
    /// How many bytes of the current string were output.
    head: usize,
    /// The end of the current string so far, in two halves: when the new one is full, it replaces the old one.
    old: Vec<u8>,
    new: Vec<u8>,
    is_past_head: bool,
    is_cut: bool,
    escape: Vec<u8>,
    /// The last escape was the first half of a surrogate pair, which must not be separated from the second.
    after_half: bool,
}

impl Shortener {
    fn new(keep: Keep) -> Self {
        Self {
            keep,
            place: Place::Outside,
            output: vec![],
            head: 0,
            old: vec![],
            new: vec![],
            is_past_head: false,
            is_cut: false,
            escape: vec![],
            after_half: false,
        }
    }

    fn feed(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            let used = match self.place {
                Place::Outside => self.outside(input),
                Place::InString => self.in_string(input),
                Place::InEscape => self.in_escape(input[0]),
            };
            input = &input[used..];
        }
    }

    fn outside(&mut self, input: &[u8]) -> usize {
        let quote = input.iter().position(|byte| *byte == b'"');
        let used = quote.map_or(input.len(), |quote| quote + 1);
        self.output.extend_from_slice(&input[..used]);
        if quote.is_some() {
            self.begin();
        }
        used
    }

    fn begin(&mut self) {
        self.place = Place::InString;
        self.head = 0;
        self.old.clear();
        self.new.clear();
        self.is_past_head = false;
        self.is_cut = false;
        self.after_half = false;
    }

    fn in_string(&mut self, input: &[u8]) -> usize {
        match self.run(input) {
            0 if input[0] == b'"' => {
                self.end();
                1
            }
            0 => {
                self.place = Place::InEscape;
                self.escape.clear();
                0
            }
            run => {
                self.add(&input[..run], !is_inside_char(input[0]));
                self.after_half = false;
                run
            }
        }
    }

    /// How many plain bytes to add at once, up to a character boundary; none when something else begins.
    fn run(&self, input: &[u8]) -> usize {
        let most = RUN_BYTES.min(self.keep.tail).min(input.len());
        let begun = input[..most]
            .iter()
            .take_while(|byte| is_inside_char(**byte));
        let begun = begun.count();
        if begun > 0 {
            return begun;
        }
        let special = |byte: &u8| matches!(byte, b'"' | b'\\');
        if let Some(end) = input[..most].iter().position(special) {
            return end;
        }
        let ends = |end: &usize| input.get(*end).is_none_or(|next| !is_inside_char(*next));
        (1..=most).rev().find(ends).unwrap_or(most)
    }

    fn in_escape(&mut self, byte: u8) -> usize {
        self.escape.push(byte);
        let length = if self.escape.get(1) == Some(&b'u') {
            6
        } else {
            2
        };
        if self.escape.len() == length {
            let escape = std::mem::take(&mut self.escape);
            self.add(&escape, !self.after_half);
            self.after_half = is_first_half(&escape);
            self.escape = escape;
            self.place = Place::InString;
        }
        1
    }

    /// Adds a part of the string. The string may be cut before it only if `may_cut`.
    fn add(&mut self, part: &[u8], may_cut: bool) {
        // Invalid UTF-8 has no characters to keep whole.
        let is_endless = self.head > 2 * self.keep.head || self.new.len() > 2 * self.keep.tail;
        let may_cut = may_cut || is_endless;
        self.is_past_head |= may_cut && self.head + part.len() > self.keep.head;
        if !self.is_past_head {
            self.head += part.len();
            self.output.extend_from_slice(part);
            return;
        }
        if may_cut && self.new.len() + part.len() > self.keep.tail {
            self.is_cut |= !self.old.is_empty();
            std::mem::swap(&mut self.old, &mut self.new);
            self.new.clear();
        }
        self.new.extend_from_slice(part);
    }

    fn end(&mut self) {
        if self.is_cut {
            self.output.extend_from_slice(CUT_ESCAPED);
        }
        self.output.append(&mut self.old);
        self.output.append(&mut self.new);
        self.output.push(b'"');
        self.place = Place::Outside;
    }
}

/// Whether a byte continues a character (UTF-8).
fn is_inside_char(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Whether an escape is one of `\ud800` to `\udbff`.
fn is_first_half(escape: &[u8]) -> bool {
    matches!(escape, [_, b'u', b'd' | b'D', second, ..] if matches!(second, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Keep = Keep { head: 8, tail: 8 };

    fn shortened(json: &str, keep: Keep, at_once: usize) -> String {
        let mut shortener = Shortener::new(keep);
        for chunk in json.as_bytes().chunks(at_once) {
            shortener.feed(chunk);
        }
        String::from_utf8(shortener.output).unwrap()
    }

    #[test]
    fn short_strings_and_everything_else_stay_as_they_are() {
        let json = r#" {"a\"b": ["c", "\\", "é€😀", "\ud83d\ude00"], "d": -1.5e3, "e": null} "#;
        for at_once in [1, 2, 3, 7, 1_000] {
            assert_eq!(shortened(json, SMALL, at_once), json);
        }
    }

    #[test]
    fn a_long_string_keeps_its_head_and_its_tail() {
        let json = format!(r#"["begin{}end", "x"]"#, "-".repeat(10_000));
        let texts: Vec<String> = serde_json::from_str(&shortened(&json, SMALL, 3)).unwrap();
        let (head, tail) = texts[0].split_once(CUT).unwrap();
        assert!(head.starts_with("begin") && head.len() <= 8, "{head}");
        assert!(
            tail.ends_with("end") && (8..=16).contains(&tail.len()),
            "{tail}"
        );
        assert_eq!(texts[1], "x");
    }

    #[test]
    fn no_character_and_no_escape_is_cut() {
        let middles = [
            "é",
            "€",
            "😀",
            r"\n",
            r"\\",
            r#"\""#,
            r"\u20ac",
            r"\ud83d\ude00",
        ];
        for middle in middles {
            for shift in 0..12 {
                let json = format!(r#""{}{}""#, "x".repeat(shift), middle.repeat(50));
                for at_once in [1, 5, 64] {
                    let short = shortened(&json, SMALL, at_once);
                    assert!(short.len() < json.len(), "{short}");
                    let text: String = serde_json::from_str(&short).unwrap();
                    let one: String = serde_json::from_str(&format!("\"{middle}\"")).unwrap();
                    let rest = text.replace([CUT, 'x'], "").replace(&one, "");
                    assert_eq!(rest, "", "{short}");
                }
            }
        }
    }

    /// `count` bytes of a string, made while they are read.
    fn long_string(count: u64) -> impl Read {
        io::Cursor::new("\"")
            .chain(io::repeat(b'a').take(count))
            .chain(io::Cursor::new("\""))
    }

    #[test]
    fn forty_megabytes_of_a_string_need_no_more_memory_than_what_is_kept() {
        let mut reader = ShortStrings::new(long_string(40 << 20), Keep::LOG);
        let (mut given, mut most, mut buffer) = (0, 0, vec![0; 4_096]);
        loop {
            let count = reader.read(&mut buffer).unwrap();
            let parts = &reader.shortener;
            let held = [&parts.output, &parts.old, &parts.new].map(Vec::capacity);
            most = most.max(held.iter().sum::<usize>());
            given += count;
            if count == 0 {
                break;
            }
        }
        let kept = Keep::LOG.head + 2 * Keep::LOG.tail;
        assert!((kept / 2..kept + 100).contains(&given), "{given}");
        assert!(most < 4 << 20, "{most}");
    }

    #[test]
    fn what_is_no_text_is_cut_all_the_same() {
        let halves = br"\ud83d".repeat(10_000);
        for odd in [vec![0x80; 100_000], vec![0xff; 100_000], halves] {
            let mut shortener = Shortener::new(SMALL);
            let json = [b"[\"".as_slice(), odd.as_slice(), b"\"]"].concat();
            for chunk in json.chunks(5) {
                shortener.feed(chunk);
            }
            assert!(shortener.output.len() < 120, "{}", shortener.output.len());
        }
    }

    #[test]
    fn a_string_without_an_end_is_no_string() {
        let mut reader = ShortStrings::new(io::Cursor::new("\"abc"), SMALL);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\"abc");
    }
}
