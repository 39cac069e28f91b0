//! Passwords of accounts and of environments. The plain text is kept only during the request that contains it.

use super::invalid::Invalid;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

const SHORTEST: usize = 8;
const LONGEST: usize = 100;
const LONGEST_OF_ACCOUNT: usize = 1_000;

/// A password in one form, however a keyboard or a system writes its characters. Its `Debug` output hides it.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// What was typed at a sign-in.
pub struct Attempt {
    pub password: Password,
    /// The characters as they came, where they are others: what was hashed before passwords had one form.
    pub as_typed: Option<Password>,
}

impl Password {
    /// Parses an account's password: 8 to 1,000 characters.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn for_account(typed: &str) -> Result<Self, Invalid> {
        let password = normalized(typed);
        match password.chars().count() {
            count if count < SHORTEST => Err(Invalid::PasswordTooShort),
            count if count > LONGEST_OF_ACCOUNT => Err(Invalid::AccountPasswordTooLong),
            _ => Ok(Self(password.into())),
        }
    }

    /// Parses an environment's password: 8 to 100 characters, without white space at either end,
    /// because code-server trims what is typed (`src/node/routes/login.ts`). It compares the rest byte by byte, so what
    /// opens the environment is the form that most keyboards write.
    ///
    /// # Errors
    /// When it is too short, too long, or has white space at an end.
    pub fn for_environment(typed: &str) -> Result<Self, Invalid> {
        let password = normalized(typed);
        let trimmed = password.trim_matches(trimmed_by_javascript);
        match password.chars().count() {
            _ if trimmed.len() < password.len() => Err(Invalid::PasswordEdge),
            count if count > LONGEST => Err(Invalid::PasswordTooLong),
            _ => Self::for_account(&password),
        }
    }

    /// A password typed at sign-in, without validation.
    pub fn attempt(typed: &str) -> Attempt {
        let start = |text: &str| {
            let start: String = text.chars().take(LONGEST_OF_ACCOUNT + 1).collect();
            Self(start.into())
        };
        let password = normalized(typed);
        Attempt {
            as_typed: (password != typed).then(|| start(typed)),
            password: start(&password),
        }
    }

    /// The plain text, for hashing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Whether a password is not kept as it was typed, so that code-server may not recognize it from the same keyboard.
pub fn is_changed(typed: &str) -> bool {
    normalized(typed) != typed
}

/// The form in which passwords are compared, of the profile `OpaqueString` (RFC 8265, section 4.2.1): every space is the
/// ASCII one, and characters are composed (Unicode NFC). Case and width stay as they are.
fn normalized(typed: &str) -> String {
    let space = |c: char| if is_space(c) { ' ' } else { c };
    typed.nfc().map(space).collect()
}

/// The spaces of Unicode, its category `Zs`.
fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// The characters that `String.prototype.trim` removes: Unicode white space, and the byte order mark.
fn trimmed_by_javascript(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accounts_password_has_8_to_1000_characters() {
        for (length, wrong) in [
            (7, Some(Invalid::PasswordTooShort)),
            (8, None),
            (1000, None),
            (1001, Some(Invalid::AccountPasswordTooLong)),
        ] {
            for letter in ["é", "e\u{301}"] {
                let parsed = Password::for_account(&letter.repeat(length));
                assert_eq!(parsed.err(), wrong, "{length} characters");
            }
        }
    }

    #[test]
    fn an_environments_password_may_hold_any_character_but_space_at_an_end() {
        for (typed, wrong) in [
            ("12345678", None),
            ("a'b\"c\\d$e", None),
            ("пароль😀😀😀", None),
            ("in the middle", None),
            ("\u{85}123456\u{85}", None),
            (" 12345678", Some(Invalid::PasswordEdge)),
            ("12345678 ", Some(Invalid::PasswordEdge)),
            ("12345678\u{a0}", Some(Invalid::PasswordEdge)),
            ("\u{feff}12345678", Some(Invalid::PasswordEdge)),
            ("12345678\n", Some(Invalid::PasswordEdge)),
            ("1234567", Some(Invalid::PasswordTooShort)),
            (&"é".repeat(100), None),
            (&"e\u{301}".repeat(100), None),
            (&"é".repeat(101), Some(Invalid::PasswordTooLong)),
        ] {
            let parsed = Password::for_environment(typed);
            assert_eq!(parsed.err(), wrong, "{typed:?}");
        }
    }

    #[test]
    fn a_longer_attempt_is_never_cut_to_a_password_that_is_right() {
        let longest = "x".repeat(1000);
        assert_eq!(Password::attempt(&longest).password.expose(), longest);
        for longer in [1001, 5000] {
            let attempt = Password::attempt(&"x".repeat(longer));
            assert_eq!(attempt.password.expose().len(), 1001, "{longer} characters");
        }
        let decomposed = Password::attempt(&"e\u{301}".repeat(1000));
        assert_eq!(decomposed.password.expose(), "é".repeat(1000));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        for (typed, kept) in [
            ("correct horse", "correct horse"),
            ("pa\u{308}sswo\u{308}rd", "pässwörd"),
            ("\u{212b}ngstrom", "Ångstrom"),
            ("\u{1112}\u{1161}\u{11ab}\u{ae00}123456", "한글123456"),
            ("a\u{a0}b\u{3000}c\u{2003}d\u{202f}e", "a b c d e"),
            ("ＷＩＤＥ ﬁ Case", "ＷＩＤＥ ﬁ Case"),
            ("tab\tand\u{200b}zero", "tab\tand\u{200b}zero"),
        ] {
            let attempt = Password::attempt(typed);
            let password = Password::for_account(typed).unwrap();
            let environment = Password::for_environment(typed).unwrap();
            assert_eq!(password.expose(), kept, "{typed:?}");
            assert_eq!(environment.expose(), kept, "{typed:?}");
            assert_eq!(attempt.password.expose(), kept, "{typed:?}");
            let as_typed = attempt.as_typed.as_ref().map(Password::expose);
            assert_eq!(as_typed, (typed != kept).then_some(typed));
            assert_eq!(is_changed(typed), typed != kept);
        }
    }

    #[test]
    fn printing_a_password_prints_nothing_of_it() {
        let password = Password::for_account("correct horse").unwrap();
        assert_eq!(password.expose(), "correct horse");
        let printed = format!("{password:?}");
        assert!(printed.starts_with("Password("), "{printed}");
        assert!(!printed.contains("correct"), "{printed}");
    }
}
