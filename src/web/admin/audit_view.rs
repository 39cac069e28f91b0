//! What is looked for in the audit, as an address says it, and the words of its entries.

use crate::actions::audit::{AuditRow, Filter};
use crate::domain::actor::Way;
use crate::domain::audit::Action;
use crate::http::audited;
use serde::Deserialize;
use url::form_urlencoded;

pub use audited::subject_id;

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
    /// What it selects. What is no day, no action or no number counts as not given.
    pub fn filter(&self) -> Filter {
        Filter {
            action: self.action.parse().ok(),
            from: audited::day(&self.from).map(audited::begin_of),
            until: audited::day(&self.until).and_then(audited::end_of),
            before: self.before.parse().ok(),
            ..audited::selected(&self.who, &self.subject)
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

/// Every action with its title, for the choice of one.
pub fn titles() -> impl Iterator<Item = (&'static str, String)> {
    let words = Action::all().iter().map(|action| action.word());
    words.map(|word| (word, title(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{EnvironmentId, UserId};

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
