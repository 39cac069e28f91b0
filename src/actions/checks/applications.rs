//! Applications in Coolify that no environment knows.

use super::finding::Finding;
use crate::actions::orphans;
use crate::app::App;
use crate::coolify::Application;

const APPLICATIONS: &str = "applications";

/// Warnings of those of these applications that are such. Where the database does not tell, another check says so.
pub async fn unknown(app: &App, listed: Vec<Application>) -> Vec<Finding> {
    let found = orphans::among(app, listed).await.unwrap_or_default();
    let sentences = orphans::sentences(&found);
    let warnings = sentences.iter();
    warnings
        .map(|text| Finding::warning(APPLICATIONS, text))
        .collect()
}
