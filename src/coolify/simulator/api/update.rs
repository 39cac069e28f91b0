//! `PATCH /applications/{uuid}`: changing an application's columns.
//!
//! It knows which changes are refused; it must not know when they take effect.

use serde_json::{Map, Value, json};

use super::fields::{self, On};
use super::input::{self, Errors};
use super::{Ask, create, domains, insert};
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::world::World;

/// Changes an application; what its image depends on makes the next deployment build.
pub fn update(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let fields = input::strict(ask)?;
    if world.application(ask.subject()).is_none() {
        return Err(Answer::missing("Application not found"));
    }
    judge(world, &fields)?;
    let wanted = wanted_domains(world, ask, &fields)?;
    if let Some(row) = world.application_mut(ask.subject()) {
        if rebuilds(&fields) {
            row.image = None;
        }
        insert::store(row, &fields);
        if let Some(domains) = wanted {
            row.columns.insert("fqdn".into(), domains);
        }
        row.updated_at = ask.now;
    }
    Ok(Answer::ok(&json!({ "uuid": ask.subject() })))
}

fn judge(world: &World, fields: &Map<String, Value>) -> Result<(), Answer> {
    let mut errors = Errors::default();
    fields::check(fields, On::Update, world.settings.profile, &mut errors);
    let mut again = |key: &str, good: fn(&str) -> bool| {
        if fields.contains_key(key) {
            create::require(fields, key, &mut errors, good);
        }
    };
    again("git_repository", create::is_repository);
    again("git_branch", create::is_branch);
    again("ports_exposes", create::is_ports);
    errors.refuse()
}

/// The new addresses, if any are given; without a proxy they are passed over.
fn wanted_domains(
    world: &World,
    ask: &Ask<'_>,
    fields: &Map<String, Value>,
) -> Result<Option<Value>, Answer> {
    let Some(given) = fields
        .get("domains")
        .filter(|_| world.settings.proxy_type != "NONE")
    else {
        return Ok(None);
    };
    let Some(given) = given.as_str() else {
        return Ok(Some(Value::Null));
    };
    let stored = domains::normalised(given, On::Update, world.settings.profile)?;
    if fields.get("force_domain_override").and_then(input::boolean) != Some(true) {
        domains::refuse_taken(world, &stored, Some(ask.subject()))?;
    }
    Ok(Some(stored.into()))
}

fn rebuilds(fields: &Map<String, Value>) -> bool {
    let of_build = |key: &String| {
        key.starts_with("git_")
            || key.starts_with("dockerfile")
            || key.contains("build")
            || key == "base_directory"
    };
    fields.keys().any(of_build)
}
