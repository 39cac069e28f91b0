//! The script of a build: what happens in it, in which order and how long after what came before.
//!
//! It knows how each outcome plays; it must not know the clock or change any row.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::deployment::Progress;
use super::outcome::Outcome;

const BUILD: &str = "bash /artifacts/build.sh";
/// What the image's build prints.
const STEPS: [&str; 4] = [
    "FROM debian",
    "RUN apt-get update",
    "RUN install code-server",
    "RUN install node",
];

/// One thing that happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Beat {
    /// Simulated milliseconds after the beat before.
    pub after: u64,
    /// What happens.
    pub act: Act,
}

/// What can happen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Act {
    /// A sentence for everybody.
    Say(String),
    /// What a command printed, shown only on request.
    Run {
        /// The command.
        command: String,
        /// What it printed.
        output: String,
        /// Whether on the error stream.
        stderr: bool,
    },
    /// The branch is resolved to a commit.
    Resolve,
    /// The image of the commit exists.
    Built,
    /// The new container starts.
    Start,
    /// The new container takes the old one's place; `None` leaves the application's status alone.
    Swap(Option<String>),
    /// The new container is removed again.
    Discard,
    /// The deployment is over.
    End(Progress),
    /// The application's status is written, if the container this build brought is still the one.
    Status(String),
    /// The container dies.
    Crash,
}

/// What a script needs to know.
pub struct Scene<'a> {
    /// What is to happen.
    pub outcome: Outcome,
    /// `owner/repository:branch`.
    pub source: &'a str,
    /// The identifier of the application.
    pub application: &'a str,
    /// The identifier of the deployment.
    pub deployment: &'a str,
    /// The commit at the branch's head.
    pub commit: &'a str,
    /// How many looks the health check has; none when it is off.
    pub retries: Option<u64>,
    /// An image of this commit exists already.
    pub image_exists: bool,
    /// The server can be used.
    pub server_usable: bool,
}

/// The whole script of a deployment whose turn has come.
pub fn of(scene: &Scene<'_>) -> VecDeque<Beat> {
    let mut script = Script::default();
    script.say(
        200,
        format!("Starting deployment of {} to localhost.", scene.source),
    );
    if !scene.server_usable {
        script.fail(scene, "Server is not functional.");
        return script.0;
    }
    script.prepare(scene);
    if scene.outcome == Outcome::FailClone {
        let error = format!("fatal: unable to access the repository of {}", scene.source);
        script.run(900, scene, "git clone", &error, true);
        script.fail(
            scene,
            &format!("Command execution failed (exit code 128): {error}"),
        );
        return script.0;
    }
    script.fetch(scene);
    if !script.build(scene) {
        return script.0;
    }
    script.roll_out(scene);
    script.0
}

/// What is still said after a deployment was called off.
pub fn of_cancelled(deployment: &str) -> VecDeque<Beat> {
    let mut script = Script::default();
    script.say(200, "Deployment cancelled by user.".to_owned());
    script.farewell(deployment);
    script.0
}

#[derive(Default)]
struct Script(VecDeque<Beat>);

impl Script {
    fn act(&mut self, after: u64, act: Act) {
        self.0.push_back(Beat { after, act });
    }

    fn say(&mut self, after: u64, sentence: String) {
        self.act(after, Act::Say(sentence));
    }

    fn run(&mut self, after: u64, scene: &Scene<'_>, command: &str, output: &str, stderr: bool) {
        let command = format!("docker exec {} bash -c '{command}'", scene.deployment);
        let output = output.to_owned();
        self.act(
            after,
            Act::Run {
                command,
                output,
                stderr,
            },
        );
    }

    fn prepare(&mut self, scene: &Scene<'_>) {
        self.say(300, "Preparing the container that builds.".to_owned());
        self.run(
            300,
            scene,
            "docker version",
            "Server: Docker Engine - Community",
            false,
        );
    }

    fn fetch(&mut self, scene: &Scene<'_>) {
        let head = format!("{}\trefs/heads", scene.commit);
        self.run(500, scene, "git ls-remote", &head, false);
        self.act(0, Act::Resolve);
        let import = format!("Importing {} (commit {}).", scene.source, scene.commit);
        self.say(700, import);
    }

    /// The image; false when the script ends here.
    fn build(&mut self, scene: &Scene<'_>) -> bool {
        let goes_wrong = [Outcome::FailBuild, Outcome::StuckInProgress].contains(&scene.outcome);
        if scene.image_exists && !goes_wrong {
            let sentence = "Image of this commit found, building is skipped.";
            self.say(400, sentence.to_owned());
            return true;
        }
        self.begin_image(scene);
        match scene.outcome {
            Outcome::StuckInProgress => false,
            Outcome::FailBuild => {
                self.break_image(scene);
                false
            }
            _ => {
                self.run(900, scene, BUILD, "#9 [6/6] exporting to image", true);
                self.act(400, Act::Built);
                self.say(100, "Building docker image completed.".to_owned());
                true
            }
        }
    }

    fn begin_image(&mut self, scene: &Scene<'_>) {
        let image = format!("{}:{}", scene.application, scene.commit);
        self.say(400, format!("No image {image} found, a new one is built."));
        self.say(300, "Building docker image started.".to_owned());
        for (index, step) in STEPS.iter().enumerate() {
            let output = format!("#{} [{}/6] {step}", index + 5, index + 1);
            self.run(900, scene, BUILD, &output, true);
        }
    }

    fn break_image(&mut self, scene: &Scene<'_>) {
        let error =
            "ERROR: failed to solve: process \"npm install\" did not complete: exit code: 1";
        self.run(900, scene, BUILD, error, true);
        let reason = format!("Command execution failed (exit code 1): {BUILD}\nError: {error}");
        self.fail(scene, &reason);
    }

    fn roll_out(&mut self, scene: &Scene<'_>) {
        self.say(300, "Rolling update started.".to_owned());
        self.run(
            500,
            scene,
            "docker compose up -d",
            " Container  Started",
            true,
        );
        self.act(100, Act::Start);
        self.say(100, "New container started.".to_owned());
        match scene.retries {
            Some(retries) if scene.outcome == Outcome::Unhealthy => {
                return self.refuse(scene, retries);
            }
            Some(retries) => self.wait_for_health(scene, retries),
            None => self.act(300, Act::Swap(None)),
        }
        self.say(400, "Removing old containers.".to_owned());
        self.say(500, "Rolling update completed.".to_owned());
        self.act(300, Act::End(Progress::Finished));
        self.farewell(scene.deployment);
        self.settle(scene);
    }

    fn wait_for_health(&mut self, scene: &Scene<'_>, retries: u64) {
        self.say(
            200,
            "Waiting for the healthcheck to pass on the new container.".to_owned(),
        );
        self.say(
            600,
            format!("Attempt 1 of {retries} | Healthcheck status: \"starting\""),
        );
        self.say(
            900,
            format!("Attempt 2 of {retries} | Healthcheck status: \"healthy\""),
        );
        let slow = scene.outcome == Outcome::SlowStatus;
        self.act(
            0,
            Act::Swap((!slow).then(|| "running:unhealthy".to_owned())),
        );
        self.say(100, "New container is healthy.".to_owned());
    }

    fn refuse(&mut self, scene: &Scene<'_>, retries: u64) {
        self.say(
            200,
            "Waiting for the healthcheck to pass on the new container.".to_owned(),
        );
        for attempt in 1..=retries.clamp(1, 12) {
            self.say(
                600,
                format!("Attempt {attempt} of {retries} | Healthcheck status: \"unhealthy\""),
            );
        }
        self.say(
            200,
            "Container log: Error: listen EADDRINUSE: address already in use 0.0.0.0:8080"
                .to_owned(),
        );
        self.say(
            200,
            "New container is not healthy, rolling back to the old container.".to_owned(),
        );
        self.act(100, Act::Discard);
        self.fail(scene, "New container is not healthy.");
    }

    /// What the application's status becomes once somebody has looked at the container.
    fn settle(&mut self, scene: &Scene<'_>) {
        let settled = match scene.retries {
            Some(_) => "running:healthy",
            None => "running:unknown",
        };
        match scene.outcome {
            Outcome::ExitAfterStart => {
                self.act(300, Act::Crash);
                self.act(2_000, Act::Status("exited:unhealthy".to_owned()));
            }
            Outcome::SlowStatus => {
                self.act(30_000, Act::Status("running:unhealthy".to_owned()));
                self.act(10_000, Act::Status(settled.to_owned()));
            }
            _ => self.act(300, Act::Status(settled.to_owned())),
        }
    }

    /// Coolify ends first and explains afterwards.
    fn fail(&mut self, scene: &Scene<'_>, reason: &str) {
        self.act(300, Act::End(Progress::Failed));
        self.say(500, "The deployment did not succeed.".to_owned());
        self.say(400, format!("Deployment failed: {reason}"));
        self.farewell(scene.deployment);
    }

    fn farewell(&mut self, deployment: &str) {
        self.say(
            900,
            format!("Gracefully shutting down build container: {deployment}"),
        );
    }
}
