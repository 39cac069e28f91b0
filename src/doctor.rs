//! The doctor: tests every setting against the real services and says what to do.

mod finding;
mod postgres;
mod redis;

use crate::app::{App, Pace};
use crate::config::Config;
use crate::coolify::{Error, ServerLimits};
use finding::Finding;
use std::io::Write;
use url::Url;

/// Runs all checks and prints a line for each.
///
/// # Errors
/// When a check fails.
pub async fn run(config: &Config, misspelled: Vec<String>) -> anyhow::Result<()> {
    let app = crate::build(config, "vps-claude:doctor:", Pace::default())?;
    let mut findings = vec![
        ("DATABASE_URL", postgres::database(&app, config).await?),
        ("REDIS_URL", redis::redis(config).await),
    ];
    findings.extend(
        postgres::clock(&app)
            .await
            .map(|finding| ("clock", finding)),
    );
    findings.extend(coolify(&app).await);
    let host = config.public_url.as_ref().and_then(Url::host_str);
    findings.extend(host.and_then(|host| neighbours(host, &config.domain.common())));
    let misspelled = misspelled.into_iter().map(Finding::Warning);
    findings.extend(misspelled.map(|finding| ("settings", finding)));
    let mut wrong = 0;
    for (what, finding) in &findings {
        let (mark, text) = match finding {
            Finding::Fine(text) => ("ok     ", text),
            Finding::Warning(text) => ("warning", text),
            Finding::Wrong(text) => ("WRONG  ", text),
        };
        wrong += usize::from(matches!(finding, Finding::Wrong(_)));
        let _ = writeln!(std::io::stdout(), "{mark}  {what}: {text}");
    }
    anyhow::ensure!(
        wrong == 0,
        "{wrong} of {} checks found something wrong",
        findings.len()
    );
    Ok(())
}

async fn coolify(app: &App) -> Vec<(&'static str, Finding)> {
    let client = &app.coolify;
    let version = match client.version().await {
        Ok(version) => Finding::Fine(format!("Coolify {version} answers and accepts the token.")),
        Err(error) => return vec![("COOLIFY_API_URL", Finding::Wrong(sentence(&error)))],
    };
    let applications = match client.applications().await {
        Ok(listed) => Finding::Fine(format!("found, with {} applications.", listed.len())),
        Err(error) => Finding::Wrong(sentence(&error)),
    };
    let mut findings = vec![
        ("COOLIFY_API_URL", version),
        ("COOLIFY_PROJECT_UUID", applications),
    ];
    match client.server().await {
        Ok(server) => {
            findings.extend(server_findings(&server["settings"]));
            if let Ok(limits) = client.server_limits().await {
                findings.push(("COOLIFY_SERVER_UUID", limits_finding(limits)));
            }
        }
        Err(Error::NotFound) => findings.push((
            "COOLIFY_SERVER_UUID",
            Finding::Wrong("Coolify does not find the server.".to_owned()),
        )),
        Err(error) => findings.push(("COOLIFY_SERVER_UUID", Finding::Wrong(sentence(&error)))),
    }
    findings
}

fn limits_finding(limits: ServerLimits) -> Finding {
    Finding::Fine(format!(
        "it builds {} at once and lets {} wait.",
        limits.concurrent_builds, limits.deployment_queue_limit
    ))
}

fn server_findings(settings: &serde_json::Value) -> Vec<(&'static str, Finding)> {
    let is = |key: &str| settings[key].as_bool();
    let mut findings = vec![];
    findings.push((
        "COOLIFY_SERVER_UUID",
        if is("is_reachable") == Some(false) || is("is_usable") == Some(false) {
            Finding::Wrong(
                "Coolify cannot reach or use the server. Look at it in Coolify.".to_owned(),
            )
        } else {
            Finding::Fine("the server is reachable.".to_owned())
        },
    ));
    if is("delete_unused_volumes") == Some(true) {
        findings.push(("COOLIFY_SERVER_UUID", Finding::Warning(
            "the server deletes unused volumes in its clean-up, and with them the files of stopped environments. Switch that off in Coolify.".to_owned(),
        )));
    }
    let sensitive = settings.get("sentinel_token").is_some();
    findings.push((
        "COOLIFY_API_TOKEN",
        if sensitive {
            Finding::Fine("it may read logs.".to_owned())
        } else {
            Finding::Warning("it lacks read:sensitive, so build logs are not shown.".to_owned())
        },
    ));
    findings
}

/// Warns when the dashboard and the environments are below one domain. Which part of a name people can register is not
/// known here: two labels in common are enough.
fn neighbours(host: &str, agents_domain: &str) -> Option<(&'static str, Finding)> {
    let agents_host = agents_domain.split(':').next().unwrap_or_default();
    let labels = |host: &str| host.rsplit('.').map(str::to_owned).collect::<Vec<_>>();
    let (ours, theirs) = (labels(host), labels(agents_host));
    let common = ours
        .iter()
        .zip(&theirs)
        .take_while(|(our, their)| our == their);
    let text = format!(
        "environments run other people's programs, and {agents_host} is beside the dashboard's own {host}: their pages can set cookies for both. Another domain for the environments is safer."
    );
    (common.count() >= 2).then_some(("AGENTS_DOMAIN", Finding::Warning(text)))
}

fn sentence(error: &Error) -> String {
    match error {
        Error::Refused(sentence) => sentence.clone(),
        Error::Unreachable { why, .. } => format!("Coolify cannot be reached: {why}."),
        Error::RateLimited { .. } | Error::QueueFull { .. } => {
            "Coolify allows no more calls this minute.".to_owned()
        }
        Error::NotFound | Error::DomainTaken(_) => "Coolify does not find it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_beside_the_dashboard_are_named() {
        for (host, agents, are_near) in [
            ("vps.example.com", "agents.example.com", true),
            ("example.com", "example.com:8443", true),
            ("vps.example.com", "example.dev", false),
            ("vps.example.com", "example.org", false),
            ("localhost", "localhost:3080", false),
        ] {
            let found = neighbours(host, agents);
            assert_eq!(found.is_some(), are_near, "{host} {agents}");
        }
    }
}
