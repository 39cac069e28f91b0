//! Applications in Coolify that no environment knows.

use super::finding::Finding;
use crate::actions::orphans;
use crate::app::App;

pub const APPLICATIONS: &str = "applications";
/// How many of them are named.
const MOST: usize = 10;

/// A warning for each, or for that they could not be searched; nothing where there are none.
pub async fn unknown(app: &App) -> Vec<Finding> {
    let Ok(Some(found)) = orphans::search(app).await else {
        let text = "Whether Coolify has applications that no environment knows could not be found out. Check again later.";
        return vec![Finding::warning(APPLICATIONS, text)];
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
