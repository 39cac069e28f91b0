//! Prepares foreign text for use in a sentence: one line, no terminal escapes, no hashes, limited length. It must not
//! know where the text is from.

use super::log::without_hashes;

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

/// The text without terminal escapes and hashes. Of a line overwritten with carriage returns, only the last state is
/// kept.
pub fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_end_matches('\r');
        line.rsplit('\r').next().unwrap_or(line)
    });
    let text = lines.collect::<Vec<_>>().join("\n").replace('\t', "    ");
    without_hashes(&strip_ansi_escapes::strip_str(text))
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
        let text = "\u{1b}[31mred\u{1b}[0m 10%\r\u{1b}[2K100%\r\n\u{1b}]0;title\u{7}\tdone\u{8} $argon2id$x";
        assert_eq!(plain(text), "100%\n    done (hidden)");
    }
}
