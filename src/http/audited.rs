//! What is looked for in the audit, and what its entries are about, as pages and the API read and write it.

use crate::actions::audit::{AuditRow, Filter};
use crate::domain::id::{EnvironmentId, LinkId, TokenId, UserId};
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};
use uuid::Uuid;

/// What these texts select: an id exactly one person, or one thing, and any other text a part of a name.
pub fn selected(who: &str, subject: &str) -> Filter {
    let (who, subject) = (shown(who), shown(subject));
    let user = who.parse::<UserId>().ok().map(|id| id.uuid());
    let subject_id = id_of(&subject);
    Filter {
        who: if user.is_some() { String::new() } else { who },
        user,
        subject: if subject_id.is_some() {
            String::new()
        } else {
            subject
        },
        subject_id,
        ..Filter::default()
    }
}

fn shown(typed: &str) -> String {
    typed.trim().replace(char::is_control, "")
}

fn id_of(typed: &str) -> Option<Uuid> {
    let environment = typed.parse::<EnvironmentId>().map(|id| id.uuid());
    let person = typed.parse::<UserId>().map(|id| id.uuid());
    let link = typed.parse::<LinkId>().map(|id| id.uuid());
    let token = typed.parse::<TokenId>().map(|id| id.uuid());
    environment.or(person).or(link).or(token).ok()
}

/// A day, such as 2027-01-31.
pub fn day(typed: &str) -> Option<Date> {
    let format = format_description!("[year]-[month]-[day]");
    let day = Date::parse(typed.trim(), format).ok();
    // PostgreSQL's days begin later than those of the calendar.
    day.filter(|day| day.year() > 0)
}

/// Its first moment, in UTC.
pub fn begin_of(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_utc()
}

/// The first moment after it, if there is a day after it.
pub fn end_of(day: Date) -> Option<OffsetDateTime> {
    day.next_day().map(begin_of)
}

/// The id of what an entry is about, as it is written everywhere else.
pub fn subject_id(row: &AuditRow) -> Option<String> {
    let id = row.subject_id?;
    Some(match row.subject_kind.as_str() {
        "environment" => EnvironmentId::from(id).to_string(),
        "person" => UserId::from(id).to_string(),
        "invitation" => LinkId::from(id).to_string(),
        "token" => TokenId::from(id).to_string(),
        _ => id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_any_kind_selects_exactly_what_it_is_of() {
        for id in [
            EnvironmentId::new().to_string(),
            UserId::new().to_string(),
            LinkId::new().to_string(),
            TokenId::new().to_string(),
        ] {
            let filter = selected("Ada", &id);
            assert!(
                filter.subject_id.is_some() && filter.subject.is_empty(),
                "{id}"
            );
            assert_eq!((filter.who.as_str(), filter.user), ("Ada", None));
        }
        let filter = selected("", "dep_01h455vb4pex5vsknk084sn02q");
        assert_eq!(filter.subject_id, None, "the audit is about none of these");
    }
}
