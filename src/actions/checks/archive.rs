//! The store of logs: whether an object can be written, read and removed.

use super::finding::Finding;
use crate::actions::archiving;
use crate::app::App;

pub const URL: &str = "LOG_STORE_URL";

/// Writes, reads and removes a small object.
pub async fn all(app: &App) -> Vec<Finding> {
    vec![match app.archive.attempt().await {
        Ok(()) => Finding::fine(URL, "Logs can be written, read and removed."),
        Err(why) => Finding::wrong(
            URL,
            format!(
                "The store of logs cannot be used: {why}. Logs stay in the database until it can: mend LOG_STORE_URL and its keys, or start the store."
            ),
        ),
    }]
}

/// Logs what is wrong with it, as the rounds that move logs do.
pub async fn at_start(app: &App) {
    if let Err(why) = app.archive.attempt().await {
        archiving::note_failure(app, &why);
    }
}
