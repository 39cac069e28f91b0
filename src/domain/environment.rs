//! The name, the subdomain and the address of an environment.

use super::invalid::Invalid;
use super::name;

const NAME_LIMIT: usize = 50;
const SLUG_LIMIT: usize = 40;
const SUFFIX_LENGTH: usize = 4;

/// The name of an environment: 1 to 50 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// Parses user input, as `name::shown` reads it.
    ///
    /// # Errors
    /// When it is empty or too long, or nothing of it can be seen.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let name = name::shown(typed);
        match name.chars().count() {
            _ if typed.trim().is_empty() => Err(Invalid::NameMissing),
            _ if !name::is_seen(&name) => Err(Invalid::NameInvisible),
            count if count > NAME_LIMIT => Err(Invalid::NameTooLong),
            _ => Ok(Self(name)),
        }
    }

    /// The name as displayed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as compared with all others: without case and form.
    pub fn key(&self) -> String {
        name::compared(&self.0)
    }

    /// The name's part of the subdomain: ASCII letters, digits and single hyphens, at most 40.
    fn slug(&self) -> String {
        let ascii = any_ascii::any_ascii(&self.0).to_ascii_lowercase();
        let words = ascii.split(|c: char| !c.is_ascii_alphanumeric());
        let slug = words
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let cut = slug.get(..SLUG_LIMIT).unwrap_or(&slug).trim_matches('-');
        if cut.is_empty() {
            "env".to_owned()
        } else {
            cut.to_owned()
        }
    }
}

/// The four characters of `[a-z0-9]` that end a subdomain. The form reserves them, so that the displayed address is
/// final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suffix(String);

impl Suffix {
    /// Parses what was sent; anything but four of `[a-z0-9]` is refused.
    pub fn parse(typed: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (typed.len() == SUFFIX_LENGTH && typed.bytes().all(fits)).then(|| Self(typed.to_owned()))
    }

    /// Derives a suffix from random bytes, which the caller supplies.
    pub fn from_random(bytes: [u8; SUFFIX_LENGTH]) -> Self {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]);
        Self(bytes.into_iter().map(letter).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first label of an environment's address, and the name of its application at Coolify. Always a DNS label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subdomain(String);

impl Subdomain {
    /// Joins a name with its reserved suffix.
    pub fn new(name: &EnvironmentName, suffix: &Suffix) -> Self {
        Self(format!("{}-{}", name.slug(), suffix.0))
    }

    /// Parses one that `new` may have made: a slug, a hyphen and a suffix.
    pub fn parse(text: &str) -> Option<Self> {
        let (slug, suffix) = text.rsplit_once('-')?;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(fits);
        let is_slug = slug.len() <= SLUG_LIMIT && slug.split('-').all(is_word);
        (is_slug && Suffix::parse(suffix).is_some()).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subdomain(name: &str) -> String {
        let suffix = Suffix::parse("x7k9").unwrap();
        let name = EnvironmentName::parse(name).unwrap();
        Subdomain::new(&name, &suffix).as_str().to_owned()
    }

    #[test]
    fn only_what_may_have_been_made_of_a_name_is_read_as_a_subdomain() {
        let longest = format!("{}-x7k9", "a".repeat(40));
        for fine in ["a-b-x7k9", "env-0000", "1-x7k9", &longest] {
            assert_eq!(Subdomain::parse(fine).unwrap().as_str(), fine);
        }
        for name in ["Test Workspace", "---", "日本語", &"ab ".repeat(16)] {
            let made = subdomain(name);
            assert_eq!(Subdomain::parse(&made).unwrap().as_str(), made);
        }
        let long = format!("a{longest}");
        for odd in [
            "",
            "-",
            "x7k9",
            "-x7k9",
            "agent",
            "a-x7k",
            "a-x7k9a",
            "a-X7k9",
            "A-x7k9",
            "a--b-x7k9",
            "-a-x7k9",
            "a.b-x7k9",
            "a_b-x7k9",
            "é-x7k9",
            &long,
        ] {
            assert_eq!(Subdomain::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_subdomain_is_a_dns_label_whatever_the_name() {
        assert_eq!(subdomain("Test Workspace"), "test-workspace-x7k9");
        assert_eq!(subdomain("  --a__b..c--  "), "a-b-c-x7k9");
        assert_eq!(subdomain("Übergrößenträger"), "ubergrossentrager-x7k9");
        assert_eq!(subdomain("---"), "env-x7k9");
        for name in [
            "Привет мир",
            "日本語の環境",
            "🦀🦀🦀",
            "\u{10FFFF}",
            &"ab ".repeat(16),
            &"ﷺ".repeat(50),
            "a\u{301}\u{301}",
        ] {
            let label = subdomain(name);
            assert!(label.len() <= 45 && label.len() >= 6, "{name}: {label}");
            assert!(
                label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{name}: {label}"
            );
            assert!(
                !label.starts_with('-') && !label.contains("--"),
                "{name}: {label}"
            );
        }
    }

    #[test]
    fn a_subdomain_has_at_most_40_characters_of_the_name_and_no_hyphen_where_it_is_cut() {
        let kept = "x".repeat(39);
        for (name, label) in [
            (format!("{kept}y"), format!("{kept}y-x7k9")),
            (format!("{kept}yz"), format!("{kept}y-x7k9")),
            (format!("{kept} z"), format!("{kept}-x7k9")),
        ] {
            assert_eq!(subdomain(&name), label, "{name}");
        }
    }

    #[test]
    fn names_have_1_to_50_visible_characters() {
        for (typed, parsed) in [
            (" u\u{308}ber\n", Ok("über")),
            (&"é".repeat(50), Ok("é".repeat(50).as_str())),
            (&"é".repeat(51), Err(Invalid::NameTooLong)),
            (" \t", Err(Invalid::NameMissing)),
            ("a \n\u{a0}\u{feff} b", Ok("a b")),
            ("a\u{202e}b", Ok("ab")),
            (&"\u{200b}".repeat(60), Err(Invalid::NameInvisible)),
            ("\u{3164} \u{301}", Err(Invalid::NameInvisible)),
        ] {
            let name = EnvironmentName::parse(typed);
            let name = name.as_ref().map(EnvironmentName::as_str);
            assert_eq!(name, parsed.as_ref().copied(), "{typed:?}");
        }
    }

    #[test]
    fn a_suffix_is_four_small_letters_or_digits() {
        for fine in ["x7k9", "abcz", "0129"] {
            assert_eq!(Suffix::parse(fine).unwrap().as_str(), fine);
        }
        for wrong in ["", "x7k", "x7k9a", "X7k9", "x-k9", "éa9"] {
            assert_eq!(Suffix::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn random_bytes_choose_among_all_36_characters() {
        for (bytes, suffix) in [([0, 25, 26, 35], "az09"), ([36, 71, 72, 255], "a9ad")] {
            assert_eq!(Suffix::from_random(bytes).as_str(), suffix);
        }
    }
}
