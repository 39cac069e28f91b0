//! What a backup holds of the database: a consistent look at our tables, row by row as PostgreSQL writes them. It knows no
//! files.

use super::trouble::{Trouble, Unusable};
use crate::domain::id::DeploymentId;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, Executor, PgConnection, PgPool};
use std::io;
use time::OffsetDateTime;
use uuid::Uuid;

/// The tables that travel, each after those that it refers to.
pub const TABLES: [&str; 16] = [
    "users",
    "secrets",
    "branch_head",
    "branch_heads",
    "branch_updates",
    "environments",
    "environment_events",
    "environment_variables",
    "watches",
    "deployments",
    "deployment_stages",
    "deployment_log",
    "deployment_calls",
    "archived_logs",
    "audit",
    "ignored_applications",
];

/// The tables that stay behind: a restored backup must not revive sessions, links and tokens that were ended since, jobs are
/// asked for again from the rows, what Coolify allows and what checks find is found anew, and values of variables are secret.
#[cfg(test)]
pub const LEFT_OUT: [&str; 11] = [
    "_sqlx_migrations",
    "api_requests",
    "findings",
    "links",
    "mq_msgs",
    "mq_payloads",
    "session",
    "tokens",
    "turns",
    "user_sessions",
    "variable_values",
];

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Applied {
    pub version: i64,
    /// Of its text, in hexadecimal digits.
    pub checksum: String,
}

/// A table and those of its columns that are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Table {
    pub name: String,
    pub columns: Vec<String>,
}

impl Table {
    /// `name (column, …)`, as `copy` takes it.
    pub(super) fn with_columns(&self) -> String {
        let quoted = |name: &String| format!("\"{}\"", name.replace('"', "\"\""));
        let columns: Vec<String> = self.columns.iter().map(quoted).collect();
        format!("{} ({})", quoted(&self.name), columns.join(", "))
    }
}

/// The database as it was at one moment.
pub struct Snapshot {
    connection: PgConnection,
    pub taken_at: OffsetDateTime,
}

impl Snapshot {
    /// Takes one, without blocking anybody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(pool: &PgPool) -> Result<Self, Unusable> {
        let taken = async {
            // A separate connection without the pool's statement timeout: a large table may take longer.
            let mut connection = pool.connect_options().connect().await?;
            connection
                .execute("begin isolation level repeatable read, read only")
                .await?;
            let now = sqlx::query_scalar("select now()");
            let taken_at = now.fetch_one(&mut connection).await?;
            Ok(Self {
                connection,
                taken_at,
            })
        };
        taken
            .await
            .map_err(|error: sqlx::Error| Unusable::of(pool, Trouble::Failed(error)))
    }

    /// The applied migrations; none where there are no tables.
    pub async fn migrations(&mut self) -> sqlx::Result<Vec<Applied>> {
        let known = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null");
        if !known.fetch_one(&mut self.connection).await? {
            return Ok(vec![]);
        }
        let applied = sqlx::query_as(
            "select version, encode(checksum, 'hex') as checksum
             from _sqlx_migrations
             order by version",
        );
        applied.fetch_all(&mut self.connection).await
    }

    /// The tables that travel.
    pub async fn tables(&mut self) -> sqlx::Result<Vec<Table>> {
        tables(&mut self.connection).await
    }

    /// The deployments whose logs the object store has.
    pub async fn moved_logs(&mut self) -> sqlx::Result<Vec<DeploymentId>> {
        let moved: Vec<Uuid> = sqlx::query_scalar(
            "select id
             from archived_logs
             where stored_at is not null
             and removed_at is null
             and deployment_id is not null
             order by id",
        )
        .fetch_all(&mut self.connection)
        .await?;
        Ok(moved.into_iter().map(DeploymentId::from).collect())
    }

    /// Passes on a table's rows: a line each, in pieces of any size.
    pub async fn read(
        &mut self,
        table: &Table,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> sqlx::Result<()> {
        let copy = format!("copy {} to stdout", table.with_columns());
        let mut pieces = self.connection.copy_out_raw(&copy).await?;
        while let Some(piece) = pieces.try_next().await? {
            take(&piece)?;
        }
        Ok(())
    }
}

pub(super) async fn tables(connection: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    let tables = sqlx::query_as(
        "select wanted.name, array_agg(a.attname::text order by a.attnum) as columns
         from unnest($1::text[]) with ordinality as wanted (name, position)
         join pg_attribute a on a.attrelid = to_regclass(wanted.name)
         where a.attnum > 0
         and not a.attisdropped
         and a.attgenerated = ''
         group by wanted.name, wanted.position
         order by wanted.position",
    );
    tables.bind(&TABLES[..]).fetch_all(connection).await
}
