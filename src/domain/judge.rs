//! What a sighting means for an environment that waits or runs. Pure: the time is brought by the caller.

use super::deployment::Stage;
use std::time::Duration;
use time::OffsetDateTime;

/// How Coolify's build of a deployment stands.
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

/// How Coolify's container stands: the part of its status before the colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    Running,
    /// Any other word: `exited`, `restarting`, `degraded`, …
    Other(String),
    /// Coolify has no such application.
    Missing,
}

/// Whether an environment answers at its own address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `/healthz` answered as code-server does.
    Alive,
    /// Why not, as the end of a sentence: "its name cannot be resolved".
    Silent(String),
}

/// What was seen when we looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// Nobody looked: what Coolify allows us is used up for the moment. It says nothing about anything.
    Skipped,
    /// Coolify could not be asked; why, as the end of a sentence.
    Unreachable(String),
    /// Coolify refuses us for good (a token, a right): waiting will not help. A whole sentence.
    Refused(String),
    Build(Build),
    Container(Container),
    /// The container runs; this is how its address behaves.
    Address(Answer),
}

/// How long a stage may wait for what it waits for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long Coolify may keep a build in its queue, behind those of others.
    pub queued: Duration,
    /// How long Coolify's last log lines may trail behind the end of a build (coolify-api: a few seconds).
    pub trailing_log: Duration,
    /// How long after the end of the build the container may take to run.
    pub start: Duration,
    /// How long the running container's address may take to answer: certificates are issued meanwhile.
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

/// A deployment that waits, as its row says.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub stage: Stage,
    pub stage_since: OffsetDateTime,
    pub deadline: OffsetDateTime,
    /// Coolify was seen to build; until then the build waits in its queue.
    pub build_began: bool,
    /// When the build was first seen to have ended badly.
    pub build_ended_at: Option<OffsetDateTime>,
}

/// What follows from a sighting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Look again later; what is waited for, for people.
    Wait(Option<String>),
    /// Coolify has begun to build: the time for it begins.
    Began,
    /// The build has failed, but its last lines are still to come: look again soon.
    AwaitLog,
    /// The deployment enters this stage.
    Enter(Stage),
    /// Coolify lost the build: ask for it again.
    Redo,
    /// It answers: the deployment succeeded.
    Succeed,
    /// The build failed; the sentence is completed by the last lines of its log.
    BuildFailed,
    /// The deployment failed: which step, why, and what to do.
    Fail(String),
    /// It took too long and Coolify may still build: the build is cancelled first. What was waited for, for people.
    Stop(String),
}

impl Waiting {
    /// Judges what was seen of a deployment that waits.
    pub fn judge(&self, sighting: &Sighting, patience: &Patience, now: OffsetDateTime) -> Verdict {
        match sighting {
            Sighting::Skipped => self.or_overdue(
                patience,
                now,
                "Coolify allows only so many calls a minute.".to_owned(),
            ),
            Sighting::Refused(sentence) => Verdict::Fail(sentence.clone()),
            Sighting::Unreachable(why) => self.or_overdue(
                patience,
                now,
                format!("Coolify cannot be reached: {why}. Trying again."),
            ),
            Sighting::Build(build) => self.judge_build(build, patience, now),
            Sighting::Container(container) => self.judge_container(container, patience, now),
            Sighting::Address(Answer::Alive) => Verdict::Succeed,
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
            Build::Missing if now > self.deadline => {
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
            Container::Missing => Verdict::Fail("The application vanished from Coolify during the deployment. Deploy again to make a new one.".to_owned()),
            Container::Other(word) if waited > patience.start => Verdict::Fail(format!(
                "The container does not stay up: Coolify says \u{201c}{word}\u{201d}. Read the log in Coolify, mend what stops it, and deploy again."
            )),
            Container::Other(word) => self.or_overdue(patience, now, format!("Coolify says \u{201c}{word}\u{201d}.")),
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

    /// A build that waits in Coolify's queue has longer than one that is under way.
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

/// The sentence for a deployment that took too long; with what it waited for last, if that is known.
pub fn overdue(note: Option<&str>) -> String {
    let seen = note.map(|note| note.trim_end_matches(" Trying again."));
    let seen = seen.map_or_else(String::new, |seen| format!(" The last thing seen: {seen}"));
    format!("The deployment took too long.{seen} Check that Coolify is well, and deploy again.")
}

/// What a look at an environment that should run says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Fine,
    /// Nobody could look: nothing is known.
    Unknown,
    /// Why it is lost, a whole sentence.
    Lost(String),
}

/// Judges what was seen of an environment that runs, or ran before it was lost.
pub fn health(sighting: &Sighting) -> Health {
    match sighting {
        Sighting::Address(Answer::Alive) => Health::Fine,
        Sighting::Address(Answer::Silent(why)) => Health::Lost(format!(
            "It stopped answering at its address: {why}. Deploy again if this does not pass."
        )),
        Sighting::Container(Container::Running) | Sighting::Skipped | Sighting::Unreachable(_) | Sighting::Refused(_) | Sighting::Build(_) => Health::Unknown,
        Sighting::Container(Container::Missing) => Health::Lost(
            "The application is no longer in Coolify. Set a password for the environment and deploy again to make a new one; its files are lost.".to_owned(),
        ),
        Sighting::Container(Container::Other(word)) => Health::Lost(format!(
            "It stopped: Coolify says \u{201c}{word}\u{201d}. Deploy again to start it."
        )),
    }
}

#[cfg(test)]
mod tests;
