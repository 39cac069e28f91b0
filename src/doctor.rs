//! The doctor: tests every setting against the real services and says what to do.

mod coolify;
mod finding;
mod postgres;
mod redis;

use crate::app::Pace;
use crate::config::Config;
pub use coolify::at_start;
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
    let destination = config.coolify.destination_uuid.as_deref();
    findings.extend(coolify::coolify(&app, destination).await);
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
