//! The script of a build: which steps it takes, in which order, for each outcome. What is said and how long each step
//! takes is in `data/scripts.json`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::json;

use crate::simulator::deployment::{Action, Deployment, Step};
use crate::simulator::{application::Application, outcomes::Outcome};

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let text = include_str!("../data/scripts.json");
    serde_json::from_str(text).expect("the scripts are well formed")
});

#[derive(Deserialize)]
struct Scripts {
    /// The parts that each outcome's script has; those of `finish` for the others.
    outcomes: BTreeMap<String, Vec<String>>,
    parts: BTreeMap<String, Vec<Step>>,
    /// What stands in braces in the parts, for the outcomes that fail and for all. Texts may contain other names.
    failures: BTreeMap<String, Texts>,
    texts: Texts,
}

type Texts = BTreeMap<String, String>;

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
    let mut texts = texts(deployment, application, head);
    texts.extend(SCRIPTS.failures.get(outcome).cloned().unwrap_or_default());
    let parts = parts(outcome, image_exists, application.health_check_retries());
    let mut steps = filled(&parts, &texts);
    if deployment.outcome == Outcome::SlowBuild {
        for Step(after, _) in &mut steps {
            *after *= 6;
        }
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
    let texts = Texts::from([("deployment".to_owned(), deployment.to_owned())]);
    filled(&["cancelled", "shut_down"], &texts)
}

/// The steps of some parts, with texts in place of the names in braces.
fn filled(parts: &[&str], texts: &Texts) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    let mut attempt = 0;
    for part in parts {
        attempt += u32::from(*part == "attempt");
        for Step(after, action) in SCRIPTS.parts.get(*part).into_iter().flatten() {
            let mut action = action.clone();
            let fill = |text: &str| fill(text, texts).replace("{attempt}", &attempt.to_string());
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

fn fill(text: &str, texts: &Texts) -> String {
    let replace = |text: String, (name, value): (&String, &String)| {
        if !text.contains('{') {
            return text;
        }
        text.replace(&format!("{{{name}}}"), value)
    };
    // A message holds a command, which holds the build, which holds arguments, which hold an identifier.
    let mut text = text.to_owned();
    for _ in 0..5 {
        text = texts.iter().fold(text, replace);
    }
    text
}

fn texts(deployment: &Deployment, application: &Application, head: &str) -> Texts {
    let retries = application.health_check_retries();
    let mut texts = SCRIPTS.texts.clone();
    for (name, value) in [
        ("repository", application.text("git_repository")),
        ("branch", application.text("git_branch")),
        ("application", &application.uuid),
        ("deployment", &deployment.uuid),
        ("commit", head),
        ("retries", &retries.unwrap_or_default().to_string()),
        ("health", retries.map_or("unknown", |_| "healthy")),
    ] {
        texts.insert(name.to_owned(), value.to_owned());
    }
    texts
}
