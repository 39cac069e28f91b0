//! Passwords of accounts and of environments. The plain text is kept only during the request that contains it.

use super::invalid::Invalid;
use secrecy::{ExposeSecret, SecretString};

const SHORTEST: usize = 8;
const LONGEST: usize = 100;
const LONGEST_OF_ACCOUNT: usize = 1_000;

/// A password as typed. Its `Debug` output hides it.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Parses an account's password: 8 to 1,000 characters.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn for_account(typed: &str) -> Result<Self, Invalid> {
        match typed.chars().count() {
            count if count < SHORTEST => Err(Invalid::PasswordTooShort),
            count if count > LONGEST_OF_ACCOUNT => Err(Invalid::AccountPasswordTooLong),
            _ => Ok(Self(typed.into())),
        }
    }

    /// Parses an environment's password: 8 to 100 characters, without white space at either end,
    /// because code-server trims what is typed (`src/node/routes/login.ts`).
    ///
    /// # Errors
    /// When it is too short, too long, or has white space at an end.
    pub fn for_environment(typed: &str) -> Result<Self, Invalid> {
        let trimmed = typed.trim_matches(trimmed_by_javascript);
        match typed.chars().count() {
            _ if trimmed.len() < typed.len() => Err(Invalid::PasswordEdge),
            count if count > LONGEST => Err(Invalid::PasswordTooLong),
            _ => Self::for_account(typed),
        }
    }

    /// A password typed at sign-in, without validation.
    pub fn attempt(typed: &str) -> Self {
        let start: String = typed.chars().take(LONGEST_OF_ACCOUNT + 1).collect();
        Self(start.into())
    }

    /// The plain text, for hashing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
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
            let parsed = Password::for_account(&"é".repeat(length));
            assert_eq!(parsed.err(), wrong, "{length} characters");
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
            (&"é".repeat(101), Some(Invalid::PasswordTooLong)),
        ] {
            let parsed = Password::for_environment(typed);
            assert_eq!(parsed.err(), wrong, "{typed:?}");
        }
    }

    #[test]
    fn a_longer_attempt_is_never_cut_to_a_password_that_is_right() {
        let longest = "x".repeat(1000);
        assert_eq!(Password::attempt(&longest).expose(), longest);
        for longer in [1001, 5000] {
            let attempt = Password::attempt(&"x".repeat(longer));
            assert_eq!(attempt.expose().len(), 1001, "{longer} characters");
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
