//! Which of our migrations a database has.

use super::inspect::within;
use super::trouble::{Trouble, Unusable};
use sqlx::migrate::{AppliedMigration, Migrate, Migration, Migrator};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

/// Every migration of this version.
pub(super) static MIGRATOR: Migrator = sqlx::migrate!();

/// What a database has.
#[derive(Debug)]
pub struct Schema {
    pub server_version: String,
    /// How many migrations this version has.
    pub known: usize,
    /// The names of those that are not applied.
    pub pending: Vec<String>,
    /// The names of those that were applied in another wording.
    pub changed: Vec<String>,
    /// The numbers of those that only another version has.
    pub unknown: Vec<String>,
}

/// Compares the migrations; changes nothing.
///
/// # Errors
/// Why the database cannot be used.
pub async fn read(pool: &PgPool) -> Result<Schema, Unusable> {
    let read = async {
        let mut connection = pool.connect_options().connect().await?;
        let read = read_with(&mut connection).await;
        connection.close().await.ok();
        read
    };
    within(read)
        .await
        .map_err(|trouble| Unusable::of(pool, trouble))
}

async fn read_with(connection: &mut PgConnection) -> Result<Schema, Trouble> {
    let version = sqlx::query_scalar("show server_version");
    let server_version: String = version.fetch_one(&mut *connection).await?;
    let has_table = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null");
    let applied = if has_table.fetch_one(&mut *connection).await? {
        let applied = connection.list_applied_migrations().await;
        applied.map_err(Trouble::Migration)?
    } else {
        vec![]
    };
    Ok(compared(&applied, &server_version))
}

fn compared(applied: &[AppliedMigration], server_version: &str) -> Schema {
    let found = |known: &Migration| applied.iter().find(|one| one.version == known.version);
    let name = |known: &Migration| format!("{:04} {}", known.version, known.description);
    let known = || MIGRATOR.iter();
    let differs = |one: &&Migration| found(one).is_some_and(|it| it.checksum != one.checksum);
    let unknown = applied.iter().map(|one| one.version);
    let unknown = unknown.filter(|version| !MIGRATOR.version_exists(*version));
    Schema {
        // Debian adds its own version in brackets.
        server_version: server_version.split(' ').take(1).collect(),
        known: known().count(),
        pending: known()
            .filter(|one| found(one).is_none())
            .map(name)
            .collect(),
        changed: known().filter(differs).map(name).collect(),
        unknown: unknown.map(|version| version.to_string()).collect(),
    }
}
