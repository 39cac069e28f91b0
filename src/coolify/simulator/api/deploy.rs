//! Asking for a deployment: `/deploy`, `/start` and `/restart`, whose answers promise more than they know.
//!
//! It knows the queue's rules; it must not know how a deployment goes on.

use std::collections::VecDeque;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Ask;
use super::applications::found;
use super::input;
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::call::Call;
use crate::coolify::simulator::deployment::{Deployment, Progress};
use crate::coolify::simulator::moment::Moment;
use crate::coolify::simulator::settings::Profile;
use crate::coolify::simulator::world::{World, new_uuid};

const ALREADY: &str = "Deployment already queued for this commit.";

/// What a deployment is asked to be.
#[derive(Clone, Copy, Default)]
pub struct Wanted {
    /// Builds even if an image exists, and is never taken for a repetition.
    pub force: bool,
    /// Asked for by a restart.
    pub restart: bool,
}

/// Why nothing was queued.
pub enum Refused {
    /// One for the same requested commit waits or builds.
    Already,
    /// Too many wait.
    Full,
}

/// Deploys every application of a list; unknown ones among known ones are passed over.
pub fn deploy(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let fields = input::lenient(ask);
    let named = named(&fields)?;
    let known: Vec<String> = named
        .iter()
        .filter(|uuid| world.application(uuid).is_some())
        .cloned()
        .collect();
    if known.is_empty() {
        return Err(Answer::missing("No resources found."));
    }
    let wanted = Wanted {
        force: is_forced(&fields, world.settings.profile),
        restart: false,
    };
    let mut deployments = Vec::new();
    for uuid in known {
        deployments.push(one(world, &uuid, wanted, ask.now)?);
    }
    Ok(Answer::ok(&json!({ "deployments": deployments })))
}

/// Starts or restarts one application. A full queue goes unnoticed: the answer names a deployment that never was.
pub fn start(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let uuid = found(world, ask, "Application not found.")?.uuid.clone();
    let restart = ask.route.call == Call::Restart;
    let wanted = Wanted {
        force: is_forced(&input::lenient(ask), world.settings.profile),
        restart,
    };
    let deployment = match queue(world, &uuid, wanted, ask.now) {
        Ok(deployment) => deployment,
        Err(Refused::Full) => new_uuid(),
        Err(Refused::Already) => return Ok(Answer::ok(&json!({ "message": ALREADY }))),
    };
    let what = if restart { "Restart" } else { "Deployment" };
    let message = format!("{what} request queued.");
    Ok(Answer::ok(
        &json!({ "message": message, "deployment_uuid": deployment }),
    ))
}

/// Puts a deployment into the queue, from which it may begin at once.
pub fn queue(
    world: &mut World,
    uuid: &str,
    wanted: Wanted,
    now: Moment,
) -> Result<String, Refused> {
    let waiting = |row: &Deployment| row.commit == "HEAD" && !row.ghost;
    if !wanted.force && world.active_of(uuid).any(waiting) {
        return Err(Refused::Already);
    }
    if world.count(Progress::Queued) >= world.settings.queue_limit {
        return Err(Refused::Full);
    }
    let row = new_row(world, uuid, wanted, now);
    let deployment = row.uuid.clone();
    world.deployments.push(row);
    let at_once = world.active_of(uuid).count();
    world.records.note(uuid, |record| {
        record.deployments_requested += 1;
        record.deployments_at_once = record.deployments_at_once.max(at_once);
    });
    world.begin_waiting(now);
    Ok(deployment)
}

fn named(fields: &Map<String, Value>) -> Result<Vec<String>, Answer> {
    let refused = |message| Err(Answer::refusal(StatusCode::BAD_REQUEST, message));
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let uuids = match (text("uuid"), text("tag")) {
        (Some(_), Some(_)) => return refused("You can only use uuid or tag, not both."),
        (None, None) => return refused("You must provide uuid or tag."),
        // No application has a tag.
        (None, Some(_)) => return Err(Answer::missing("No resources found.")),
        (Some(uuids), None) => uuids,
    };
    let uuids = uuids
        .split(',')
        .map(str::trim)
        .filter(|uuid| !uuid.is_empty());
    let uuids: Vec<String> = uuids.map(str::to_owned).collect();
    if uuids.is_empty() {
        return refused("No UUIDs provided.");
    }
    Ok(uuids)
}

/// Before 4.2.0 the text was cast, so that "false" meant true.
fn is_forced(fields: &Map<String, Value>, profile: Profile) -> bool {
    match fields.get("force") {
        Some(Value::Bool(force)) => *force,
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(Value::String(text)) if profile == Profile::V4_0_0 => text != "0",
        Some(Value::String(text)) => ["1", "true", "on", "yes"].contains(&text.as_str()),
        _ => false,
    }
}

fn one(world: &mut World, uuid: &str, wanted: Wanted, now: Moment) -> Result<Value, Answer> {
    let phantom = world.settings.phantom_deploy > 0;
    world.settings.phantom_deploy = world.settings.phantom_deploy.saturating_sub(1);
    let queued = if phantom {
        Err(Refused::Already)
    } else {
        queue(world, uuid, wanted, now)
    };
    let (message, deployment) = match queued {
        Ok(deployment) => {
            let name = world.application(uuid).map_or("", |row| row.name());
            (format!("Application {name} deployment queued."), deployment)
        }
        Err(Refused::Already) => (ALREADY.to_owned(), new_uuid()),
        Err(Refused::Full) => return Err(full()),
    };
    Ok(json!({ "message": message, "resource_uuid": uuid, "deployment_uuid": deployment }))
}

fn full() -> Answer {
    let message = "Deployment queue is full. Please wait until deployments have ended.";
    Answer::refusal(StatusCode::TOO_MANY_REQUESTS, message).with("retry-after", "60".to_owned())
}

fn new_row(world: &mut World, uuid: &str, wanted: Wanted, now: Moment) -> Deployment {
    let (application_id, name) = world
        .application(uuid)
        .map_or((0, String::new()), |row| (row.id, row.name().to_owned()));
    Deployment {
        id: world.next_id(),
        uuid: new_uuid(),
        application: uuid.to_owned(),
        application_id,
        outcome: world.plans.next(&name, uuid),
        application_name: name,
        progress: Progress::Queued,
        commit: "HEAD".to_owned(),
        force: wanted.force,
        restart: wanted.restart,
        created_at: now,
        updated_at: now,
        finished_at: None,
        entries: Vec::new(),
        script: VecDeque::new(),
        take: 0,
        fresh: None,
        brought: None,
        ghost: false,
    }
}
