//! A token of the API: what it is called, what it may do, and until when.

use super::invalid::{Invalid, Wrongs, check};
use super::name;
use std::collections::BTreeSet;
use time::macros::{format_description, time};
use time::{Date, Duration, OffsetDateTime};

const NAME_LIMIT: usize = 50;

/// What a token may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    strum::IntoStaticStr,
    strum::EnumString,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[repr(u8)]
pub enum Scope {
    /// See everything that is one's own.
    Read,
    /// Deploy and cancel as well.
    Deploy,
    /// Create, change and delete as well.
    Write,
    /// Read and decide what administrators alone may. It counts only while its owner is one.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Deploy, Self::Write, Self::Admin];

    /// The word in forms, in the database and in answers.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The scopes that it contains, itself among them.
    fn contains(self) -> &'static [Self] {
        match self {
            Self::Read => &[Self::Read],
            Self::Deploy => &[Self::Read, Self::Deploy],
            Self::Write => &[Self::Read, Self::Deploy, Self::Write],
            Self::Admin => &[Self::Read, Self::Admin],
        }
    }
}

/// Scopes, each with all that it contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// The scopes with these words. Words of a newer version are left out.
    pub fn of(words: &[String]) -> Self {
        let known = words.iter().filter_map(|word| word.parse::<Scope>().ok());
        Self(known.flat_map(|scope| scope.contains().to_vec()).collect())
    }

    /// Parses the words of a form, of somebody who administers or not.
    ///
    /// # Errors
    /// When there is none, or one that this person cannot give.
    fn parse(words: &[String], is_administrator: bool) -> Result<Self, Invalid> {
        let scopes = Self::of(words);
        if scopes.0.is_empty() {
            return Err(Invalid::ScopeMissing);
        }
        if scopes.has(Scope::Admin) && !is_administrator {
            return Err(Invalid::ScopeAdmin);
        }
        Ok(scopes)
    }

    /// Whether it is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The same without the scope of administrators.
    pub fn of_member(mut self) -> Self {
        self.0.remove(&Scope::Admin);
        self
    }

    /// In their order.
    pub fn list(&self) -> Vec<Scope> {
        self.0.iter().copied().collect()
    }

    /// The words in the database.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(|scope| scope.word().to_owned()).collect()
    }
}

/// The form for a new token.
#[derive(Debug, Default)]
pub struct Draft<'a> {
    pub name: &'a str,
    pub scopes: &'a [String],
    /// A number of days, `date`, or `never`.
    pub expires: &'a str,
    /// The last day, when `expires` is `date`.
    pub until: &'a str,
}

/// A form that is right.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    pub name: String,
    pub scopes: Scopes,
    /// `None` when it is valid until it is revoked.
    pub expires_at: Option<OffsetDateTime>,
}

impl Draft<'_> {
    /// Parses the form.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(&self, is_administrator: bool, now: OffsetDateTime) -> Result<Wanted, Wrongs> {
        let mut wrongs = Wrongs::new();
        let name = check(&mut wrongs, "token_name", parse_name(self.name));
        let scopes = Scopes::parse(self.scopes, is_administrator);
        let scopes = check(&mut wrongs, "scopes", scopes);
        let expires_at = check(&mut wrongs, "expires", self.end(now));
        match (name, scopes, expires_at) {
            (Some(name), Some(scopes), Some(expires_at)) => Ok(Wanted {
                name,
                scopes,
                expires_at,
            }),
            _ => Err(wrongs),
        }
    }

    fn end(&self, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, Invalid> {
        let days = match self.expires {
            "never" => return Ok(None),
            "date" => return end_of_day(self.until, now).map(Some),
            "30" => 30,
            "90" => 90,
            "365" => 365,
            _ => return Err(Invalid::ExpiryMissing),
        };
        Ok(Some(now + Duration::days(days)))
    }
}

fn parse_name(typed: &str) -> Result<String, Invalid> {
    let name = name::shown(typed);
    match name.chars().count() {
        _ if typed.trim().is_empty() => Err(Invalid::NameMissing),
        _ if !name::is_seen(&name) => Err(Invalid::NameInvisible),
        count if count > NAME_LIMIT => Err(Invalid::NameTooLong),
        _ => Ok(name),
    }
}

/// The end of this day, by UTC.
fn end_of_day(typed: &str, now: OffsetDateTime) -> Result<OffsetDateTime, Invalid> {
    let written = format_description!("[year]-[month]-[day]");
    let day = Date::parse(typed.trim(), written).map_err(|_| Invalid::ExpiryDate)?;
    let next = day.next_day().ok_or(Invalid::ExpiryDate)?;
    let end = next.with_time(time!(0:00)).assume_utc();
    if end > now {
        Ok(end)
    } else {
        Err(Invalid::ExpiryPast)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn words(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_scope_contains_others() {
        for (given, all) in [
            ("read", "read"),
            ("deploy", "read deploy"),
            ("write", "read deploy write"),
            ("admin", "read admin"),
            ("admin write", "read deploy write admin"),
            ("newer", ""),
        ] {
            assert_eq!(Scopes::of(&words(given)).words(), words(all), "{given}");
        }
        let of_member = Scopes::of(&words("admin deploy")).of_member();
        assert_eq!(of_member.words(), words("read deploy"));
    }

    #[test]
    fn only_administrators_give_the_scope_of_administrators() {
        for (given, is_administrator, refused) in [
            ("", true, Some(Invalid::ScopeMissing)),
            ("newer", true, Some(Invalid::ScopeMissing)),
            ("admin", false, Some(Invalid::ScopeAdmin)),
            ("admin", true, None),
            ("write", false, None),
        ] {
            let parsed = Scopes::parse(&words(given), is_administrator);
            assert_eq!(parsed.err(), refused, "{given}");
        }
    }

    #[test]
    fn a_token_ends_after_some_days_or_with_a_day_or_never() {
        for (expires, until, end) in [
            ("30", "", Ok(Some(datetime!(2026-12-30 12:00 UTC)))),
            ("365", "", Ok(Some(datetime!(2027-11-30 12:00 UTC)))),
            ("never", "2026-01-01", Ok(None)),
            (
                "date",
                "2026-11-30",
                Ok(Some(datetime!(2026-12-01 0:00 UTC))),
            ),
            ("date", "2026-11-29", Err(Invalid::ExpiryPast)),
            ("date", "9999-12-31", Err(Invalid::ExpiryDate)),
            ("date", "soon", Err(Invalid::ExpiryDate)),
            ("", "", Err(Invalid::ExpiryMissing)),
            ("100000", "", Err(Invalid::ExpiryMissing)),
        ] {
            let draft = Draft {
                expires,
                until,
                ..Draft::default()
            };
            assert_eq!(draft.end(NOW), end, "{expires} {until}");
        }
    }

    #[test]
    fn every_wrong_field_is_told() {
        let wrongs = Draft::default().parse(true, NOW).unwrap_err();
        let fields: Vec<&str> = wrongs.iter().map(|wrong| wrong.field).collect();
        assert_eq!(fields, ["token_name", "scopes", "expires"]);
    }
}
