//! The groups of an owner's list, in its order.

use super::status::Status;

/// What an environment needs of its owner.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumString,
)]
#[strum(serialize_all = "lowercase")]
pub enum Group {
    /// Something went wrong.
    Needs,
    /// It is being deployed or deleted.
    Moving,
    Running,
    /// It is not deployed.
    Pending,
}

impl Group {
    /// Every group in order.
    pub const ALL: [Self; 4] = [Self::Needs, Self::Moving, Self::Running, Self::Pending];

    /// The group of an environment: one that is being deleted needs its owner once there is a reason.
    pub fn of(status: Status, has_reason: bool) -> Self {
        match status {
            Status::Error => Self::Needs,
            Status::Deleting if has_reason => Self::Needs,
            Status::Deploying | Status::Deleting => Self::Moving,
            Status::Running => Self::Running,
            Status::Pending => Self::Pending,
        }
    }

    /// The number that the database's function `environment_group` gives it.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The word in addresses and ids.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Needs => "Needs you",
            Self::Moving => "Moving",
            Self::Running => "Running",
            Self::Pending => "Not deployed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_in_a_group() {
        for (status, has_reason, group) in [
            (Status::Error, false, Group::Needs),
            (Status::Deleting, true, Group::Needs),
            (Status::Deleting, false, Group::Moving),
            (Status::Deploying, true, Group::Moving),
            (Status::Running, true, Group::Running),
            (Status::Pending, false, Group::Pending),
        ] {
            assert_eq!(Group::of(status, has_reason), group, "{status:?}");
        }
    }

    #[test]
    fn words_and_numbers_are_in_order_and_read_back() {
        for (number, group) in (0..).zip(Group::ALL) {
            assert_eq!(group.number(), number);
            assert_eq!(group.word().parse(), Ok(group));
        }
        let titles = Group::ALL.map(Group::title);
        let expected = ["Needs you", "Moving", "Running", "Not deployed"];
        assert_eq!(titles, expected);
        assert!("other".parse::<Group>().is_err());
    }
}
