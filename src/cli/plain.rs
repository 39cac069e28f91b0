//! Text of others on a terminal. It may hold escape codes that move the cursor, hide text or change the title; none of them
//! reaches the terminal.

/// Marks that reorder what follows, or that are not seen.
const UNSEEN: [char; 13] = [
    '\u{200b}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{feff}',
];

/// A text of several lines, without escape codes and control characters but for the ends of its lines.
pub fn text(of_others: &str) -> String {
    let spaced = of_others.replace('\t', "    ");
    let is_harmless = |it: &char| *it == '\n' || !(it.is_control() || UNSEEN.contains(it));
    let stripped = strip_ansi_escapes::strip_str(spaced);
    stripped.chars().filter(is_harmless).collect()
}

/// The same in a single line.
pub fn line(of_others: &str) -> String {
    text(&of_others.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_do_not_reach_the_terminal() {
        for (sent, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;a title\u{7}text", "text"),
            (
                "\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
                "link",
            ),
            ("\u{9b}2Jcleared", "2Jcleared"),
            ("over\rwritten\u{8}", "overwritten"),
            ("a\tb", "a    b"),
            ("nam\u{202e}e\u{200b}", "name"),
            ("two\nlines", "two\nlines"),
            ("Größe 🦀 中", "Größe 🦀 中"),
        ] {
            assert_eq!(text(sent), shown, "{sent:?}");
        }
        assert_eq!(line("two\r\nlines\u{1b}[2J"), "two  lines");
    }
}
