//! The status of an environment, and the only table of how it changes.

/// What the badge says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type, serde::Serialize, serde::Deserialize,
)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Created, or put back: nothing runs at Coolify.
    Pending,
    /// A deployment is under way.
    Deploying,
    /// The container runs and its own address answered when last looked at.
    Running,
    /// The last deployment failed, or what ran has stopped.
    Error,
    /// The application is being removed; the row leaves when it is gone.
    Deleting,
}

/// What happened to an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Its owner asked for a deployment.
    DeployRequested,
    /// Its owner asked for its removal.
    DeleteRequested,
    /// A deployment ended well: the environment answered at its own address.
    Answered,
    /// A deployment failed.
    Failed,
    /// A deployment was cancelled; nothing runs.
    Cancelled,
    /// A deployment was cancelled; what ran before still runs.
    CancelledWhileRunning,
    /// What ran has stopped, vanished, or no longer answers.
    Lost,
    /// What was lost runs and answers again.
    Recovered,
}

impl Status {
    /// The status after an event; `None` when the event is refused in this status.
    pub fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (_, Event::DeleteRequested) => Some(Self::Deleting),
            (Self::Pending | Self::Error | Self::Running, Event::DeployRequested) => {
                Some(Self::Deploying)
            }
            (Self::Deploying, Event::Answered | Event::CancelledWhileRunning)
            | (Self::Error, Event::Recovered) => Some(Self::Running),
            (Self::Deploying, Event::Failed) | (Self::Running, Event::Lost) => Some(Self::Error),
            (Self::Deploying, Event::Cancelled) => Some(Self::Pending),
            _ => None,
        }
    }

    /// Whether the row changes by itself soon.
    pub fn moves(self) -> bool {
        matches!(self, Self::Deploying | Self::Deleting)
    }

    /// The word in the database and in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deploying => "deploying",
            Self::Running => "running",
            Self::Error => "error",
            Self::Deleting => "deleting",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        ALL.into_iter().find(|status| status.word() == word)
    }
}

/// Every status.
const ALL: [Status; 5] = [
    Status::Pending,
    Status::Deploying,
    Status::Running,
    Status::Error,
    Status::Deleting,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleting_is_never_left() {
        use Event::*;
        for event in [
            DeployRequested,
            Answered,
            Failed,
            Cancelled,
            CancelledWhileRunning,
            Lost,
            Recovered,
        ] {
            assert_eq!(Status::Deleting.after(event), None);
        }
        assert_eq!(
            Status::Deleting.after(DeleteRequested),
            Some(Status::Deleting)
        );
    }

    #[test]
    fn everything_may_be_deleted_and_what_moves_may_not_be_deployed() {
        for status in ALL {
            assert_eq!(status.after(Event::DeleteRequested), Some(Status::Deleting));
            assert_eq!(
                status.after(Event::DeployRequested).is_some(),
                !status.moves()
            );
        }
    }

    #[test]
    fn only_a_deployment_that_answered_or_a_recovery_makes_running() {
        assert_eq!(
            Status::Deploying.after(Event::Answered),
            Some(Status::Running)
        );
        assert_eq!(Status::Error.after(Event::Recovered), Some(Status::Running));
        for status in [Status::Pending, Status::Error, Status::Running] {
            assert_eq!(status.after(Event::Answered), None);
        }
    }

    #[test]
    fn words_read_back() {
        for status in ALL {
            assert_eq!(Status::from_word(status.word()), Some(status));
        }
    }
}
