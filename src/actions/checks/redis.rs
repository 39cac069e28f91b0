//! Redis: whether everything that is asked of it is permitted.

use super::finding::Finding;
use super::setup::Setup;
use crate::redis::attempt::{Trouble, attempt};
use secrecy::ExposeSecret;

pub const URL: &str = "REDIS_URL";
/// A prefix of keys like that of `serve`, so that the same rights are needed.
const PREFIX: &str = "vps-claude:doctor:";

/// Tries every command. Without Redis everything works, so what is wrong with it is a warning.
pub async fn all(setup: &Setup) -> Vec<Finding> {
    let Some(url) = &setup.redis_url else {
        let text = "It is not set: limits and the budget of calls are kept inside the process.";
        return vec![Finding::fine(URL, text)];
    };
    let meanwhile = "limits and the budget of calls are kept inside the process meanwhile";
    vec![match attempt(url.expose_secret(), PREFIX).await {
        Ok(()) => Finding::fine(URL, "Redis answers."),
        Err(Trouble::Silent) => Finding::warning(
            URL,
            format!(
                "Redis does not answer; {meanwhile}. Start it, or set REDIS_URL to where it is."
            ),
        ),
        Err(Trouble::Refused(words)) => Finding::warning(
            URL,
            format!(
                "Redis refuses: {words}; {meanwhile}. Give its user the rights that the README names."
            ),
        ),
    }]
}
