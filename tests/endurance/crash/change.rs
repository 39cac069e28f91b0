//! What the next deployment of a running environment is to change at Coolify, and what of it is not changed.

use crate::process::{Environment, Person, World};
use serde_json::Value;

/// The memory and the CPUs that are chosen.
const LIMITS: (&str, &str) = ("512m", "0.5");

/// Removes the variable and chooses memory and CPUs: the next deployment is to tell Coolify.
pub async fn ask(person: &Person, environment: &Environment) {
    let (memory, cpus) = LIMITS;
    let forms = [
        ("variables/remove", vec![("name", "KEY")]),
        ("resources", vec![("memory", memory), ("cpus", cpus)]),
    ];
    for (action, form) in forms {
        let page = person.post(&environment.path(action), &form).await.unwrap();
        assert_eq!(page.status, 303, "{}", page.text);
    }
}

/// What of that Coolify has not.
pub async fn left(world: &World, application: &Value) -> Vec<String> {
    let uuid = application["uuid"].as_str().unwrap_or_default();
    let row = world.coolify.read(&format!("applications/{uuid}")).await;
    let variables = world
        .coolify
        .read(&format!("applications/{uuid}/envs"))
        .await;
    let (memory, cpus) = LIMITS;
    let mut wrong = Vec::new();
    if row["limits_memory"] != memory || row["limits_cpus"] != cpus {
        wrong.push("memory and CPUs are not those that were chosen".to_owned());
    }
    let variables = variables.as_array().unwrap();
    if variables.is_empty() || variables.iter().any(|one| one["key"] == "KEY") {
        wrong.push("the variable is not removed, or not it alone".to_owned());
    }
    if world.variables_known().await > 0 {
        wrong.push("the variable is still listed".to_owned());
    }
    wrong
}
