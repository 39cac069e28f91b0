//! Applications in Coolify that no environment knows.

use super::finding::Finding;
use crate::actions::calls::Calls;
use crate::actions::orphans;
use crate::app::App;
use crate::redis::calls::Lane;

pub const APPLICATIONS: &str = "applications";
/// How many of them are named.
const MOST: usize = 10;

/// A warning for each, or for that they were not searched; nothing where there are none, or where Coolify or the database does
/// not answer, which other checks say.
pub async fn unknown(app: &App) -> Vec<Finding> {
    let calls = Calls::reserve_within(app, Lane::Log, orphans::WAIT).await;
    let Ok(client) = calls.one().await else {
        let text = "Deployments need all the calls to Coolify that it allows now, so no applications were searched that no environment knows. Check again later.";
        return vec![Finding::warning(APPLICATIONS, text)];
    };
    let found = orphans::find(app, client).await.ok().flatten();
    let found = found.unwrap_or_default();
    let mut sentences: Vec<String> = found.iter().take(MOST).map(ToString::to_string).collect();
    if found.len() > MOST {
        let more = found.len() - MOST;
        sentences.push(format!(
            "Coolify has {more} more that no environment knows."
        ));
    }
    let warnings = sentences.iter();
    warnings
        .map(|text| Finding::warning(APPLICATIONS, text))
        .collect()
}
