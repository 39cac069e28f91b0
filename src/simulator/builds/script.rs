//! The script of a build: which steps it takes, in which order, for each outcome. What is said and how long each step
//! takes is in `data/scripts.json`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::simulator::deployment::{Action, Step};
use crate::simulator::outcomes::Outcome;

/// Build arguments on the command that builds the image: Coolify passes every variable, so it is long.
const ARGUMENTS: usize = 30;

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let text = include_str!("../data/scripts.json");
    serde_json::from_str(text).expect("the scripts are well formed")
});

#[derive(Deserialize)]
struct Scripts {
    parts: BTreeMap<String, Vec<Step>>,
    failures: BTreeMap<String, Failure>,
    clone: String,
    build: String,
    argument: String,
}

/// A command that ends with an error; without a command, a refusal of Coolify's own.
#[derive(Deserialize)]
struct Failure {
    exit_code: u8,
    command: String,
    stderr: String,
}

/// What a script depends on.
pub struct Scene<'a> {
    pub outcome: Outcome,
    /// `owner/repository`.
    pub repository: &'a str,
    pub branch: &'a str,
    /// The identifiers of the application and the deployment.
    pub application: &'a str,
    pub deployment: &'a str,
    /// The commit at the branch's head.
    pub commit: &'a str,
    /// How many looks the health check has; none when it is off.
    pub retries: Option<u64>,
    /// An image of this commit exists already.
    pub image_exists: bool,
    pub server_usable: bool,
}

/// All steps of a deployment whose turn has come.
pub fn steps(scene: &Scene<'_>) -> VecDeque<Step> {
    let mut parts = vec!["begin"];
    match scene.outcome {
        _ if !scene.server_usable => parts.extend(["exception", "shut_down"]),
        Outcome::ServerOff | Outcome::FailClone | Outcome::FailBranch => {
            parts.extend(["prepare", "failed_command", "exception", "shut_down"]);
        }
        Outcome::FailBuild | Outcome::DiskFull | Outcome::OutOfMemory => {
            parts.extend(["prepare", "fetch", "build"]);
            parts.extend(["failed_command", "exception", "shut_down"]);
        }
        Outcome::StuckInProgress => parts.extend(["prepare", "fetch", "build"]),
        _ => {
            parts.extend(["prepare", "fetch"]);
            if scene.image_exists {
                parts.push("image_exists");
            } else {
                parts.extend(["build", "built"]);
            }
            parts.push("roll_out");
            parts.extend(after_start(scene));
        }
    }
    let mut steps = filled(&parts, &values(scene));
    if scene.outcome == Outcome::SlowBuild {
        for Step(after, _) in &mut steps {
            *after *= 6;
        }
    }
    steps
}

/// From the new container's start on.
fn after_start(scene: &Scene<'_>) -> Vec<&'static str> {
    let mut parts = match (scene.retries, scene.outcome) {
        (None, _) => vec!["unchecked"],
        (_, Outcome::SlowStatus) => vec!["wait_for_health", "healthy_unnoticed"],
        (Some(retries), Outcome::Unhealthy) => {
            let mut parts = vec!["wait_for_health"];
            parts.extend((0..retries.clamp(1, 12)).map(|_| "attempt"));
            parts.extend(["roll_back", "shut_down"]);
            return parts;
        }
        _ => vec!["wait_for_health", "healthy"],
    };
    parts.extend(["finish", "shut_down"]);
    parts.push(match scene.outcome {
        Outcome::ExitAfterStart => "crash",
        Outcome::SlowStatus => "settle_late",
        _ => "settle",
    });
    parts
}

/// What is still said after a deployment was called off.
pub fn after_cancelling(deployment: &str) -> VecDeque<Step> {
    let values = [("{deployment}", deployment.to_owned())];
    filled(&["cancelled", "shut_down"], &values)
}

/// The steps of some parts, with values in place of the names in braces.
fn filled(parts: &[&str], values: &[(&str, String)]) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    let mut attempt = 0;
    for part in parts {
        attempt += u32::from(*part == "attempt");
        for Step(after, action) in SCRIPTS.parts.get(*part).into_iter().flatten() {
            let mut action = action.clone();
            let fill = |text: &str| fill(text, values).replace("{attempt}", &attempt.to_string());
            match &mut action {
                Action::Log(line) => {
                    line.output = fill(&line.output);
                    line.command = line.command.as_deref().map(fill);
                }
                Action::ReportStatus(status) => *status = fill(status),
                _ => {}
            }
            steps.push_back(Step(*after, action));
        }
    }
    steps
}

fn fill(text: &str, values: &[(&str, String)]) -> String {
    let replace = |text: String, (name, value): &(&str, String)| text.replace(name, value);
    values.iter().fold(text.to_owned(), replace)
}

/// The values of all names. Those that contain other names go first.
fn values(scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let failure = failure(scene);
    let message = match failure {
        Some(failed) if !failed.command.is_empty() => format!(
            "Command execution failed (exit code {}): {}\nError: {}",
            failed.exit_code, failed.command, failed.stderr
        ),
        _ => failure.map_or_else(String::new, |failed| failed.stderr.clone()),
    };
    let of_failure = |of: fn(&Failure) -> String| failure.map_or_else(String::new, of);
    let health = scene.retries.map_or("unknown", |_| "healthy");
    vec![
        ("{message}", message),
        ("{command}", of_failure(|failed| failed.command.clone())),
        ("{stderr}", of_failure(|failed| failed.stderr.clone())),
        (
            "{exit_code}",
            of_failure(|failed| failed.exit_code.to_string()),
        ),
        ("{clone}", SCRIPTS.clone.clone()),
        ("{build}", SCRIPTS.build.clone()),
        ("{arguments}", SCRIPTS.argument.repeat(ARGUMENTS)),
        ("{repository}", scene.repository.to_owned()),
        ("{branch}", scene.branch.to_owned()),
        ("{application}", scene.application.to_owned()),
        ("{deployment}", scene.deployment.to_owned()),
        ("{commit}", scene.commit.to_owned()),
        ("{retries}", scene.retries.unwrap_or_default().to_string()),
        ("{settled}", format!("running:{health}")),
    ]
}

/// The failure that belongs to an outcome, under the outcome's own name.
fn failure(scene: &Scene<'_>) -> Option<&'static Failure> {
    let outcome = serde_json::to_value(scene.outcome).unwrap_or(Value::Null);
    if !scene.server_usable {
        return SCRIPTS.failures.get("server_not_functional");
    }
    SCRIPTS.failures.get(outcome.as_str()?)
}
