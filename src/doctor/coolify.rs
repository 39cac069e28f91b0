//! Checks of Coolify: its address, the token and its abilities, project, environment, server and destination.

use super::finding::Finding;
use crate::app::App;
use crate::coolify::{Error, ServerLimits};
use crate::redis::calls::Lane;
use serde_json::Value;
use std::time::Duration;

type Findings = Vec<(&'static str, Finding)>;

const PROJECT: &str = "COOLIFY_PROJECT_UUID";
const SERVER: &str = "COOLIFY_SERVER_UUID";
const TOKEN: &str = "COOLIFY_API_TOKEN";
const URL: &str = "COOLIFY_API_URL";
/// The calls of all checks, which are paid from the budget of all copies at the start.
const CALLS: u32 = 8;
/// When Coolify is tried again at the start.
const AGAIN: Duration = Duration::from_mins(1);

/// All checks of Coolify. `destination` is the configured one.
pub async fn coolify(app: &App, destination: Option<&str>) -> Findings {
    let client = &app.coolify;
    let version = match client.version().await {
        Ok(version) => Finding::Fine(format!("Coolify {version} answers and accepts the token.")),
        Err(error) => return vec![(URL, Finding::Wrong(sentence(&error)))],
    };
    let applications = match client.applications().await {
        Ok(listed) => Finding::Fine(format!("found, with {} applications.", listed.len())),
        Err(error) => Finding::Wrong(sentence(&error)),
    };
    let mut findings = vec![(URL, version), (PROJECT, applications)];
    let may = [
        ("write", client.may_write().await),
        ("deploy", client.may_deploy().await),
    ];
    findings.extend(abilities(&may).map(|finding| (TOKEN, finding)));
    match client.server().await {
        Ok(server) => {
            findings.extend(of_server(&server["settings"]));
            if let Ok(limits) = client.server_limits().await {
                findings.push((SERVER, of_limits(limits)));
            }
            if let Ok(known) = client.destinations().await {
                findings.extend(of_destination(&known, destination));
            }
        }
        Err(Error::NotFound) => findings.push((
            SERVER,
            Finding::Wrong("Coolify does not find the server.".to_owned()),
        )),
        Err(error) => findings.push((SERVER, Finding::Wrong(sentence(&error)))),
    }
    findings
}

/// Logs what is wrong in Coolify when the dashboard starts, so that it is not the first deployment that finds it. What
/// does not answer yet may do so later.
pub async fn at_start(app: &App, destination: Option<&str>) {
    loop {
        let wait = app.calls.reserve(Lane::Log, CALLS, Duration::ZERO).await;
        tokio::time::sleep(wait).await;
        match app.coolify.version().await {
            Ok(_) | Err(Error::Refused(_)) => break,
            Err(error) => tracing::warn!("{}", sentence(&error)),
        }
        tokio::time::sleep(AGAIN).await;
    }
    for (setting, finding) in coolify(app, destination).await {
        match finding {
            Finding::Fine(_) => {}
            Finding::Warning(text) => tracing::warn!("{setting}: {text}"),
            Finding::Wrong(text) => tracing::error!("{setting}: {text}"),
        }
    }
}

/// The abilities that the token lacks, as one finding.
fn abilities(may: &[(&str, Result<bool, Error>)]) -> Option<Finding> {
    let lacking = may.iter().filter(|(_, may)| matches!(may, Ok(false)));
    let names: Vec<&str> = lacking.map(|(name, _)| *name).collect();
    if !names.is_empty() {
        let names = names.join(" and ");
        let text = format!("it lacks {names}. Make a token in Coolify that has them.");
        return Some(Finding::Wrong(text));
    }
    let are_known = may.iter().all(|(_, may)| may.is_ok());
    are_known.then(|| Finding::Fine("it may create and deploy applications.".to_owned()))
}

fn of_limits(limits: ServerLimits) -> Finding {
    Finding::Fine(format!(
        "it builds {} at once and lets {} wait.",
        limits.concurrent_builds, limits.deployment_queue_limit
    ))
}

fn of_server(settings: &Value) -> Findings {
    let is = |key: &str, value: bool| settings[key].as_bool() == Some(value);
    let is_usable = if is("is_reachable", false) || is("is_usable", false) {
        Finding::Wrong("Coolify cannot reach or use the server. Look at it in Coolify.".to_owned())
    } else if is("force_disabled", true) {
        Finding::Wrong("the server is disabled. Enable it in Coolify.".to_owned())
    } else if is("is_build_server", true) {
        let text = "it is a build server, which runs no applications. Set it to another server.";
        Finding::Wrong(text.to_owned())
    } else {
        Finding::Fine("the server is reachable.".to_owned())
    };
    let mut findings = vec![(SERVER, is_usable)];
    if is("delete_unused_volumes", true) {
        findings.push((SERVER, Finding::Warning(
            "the server deletes unused volumes in its clean-up, and with them the files of stopped environments. Switch that off in Coolify.".to_owned(),
        )));
    }
    let sensitive = if settings.get("sentinel_token").is_some() {
        Finding::Fine("it may read logs.".to_owned())
    } else {
        Finding::Warning("it lacks read:sensitive, so build logs are not shown.".to_owned())
    };
    findings.push((TOKEN, sensitive));
    findings
}

/// Whether the destination is clear. With only one, Coolify takes that whatever it is told.
fn of_destination(known: &[String], set: Option<&str>) -> Option<(&'static str, Finding)> {
    let is_known = set.is_none_or(|set| known.iter().any(|one| one == set));
    let finding = match (known, set) {
        ([], _) => Finding::Wrong(
            "the server has no destination. Add one to the server in Coolify.".to_owned(),
        ),
        ([_], _) if !is_known => Finding::Warning(
            "the server does not have this destination; its only one is used.".to_owned(),
        ),
        ([_], _) => return None,
        (_, None) => Finding::Wrong(format!(
            "the server has {} destinations. Set it to one of them: {}.",
            known.len(),
            known.join(", ")
        )),
        (_, Some(_)) if !is_known => Finding::Wrong(format!(
            "the server does not have this destination. Set it to one of these: {}.",
            known.join(", ")
        )),
        _ => Finding::Fine("the server has this destination.".to_owned()),
    };
    Some(("COOLIFY_DESTINATION_UUID", finding))
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
    use serde_json::json;

    fn text(finding: &Finding) -> &str {
        match finding {
            Finding::Fine(text) | Finding::Warning(text) | Finding::Wrong(text) => text,
        }
    }

    #[test]
    fn a_server_that_cannot_run_applications_says_why() {
        for (settings, words) in [
            (json!({"force_disabled": true}), "is disabled"),
            (json!({"is_build_server": true}), "build server"),
            (json!({"is_usable": false}), "cannot reach or use"),
        ] {
            let (_, found) = &of_server(&settings)[0];
            assert!(matches!(found, Finding::Wrong(_)) && text(found).contains(words));
        }
        let fine = json!({"force_disabled": false, "is_build_server": false, "is_usable": true});
        assert!(matches!(of_server(&fine)[0].1, Finding::Fine(_)));
    }

    #[test]
    fn a_destination_must_be_chosen_among_several() {
        let known = |count: usize| {
            ["a", "b"][..count]
                .iter()
                .map(|&one| one.to_owned())
                .collect()
        };
        let found = |count, set| {
            let known: Vec<String> = known(count);
            of_destination(&known, set).map(|(_, finding)| finding)
        };
        assert!(matches!(found(0, None), Some(Finding::Wrong(_))));
        assert!(found(1, None).is_none() && found(1, Some("a")).is_none());
        assert!(matches!(found(1, Some("x")), Some(Finding::Warning(_))));
        let unset = found(2, None).unwrap();
        assert!(matches!(unset, Finding::Wrong(_)) && text(&unset).contains("one of them: a, b."));
        assert!(matches!(found(2, Some("x")), Some(Finding::Wrong(_))));
        assert!(matches!(found(2, Some("b")), Some(Finding::Fine(_))));
    }
}
