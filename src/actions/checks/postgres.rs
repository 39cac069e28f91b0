//! PostgreSQL: whether it can be reached, written and given tables, which tables it has, and its clock.

use super::finding::Finding;
use super::setup::Setup;
use crate::app::App;
use crate::store::schema::{self, Schema};
use crate::store::{self, servers};
use std::time::SystemTime;
use time::OffsetDateTime;

pub const DATABASE: &str = "DATABASE_URL";
const MIGRATIONS: &str = "migrations";
const CLOCK: &str = "clock";
/// The difference between two clocks that is worth a warning, in seconds.
const SKEW_SECONDS: i64 = 5;
/// How many migrations are named.
const NAMED: usize = 3;

/// Looks for a server that can be used, and tries to create a table, which migrations do.
pub async fn all(app: &App, setup: &Setup) -> Vec<Finding> {
    let tried = async {
        servers::reach(&app.pool, &setup.servers).await?;
        servers::try_to_create(&app.pool).await?;
        servers::try_to_prepare(&app.pool).await?;
        schema::read(&app.pool).await
    };
    let schema = match tried.await {
        Ok(schema) => schema,
        Err(why) if why.is_passing() => {
            let text = format!("{why}. Start PostgreSQL, or set DATABASE_URL to where it is.");
            return vec![Finding::wrong(DATABASE, text)];
        }
        Err(why) => return vec![Finding::wrong(DATABASE, format!("{why}."))],
    };
    let version = &schema.server_version;
    let answers = format!("PostgreSQL {version} answers and can be written.");
    let mut findings = vec![Finding::fine(DATABASE, answers), of_schema(&schema)];
    if let Ok(theirs) = store::now(&app.pool).await {
        let ours = OffsetDateTime::from(SystemTime::now());
        findings.push(skew((ours - theirs).whole_seconds()));
    }
    findings
}

fn of_schema(schema: &Schema) -> Finding {
    let known = schema.known;
    if !schema.unknown.is_empty() {
        let text =
            "The database has tables of a newer vps-claude. Use that one, or another database.";
        return Finding::wrong(MIGRATIONS, text);
    }
    if !schema.changed.is_empty() {
        let text = format!(
            "Migrations have been applied that differ from this vps-claude's: {}. Use the vps-claude that made the tables, or another database.",
            named(&schema.changed)
        );
        return Finding::wrong(MIGRATIONS, text);
    }
    match schema.pending.len() {
        0 => Finding::fine(MIGRATIONS, format!("All {known} are applied.")),
        count if count == known => Finding::fine(
            MIGRATIONS,
            "The database is empty: the dashboard makes its tables when it starts.",
        ),
        count => Finding::warning(
            MIGRATIONS,
            format!(
                "{count} of {known} are not applied: {}. Start this version of the dashboard to apply them.",
                named(&schema.pending)
            ),
        ),
    }
}

fn named(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let first = names[..names.len() - more].join(", ");
    match more {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn skew(seconds: i64) -> Finding {
    if seconds.abs() <= SKEW_SECONDS {
        return Finding::fine(CLOCK, "This machine's clock and PostgreSQL's agree.");
    }
    let direction = if seconds > 0 { "ahead of" } else { "behind" };
    let text = format!(
        "This machine's clock is {} s {direction} PostgreSQL's. Deployments work all the same; set the clock, or the log's times mislead.",
        seconds.abs()
    );
    Finding::warning(CLOCK, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::checks::finding::Level;

    #[test]
    fn a_clock_that_goes_wrong_is_named() {
        for seconds in [0, 5, -5] {
            assert_eq!(skew(seconds).level, Level::Fine);
        }
        for (seconds, words) in [(1_500, "1500 s ahead of"), (-6, "6 s behind")] {
            let found = skew(seconds);
            assert_eq!(found.level, Level::Warning);
            assert!(found.sentence.contains(words), "{found:?}");
        }
    }

    #[test]
    fn migrations_that_are_missing_changed_or_unknown_are_named() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let found = |pending: &[&str], changed: &[&str], unknown: &[&str]| {
            of_schema(&Schema {
                server_version: "15".to_owned(),
                known: 5,
                pending: names(pending),
                changed: names(changed),
                unknown: names(unknown),
            })
        };
        for (found, level, words) in [
            (found(&[], &[], &[]), Level::Fine, "All 5 are applied."),
            (found(&["1"; 5], &[], &[]), Level::Fine, "is empty"),
            (
                found(&["a"], &[], &[]),
                Level::Warning,
                "1 of 5 are not applied: a.",
            ),
            (
                found(&["a", "b", "c", "d"], &[], &[]),
                Level::Warning,
                "a, b, c and 1 more.",
            ),
            (found(&[], &["a"], &[]), Level::Wrong, "vps-claude's: a."),
            (
                found(&["a"], &[], &["z"]),
                Level::Wrong,
                "of a newer vps-claude.",
            ),
        ] {
            assert_eq!(found.level, level, "{found:?}");
            assert!(found.text().contains(words), "{found:?}");
        }
    }
}
