//! Applications in Coolify that no environment knows.

use super::finding::Finding;
use crate::actions::orphans;
use crate::app::App;
use crate::coolify::Application;

const APPLICATIONS: &str = "applications";
/// How many of them are named.
const MOST: usize = 10;

/// A warning for each of these applications that is one. Where the database does not tell, another check says so.
pub async fn unknown(app: &App, listed: Vec<Application>) -> Vec<Finding> {
    let found = orphans::among(app, listed).await.unwrap_or_default();
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
