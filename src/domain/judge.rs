//! Decides what a sighting means for an environment that is waiting or running. Pure: the caller supplies the time.

use super::deployment::Stage;
use std::time::Duration;
use time::OffsetDateTime;

/// The state of a deployment's build in Coolify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Build {
    Queued,
    InProgress,
    Finished,
    Failed,
    Cancelled,
    /// Coolify does not know it (404).
    Missing,
}

/// The state of a container in Coolify: the part of its status before the colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    Running,
    /// Any other status: `exited`, `restarting`, `degraded`, …
    Other(String),
    /// Coolify has no such application.
    Missing,
}

/// Whether an environment answers at its own address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `/healthz` answered as code-server does.
    Alive(Heartbeat),
    /// The reason, as the end of a sentence: "its name cannot be resolved".
    Silent(String),
}

/// When an environment was last used, as code-server reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// Not since it was started.
    Never,
    At(OffsetDateTime),
    /// Somebody is using it.
    Now,
}

/// The result of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// Not polled, because the call budget is exhausted for now. This carries no information.
    Skipped,
    /// Coolify could not be reached; the reason, as the end of a sentence.
    Unreachable(String),
    /// Coolify refuses permanently (token or permission): waiting will not help. A whole sentence.
    Refused(String),
    Build(Build),
    Container(Container),
    /// The container runs; the result of the probe of its address.
    Address(Answer),
}

/// The time limits of the stages.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a build may wait in Coolify's queue, behind other builds.
    pub queued: Duration,
    /// How long Coolify's last log lines may lag behind the end of a build (coolify-api: a few seconds).
    pub trailing_log: Duration,
    /// How long the container may take to run after the build has ended.
    pub start: Duration,
    /// How long the running container may take to answer at its address, while certificates are issued.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            queued: Duration::from_hours(6),
            trailing_log: Duration::from_secs(3),
            start: Duration::from_mins(2),
            answer: Duration::from_mins(5),
        }
    }
}

/// The state of a waiting deployment, from its row.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub stage: Stage,
    pub stage_since: OffsetDateTime,
    pub deadline: OffsetDateTime,
    /// The build was seen running; before that it waits in Coolify's queue.
    pub build_began: bool,
    /// When the build was first seen as failed.
    pub build_ended_at: Option<OffsetDateTime>,
}

/// What follows from a sighting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Poll again later; the note tells the user what it waits for.
    Wait(Option<String>),
    /// The build has begun, and so has its time limit.
    Began,
    /// The build has failed, but its last log lines are still missing: poll again soon.
    AwaitLog,
    /// Enter this stage.
    Enter(Stage),
    /// Coolify lost the build: request it again.
    Redo,
    /// The environment answers: the deployment succeeded.
    Succeed,
    /// The build failed; the last lines of its log complete the message.
    BuildFailed,
    /// The deployment failed: the step, the reason, and what to do.
    Fail(String),
    /// It timed out and Coolify may still build: cancel the build first. The text tells the user what it waited for.
    Stop(String),
}

impl Waiting {
    /// Judges a sighting of a waiting deployment.
    pub fn judge(&self, sighting: &Sighting, patience: &Patience, now: OffsetDateTime) -> Verdict {
        match sighting {
            // Our own budget is used up: that says nothing about the deployment.
            Sighting::Skipped => Verdict::Wait(Some(
                "Coolify allows only so many calls a minute.".to_owned(),
            )),
            Sighting::Refused(sentence) => Verdict::Fail(sentence.clone()),
            Sighting::Unreachable(why) => self.or_overdue(
                patience,
                now,
                format!("Coolify cannot be reached: {why}. Trying again."),
            ),
            Sighting::Build(build) => self.judge_build(build, patience, now),
            Sighting::Container(container) => self.judge_container(container, patience, now),
            Sighting::Address(Answer::Alive(_)) => Verdict::Succeed,
            Sighting::Address(Answer::Silent(why)) => self.judge_silence(why, patience, now),
        }
    }

    fn judge_build(&self, build: &Build, patience: &Patience, now: OffsetDateTime) -> Verdict {
        match build {
            Build::Queued => self.or_overdue(
                patience,
                now,
                "The build waits in Coolify's queue.".to_owned(),
            ),
            Build::InProgress if !self.build_began => Verdict::Began,
            Build::InProgress if now > self.deadline => {
                Verdict::Stop("The build goes on and on.".to_owned())
            }
            Build::InProgress => Verdict::Wait(None),
            Build::Finished => Verdict::Enter(Stage::Start),
            Build::Failed => match self.build_ended_at {
                Some(ended) if now - ended >= patience.trailing_log => Verdict::BuildFailed,
                _ => Verdict::AwaitLog,
            },
            Build::Cancelled => Verdict::Fail(
                "The build was cancelled in Coolify. Deploy again when you like.".to_owned(),
            ),
            Build::Missing if self.is_overdue(patience, now) => {
                Verdict::Fail(overdue(Some("Coolify does not know the build.")))
            }
            Build::Missing => Verdict::Redo,
        }
    }

    fn judge_container(
        &self,
        container: &Container,
        patience: &Patience,
        now: OffsetDateTime,
    ) -> Verdict {
        let waited = now - self.stage_since;
        match container {
            Container::Running if self.stage < Stage::Answer => Verdict::Enter(Stage::Answer),
            Container::Running => Verdict::Wait(None),
            Container::Missing => Verdict::Fail(VANISHED.to_owned()),
            Container::Other(word) if waited > patience.start => Verdict::Fail(format!(
                "The container does not stay up: Coolify says \u{201c}{word}\u{201d}. Read the log in Coolify, mend what stops it, and deploy again."
            )),
            Container::Other(word) => self.or_overdue(
                patience,
                now,
                format!("Coolify says \u{201c}{word}\u{201d}."),
            ),
        }
    }

    fn judge_silence(&self, why: &str, patience: &Patience, now: OffsetDateTime) -> Verdict {
        if now - self.stage_since > patience.answer || now > self.deadline {
            Verdict::Fail(format!(
                "The container runs, but its address does not answer: {why}. Check the domain and Coolify's proxy, and deploy again."
            ))
        } else {
            Verdict::Wait(Some(format!("Its address does not answer yet: {why}.")))
        }
    }

    /// A build in Coolify's queue has a longer limit than a running one.
    fn is_overdue(&self, patience: &Patience, now: OffsetDateTime) -> bool {
        if self.stage == Stage::Build && !self.build_began {
            now - self.stage_since > patience.queued
        } else {
            now > self.deadline
        }
    }

    fn or_overdue(&self, patience: &Patience, now: OffsetDateTime, note: String) -> Verdict {
        let is_overdue = self.is_overdue(patience, now);
        if is_overdue && self.stage == Stage::Build {
            Verdict::Stop(note)
        } else if is_overdue {
            Verdict::Fail(overdue(Some(&note)))
        } else {
            Verdict::Wait(Some(note))
        }
    }
}

/// The message for a timeout; with what it waited for last, if known.
pub fn overdue(note: Option<&str>) -> String {
    let seen = note.map(|note| note.trim_end_matches(" Trying again."));
    let seen = seen.map_or_else(String::new, |seen| format!(" The last thing seen: {seen}"));
    format!("The deployment took too long.{seen} Check that Coolify is well, and deploy again.")
}

/// The state of an environment that should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Fine,
    /// It could not be polled.
    Unknown,
    /// The reason why it is lost, as a whole sentence.
    Lost(String),
}

/// What people are told of an application that Coolify no longer has.
pub const VANISHED: &str = "The application is no longer in Coolify, and its files are lost. Set a new password to make it anew.";

/// Judges a sighting of an environment that runs, or ran before it was lost.
pub fn health(sighting: &Sighting) -> Health {
    match sighting {
        Sighting::Address(Answer::Alive(_)) => Health::Fine,
        Sighting::Address(Answer::Silent(why)) => Health::Lost(format!(
            "It stopped answering at its address: {why}. Deploy again if this does not pass."
        )),
        Sighting::Container(Container::Running)
        | Sighting::Skipped
        | Sighting::Unreachable(_)
        | Sighting::Refused(_)
        | Sighting::Build(_) => Health::Unknown,
        Sighting::Container(Container::Missing) => Health::Lost(VANISHED.to_owned()),
        Sighting::Container(Container::Other(word)) => Health::Lost(format!(
            "It stopped: Coolify says \u{201c}{word}\u{201d}. Deploy again to start it."
        )),
    }
}

#[cfg(test)]
mod tests;
