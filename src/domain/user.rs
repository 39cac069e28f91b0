//! Users: name and e-mail address.

use super::id::UserId;
use super::invalid::Invalid;
use super::name;
use email_address::EmailAddress;

/// The maximum length of a user's name, in characters.
const NAME_LIMIT: usize = 100;

/// An e-mail address in lower case, so that spellings that differ only in case are one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Parses user input; surrounding white space is dropped.
    ///
    /// # Errors
    /// `Invalid::Email` when it is not an address with a domain.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        match EmailAddress::parse_with_options(typed, options) {
            Ok(_) if !typed.contains(char::is_whitespace) => Ok(Self(typed.to_lowercase())),
            _ => Err(Invalid::Email),
        }
    }

    /// The address as stored and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user's display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// Parses user input, as `name::shown` reads it.
    ///
    /// # Errors
    /// When it is empty or longer than 100 characters, or nothing of it can be seen.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let name = name::shown(typed);
        match name.chars().count() {
            _ if typed.trim().is_empty() => Err(Invalid::UserNameMissing),
            _ if !name::is_seen(&name) => Err(Invalid::NameInvisible),
            count if count > NAME_LIMIT => Err(Invalid::UserNameTooLong),
            _ => Ok(Self(name)),
        }
    }

    /// The name as displayed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a user may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
    sqlx::Type,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// Sees what concerns everybody, and decides who has an account.
    Administrator,
    /// Has environments.
    Member,
}

impl Role {
    /// The role of a word; of any other word, the one that may do less.
    pub fn of_word(word: &str) -> Self {
        word.parse().unwrap_or(Self::Member)
    }
}

/// Who may make an account for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoRegisters {
    Everybody,
    /// Who has the link of an invitation.
    Invited,
    /// Nobody but the first administrator.
    Nobody,
}

/// A user with an account.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    /// Whether they see what concerns everybody.
    pub is_administrator: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_by_case_or_space_around_are_one() {
        for typed in ["ada@example.com", " Ada@Example.COM ", "ada@example.com\n"] {
            let email = Email::parse(typed).unwrap();
            assert_eq!(email.as_str(), "ada@example.com", "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "a b@example.com",
            "\"a b\"@example.com",
            "Ada <ada@example.com>",
            "ada@[1.2.3.4]",
        ] {
            assert_eq!(Email::parse(typed), Err(Invalid::Email), "{typed:?}");
        }
    }

    #[test]
    fn names_have_1_to_100_visible_characters() {
        for (typed, parsed) in [
            (" Ada Lovelace\n", Ok("Ada Lovelace")),
            (&"é".repeat(100), Ok("é".repeat(100).as_str())),
            (&"é".repeat(101), Err(Invalid::UserNameTooLong)),
            (" \t", Err(Invalid::UserNameMissing)),
            ("Ada \n\u{202e}Lovelace", Ok("Ada Lovelace")),
            ("\u{200b}", Err(Invalid::NameInvisible)),
        ] {
            let name = UserName::parse(typed);
            let name = name.as_ref().map(UserName::as_str);
            assert_eq!(name, parsed.as_ref().copied(), "{typed:?}");
        }
    }
}
