//! Memory and CPUs of an environment's container: what its owner chose, what is allowed, and what Coolify was given.

use super::amount::{Amount, Cpus, Memory};
use super::invalid::{Invalid, Wrong};
use std::fmt;

/// Memory and CPUs of an environment's container. `None` is no limit, or as much as is allowed where somebody chooses.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    pub memory: Option<Memory>,
    pub cpus: Option<Cpus>,
}

impl Resources {
    /// Refuses more than is allowed.
    ///
    /// # Errors
    /// The field's sentence.
    pub fn check_within(self, allowed: Self) -> Result<(), Wrong> {
        let wrong = |field, invalid| Err(Wrong { field, invalid });
        match (self.memory, allowed.memory, self.cpus, allowed.cpus) {
            (Some(chosen), Some(allowed), ..) if chosen > allowed => {
                wrong("memory", Invalid::MemoryBeyond(allowed))
            }
            (.., Some(chosen), Some(allowed)) if chosen > allowed => {
                wrong("cpus", Invalid::CpusBeyond(allowed))
            }
            _ => Ok(()),
        }
    }

    /// Those of stored numbers.
    pub fn of_numbers(memory: Option<i32>, cpus: Option<i32>) -> Self {
        Self {
            memory: memory.map(Memory::of_number),
            cpus: cpus.map(Cpus::of_number),
        }
    }

    /// The numbers that are stored.
    pub fn numbers(self) -> (Option<i32>, Option<i32>) {
        (self.memory.map(Memory::number), self.cpus.map(Cpus::number))
    }

    /// What an environment gets for which these were chosen.
    pub fn within(self, allowed: Self) -> Self {
        Self {
            memory: least(self.memory, allowed.memory),
            cpus: least(self.cpus, allowed.cpus),
        }
    }

    /// Whether there is any limit.
    pub fn are_limited(self) -> bool {
        self != Self::default()
    }
}

/// What was chosen, as the audit tells it.
impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.memory, self.cpus) {
            (None, None) => f.write_str("as much as is allowed"),
            (Some(memory), None) => write!(f, "memory {memory}"),
            (None, Some(cpus)) => write!(f, "cpus {cpus}"),
            (Some(memory), Some(cpus)) => write!(f, "memory {memory}, cpus {cpus}"),
        }
    }
}

/// The lesser of two limits, of which none is the greatest.
fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What Coolify was given last for an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Nothing ever; the application may have limits that somebody set in Coolify, which stay.
    Nothing,
    /// It is not known whether it took what it was given, or it was for another application.
    Unknown,
    These(Resources),
}

impl Given {
    /// What is stored: for which application it was, empty while it is not known whether Coolify took it.
    pub fn of_stored(given_to: Option<&str>, application: Option<&str>, given: Resources) -> Self {
        match given_to {
            None => Self::Nothing,
            Some(_) if given_to == application => Self::These(given),
            Some(_) => Self::Unknown,
        }
    }

    /// Whether Coolify must be told these.
    pub fn differs_from(self, wanted: Resources) -> bool {
        match self {
            Self::Nothing => wanted.are_limited(),
            Self::Unknown => true,
            Self::These(given) => given != wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_for_an_environment_holds_within_what_is_allowed() {
        let of = Resources::of_numbers;
        for (chosen, allowed, given) in [
            (of(None, None), of(None, None), of(None, None)),
            (of(None, None), of(Some(2), Some(3)), of(Some(2), Some(3))),
            (
                of(Some(1), Some(4)),
                of(Some(2), Some(3)),
                of(Some(1), Some(3)),
            ),
            (of(Some(1), None), of(None, None), of(Some(1), None)),
        ] {
            assert_eq!(chosen.within(allowed), given);
        }
    }

    #[test]
    fn coolify_is_told_what_it_may_not_have() {
        let of = Resources::of_numbers;
        let (some, none) = (of(Some(2_048), Some(150)), Resources::default());
        for (given_to, given, wanted, told) in [
            (None, none, none, false),
            (None, none, some, true),
            (Some("a"), some, some, false),
            (Some("a"), some, none, true),
            (Some("a"), none, none, false),
            (Some("b"), some, some, true),
            (Some(""), some, none, true),
        ] {
            let given = Given::of_stored(given_to, Some("a"), given);
            assert_eq!(given.differs_from(wanted), told, "{given:?} {wanted:?}");
        }
    }
}
