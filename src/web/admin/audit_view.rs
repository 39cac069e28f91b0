//! What is looked for in the audit, as an address says it, and the words of its entries.

use crate::actions::audit::{AuditRow, Filter};
use crate::domain::actor::Way;
use crate::domain::audit::Action;
use crate::domain::id::{EnvironmentId, LinkId, UserId};
use serde::Deserialize;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};
use url::form_urlencoded;
use uuid::Uuid;

/// What is looked for, as the address says it.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Search {
    pub who: String,
    pub action: String,
    pub subject: String,
    /// The first day, in UTC.
    pub from: String,
    /// The last day.
    pub until: String,
    /// Only entries before this one.
    pub before: String,
}

impl Search {
    /// What it selects. What is no day, no action or no number counts as not given. An id selects exactly one person, or one
    /// thing; any other text is a part of a name.
    pub fn filter(&self) -> Filter {
        let (who, subject) = (shown(&self.who), shown(&self.subject));
        let user = who.parse::<UserId>().ok().map(|id| id.uuid());
        let subject_id = id_of(&subject);
        let next_day = |day: Date| day.next_day();
        Filter {
            who: if user.is_some() { String::new() } else { who },
            user,
            action: self.action.parse().ok(),
            subject: if subject_id.is_some() {
                String::new()
            } else {
                subject
            },
            subject_id,
            from: day(&self.from).map(begin_of),
            until: day(&self.until).and_then(next_day).map(begin_of),
            before: self.before.parse().ok(),
        }
    }

    /// The address of the entries before this one, or of the first ones; below this path.
    pub fn address(&self, path: &str, before: Option<i64>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("who", &self.who),
            ("action", &self.action),
            ("subject", &self.subject),
            ("from", &self.from),
            ("until", &self.until),
        ] {
            if !value.trim().is_empty() {
                query.append_pair(name, value.trim());
            }
        }
        if let Some(before) = before {
            query.append_pair("before", &before.to_string());
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

fn shown(typed: &str) -> String {
    typed.trim().replace(char::is_control, "")
}

fn id_of(typed: &str) -> Option<Uuid> {
    let environment = typed.parse::<EnvironmentId>().map(|id| id.uuid());
    let person = typed.parse::<UserId>().map(|id| id.uuid());
    let link = typed.parse::<LinkId>().map(|id| id.uuid());
    environment.or(person).or(link).ok()
}

fn day(typed: &str) -> Option<Date> {
    let format = format_description!("[year]-[month]-[day]");
    let day = Date::parse(typed.trim(), format).ok();
    // PostgreSQL's days begin later than those of the calendar.
    day.filter(|day| day.year() > 0)
}

fn begin_of(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_utc()
}

/// "environment password set".
pub fn title(word: &str) -> String {
    word.replace(['.', '_'], " ")
}

/// How it was asked for.
pub fn way(row: &AuditRow) -> &'static str {
    match row.way.parse() {
        Ok(Way::Page) => "on a page",
        Ok(Way::Api) => "with a token",
        Ok(Way::Command) => "on the command line",
        Ok(Way::Process) => "automatically",
        Err(_) => "in another way",
    }
}

/// Who it was, in words.
pub fn who(row: &AuditRow) -> &str {
    match (&row.who, row.way.parse()) {
        (Some(who), _) => who,
        (None, Ok(Way::Command)) => "the owner of the machine",
        (None, _) => "vps-claude",
    }
}

/// The subject's id as it is written everywhere else.
pub fn subject_id(row: &AuditRow) -> Option<String> {
    let id = row.subject_id?;
    Some(match row.subject_kind.as_str() {
        "environment" => EnvironmentId::from(id).to_string(),
        "person" => UserId::from(id).to_string(),
        "invitation" => LinkId::from(id).to_string(),
        _ => id.to_string(),
    })
}

/// Every action with its title, for the choice of one.
pub fn titles() -> impl Iterator<Item = (&'static str, String)> {
    let words = Action::all().iter().map(|action| action.word());
    words.map(|word| (word, title(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_parts_of_an_address_count_as_not_given() {
        let search = Search {
            who: " Ada\u{0} ".to_owned(),
            action: "odd".to_owned(),
            from: "-9999-01-01".to_owned(),
            until: "9999-12-31".to_owned(),
            before: "x".to_owned(),
            ..Search::default()
        };
        let filter = search.filter();
        assert_eq!((filter.who.as_str(), filter.user), ("Ada", None));
        assert!(filter.action.is_none() && filter.from.is_none() && filter.before.is_none());
        assert!(filter.until.is_none(), "there is no day after it");
    }

    #[test]
    fn an_id_selects_exactly_what_it_is_of() {
        let (person, environment) = (UserId::new(), EnvironmentId::new());
        let search = Search {
            who: person.to_string(),
            subject: environment.to_string(),
            until: "2026-02-28".to_owned(),
            ..Search::default()
        };
        let filter = search.filter();
        assert_eq!(filter.user, Some(person.uuid()));
        assert_eq!(filter.subject_id, Some(environment.uuid()));
        assert!(filter.who.is_empty() && filter.subject.is_empty());
        let until = time::macros::datetime!(2026-03-01 00:00 UTC);
        assert_eq!(filter.until, Some(until));
        let address = search.address("/admin/audit", Some(7));
        assert!(address.ends_with("&until=2026-02-28&before=7"), "{address}");
    }
}
