//! The script of a build: which steps it takes, in which order, for each outcome. What is said and how long each step
//! takes is in `data/scripts.json`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::json;

use crate::simulator::application::Application;
use crate::simulator::deployment::{Action, Deployment, Step};
use crate::simulator::outcomes::Outcome;

/// Build arguments on the command that builds the image: Coolify passes every variable, so it is long.
const ARGUMENTS: usize = 30;

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let text = include_str!("../data/scripts.json");
    serde_json::from_str(text).expect("the scripts are well formed")
});

#[derive(Deserialize)]
struct Scripts {
    /// The parts that each outcome's script has; those of `finish` for the others.
    outcomes: BTreeMap<String, Vec<String>>,
    parts: BTreeMap<String, Vec<Step>>,
    failures: BTreeMap<String, Failure>,
    clone: String,
    build: String,
    argument: String,
}

/// A command that ends with an error; without a command, a refusal of Coolify's own.
#[derive(Default, Deserialize)]
struct Failure {
    exit_code: u8,
    command: String,
    stderr: String,
}

/// What stands in braces in a script, and what it stands for. What contains other names goes first.
type Values = Vec<(&'static str, String)>;

/// All steps of a deployment whose turn has come. `head` is the commit at the branch's head.
pub fn steps(
    deployment: &Deployment,
    application: &Application,
    head: &str,
    server_usable: bool,
) -> VecDeque<Step> {
    let outcome = json!(deployment.outcome);
    let outcome = outcome.as_str().filter(|_| server_usable);
    let outcome = outcome.unwrap_or("unusable");
    let image_exists = application.image.as_deref() == Some(head);
    let mut values = failed(SCRIPTS.failures.get(outcome));
    values.extend(values_of(deployment, application, head));
    let parts = parts(outcome, image_exists, application.health_check_retries());
    let mut steps = filled(&parts, &values);
    if deployment.outcome == Outcome::SlowBuild {
        steps.iter_mut().for_each(|Step(after, _)| *after *= 6);
    }
    steps
}

/// The parts of an outcome's script, as image and health check are. `retries` are the check's; none when it is off.
fn parts(outcome: &str, image_exists: bool, retries: Option<u64>) -> Vec<&'static str> {
    let of_outcome = SCRIPTS.outcomes.get(outcome);
    let checked = of_outcome.filter(|_| retries.is_some() || outcome != "unhealthy");
    let script = checked.unwrap_or(&SCRIPTS.outcomes["finish"]);
    let attempts = retries.unwrap_or_default().clamp(1, 12);
    let mut parts = Vec::new();
    for part in script {
        match part.as_str() {
            "image" if image_exists => parts.push("image_exists"),
            "image" => parts.extend(["build", "built"]),
            "wait" if retries.is_none() => {}
            "healthy" | "healthy_unnoticed" if retries.is_none() => parts.push("unchecked"),
            "attempt" => (0..attempts).for_each(|_| parts.push("attempt")),
            part => parts.push(part),
        }
    }
    parts
}

/// What is still said after a deployment was called off.
pub fn after_cancelling(deployment: &str) -> VecDeque<Step> {
    let values = vec![("{deployment}", deployment.to_owned())];
    filled(&["cancelled", "shut_down"], &values)
}

/// The steps of some parts, with values in place of the names in braces.
fn filled(parts: &[&str], values: &Values) -> VecDeque<Step> {
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

fn fill(text: &str, values: &Values) -> String {
    let replace = |text: String, (name, value): &(&str, String)| text.replace(name, value);
    values.iter().fold(text.to_owned(), replace)
}

/// The values that explain a failure.
fn failed(failure: Option<&Failure>) -> Values {
    let nothing = Failure::default();
    let Failure {
        exit_code,
        command,
        stderr,
    } = failure.unwrap_or(&nothing);
    let message = if command.is_empty() {
        stderr.clone()
    } else {
        format!("Command execution failed (exit code {exit_code}): {command}\nError: {stderr}")
    };
    vec![
        ("{message}", message),
        ("{command}", command.clone()),
        ("{stderr}", stderr.clone()),
        ("{exit_code}", exit_code.to_string()),
    ]
}

fn values_of(deployment: &Deployment, application: &Application, head: &str) -> Values {
    let retries = application.health_check_retries();
    let health = retries.map_or("unknown", |_| "healthy");
    vec![
        ("{clone}", SCRIPTS.clone.clone()),
        ("{build}", SCRIPTS.build.clone()),
        ("{arguments}", SCRIPTS.argument.repeat(ARGUMENTS)),
        (
            "{repository}",
            application.text("git_repository").to_owned(),
        ),
        ("{branch}", application.text("git_branch").to_owned()),
        ("{application}", application.uuid.clone()),
        ("{deployment}", deployment.uuid.clone()),
        ("{commit}", head.to_owned()),
        ("{retries}", retries.unwrap_or_default().to_string()),
        ("{settled}", format!("running:{health}")),
    ]
}
