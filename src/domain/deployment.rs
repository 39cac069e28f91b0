//! One attempt to deploy an environment: its stages and its outcome.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The stage of a deployment.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    sqlx::Type,
    strum::IntoStaticStr,
    serde::Serialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Stage {
    Requested,
    Application,
    Settings,
    Build,
    Start,
    Answer,
}

impl Stage {
    /// Every stage in order.
    pub const ALL: [Self; 6] = [
        Self::Requested,
        Self::Application,
        Self::Settings,
        Self::Build,
        Self::Start,
        Self::Answer,
    ];

    /// The value in the database.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The current activity, as a row shows it: "Building 1m 42s".
    pub fn doing(self) -> &'static str {
        match self {
            Self::Requested => "Waiting for its turn",
            Self::Application => "Creating the application",
            Self::Settings => "Handing over the settings",
            Self::Build => "Building",
            Self::Start => "Starting",
            Self::Answer => "Waiting for its address",
        }
    }

    /// The stage's title in the list of steps.
    pub fn title(self) -> &'static str {
        match self {
            Self::Requested => "Requested",
            Self::Application => "Application",
            Self::Settings => "Settings",
            Self::Build => "Build",
            Self::Start => "Start",
            Self::Answer => "Answer",
        }
    }
}

/// What becomes of the image that was built before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildKind {
    /// It is used again if the branch is still at the same commit.
    Reuse,
    /// It is built anew, which fetches the newest of everything in it.
    Anew,
}

/// How a deployment ended.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    sqlx::Type,
    strum::IntoStaticStr,
    serde::Serialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    Succeeded,
    Failed,
    Cancelled,
}

impl Outcome {
    /// The value in the database and on the page.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// One entry of a log as it is kept: Coolify's, with the number of its section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEntry {
    /// Its place in Coolify's list, from 0 on. Where entries are missing, so are their positions.
    pub position: i32,
    pub output: String,
    /// Whether Coolify hides it by default.
    pub hidden: bool,
    /// Whether it was written to standard error.
    pub error: bool,
    /// When, by Coolify's clock.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    pub section: Option<i16>,
}

/// One entry of Coolify's log of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place in Coolify's list, from 0 on. Where entries are missing, so are their positions.
    pub position: i32,
    /// One or more lines, without terminal escapes; none of them is very long.
    pub output: String,
    /// Whether Coolify hides it by default: commands, and build output.
    pub hidden: bool,
    /// Whether it was written to standard error.
    pub error: bool,
    /// When, by Coolify's clock.
    pub at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_are_those_of_the_database() {
        for stage in Stage::ALL {
            assert_eq!(stage.word(), format!("{stage:?}").to_lowercase());
        }
        for outcome in [Outcome::Succeeded, Outcome::Failed, Outcome::Cancelled] {
            assert_eq!(outcome.word(), format!("{outcome:?}").to_lowercase());
        }
    }

    #[test]
    fn stages_follow_one_another() {
        assert!(Stage::ALL.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn every_stage_has_a_phrase_and_a_title_of_its_own() {
        for phrase in [Stage::doing, Stage::title] {
            let phrases = Stage::ALL.map(phrase);
            let different: HashSet<&str> = phrases.into_iter().collect();
            assert_eq!(different.len(), phrases.len(), "{phrases:?}");
            for phrase in phrases {
                assert!(phrase.starts_with(char::is_uppercase), "{phrase:?}");
                assert!(phrase.ends_with(char::is_alphabetic), "{phrase:?}");
            }
        }
    }
}
