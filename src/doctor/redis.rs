//! Redis: whether everything that is asked of it is permitted.

use super::finding::Finding;
use crate::config::Config;
use crate::redis::attempt::{Trouble, attempt};
use secrecy::ExposeSecret;

/// A prefix of keys like that of `serve`, so that the same rights are needed.
const PREFIX: &str = "vps-claude:doctor:";

/// Tries every command. Without Redis everything works, so what is wrong with it is a warning.
pub async fn redis(config: &Config) -> Finding {
    let meanwhile = "limits and cache work inside the process meanwhile.";
    let Some(url) = &config.redis_url else {
        return Finding::Fine("not set; limits and cache work inside the process.".to_owned());
    };
    match attempt(url.expose_secret(), PREFIX).await {
        Ok(()) => Finding::Fine("Redis answers.".to_owned()),
        Err(Trouble::Silent) => Finding::Warning(format!("Redis does not answer; {meanwhile}")),
        Err(Trouble::Refused(words)) => {
            Finding::Warning(format!("Redis refuses: {words}; {meanwhile}"))
        }
    }
}
