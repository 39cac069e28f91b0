//! Applications in Coolify that no environment knows.

use super::finding::Finding;
use crate::actions::orphans;
use crate::app::App;

pub const APPLICATIONS: &str = "applications";
/// How many of them are named.
const MOST: usize = 10;

const NO_CALL: &str = "Deployments need all the calls to Coolify that it allows now, so no applications were searched that no environment knows. Check again later.";

/// A warning for each, or for that they were not searched; nothing where there are none, or where Coolify or the database does
/// not answer, which other checks say.
pub async fn unknown(app: &App) -> Vec<Finding> {
    let found = match orphans::search(app).await {
        Ok(Some(found)) => found,
        Ok(None) => return vec![Finding::warning(APPLICATIONS, NO_CALL)],
        Err(_) => vec![],
    };
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
