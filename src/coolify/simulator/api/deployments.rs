//! Looking at deployments, and calling them off.
//!
//! It knows what is shown to whom; it must not know how a deployment goes on.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Ask;
use super::applications::found;
use super::input::{Errors, spoken};
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::deployment::Deployment;
use crate::coolify::simulator::settings::Profile;
use crate::coolify::simulator::world::World;

/// Every deployment that waits or builds, without logs.
pub fn active(world: &World) -> Answer {
    let rows = world.deployments.iter();
    let rows = rows.filter(|row| row.is_active() && !row.ghost);
    let shown = rows.map(|row| row.shown(&world.site, false));
    if world.settings.deployments_as_object {
        // Sorting keeps the keys, and keys that are not in turn make an object.
        let keyed = shown.enumerate();
        let keyed: Map<String, Value> = keyed.map(|(key, row)| (key.to_string(), row)).collect();
        return Answer::ok(&keyed.into());
    }
    Answer::ok(&shown.collect::<Value>())
}

/// One deployment; its log only for a token that may read sensitive things.
pub fn show(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let row = known(world, ask)?;
    Ok(Answer::ok(&row.shown(&world.site, ask.sensitive)))
}

/// An application's deployments, newest first.
pub fn of_application(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let (skip, take) = page(ask)?;
    let uuid = &found(world, ask, "Application not found")?.uuid;
    let rows = world.deployments.iter().rev();
    let rows: Vec<&Deployment> = rows.filter(|row| &row.application == uuid).collect();
    let logs = ask.sensitive || world.settings.profile == Profile::V4_0_0;
    let shown = rows.iter().skip(skip).take(take);
    let shown: Value = shown.map(|row| row.shown(&world.site, logs)).collect();
    Ok(Answer::ok(
        &json!({ "count": rows.len(), "deployments": shown }),
    ))
}

/// Calls a deployment off at once.
pub fn cancel(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let row = known(world, ask)?;
    if !row.is_active() {
        let status = row.progress.word();
        let message = format!("Deployment cannot be cancelled. Current status: {status}");
        return Err(Answer::refusal(StatusCode::BAD_REQUEST, &message));
    }
    let id = row.id;
    world.cancel(id, ask.now);
    Ok(Answer::ok(&json!({
        "message": "Deployment cancelled successfully.",
        "deployment_uuid": ask.subject(),
        "status": "cancelled-by-user",
    })))
}

fn known<'a>(world: &'a World, ask: &Ask<'_>) -> Result<&'a Deployment, Answer> {
    let row = world.deployment(ask.subject());
    row.ok_or_else(|| Answer::missing("Deployment not found."))
}

/// The part of the list asked for; this one endpoint refuses in the framework's own shape.
fn page(ask: &Ask<'_>) -> Result<(usize, usize), Answer> {
    let mut errors = Errors::default();
    let mut number = |name: &str, least: usize, usual: usize| {
        let Some(text) = ask.parameter(name) else {
            return usual;
        };
        match text.parse::<i64>().map(usize::try_from) {
            Ok(Ok(number)) if number >= least => return number,
            Ok(_) => errors.add(
                name,
                format!("The {} field must be at least {least}.", spoken(name)),
            ),
            Err(_) => errors.add(
                name,
                format!("The {} field must be an integer.", spoken(name)),
            ),
        }
        usual
    };
    let page = (number("skip", 0, 0), number("take", 1, 10));
    errors.refuse_plainly()?;
    Ok(page)
}
