//! The status of an environment, and the only transition table.

/// The status shown by the badge.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    sqlx::Type,
    strum::IntoStaticStr,
    strum::EnumString,
    serde::Serialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Status {
    /// Created, or reset: nothing runs in Coolify.
    Pending,
    /// A deployment is waiting or running.
    Deploying,
    /// The container runs, and its address answered the last probe.
    Running,
    /// The last deployment failed, or the environment stopped.
    Error,
    /// The application is being removed; the row is deleted when it is gone.
    Deleting,
}

/// An event in the life of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Its owner requested a deployment.
    DeployRequested,
    /// Its owner requested its removal.
    DeleteRequested,
    /// A deployment succeeded: the environment answered at its own address.
    Answered,
    /// A deployment failed.
    Failed,
    /// A deployment was cancelled; nothing runs.
    Cancelled,
    /// A deployment was cancelled; what ran before still runs.
    CancelledWhileRunning,
    /// A running environment stopped, vanished, or no longer answers.
    Lost,
    /// A lost or failed environment runs and answers.
    Recovered,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Deploying,
        Self::Running,
        Self::Error,
        Self::Deleting,
    ];

    /// The status after an event; `None` when the event is refused in this status.
    pub fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (_, Event::DeleteRequested) => Some(Self::Deleting),
            (Self::Pending | Self::Error | Self::Running, Event::DeployRequested) => {
                Some(Self::Deploying)
            }
            (Self::Deploying, Event::Answered | Event::CancelledWhileRunning)
            | (Self::Error | Self::Pending, Event::Recovered) => Some(Self::Running),
            (Self::Deploying, Event::Failed) | (Self::Running, Event::Lost) => Some(Self::Error),
            (Self::Deploying, Event::Cancelled) => Some(Self::Pending),
            _ => None,
        }
    }

    /// Whether the status will soon change without user action.
    pub fn moves(self) -> bool {
        matches!(self, Self::Deploying | Self::Deleting)
    }

    /// The value in the database and in URLs.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Parses a value of `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The accepted event besides a removal, and the resulting status; all others are refused.
    const CHANGES: [(Status, Event, Status); 10] = [
        (Status::Pending, Event::DeployRequested, Status::Deploying),
        (Status::Running, Event::DeployRequested, Status::Deploying),
        (Status::Error, Event::DeployRequested, Status::Deploying),
        (Status::Deploying, Event::Answered, Status::Running),
        (
            Status::Deploying,
            Event::CancelledWhileRunning,
            Status::Running,
        ),
        (Status::Deploying, Event::Cancelled, Status::Pending),
        (Status::Deploying, Event::Failed, Status::Error),
        (Status::Running, Event::Lost, Status::Error),
        (Status::Error, Event::Recovered, Status::Running),
        (Status::Pending, Event::Recovered, Status::Running),
    ];

    const EVENTS: [Event; 8] = [
        Event::DeployRequested,
        Event::DeleteRequested,
        Event::Answered,
        Event::Failed,
        Event::Cancelled,
        Event::CancelledWhileRunning,
        Event::Lost,
        Event::Recovered,
    ];

    fn expected(status: Status, event: Event) -> Option<Status> {
        if event == Event::DeleteRequested {
            return Some(Status::Deleting);
        }
        let change = CHANGES
            .into_iter()
            .find(|(from, by, _)| (*from, *by) == (status, event));
        change.map(|(_, _, to)| to)
    }

    #[test]
    fn every_status_accepts_its_events_and_a_removal_and_refuses_the_others() {
        for status in Status::ALL {
            for event in EVENTS {
                assert_eq!(
                    status.after(event),
                    expected(status, event),
                    "{status:?} after {event:?}"
                );
            }
        }
    }

    #[test]
    fn only_what_is_under_way_changes_by_itself() {
        let moving: Vec<Status> = Status::ALL
            .into_iter()
            .filter(|status| status.moves())
            .collect();
        assert_eq!(moving, [Status::Deploying, Status::Deleting]);
    }

    #[test]
    fn words_are_those_of_the_database_and_read_back() {
        for status in Status::ALL {
            assert_eq!(status.word(), format!("{status:?}").to_lowercase());
            assert_eq!(Status::from_word(status.word()), Some(status));
        }
        for word in ["", "Running", "stopped"] {
            assert_eq!(Status::from_word(word), None, "{word:?}");
        }
    }
}
