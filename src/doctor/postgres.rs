//! PostgreSQL: whether it can be reached, written and given tables, and its clock.

use super::finding::Finding;
use crate::app::App;
use crate::config::{Config, Wrong};
use crate::store::{self, servers};
use std::time::SystemTime;
use time::OffsetDateTime;

/// The difference between two clocks that is worth a warning, in seconds.
const SKEW_SECONDS: i64 = 5;

/// Looks for a server that can be used, and tries to create a table, which migrations do.
///
/// # Errors
/// When the address is wrong.
pub async fn database(app: &App, config: &Config) -> Result<Finding, Wrong> {
    let all = config.servers()?;
    let tried = async {
        servers::reach(&app.pool, &all).await?;
        servers::try_to_create(&app.pool).await
    };
    Ok(match tried.await {
        Ok(()) => Finding::Fine("PostgreSQL answers.".to_owned()),
        Err(why) => Finding::Wrong(format!("{why}.")),
    })
}

/// Compares this machine's clock with the database's; prints nothing when they agree.
pub async fn clock(app: &App) -> Option<Finding> {
    let theirs = store::now(&app.pool).await.ok()?;
    let ours = OffsetDateTime::from(SystemTime::now());
    skew((ours - theirs).whole_seconds())
}

fn skew(seconds: i64) -> Option<Finding> {
    let direction = if seconds > 0 { "ahead of" } else { "behind" };
    let text = format!(
        "this machine's clock is {} s {direction} PostgreSQL's. Deployments work all the same; set the clock, or the log's times mislead.",
        seconds.abs()
    );
    (seconds.abs() > SKEW_SECONDS).then_some(Finding::Warning(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_wrong_is_named() {
        assert!(skew(0).is_none() && skew(5).is_none() && skew(-5).is_none());
        for (seconds, words) in [(1_500, "1500 s ahead of"), (-6, "6 s behind")] {
            let Some(Finding::Warning(text)) = skew(seconds) else {
                panic!("{seconds}")
            };
            assert!(text.contains(words), "{text}");
        }
    }
}
