//! What a person may have: how many environments and deployments, and how much memory and CPU an environment gets.

use super::amount::{Amount, Count, Cpus, Memory};
use super::invalid::{Invalid, Wrongs, check};
use super::resources::Resources;
use std::fmt;

/// The word for a limit that there is not.
pub const UNLIMITED: &str = "unlimited";
/// The stored number for it.
const UNLIMITED_NUMBER: i32 = -1;

/// A limit as it is decided for one person.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T> {
    /// As the settings say.
    #[default]
    Default,
    Unlimited,
    AtMost(T),
}

impl<T: Amount> Limit<T> {
    /// Reads what was typed; nothing is the default.
    ///
    /// # Errors
    /// The given one, when it is neither an amount nor the word.
    pub fn parse(typed: &str, invalid: Invalid) -> Result<Self, Invalid> {
        match typed.trim() {
            "" => Ok(Self::Default),
            word if word.eq_ignore_ascii_case(UNLIMITED) => Ok(Self::Unlimited),
            typed => T::parse(typed).map(Self::AtMost).ok_or(invalid),
        }
    }

    /// The limit of what is stored.
    pub fn of_stored(number: Option<i32>) -> Self {
        match number {
            None => Self::Default,
            Some(number) if number < 0 => Self::Unlimited,
            Some(number) => Self::AtMost(T::of_number(number)),
        }
    }

    /// What is stored of it.
    pub fn stored(self) -> Option<i32> {
        match self {
            Self::Default => None,
            Self::Unlimited => Some(UNLIMITED_NUMBER),
            Self::AtMost(amount) => Some(amount.number()),
        }
    }

    /// What applies where this is the default; `None` is no limit.
    pub fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Self::Default => default,
            Self::Unlimited => None,
            Self::AtMost(amount) => Some(amount),
        }
    }
}

/// As it is typed.
impl<T: fmt::Display> fmt::Display for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => Ok(()),
            Self::Unlimited => f.write_str(UNLIMITED),
            Self::AtMost(amount) => amount.fmt(f),
        }
    }
}

/// What administrators have decided for one person.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct PersonalLimits {
    pub environments: Limit<Count>,
    pub deployments: Limit<Count>,
    pub memory: Limit<Memory>,
    pub cpus: Limit<Cpus>,
}

/// Those that are not the default, as the audit tells them.
impl fmt::Display for PersonalLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("environments", self.environments.to_string()),
            ("deployments", self.deployments.to_string()),
            ("memory", self.memory.to_string()),
            ("cpus", self.cpus.to_string()),
        ];
        let decided = all.iter().filter(|(_, limit)| !limit.is_empty());
        let words: Vec<String> = decided.map(|(of, limit)| format!("{of} {limit}")).collect();
        f.write_str(if words.is_empty() {
            "as the settings say"
        } else {
            ""
        })?;
        f.write_str(&words.join(", "))
    }
}

/// The same as typed.
#[derive(Debug, Default, Clone, Copy)]
pub struct TypedLimits<'a> {
    pub environments: &'a str,
    pub deployments: &'a str,
    pub memory: &'a str,
    pub cpus: &'a str,
}

impl TypedLimits<'_> {
    /// Reads them.
    ///
    /// # Errors
    /// Every field that is neither empty nor an amount nor the word.
    pub fn parse(self) -> Result<PersonalLimits, Wrongs> {
        let mut wrongs = Wrongs::new();
        let environments = Limit::parse(self.environments, Invalid::Count);
        let environments = check(&mut wrongs, "environments", environments);
        let deployments = Limit::parse(self.deployments, Invalid::Count);
        let deployments = check(&mut wrongs, "deployments", deployments);
        let memory = Limit::parse(self.memory, Invalid::Memory);
        let memory = check(&mut wrongs, "memory", memory);
        let cpus = check(&mut wrongs, "cpus", Limit::parse(self.cpus, Invalid::Cpus));
        match (environments, deployments, memory, cpus) {
            (Some(environments), Some(deployments), Some(memory), Some(cpus)) => {
                Ok(PersonalLimits {
                    environments,
                    deployments,
                    memory,
                    cpus,
                })
            }
            _ => Err(wrongs),
        }
    }
}

/// What a person may have; `None` is no limit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub environments: Option<Count>,
    /// Deployments that are under way or wait for their turn.
    pub deployments: Option<Count>,
    /// What each environment may get.
    pub resources: Resources,
}

impl Allowance {
    /// The allowance of a person, where this is everybody's.
    pub fn of(self, limits: &PersonalLimits) -> Self {
        Self {
            environments: limits.environments.or(self.environments),
            deployments: limits.deployments.or(self.deployments),
            resources: Resources {
                memory: limits.memory.or(self.resources.memory),
                cpus: limits.cpus.or(self.resources.cpus),
            },
        }
    }
}

/// How many there are of how many there may be: "2 of 3".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    pub count: i64,
    pub most: Option<Count>,
}

impl Used {
    /// Whether there may be no more.
    pub fn is_full(self) -> bool {
        self.most.is_some_and(|most| most.is_reached_by(self.count))
    }
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some(most) => write!(f, "{} of {most}", self.count),
            None => self.count.fmt(f),
        }
    }
}

/// A limit that was reached, as a sentence for whoever it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reached {
    #[error(
        "Your limit of environments is {}, and you have {}. Delete one first, or ask an administrator for more.",
        most(.0), .0.count
    )]
    Environments(Used),
    #[error(
        "Your limit of deployments at once is {}, and you have {} under way. Wait until one has ended, cancel one, or ask an administrator for more.",
        most(.0), .0.count
    )]
    Deployments(Used),
}

fn most(used: &Used) -> String {
    used.most.map(|most| most.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(typed: &str) -> Option<Count> {
        Count::parse(typed)
    }

    #[test]
    fn a_limit_is_an_amount_the_word_or_the_default_and_is_stored_as_one_number() {
        for (typed, stored, shown) in [
            ("", None, ""),
            (" ", None, ""),
            ("Unlimited", Some(-1), "unlimited"),
            (" 3 ", Some(3), "3"),
            ("0", Some(0), "0"),
        ] {
            let limit = Limit::<Count>::parse(typed, Invalid::Count).unwrap();
            assert_eq!(limit.stored(), stored, "{typed}");
            assert_eq!(Limit::of_stored(stored), limit, "{typed}");
            assert_eq!(limit.to_string(), shown, "{typed}");
        }
        let limits = PersonalLimits {
            environments: Limit::Unlimited,
            cpus: Limit::parse("1.5", Invalid::Cpus).unwrap(),
            ..PersonalLimits::default()
        };
        assert_eq!(limits.to_string(), "environments unlimited, cpus 1.5");
        let none = PersonalLimits::default();
        assert_eq!(none.to_string(), "as the settings say");
        let wrong = Limit::<Count>::parse("three", Invalid::Count);
        assert_eq!(wrong, Err(Invalid::Count));
    }

    #[test]
    fn what_is_decided_for_a_person_is_in_place_of_the_settings() {
        let everybody = Allowance {
            environments: count("3"),
            deployments: count("1"),
            resources: Resources::of_numbers(Some(2_048), None),
        };
        assert_eq!(everybody.of(&PersonalLimits::default()), everybody);
        let limits = PersonalLimits {
            environments: Limit::AtMost(Count::of_number(5)),
            deployments: Limit::Unlimited,
            memory: Limit::Unlimited,
            cpus: Limit::AtMost(Cpus::of_number(150)),
        };
        let allowed = everybody.of(&limits);
        assert_eq!(
            (allowed.environments, allowed.deployments),
            (count("5"), None)
        );
        assert_eq!(allowed.resources.numbers(), (None, Some(150)));
    }

    #[test]
    fn a_limit_is_reached_by_as_many_and_by_more() {
        let of = |count_, most| Used {
            count: count_,
            most,
        };
        assert!(!of(2, count("3")).is_full() && !of(9, None).is_full());
        assert!(of(3, count("3")).is_full() && of(5, count("3")).is_full());
        let sentence = Reached::Environments(of(5, count("3"))).to_string();
        assert!(
            sentence.starts_with("Your limit of environments is 3, and you have 5. "),
            "{sentence}"
        );
        assert_eq!(of(2, None).to_string(), "2");
    }
}
