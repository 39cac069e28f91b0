//! Names of environments, compared as the dashboard compares them.

use super::plain;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

/// Whether the dashboard takes two names for the same: without case, and in any form (Unicode's compatibility caseless
/// match, definition 146).
pub fn is_same(one: &str, other: &str) -> bool {
    compared(one) == compared(other)
}

/// Whether what was typed is something, and looks like a name.
pub fn looks_like(typed: &str, name: &str) -> bool {
    let typed = shown(typed);
    !typed.is_empty() && typed == shown(name)
}

fn compared(name: &str) -> String {
    let once = folded(&shown(name).nfd().collect::<String>());
    let twice = folded(&once.nfkd().collect::<String>());
    shown(&twice.nfkc().collect::<String>())
}

fn folded(text: &str) -> String {
    UniCase::unicode(text).to_folded_case()
}

/// On one line, composed, with single spaces, and without what is not seen by itself.
fn shown(name: &str) -> String {
    let unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let line = plain::line(name).replace(|it| unseen.contains(it), "");
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_any_case_and_form() {
        for (one, other) in [
            ("Größe", "GRO\u{308}SSE"),
            ("straße", "STRASSE"),
            ("Test 2", "ｔｅｓｔ  ２"),
            ("ΣΑΣ", "σας"),
            ("❤\u{fe0f}", "❤"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        assert!(!is_same("Test", "Test 2"));
    }

    #[test]
    fn a_name_is_typed_as_it_is_shown() {
        assert!(looks_like(" Gro\u{308}ße ", "Größe"));
        assert!(looks_like("a b", "a\u{200b}  b"));
        assert!(!looks_like("größe", "Größe"));
        assert!(!looks_like("", "Größe"));
        assert!(!looks_like("\n", "\u{200b}"));
    }
}
