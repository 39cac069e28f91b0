//! The doctor: tests every setting against the real services and says what to do.

use crate::app::{self, App, Pace};
use crate::config::Config;
use crate::coolify::{Error, ServerLimits};
use crate::store;
use std::io::Write;
use std::time::SystemTime;
use time::OffsetDateTime;
use url::Url;

/// The difference between two clocks that is worth a warning, in seconds.
const SKEW_SECONDS: i64 = 5;

/// The result of a check.
enum Finding {
    Fine(String),
    /// It works, but may cause a problem later.
    Warning(String),
    Wrong(String),
}

/// Runs all checks and prints a line for each.
///
/// # Errors
/// When a check fails.
pub async fn run(config: &Config, misspelled: Vec<String>) -> anyhow::Result<()> {
    let app = crate::build(config, "vps-claude:doctor:", Pace::default())?;
    let mut findings = vec![
        ("DATABASE_URL", database(&app).await),
        ("REDIS_URL", redis(&app).await),
    ];
    findings.extend(clock(&app).await.map(|finding| ("clock", finding)));
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

async fn database(app: &App) -> Finding {
    if app::database_answers(app).await {
        Finding::Fine("PostgreSQL answers.".to_owned())
    } else {
        Finding::Wrong("PostgreSQL does not answer. Check the address and that it runs.".to_owned())
    }
}

/// Compares this machine's clock with the database's; prints nothing when they agree.
async fn clock(app: &App) -> Option<Finding> {
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

async fn redis(app: &App) -> Finding {
    for _ in 0..20 {
        match app.redis.answers().await {
            None => {
                return Finding::Fine(
                    "not set; limits and cache work inside the process.".to_owned(),
                );
            }
            Some(true) => return Finding::Fine("Redis answers.".to_owned()),
            Some(false) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
    Finding::Warning(
        "Redis does not answer; limits and cache work inside the process meanwhile.".to_owned(),
    )
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
