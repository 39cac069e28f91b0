//! The calls about applications that neither create nor change one.
//!
//! They know Coolify's answers; they must not know how containers are removed.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Ask;
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::application::Application;
use crate::coolify::simulator::world::World;

/// All applications of the team, by name.
pub fn list(world: &World, ask: &Ask<'_>) -> Answer {
    let mut rows: Vec<&Application> = world.applications.iter().collect();
    rows.sort_by_key(|row| row.name());
    // No application has a tag, so a filter by tag finds nothing.
    rows.retain(|_| ask.parameter("tag").is_none());
    let profile = world.settings.profile;
    let shown = rows
        .iter()
        .map(|row| row.shown(&world.site, profile, ask.sensitive, false));
    Answer::ok(&shown.collect::<Value>())
}

/// One application.
pub fn show(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let row = found(world, ask, "Application not found.")?;
    let mut shown = row.shown(&world.site, world.settings.profile, ask.sensitive, true);
    shown["environment"] = world.site.bare_environment();
    shown["destination"]["server"] = world.site.server(&world.settings, ask.sensitive);
    Ok(Answer::ok(&shown))
}

/// Asks for the deletion, which takes its time.
pub fn delete(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let uuid = found(world, ask, "Application not found")?.uuid.clone();
    let flag = |name| flag(ask.parameter(name));
    let (volumes, cleanup) = (flag("delete_volumes"), flag("docker_cleanup"));
    world.delete_later(&uuid, volumes, cleanup, ask.now);
    Ok(Answer::ok(
        &json!({ "message": "Application deletion request queued." }),
    ))
}

/// Asks for the containers to be stopped.
pub fn stop(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let uuid = found(world, ask, "Application not found.")?.uuid.clone();
    world.stop_later(&uuid, ask.now);
    Ok(Answer::ok(
        &json!({ "message": "Application stopping request queued." }),
    ))
}

/// The last lines of the container's log.
pub fn logs(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let row = found(world, ask, "Application not found.")?;
    if !world.settings.server_reachable {
        return Err(Answer::server_error());
    }
    if row.container.as_ref().is_none_or(|running| running.crashed) {
        let message = "Application is not running.";
        return Err(Answer::refusal(StatusCode::BAD_REQUEST, message));
    }
    let asked = ask.parameter("lines").and_then(|lines| lines.parse().ok());
    let lines = asked
        .filter(|lines| *lines > 0)
        .unwrap_or(100_usize)
        .min(10_000);
    let at = row.updated_at.precise();
    let log = [
        "Setting up persistent directories...".to_owned(),
        format!("[{at}] info  code-server is simulated"),
        format!("[{at}] info  HTTP server listening on http://0.0.0.0:8080/"),
    ];
    let tail = &log[log.len().saturating_sub(lines)..];
    let text: String = tail.iter().flat_map(|line| [line, "\n"]).collect();
    Ok(Answer::ok(&json!({ "logs": text })))
}

/// The application in the path, or the 404 in this call's wording.
pub fn found<'a>(
    world: &'a World,
    ask: &Ask<'_>,
    missing: &str,
) -> Result<&'a Application, Answer> {
    let row = world.application(ask.subject());
    row.ok_or_else(|| Answer::missing(missing))
}

/// A flag of the query string, true unless it says otherwise.
fn flag(value: Option<&str>) -> bool {
    !matches!(value, Some("0" | "false" | "off" | "no"))
}
