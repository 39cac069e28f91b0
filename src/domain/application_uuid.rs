//! How Coolify names an application.

use std::fmt;
use std::str::FromStr;

/// No uuid of Coolify is longer, in bytes.
const LIMIT: usize = 64;

/// The uuid of an application in Coolify: ASCII letters, digits and hyphens, so that it is one part of an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApplicationUuid(String);

impl ApplicationUuid {
    /// Parses what may be one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_uuid = (1..=LIMIT).contains(&text.len()) && text.bytes().all(fits);
        is_uuid.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that Coolify names no application by.
#[derive(Debug, thiserror::Error)]
#[error("no uuid of an application")]
pub struct NoUuid;

impl FromStr for ApplicationUuid {
    type Err = NoUuid;

    fn from_str(text: &str) -> Result<Self, NoUuid> {
        Self::parse(text).ok_or(NoUuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_one_part_of_an_address() {
        for fine in ["ujzde8gxd6ncf10epf91dhod", "a-1", &"a".repeat(64)] {
            assert_eq!(ApplicationUuid::parse(fine).unwrap().as_str(), fine);
        }
        let long = "a".repeat(65);
        for odd in ["", "..", "a/b", "a?b", "a b", "a\0", "ü", &long] {
            assert_eq!(ApplicationUuid::parse(odd), None, "{odd:?}");
        }
    }
}
