//! Tables for people: aligned, and no wider than the terminal.

use super::plain;
use terminal_size::Width;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: &str = "  ";
/// No column is made narrower than this.
const NARROWEST: usize = 8;

/// The columns of the terminal that standard output or standard error is; `None` when neither is one.
pub fn terminal_width() -> Option<usize> {
    let size = terminal_size::terminal_size();
    size.map(|(Width(columns), _)| usize::from(columns))
}

/// Rows below their headings. With a width, what does not fit is cut.
pub fn table(headings: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let headings = headings.iter().map(|it| (*it).to_owned()).collect();
    let plain = rows
        .iter()
        .map(|row| row.iter().map(|cell| plain::line(cell)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(headings).chain(plain).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    };
    let mut widths: Vec<usize> = (0..columns).map(widest).collect();
    if let Some(width) = width {
        fit(&mut widths, width);
    }
    let lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    lines.join("\n")
}

/// Names before their values, one a line. Values are not cut.
pub fn pairs(pairs: &[(&str, String)]) -> String {
    let widest = pairs.iter().map(|(name, _)| name.width()).max();
    let widest = widest.unwrap_or_default();
    let line =
        |(name, value): &(&str, String)| format!("{name:<widest$}{GAP}{}", plain::line(value));
    pairs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Cuts a text that is wider.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or_default();
        if used > width {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

/// Makes the widest columns narrower until all of them fit.
fn fit(widths: &mut [usize], width: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        let widest = widths.iter_mut().max().filter(|it| **it > NARROWEST);
        let Some(widest) = widest else { return };
        *widest -= 1;
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cell = |(cell, width): (&String, &usize)| {
        let cell = cut(cell, *width);
        let space = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(space))
    };
    let cells: Vec<String> = row.iter().zip(widths).map(cell).collect();
    cells.join(GAP).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(all: &[&[&str]]) -> Vec<Vec<String>> {
        let row = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        all.iter().map(row).collect()
    }

    #[test]
    fn columns_are_aligned_whatever_the_letters() {
        let rows = rows(&[
            &["Größe", "running", "a"],
            &["中文", "error", "b"],
            &["e\u{301}", "x", "c"],
        ]);
        let expected = "\
NAME   STATUS   URL
Größe  running  a
中文   error    b
e\u{301}      x        c";
        assert_eq!(table(&["NAME", "STATUS", "URL"], &rows, None), expected);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = "a name that is much longer than it should be 中文中文中文";
        let rows = rows(&[&[long, "running", "https://an-address.agents.example.com"]]);
        let cut = table(&["NAME", "STATUS", "URL"], &rows, Some(60));
        for line in cut.lines() {
            assert!(line.width() <= 60, "{line}");
        }
        assert!(cut.contains('…') && cut.contains("running"), "{cut}");
        // On a terminal that is too narrow for anything.
        table(&["NAME", "STATUS", "URL"], &rows, Some(0));
    }

    #[test]
    fn escape_codes_are_in_no_cell() {
        let rows = rows(&[&["\u{1b}[31mred\n", "b"]]);
        let shown = table(&["NAME", "URL"], &rows, None);
        assert_eq!(shown, "NAME  URL\nred   b");
        assert_eq!(pairs(&[("name", "\u{1b}[2Ja\nb".to_owned())]), "name  a b");
    }
}
