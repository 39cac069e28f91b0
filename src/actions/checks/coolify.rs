//! Coolify: its address, the token and its abilities, project, environment, server and destination.

use super::applications;
use super::finding::Finding;
use super::setup::Setup;
use crate::app::App;
use crate::coolify::{Application, Error, ServerState, Usability, is_supported};
use crate::redis::calls::Lane;
use std::time::Duration;

pub const URL: &str = "COOLIFY_API_URL";
const PROJECT: &str = "COOLIFY_PROJECT_UUID";
const SERVER: &str = "COOLIFY_SERVER_UUID";
const TOKEN: &str = "COOLIFY_API_TOKEN";
const DESTINATION: &str = "COOLIFY_DESTINATION_UUID";
/// How many calls follow that of the version, which is paid for as they are from the budget of all copies.
const OTHERS: u32 = 5;
/// How long somebody waits for these calls.
const PATIENCE: Duration = Duration::from_secs(10);
/// When Coolify is tried again at the start.
const AGAIN: Duration = Duration::from_mins(1);

/// All checks, unless their calls cannot be made soon; the last ones name applications that no environment knows.
pub async fn all(app: &App, setup: &Setup) -> Vec<Finding> {
    if app.calls.paused().await > PATIENCE {
        return vec![no_call()];
    }
    let wait = app
        .calls
        .reserve(Lane::Log, 1 + OTHERS, Duration::ZERO)
        .await;
    if wait > PATIENCE {
        return vec![no_call()];
    }
    tokio::time::sleep(wait).await;
    let version = match version(app).await {
        Ok(version) => version,
        Err(error) => return vec![Finding::wrong(URL, sentence(&error))],
    };
    let (found, listed) = others(app, setup).await;
    let unknown = applications::unknown(app, listed).await;
    let all = std::iter::once(version).chain(found);
    all.chain(unknown).collect()
}

fn no_call() -> Finding {
    let text = "Deployments need all the calls to Coolify that it allows now, so it was not checked. Check again later.";
    Finding::warning(URL, text)
}

/// Logs what is wrong in Coolify when the dashboard starts. What does not answer yet may do so later.
pub async fn at_start(app: &App, setup: &Setup) {
    loop {
        pay(app, 1).await;
        match version(app).await {
            Ok(version) => {
                version.log();
                break;
            }
            Err(error @ Error::Refused(_)) => {
                return Finding::wrong(URL, sentence(&error)).log();
            }
            Err(error) => tracing::warn!("{}", sentence(&error)),
        }
        tokio::time::sleep(AGAIN).await;
    }
    pay(app, OTHERS).await;
    let (found, _) = others(app, setup).await;
    found.iter().for_each(Finding::log);
}

async fn pay(app: &App, calls: u32) {
    let wait = app.calls.reserve(Lane::Log, calls, Duration::ZERO).await;
    tokio::time::sleep(wait).await;
}

/// The version, which is asked for first: where that is refused, everything else is.
async fn version(app: &App) -> Result<Finding, Error> {
    let version = app.coolify.version().await?;
    Ok(of_version(&version))
}

/// Everything else, and the applications that there are.
async fn others(app: &App, setup: &Setup) -> (Vec<Finding>, Vec<Application>) {
    let client = &app.coolify;
    let (applications, may_write, may_deploy, server, destinations) = tokio::join!(
        client.applications(),
        client.may_write(),
        client.may_deploy(),
        client.server_state(),
        client.destinations(),
    );
    let mut findings = vec![
        match &applications {
            Ok(listed) => Finding::fine(PROJECT, of_count(listed.len())),
            Err(error) => Finding::wrong(PROJECT, sentence(error)),
        },
        abilities(&[("write", may_write), ("deploy", may_deploy)]),
    ];
    match server {
        Ok(server) => {
            findings.extend(of_server(&server));
            let known = destinations.ok();
            let set = setup.destination.as_deref();
            findings.extend(known.and_then(|known| of_destination(&known, set)));
        }
        Err(Error::NotFound) => {
            let text =
                "Coolify does not find the server. Set it to the uuid of a server in Coolify.";
            findings.push(Finding::wrong(SERVER, text));
        }
        Err(error) => findings.push(Finding::wrong(SERVER, sentence(&error))),
    }
    (findings, applications.unwrap_or_default())
}

fn of_version(version: &str) -> Finding {
    if is_supported(version) {
        let text = format!("Coolify {version} answers and accepts the token.");
        Finding::fine(URL, text)
    } else {
        let text = format!(
            "Coolify {version} is older than what is supported. Update it to 4.0.0 or newer."
        );
        Finding::warning(URL, text)
    }
}

fn of_count(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("The project and its environment are there, with {count} application{s}.")
}

/// The abilities that the token lacks, as one finding.
fn abilities(may: &[(&str, Result<bool, Error>)]) -> Finding {
    let lacking = may.iter().filter(|(_, may)| matches!(may, Ok(false)));
    let names: Vec<&str> = lacking.map(|(name, _)| *name).collect();
    if !names.is_empty() {
        let names = names.join(" and ");
        let text = format!("It lacks {names}. Make a token in Coolify that has them.");
        return Finding::wrong(TOKEN, text);
    }
    match may.iter().find_map(|(_, may)| may.as_ref().err()) {
        None => Finding::fine(TOKEN, "It may create and deploy applications."),
        Some(error) => {
            let text = format!("What it may do could not be asked. {}", sentence(error));
            Finding::warning(TOKEN, text)
        }
    }
}

fn of_server(server: &ServerState) -> Vec<Finding> {
    let mut findings = vec![match server.usability {
        Usability::Usable => Finding::fine(SERVER, usable(server)),
        Usability::Unreachable => Finding::wrong(
            SERVER,
            "Coolify cannot reach or use the server. Look at it in Coolify.",
        ),
        Usability::Disabled => {
            Finding::wrong(SERVER, "The server is disabled. Enable it in Coolify.")
        }
        Usability::BuildServer => {
            let text =
                "It is a build server, which runs no applications. Set it to another server.";
            Finding::wrong(SERVER, text)
        }
    }];
    if server.deletes_unused_volumes {
        let text = "The server deletes unused volumes in its clean-up, and with them the files of stopped environments. Switch that off in Coolify.";
        findings.push(Finding::warning(SERVER, text));
    }
    findings.push(if server.shows_secrets {
        Finding::fine(TOKEN, "It may read logs.")
    } else {
        let text = "It lacks read:sensitive, so build logs are not shown. Make a token in Coolify that has it.";
        Finding::warning(TOKEN, text)
    });
    findings
}

fn usable(server: &ServerState) -> String {
    let limits = server.limits;
    format!(
        "The server is reachable; it builds {} at once and lets {} wait.",
        limits.concurrent_builds, limits.deployment_queue_limit
    )
}

/// Whether the destination is clear. With only one, Coolify takes that whatever it is told.
fn of_destination(known: &[String], set: Option<&str>) -> Option<Finding> {
    let is_known = set.is_none_or(|set| known.iter().any(|one| one == set));
    let names = known.join(", ");
    Some(match (known, set) {
        ([], _) => {
            let text = "The server has no destination. Add one to the server in Coolify.";
            Finding::wrong(DESTINATION, text)
        }
        ([_], _) if !is_known => {
            let text = "The server does not have this destination; its only one is used. Remove the setting.";
            Finding::warning(DESTINATION, text)
        }
        ([_], _) => return None,
        (several, None) => {
            let text = format!(
                "The server has {} destinations. Set it to one of them: {names}.",
                several.len()
            );
            Finding::wrong(DESTINATION, text)
        }
        (_, Some(_)) if !is_known => {
            let text = format!(
                "The server does not have this destination. Set it to one of these: {names}."
            );
            Finding::wrong(DESTINATION, text)
        }
        _ => Finding::fine(DESTINATION, "The server has this destination."),
    })
}

fn sentence(error: &Error) -> String {
    match error {
        Error::Refused(sentence) => sentence.clone(),
        Error::Unreachable { why, .. } => format!(
            "Coolify cannot be reached: {why}. Check COOLIFY_API_URL, and whether Coolify runs."
        ),
        Error::RateLimited { .. } | Error::QueueFull { .. } => {
            "Coolify allows no more calls this minute. Check again later.".to_owned()
        }
        Error::NotFound | Error::DomainTaken(_) => "Coolify does not find it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::checks::finding::Level;

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
            of_destination(&known, set)
        };
        let level = |count, set| found(count, set).map(|finding| finding.level);
        assert_eq!(level(0, None), Some(Level::Wrong));
        assert!(found(1, None).is_none() && found(1, Some("a")).is_none());
        assert_eq!(level(1, Some("x")), Some(Level::Warning));
        assert_eq!(level(2, None), Some(Level::Wrong));
        let remedy = found(2, None).unwrap().remedy.unwrap();
        assert_eq!(remedy, "Set it to one of them: a, b.");
        assert_eq!(level(2, Some("x")), Some(Level::Wrong));
        assert_eq!(level(2, Some("b")), Some(Level::Fine));
    }

    #[test]
    fn what_could_not_be_asked_is_not_said_to_be_fine() {
        let lost = || Error::Unreachable {
            why: "it did not answer in time".to_owned(),
            unsure: false,
            retry_after: None,
        };
        let level = |write, deploy| abilities(&[("write", write), ("deploy", deploy)]).level;
        assert_eq!(level(Ok(true), Ok(true)), Level::Fine);
        assert_eq!(level(Ok(true), Err(lost())), Level::Warning);
        assert_eq!(level(Ok(false), Err(lost())), Level::Wrong);
    }
}
