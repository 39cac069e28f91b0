//! Filling an empty database from a backup, in one transaction: whatever goes wrong, and whenever the process is killed,
//! the database is as empty as before. It knows no files.

use super::backup::{Applied, Table, tables};
use super::trouble::{Trouble, Unusable};
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool};
use std::borrow::Cow;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::time::sleep;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long connections that were closed just now may take to be gone, and how often it is looked.
const GONE: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(50);

/// Why a database cannot be filled from a backup, or a backup not used.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("it is of a newer vps-claude; use that one")]
    Newer,
    #[error("it is of another build of vps-claude, whose migration {0} differs; use that one")]
    OtherBuild(i64),
    #[error("the database is used by a dashboard at the moment; stop it first")]
    InUse,
    #[error(
        "the database has accounts or environments already; only an empty one is filled, so name one in DATABASE_URL, or a new folder in DATA_DIR"
    )]
    NotEmpty,
    #[error(
        "the database has tables of a newer vps-claude than the backup; name an empty one in DATABASE_URL, or a new folder in DATA_DIR"
    )]
    NewerTables,
    #[error("the backup's tables are not those of its version")]
    OtherTables,
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the database refuses")]
    Failed(#[from] sqlx::Error),
}

/// Whether this vps-claude knows all of these migrations, as they were.
///
/// # Errors
/// `Newer` and `OtherBuild`.
pub fn check_migrations(applied: &[Applied]) -> Result<(), Refused> {
    for one in applied {
        let known = MIGRATIONS.iter().find(|known| known.version == one.version);
        let known = known.ok_or(Refused::Newer)?;
        if hex::encode(&known.checksum) != one.checksum {
            return Err(Refused::OtherBuild(one.version));
        }
    }
    Ok(())
}

/// A connection that nobody migrates beside: a dashboard that starts meanwhile waits for its end.
pub struct Empty(PgConnection);

impl Empty {
    /// Connects, and makes sure that nobody uses the database.
    ///
    /// # Errors
    /// `InUse`, or when the database does not answer.
    pub async fn connect(pool: &PgPool) -> Result<Self, Refused> {
        let connected = async {
            let mut connection = pool.connect_options().connect().await?;
            connection.lock().await.map_err(Trouble::Migration)?;
            Ok(connection)
        };
        let connected = connected.await;
        let mut connection = connected.map_err(|trouble| Unusable::of(pool, trouble))?;
        let began = Instant::now();
        while others(&mut connection).await? > 0 {
            if began.elapsed() > GONE {
                return Err(Refused::InUse);
            }
            sleep(AGAIN).await;
        }
        Ok(Self(connection))
    }

    /// Begins to fill it: makes the tables as these migrations left them, and locks them.
    ///
    /// # Errors
    /// When the database is not empty, or has other tables.
    pub async fn fill(&mut self, applied: &[Applied]) -> Result<Filling<'_>, Refused> {
        let mut tx = self.0.begin().await?;
        let wanted = MIGRATIONS.iter();
        let wanted = wanted.filter(|known| applied.iter().any(|one| one.version == known.version));
        let older = Migrator {
            migrations: Cow::Owned(wanted.cloned().collect()),
            ..Migrator::DEFAULT
        };
        older.run(&mut *tx).await.map_err(refused)?;
        let tables = tables(&mut tx).await?;
        allow_deletes(&mut tx).await?;
        for table in tables.iter().rev() {
            let name = &table.name;
            let lock = format!("lock table {name} in access exclusive mode");
            tx.execute(lock.as_str()).await?;
            if ["users", "environments"].contains(&name.as_str()) {
                let any = format!("select exists (select from {name})");
                if sqlx::query_scalar(&any).fetch_one(&mut *tx).await? {
                    return Err(Refused::NotEmpty);
                }
            }
            // Migrations have filled some of them.
            tx.execute(format!("delete from {name}").as_str()).await?;
        }
        Ok(Filling { tx, tables })
    }
}

/// A dashboard without accounts may have an audit already, which its trigger keeps otherwise.
async fn allow_deletes(connection: &mut PgConnection) -> sqlx::Result<()> {
    let allow = "select set_config('vps_claude.audit_before', 'infinity', true)";
    connection.execute(allow).await.map(drop)
}

/// Other connections of vps-claude to this database.
async fn others(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let others = sqlx::query_scalar(
        "select count(*)
         from pg_stat_activity
         where datname = current_database()
         and application_name = current_setting('application_name')
         and pid <> pg_backend_pid()",
    );
    others.fetch_one(connection).await
}

fn refused(error: MigrateError) -> Refused {
    match error {
        MigrateError::VersionMissing(_) => Refused::NewerTables,
        MigrateError::VersionMismatch(version) => Refused::OtherBuild(version),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            Refused::Failed(error)
        }
        error => Refused::Failed(sqlx::Error::Migrate(error.into())),
    }
}

/// A database that is being filled. Dropped, nothing has happened.
pub struct Filling<'a> {
    tx: sqlx::Transaction<'a, sqlx::Postgres>,
    tables: Vec<Table>,
}

impl Filling<'_> {
    /// Whether these are the tables that are there now.
    ///
    /// # Errors
    /// `OtherTables`.
    pub fn check_tables(&self, tables: &[Table]) -> Result<(), Refused> {
        if self.tables == tables {
            Ok(())
        } else {
            Err(Refused::OtherTables)
        }
    }

    /// Adds rows to a table, in the lines of `Snapshot::read`; returns how many.
    ///
    /// # Errors
    /// When there is no such table, or it refuses them.
    pub async fn add(&mut self, name: &str, lines: &[u8]) -> Result<u64, Refused> {
        let table = self.tables.iter().find(|table| table.name == name);
        let table = table.ok_or(Refused::OtherTables)?;
        let copy = format!("copy {} from stdin", table.with_columns());
        let mut copy = self.tx.copy_in_raw(&copy).await?;
        copy.send(lines).await?;
        Ok(copy.finish().await?)
    }

    /// Brings the tables up to date and ends what does not hold any more. `taken_at` is the backup's time, `landing` how
    /// long Coolify may still process a request whose response nobody knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(
        mut self,
        taken_at: OffsetDateTime,
        landing: Duration,
    ) -> Result<(), Refused> {
        for table in &self.tables {
            set_counters(&mut self.tx, table).await?;
        }
        MIGRATIONS.run(&mut *self.tx).await.map_err(refused)?;
        forget_holders(&mut self.tx, landing).await?;
        expect_applications(&mut self.tx).await?;
        shift_deadlines(&mut self.tx, taken_at).await?;
        Ok(self.tx.commit().await?)
    }
}

/// Lets the numbers that PostgreSQL gives to rows continue after those that were copied.
async fn set_counters(connection: &mut PgConnection, table: &Table) -> sqlx::Result<()> {
    for column in &table.columns {
        let name = &table.name;
        let set = format!(
            "select setval(counter.name, coalesce((select max(\"{column}\") from {name}), 0) + 1, false)
             from pg_get_serial_sequence('{name}', '{column}') as counter (name)
             where counter.name is not null"
        );
        let is_counted: bool =
            sqlx::query_scalar("select pg_get_serial_sequence($1, $2) is not null")
                .bind(name)
                .bind(column)
                .fetch_one(&mut *connection)
                .await?;
        if is_counted {
            connection.execute(set.as_str()).await?;
        }
    }
    Ok(())
}

/// The process that held a claim is gone, and what it asked of Coolify last may still be carried out. What was due later
/// is looked at now.
async fn forget_holders(connection: &mut PgConnection, landing: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "update watches
         set holder = null,
             leased_until = null,
             unsure_until = now() + $1::float8 * interval '1 second',
             due_at = least(due_at, now())",
        landing.as_secs_f64()
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Since the backup an application may have been made for any environment, so it is looked for before one is made, and
/// before a row is deleted. What limits of memory and CPUs it has by now is not known. A rollout does not go on by itself: it would
/// restart what runs.
async fn expect_applications(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set application_asked = true,
             resources_given_to = case
               when memory_given is not null or cpus_given is not null then ''
               else resources_given_to
             end,
             rollout_at = null,
             rollout_by = null"
    )
    .execute(connection)
    .await
    .map(drop)
}

/// The time in the backup does not count for deployments that were under way.
async fn shift_deadlines(
    connection: &mut PgConnection,
    taken_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set deadline = deadline + greatest(now() - $1, interval '0'),
             stage_since = stage_since + greatest(now() - $1, interval '0')
         where finished_at is null",
        taken_at
    )
    .execute(connection)
    .await
    .map(drop)
}
