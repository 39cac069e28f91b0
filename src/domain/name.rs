//! Names as people see and compare them: what two spellings share that look the same. It must not know what is named.

use icu_properties::props::{
    BidiClass, CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier,
    ExtendedPictographic, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';

/// A typed name as it is stored and shown: composed (Unicode NFC), on one line, with single spaces, and without
/// characters that show nothing where they stand.
pub fn shown(typed: &str) -> String {
    let typed: Vec<char> = typed.nfc().collect();
    let mut kept = String::new();
    for (at, &c) in typed.iter().enumerate() {
        if is_space(c) {
            if !kept.is_empty() && !kept.ends_with(' ') {
                kept.push(' ');
            }
        } else if !is_invisible(c) || shapes(c, &kept, typed.get(at + 1).copied()) {
            kept.push(c);
        }
    }
    kept.trim_end().nfc().collect()
}

/// Whether anything of a shown name can be seen: a mark needs a character that it stands on.
pub fn is_seen(shown: &str) -> bool {
    shown
        .chars()
        .any(|c| !is_space(c) && !is_invisible(c) && !is_combining_mark(c))
}

/// Whether two names look the same, upper and lower case apart.
pub fn look_alike(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

/// A text as it is compared without case and form: Unicode's compatibility caseless match (definition 146).
pub fn compared(text: &str) -> String {
    let once = folded(&bare(text).nfd().collect::<String>());
    let twice = folded(&once.nfkd().collect::<String>());
    shown(&twice.nfkc().collect::<String>())
}

/// A name as part of a sentence without markup. One that is written from right to left is enclosed in isolates (FSI and
/// PDI), so that it does not reorder the words around it.
pub fn isolated(name: &str) -> String {
    let classes = CodePointMapData::<BidiClass>::new();
    let is_from_right = |c| {
        matches!(
            classes.get(c),
            BidiClass::RightToLeft | BidiClass::ArabicLetter
        )
    };
    if name.chars().any(is_from_right) {
        format!("\u{2068}{name}\u{2069}")
    } else {
        name.to_owned()
    }
}

/// A shown name without the characters that only shape those around them.
fn bare(name: &str) -> String {
    let visible = shown(name).replace(is_invisible, "");
    shown(&visible)
}

fn folded(text: &str) -> String {
    UniCase::unicode(text).to_folded_case()
}

/// White space of any width, and the braille pattern without dots, which looks like it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Whether a character shows nothing by itself: controls, what Unicode lets be ignored (joiners, bidirectional controls,
/// soft hyphens, tags, fillers, variation selectors), and the marks of interlinear annotations.
fn is_invisible(c: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    c.is_control() || ignorable.contains(c) || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{1d159}')
}

/// Whether an invisible character changes how its neighbours look: a variation selector after a character, and a joiner
/// in an emoji or in a script that needs it (as RFC 5892, appendix A, for domain names, and Unicode's emoji sequences).
fn shapes(c: char, before: &str, after: Option<char>) -> bool {
    let Some(last) = before.chars().next_back().filter(|last| !is_space(*last)) else {
        return false;
    };
    match c {
        JOINER | NON_JOINER => {
            let joined = || after.is_some_and(|after| are_joined(last, after));
            is_virama(last) || after.is_some_and(is_virama) || joined() || {
                c == JOINER && after.is_some_and(is_emoji) && ends_with_emoji(before)
            }
        }
        _ => is_variation(c) && !is_invisible(last),
    }
}

fn is_variation(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// The sign that joins consonants, in the scripts of India and around it.
fn is_virama(c: char) -> bool {
    let classes = CodePointMapData::<CanonicalCombiningClass>::new();
    classes.get(c) == CanonicalCombiningClass::Virama
}

/// Whether the letters would be joined in a cursive script, such as Arabic.
fn are_joined(before: char, after: char) -> bool {
    let joining = CodePointMapData::<JoiningType>::new();
    let before = joining.get(before);
    matches!(
        before,
        JoiningType::DualJoining | JoiningType::LeftJoining | JoiningType::Transparent
    ) && matches!(
        joining.get(after),
        JoiningType::DualJoining | JoiningType::RightJoining
    )
}

fn ends_with_emoji(text: &str) -> bool {
    let modifiers = CodePointSetData::new::<EmojiModifier>();
    let mut ends = text.chars().rev();
    ends.find(|c| !is_variation(*c) && !modifiers.contains(*c))
        .is_some_and(is_emoji)
}

fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_white_space_is_one_space() {
        for space in [
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\u{a0}",
            "\u{1680}",
            "\u{2003}",
            "\u{2028}",
            "\u{2029}",
            "\u{202f}",
            "\u{3000}",
            "\u{85}",
            "\u{2800}",
            " \u{200b} ",
        ] {
            assert_eq!(
                shown(&format!("{space}a{space}b{space}")),
                "a b",
                "{space:?}"
            );
        }
    }

    #[test]
    fn what_shows_nothing_is_dropped() {
        let some = "\0\u{7}\u{1b}\u{7f}\u{9f}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180e}\u{200b}\
            \u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2060}\u{2064}\u{2066}\u{2069}\u{206f}\u{3164}\
            \u{feff}\u{ffa0}\u{fff9}\u{1d173}\u{e0001}\u{e0041}\u{e007f}";
        for c in some.chars() {
            assert_eq!(shown(&format!("{c}a{c}b{c}")), "ab", "{c:?}");
            for alone in [String::from(c), format!("{c}{c}"), format!(" {c} ")] {
                assert!(!is_seen(&shown(&alone)), "{c:?}");
            }
        }
        for marks in ["\u{301}", "\u{fe0f}", "\u{20dd}", " \u{fe0f} ", "\u{e0100}"] {
            assert!(!is_seen(&shown(marks)), "{marks:?}");
        }
    }

    #[test]
    fn what_shapes_its_neighbours_stays() {
        for name in [
            "👩‍👩‍👧‍👦",
            "🏳️‍🌈",
            "👩🏽‍💻",
            "❤️",
            "1️⃣",
            "葛\u{e0100}",
            "می‌خواهم",
            "क्‍ष",
            "শ্রী",
            "র‍্য",
            "ශ්‍රී",
            "ᠠ\u{180b}",
        ] {
            assert_eq!(shown(name), name.nfc().collect::<String>(), "{name}");
            assert!(is_seen(name), "{name}");
        }
        assert_eq!(shown("👩\u{200d}\u{200d}👩"), "👩\u{200d}👩");
        assert_eq!(shown("👩\u{200d} 👩"), "👩 👩");
    }

    #[test]
    fn names_that_look_the_same_are_compared_alike() {
        for (one, other) in [
            ("a b", "a \u{a0} b\n"),
            ("über", "u\u{308}ber"),
            ("ab", "a\u{200b}b"),
            ("ab", "a\u{fe0f}b"),
            ("می‌خواهم", "میخواهم"),
            ("a\u{301}", "a\u{34f}\u{301}"),
        ] {
            assert!(look_alike(one, other), "{one:?} {other:?}");
            assert_eq!(compared(one), compared(other), "{one:?} {other:?}");
        }
        assert!(!look_alike("a", "A") && !look_alike("ab", "a b"));
    }

    #[test]
    fn case_and_form_do_not_tell_names_apart() {
        for names in [
            ["straße", "STRASSE", "STRAẞE"],
            ["ΣΑΣ", "σας", "σασ"],
            ["ﬁve ２", "FIVE 2", "five 2"],
            ["Ωmega", "ωMEGA", "ω\u{6d}ega"],
            ["ÅB", "A\u{30a}b", "\u{212b}b"],
            ["ﷺ", "صلى الله عليه وسلم", "صلى  الله عليه وسلم"],
            ["ǆ", "Ǆ", "ǅ"],
        ] {
            let keys = names.map(compared);
            assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
            assert_eq!(compared(&keys[0]), keys[0], "a key is its own key");
        }
        // Outside Turkish they are two letters.
        assert_ne!(compared("ılık"), compared("ilik"));
    }

    #[test]
    fn only_a_name_from_right_to_left_is_isolated() {
        assert_eq!(isolated("Test 日本 ❤️"), "Test 日本 ❤️");
        for name in ["שלום", "a مرحبا", "𞤀𞤣𞤤𞤢𞤥"] {
            assert_eq!(isolated(name), format!("\u{2068}{name}\u{2069}"));
        }
    }
}
