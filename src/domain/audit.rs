//! What the audit tells: the closed list of what can be done, and an entry about one of them.

use super::id::UserId;
use strum::VariantArray;
use uuid::Uuid;

/// What was done. The part before the point says to what kind of thing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString, strum::VariantArray,
)]
pub enum Action {
    #[strum(serialize = "environment.created")]
    EnvironmentCreated,
    /// A deployment was asked for.
    #[strum(serialize = "environment.deployed")]
    EnvironmentDeployed,
    #[strum(serialize = "environment.cancelled")]
    EnvironmentCancelled,
    #[strum(serialize = "environment.password_set")]
    EnvironmentPasswordSet,
    #[strum(serialize = "environment.password_discarded")]
    EnvironmentPasswordDiscarded,
    /// Its owner chose memory and CPUs.
    #[strum(serialize = "environment.resources_chosen")]
    EnvironmentResourcesChosen,
    #[strum(serialize = "environment.variable_given")]
    EnvironmentVariableGiven,
    #[strum(serialize = "environment.variable_removed")]
    EnvironmentVariableRemoved,
    /// A value or a removal that waited was taken back.
    #[strum(serialize = "environment.variable_discarded")]
    EnvironmentVariableDiscarded,
    /// A removal was asked for.
    #[strum(serialize = "environment.deleted")]
    EnvironmentDeleted,
    /// A removal that Coolify does not confirm was given up.
    #[strum(serialize = "environment.given_up")]
    EnvironmentGivenUp,
    #[strum(serialize = "environment.handed_over")]
    EnvironmentHandedOver,
    /// Its deployment was moved to the front of the line.
    #[strum(serialize = "environment.moved_up")]
    EnvironmentMovedUp,
    /// It was made of an application that no environment knew.
    #[strum(serialize = "environment.adopted")]
    EnvironmentAdopted,
    #[strum(serialize = "application.deleted")]
    ApplicationDeleted,
    #[strum(serialize = "application.ignored")]
    ApplicationIgnored,
    #[strum(serialize = "application.listed_again")]
    ApplicationListedAgain,
    /// They made their own account.
    #[strum(serialize = "person.registered")]
    PersonRegistered,
    /// Somebody else made the account.
    #[strum(serialize = "person.added")]
    PersonAdded,
    #[strum(serialize = "person.signed_in")]
    PersonSignedIn,
    #[strum(serialize = "person.signed_out")]
    PersonSignedOut,
    #[strum(serialize = "person.renamed")]
    PersonRenamed,
    #[strum(serialize = "person.password_changed")]
    PersonPasswordChanged,
    #[strum(serialize = "person.password_link_made")]
    PersonPasswordLinkMade,
    #[strum(serialize = "person.password_link_used")]
    PersonPasswordLinkUsed,
    #[strum(serialize = "person.sessions_ended")]
    PersonSessionsEnded,
    #[strum(serialize = "person.role_changed")]
    PersonRoleChanged,
    #[strum(serialize = "person.limits_changed")]
    PersonLimitsChanged,
    #[strum(serialize = "person.disabled")]
    PersonDisabled,
    #[strum(serialize = "person.enabled")]
    PersonEnabled,
    #[strum(serialize = "person.deleted")]
    PersonDeleted,
    #[strum(serialize = "invitation.made")]
    InvitationMade,
    #[strum(serialize = "invitation.revoked")]
    InvitationRevoked,
    #[strum(serialize = "invitation.used")]
    InvitationUsed,
    /// A token of the API.
    #[strum(serialize = "token.made")]
    TokenMade,
    #[strum(serialize = "token.revoked")]
    TokenRevoked,
    #[strum(serialize = "rollout.begun")]
    RolloutBegun,
    #[strum(serialize = "rollout.stopped")]
    RolloutStopped,
}

impl Action {
    /// The value in the database.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// All of them.
    pub fn all() -> &'static [Self] {
        Self::VARIANTS
    }

    /// What kind of thing it is done to.
    pub fn subject_kind(self) -> &'static str {
        let word = self.word();
        word.split_once('.').map_or(word, |(kind, _)| kind)
    }
}

/// What was done to what. It holds no secret.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub action: Action,
    pub subject_id: Option<Uuid>,
    /// The name that the subject has now: it may be gone when somebody reads this. `None` for a person, whose name and
    /// e-mail address are looked up.
    pub subject: Option<&'a str>,
    pub detail: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// An entry without a detail.
    pub fn of(action: Action, subject_id: Uuid, subject: &'a str) -> Self {
        Self {
            action,
            subject_id: Some(subject_id),
            subject: Some(subject),
            detail: None,
        }
    }

    /// An entry about somebody's account, which must be there.
    pub fn of_person(action: Action, person: UserId) -> Self {
        Self {
            action,
            subject_id: Some(person.uuid()),
            subject: None,
            detail: None,
        }
    }

    /// The same with a detail.
    pub fn with(self, detail: &'a str) -> Self {
        Self {
            detail: Some(detail),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_says_to_what_it_is_done_and_is_read_again() {
        for action in Action::all() {
            let word = action.word();
            assert_eq!(word.parse(), Ok(*action), "{word}");
            assert!(word.starts_with(action.subject_kind()), "{word}");
            let (kind, done) = word.split_once('.').unwrap();
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(kind.chars().chain(done.chars()).all(is_plain), "{word}");
        }
    }
}
