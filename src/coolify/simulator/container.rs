//! A running container with the code-server inside it.
//!
//! It knows who may sign in and whether it answers yet; it must not know HTTP or deployments.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use serde::{Deserialize, Serialize};

use super::application::Env;
use super::moment::Moment;

/// What code-server was started with to know its owner.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lock {
    /// `HASHED_PASSWORD`, an argon2 PHC string. It goes before the plain one.
    Hashed(String),
    /// `PASSWORD`.
    Plain(String),
    /// Neither: code-server invented one that nobody knows.
    Unknown,
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Lock")
    }
}

impl Lock {
    /// The lock that a container gets from the variables as they are now.
    pub fn of(envs: &[Env]) -> Self {
        let seen = |key: &str| {
            let given = |env: &&Env| env.key == key && env.is_runtime && !env.is_preview;
            let value = envs.iter().rfind(given).map(Env::as_the_container_sees_it);
            value.filter(|value| !value.is_empty())
        };
        if let Some(hash) = seen("HASHED_PASSWORD") {
            return Self::Hashed(hash);
        }
        seen("PASSWORD").map_or(Self::Unknown, Self::Plain)
    }

    /// Whether what was typed opens it; code-server trims it first. Takes tens of milliseconds of computing.
    pub fn opens(&self, typed: &str) -> bool {
        let typed = typed.trim();
        match self {
            Self::Hashed(hash) => PasswordHash::new(hash).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(typed.as_bytes(), &hash)
                    .is_ok()
            }),
            Self::Plain(password) => !typed.is_empty() && password == typed,
            Self::Unknown => false,
        }
    }
}

/// One container.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Container {
    /// A number of its own.
    pub id: u64,
    /// Who may sign in.
    pub lock: Lock,
    /// The cookie of those who have.
    pub session: String,
    /// From when its address leads to something that answers; never when absent.
    pub answers_from: Option<Moment>,
    /// It has died.
    pub crashed: bool,
    /// The last request of a signed-in person.
    pub heartbeat: Option<Moment>,
}

impl Container {
    /// Whether a request would be answered by code-server itself.
    pub fn answers(&self, now: Moment) -> bool {
        self.answers_from.is_some_and(|from| from <= now)
    }

    /// What `/healthz` says: whether somebody signed in has used it within `window`.
    pub fn is_alive(&self, now: Moment, window: Duration) -> bool {
        self.heartbeat.is_some_and(|beat| beat.until(now) < window)
    }
}
