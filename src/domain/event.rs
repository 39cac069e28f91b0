//! What happens to an environment besides its deployments.

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type, strum::IntoStaticStr)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EventKind {
    /// Its owner set a new password.
    Password,
    /// Its owner took back a new password.
    Discarded,
    /// It stopped answering, or was stopped.
    Stopped,
    /// It answered again.
    Recovered,
    /// A deployment was cancelled too late.
    Late,
}

impl EventKind {
    /// The value in the database.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_database() {
        for (kind, word) in [
            (EventKind::Password, "password"),
            (EventKind::Discarded, "discarded"),
            (EventKind::Stopped, "stopped"),
            (EventKind::Recovered, "recovered"),
            (EventKind::Late, "late"),
        ] {
            assert_eq!(kind.word(), word);
        }
    }
}
