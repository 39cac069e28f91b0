//! Prepares foreign text for use in a sentence: one line, no terminal escapes, no hashes, limited length. It must not
//! know where the text is from.

/// The text on one line, without its full stop; at most about `limit` characters, cut between words at `…`. Both ends
/// are kept: compilers begin with what failed and end with how.
pub fn shortened(text: &str, limit: usize) -> String {
    let text = plain(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let all = words.join(" ");
    let all = all.trim_end_matches('.');
    if all.chars().count() <= limit {
        return all.to_owned();
    }
    let head = fitting(words.iter(), limit * 2 / 3);
    let tail = fitting(words[head..].iter().rev(), limit / 3);
    let last = &words[words.len() - tail..];
    let parts = words[..head].iter().chain(["…"].iter()).chain(last);
    let parts: Vec<&str> = parts.copied().collect();
    parts.join(" ").trim_end_matches('.').to_owned()
}

/// How many of the words fit.
fn fitting<'a>(words: impl Iterator<Item = &'a &'a str>, limit: usize) -> usize {
    let mut length = 0;
    words
        .take_while(|word| {
            length += word.chars().count() + 1;
            length <= limit
        })
        .count()
}

/// The text as a terminal would show it, and without hashes: no escapes and no other control characters. Of a line that
/// is overwritten with carriage returns, only the last state is kept.
pub fn plain(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(shown).collect();
    without_hashes(&lines.join("\n"))
}

/// A line as a terminal would show it. An escape that never ends, such as a title, ends with its line.
fn shown(line: &str) -> String {
    if !line.contains(is_unprintable) {
        return line.to_owned();
    }
    let states = line.rsplit('\r').map(without_escapes);
    let mut states = states.filter(|state| !state.trim().is_empty());
    states.next().unwrap_or_default()
}

fn without_escapes(text: &str) -> String {
    let mut known = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => known.push_str("    "),
            // One character for what is usually two: ESC and a letter.
            '\u{80}'..='\u{9f}' => known.extend(['\u{1b}', char::from(c as u8 - 0x40)]),
            c => known.push(c),
        }
    }
    strip_ansi_escapes::strip_str(known).replace(is_unprintable, "")
}

/// Control characters, and those that turn the direction of the text around them.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Coolify may print a container's variables, and the password's hash is enough to sign in.
fn without_hashes(text: &str) -> String {
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

    #[test]
    fn a_short_text_loses_only_its_full_stop() {
        assert_eq!(shortened(" It is\nno branch. ", 40), "It is no branch");
        assert_eq!(shortened("", 40), "");
    }

    #[test]
    fn a_long_text_is_cut_between_words_and_keeps_both_ends() {
        let text = format!("begin {}the end.", "word ".repeat(100));
        let short = shortened(&text, 40);
        assert_eq!(short, "begin word word word word … the end");
        for limit in 0..60 {
            let short = shortened(&text, limit);
            assert!(short.chars().count() <= limit + 2, "{limit}: {short}");
            let whole = |word: &str| ["begin", "word", "the", "end", "…"].contains(&word);
            assert!(short.split(' ').all(whole), "{limit}: {short}");
        }
        assert_eq!(shortened(&"x".repeat(100), 40), "…");
    }

    #[test]
    fn what_terminals_understand_is_left_out() {
        let cases = [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[38;2;1;2;3;48;5;9mcolours\u{1b}[K", "colours"),
            ("\u{1b}[?25l\u{1b}[2J\u{1b}[1;1Hscreen\u{1b}[?25h", "screen"),
            ("\u{1b}]0;title\u{7}bell", "bell"),
            ("\u{1b}]0;title\u{1b}\\string", "string"),
            ("\u{1b}]8;;https://a.b\u{7}link\u{1b}]8;;\u{7}", "link"),
            ("\u{1b}Pdevice\u{1b}\\control", "control"),
            ("\u{1b}]0;never ended\nnext", "\nnext"),
            ("\u{1b}[31\nnext", "\nnext"),
            ("at the end\u{1b}", "at the end"),
            ("\u{1b}\u{1b}[1mtwice", "twice"),
            ("\u{1b}(Bcharacters", "characters"),
            ("\u{9b}31mone byte\u{9b}0m", "one byte"),
            ("\u{9d}0;title\u{9c}of one byte", "of one byte"),
            ("10%\r\u{1b}[2K50%\r\u{1b}[2K100%", "100%"),
            ("100%\r\u{1b}[K", "100%"),
            ("windows\r\nlines\r\n", "windows\nlines\n"),
            ("\ta\tb", "    a    b"),
            ("d\u{8}o\u{7}n\u{0}e\u{7f}", "done"),
            ("turned \u{202e}around\u{2069}", "turned around"),
            ("é€😀 \u{1b}[1mé€😀", "é€😀 é€😀"),
            ("A=$argon2id$x\u{1b}[0m b", "A=(hidden) b"),
            ("$arg\u{1b}[0mon2id$x b", "(hidden) b"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }
}
