//! Why a server of PostgreSQL cannot be used, in words for whoever runs the dashboard.

use sqlx::PgPool;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::io::ErrorKind;

const READ_ONLY: &str = "only reads: it is a standby, or its default_transaction_read_only is on";
const POOLED: &str = "is behind a pooler that gives every transaction another session; set its pool_mode to session, or use the server's own address";
const NEWER: &str = "has tables of a newer vps-claude; use that one, or another database";

/// Why a server cannot be used.
#[derive(Debug)]
pub enum Trouble {
    /// It does not answer, or refuses.
    Failed(sqlx::Error),
    /// It accepted the connection and said nothing.
    Silent,
    /// It is a standby, or only reads.
    ReadOnly,
    TooOld(String),
    /// A pooler before it gives every transaction another session.
    Pooled,
    Migration(MigrateError),
}

/// The servers that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub struct Unusable(pub(super) Vec<(String, Trouble)>);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (place, trouble)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}PostgreSQL at {place} {trouble}")?;
        }
        Ok(())
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error)
            | Self::Migration(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => f.write_str(&words(error)),
            Self::Silent => f.write_str("takes the connection and does not answer"),
            Self::ReadOnly => f.write_str(READ_ONLY),
            Self::TooOld(version) => write!(f, "is version {version}; 15 or newer is needed"),
            Self::Pooled => f.write_str(POOLED),
            Self::Migration(MigrateError::VersionMissing(_)) => f.write_str(NEWER),
            Self::Migration(MigrateError::VersionMismatch(version)) => write!(
                f,
                "has tables of another build of vps-claude, whose migration {version} differs; use that one, or another database"
            ),
            Self::Migration(MigrateError::Dirty(version)) => write!(
                f,
                "has tables that migration {version} left unfinished; restore a backup into another database"
            ),
            Self::Migration(error) => {
                write!(f, "has tables that cannot be brought up to date: {error}")
            }
        }
    }
}

/// What an error says, in the server's own words where it has some.
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => {
                "cannot be reached: nothing listens there (connection refused)".to_owned()
            }
            ErrorKind::NotFound => {
                format!("cannot be reached: there is no such socket ({error})")
            }
            _ => format!("cannot be reached: {error}"),
        },
        sqlx::Error::Tls(error) => format!("cannot be reached with TLS: {error}"),
        sqlx::Error::Database(error) => {
            let why = match error.code().as_deref().unwrap_or_default() {
                "28P01" | "28000" => "does not let the user in; check the user and the password",
                "3D000" => "does not have the database; create it",
                "42501" => "does not permit it; make the user the owner of the database",
                "53300" => "has no connection left; raise its max_connections, or end others",
                "57P03" | "57P01" | "57P02" => "is starting or stopping",
                "25006" => "only reads",
                "26000" | "42P05" => {
                    "loses prepared statements; set the pool_mode of the pooler to session"
                }
                _ => "refuses",
            };
            format!("{why}: {}", error.message())
        }
        error => format!("cannot be used: {error}"),
    }
}

impl Trouble {
    /// Whether it may be over soon by itself.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Silent | Self::Failed(sqlx::Error::Io(_)) => true,
            Self::Failed(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                code.starts_with("08") || code.starts_with("57P") || code == "53300"
            }
            _ => false,
        }
    }
}

impl Unusable {
    /// Whether it may be over soon by itself, or when PostgreSQL is started.
    pub fn is_passing(&self) -> bool {
        self.0.iter().any(|(_, trouble)| trouble.is_passing())
    }

    /// The server of this pool, and why it cannot be used.
    pub(super) fn of(pool: &PgPool, trouble: Trouble) -> Self {
        Self(vec![(place(&pool.connect_options()), trouble)])
    }
}

/// Where it is.
pub(super) fn place(server: &PgConnectOptions) -> String {
    match server.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", server.get_host(), server.get_port()),
    }
}
