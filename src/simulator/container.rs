//! A running container with the code-server inside it.

use std::fmt;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use serde::{Deserialize, Serialize};

use super::clock::Time;

/// The password that code-server was started with.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Password {
    /// `HASHED_PASSWORD`, an argon2 PHC string. It goes before the plain one.
    Hashed(String),
    /// `PASSWORD`.
    Plain(String),
    /// Neither: code-server invented one that nobody knows.
    #[default]
    Unknown,
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password")
    }
}

impl Password {
    /// Whether it is what was typed; code-server trims that first. Takes tens of milliseconds of computing.
    pub fn is(&self, typed: &str) -> bool {
        let typed = typed.trim();
        match self {
            Self::Hashed(hash) => PasswordHash::new(hash).is_ok_and(|hash| {
                let verified = Argon2::default().verify_password(typed.as_bytes(), &hash);
                verified.is_ok()
            }),
            Self::Plain(password) => !typed.is_empty() && password == typed,
            Self::Unknown => false,
        }
    }
}

/// One container.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Container {
    /// A number of its own.
    pub id: u64,
    /// Who may sign in.
    pub password: Password,
    /// The cookie of those who have.
    pub session: String,
    /// From when its address leads to something that answers; never when absent.
    pub answers_from: Option<Time>,
    /// It has died.
    pub crashed: bool,
    /// The last request of a signed-in person.
    pub heartbeat: Option<Time>,
}

impl Container {
    /// Whether a request would be answered by code-server itself.
    pub fn answers(&self, now: Time) -> bool {
        self.answers_from.is_some_and(|from| from <= now)
    }

    /// Whether somebody signed in has used it within `window`.
    pub fn is_alive(&self, now: Time, window: Duration) -> bool {
        self.heartbeat.is_some_and(|last| last.until(now) < window)
    }
}
