//! The calls about what is there before any application: health, version, project, environment, server.
//!
//! They know how these look; they must not change anything.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Ask;
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::site::Site;
use crate::coolify::simulator::world::World;

/// `OK`, to anybody.
pub fn health() -> Answer {
    Answer::html(StatusCode::OK, "OK")
}

/// The bare version.
pub fn version(world: &World) -> Answer {
    Answer::html(StatusCode::OK, world.settings.profile.version())
}

/// The project with its environments.
pub fn project(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    its_project(world, ask)?;
    Ok(Answer::ok(&world.site.project()))
}

/// The environment, found by name or identifier, with the applications in it.
pub fn environment(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    its_project(world, ask)?;
    let site = &world.site;
    let wanted = ask.route.detail.as_str();
    if wanted != site.environment && wanted != Site::environment_uuid() {
        return Err(Answer::missing("Environment not found."));
    }
    let profile = world.settings.profile;
    let shown = world.applications.iter();
    let mut shown = shown.map(|row| row.shown(site, profile, ask.sensitive, false));
    let mut environment = site.bare_environment();
    environment["applications"] = shown.by_ref().collect();
    for kind in [
        "postgresqls",
        "redis",
        "mongodbs",
        "mysqls",
        "mariadbs",
        "services",
    ] {
        environment[kind] = json!([]);
    }
    Ok(Answer::ok(&environment))
}

/// The server with its settings.
pub fn server(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    its_server(world, ask)?;
    Ok(Answer::ok(
        &world.site.server(&world.settings, ask.sensitive),
    ))
}

/// The server's destinations.
pub fn destinations(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    its_server(world, ask)?;
    let numbers = 0..world.settings.destinations;
    let shown: Value = numbers
        .map(|number| world.site.destination(number))
        .collect();
    Ok(Answer::ok(&shown))
}

/// Whether an identifier is that of one of the server's destinations.
pub fn is_destination(world: &World, uuid: &str) -> bool {
    (0..world.settings.destinations).any(|number| Site::destination_uuid(number) == uuid)
}

fn its_project(world: &World, ask: &Ask<'_>) -> Result<(), Answer> {
    if ask.subject() == world.site.project {
        return Ok(());
    }
    Err(Answer::missing("Project not found."))
}

fn its_server(world: &World, ask: &Ask<'_>) -> Result<(), Answer> {
    if ask.subject() == world.site.server {
        return Ok(());
    }
    Err(Answer::missing("Server not found."))
}
