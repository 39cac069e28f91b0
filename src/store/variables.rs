//! Variables that people give to their environments: their names for as long as they are there, their values only until
//! Coolify has accepted them.

use super::claims::Claim;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::variable::{Variable, VariableName};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// More than an environment may have.
const LIMIT: i64 = 200;

/// A variable, without its value.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one a column or a comparison"
)]
pub struct VariableRow {
    pub name: String,
    /// Since when Coolify has its value.
    pub sent_at: Option<OffsetDateTime>,
    /// Whether a value waits for the next deployment.
    pub waits: bool,
    /// A value waited when the backup was taken that was restored; it was not in it.
    pub lost: bool,
    /// Whether the next deployment removes it.
    pub removing: bool,
    /// Coolify was asked for what waits.
    pub offered: bool,
    /// Coolify no longer has the application.
    pub vanished: bool,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// The variables of the owner's environment.
pub async fn list(
    pool: &PgPool,
    owner: UserId,
    environment: EnvironmentId,
) -> sqlx::Result<Vec<VariableRow>> {
    sqlx::query_as!(
        VariableRow,
        r#"select v.name, v.sent_at, v.removing, v.offered, e.vanished, w.name is not null as "waits!",
             v.waiting and w.name is null as "lost!", now() as "now!"
           from environment_variables v
           join environments e on e.id = v.environment_id
           left join variable_values w on w.environment_id = v.environment_id and w.name = v.name
           where v.environment_id = $1
           and e.owner_id = $2
           order by v.name
           limit $3"#,
        environment.uuid(),
        owner.uuid(),
        LIMIT
    )
    .fetch_all(pool)
    .await
}

/// How many variables an environment has beside this one. The caller must have locked the environment.
pub async fn others(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    name: &VariableName,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from environment_variables
           where environment_id = $1
           and name <> $2"#,
        environment.uuid(),
        name.as_str()
    )
    .fetch_one(conn)
    .await
}

/// Lets a value wait for the next deployment; `false` when the same one waits already. The caller must have locked the
/// environment, or just made it.
pub async fn give(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    variable: &Variable,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"with named as (
             insert into environment_variables (environment_id, name)
             values ($1, $2)
             on conflict (environment_id, name) do update
             set removing = false
             where environment_variables.removing
           ), given as (
             insert into variable_values (environment_id, name, value)
             values ($1, $2, $3)
             on conflict (environment_id, name) do update
             set value = excluded.value
             where variable_values.value <> excluded.value
             returning name
           )
           select exists (select from given) as "given!""#,
        environment.uuid(),
        variable.name.as_str(),
        variable.value.expose_secret()
    )
    .fetch_one(conn)
    .await
}

/// What became of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// It was asked for before, or there is no such variable.
    Already,
}

/// Forgets a variable that Coolify never got, or lets the next deployment remove it. The caller must have locked the
/// environment. The value is locked before the variable, as by `accepted`, which locks no environment.
pub async fn remove(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    name: &str,
) -> sqlx::Result<Removed> {
    let forgotten = sqlx::query!(
        "delete from variable_values where environment_id = $1 and name = $2",
        environment.uuid(),
        name
    );
    forgotten.execute(&mut *conn).await?;
    let removed = sqlx::query!(
        "delete from environment_variables
         where environment_id = $1
         and name = $2
         and sent_at is null
         and not offered",
        environment.uuid(),
        name
    );
    if removed.execute(&mut *conn).await?.rows_affected() == 1 {
        return Ok(Removed::Done);
    }
    let marked = sqlx::query!(
        "update environment_variables
         set removing = true, waiting = false
         where environment_id = $1
         and name = $2
         and not removing",
        environment.uuid(),
        name
    );
    match marked.execute(conn).await?.rows_affected() {
        1 => Ok(Removed::Done),
        _ => Ok(Removed::Already),
    }
}

/// What became of a change that was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discarded {
    Done,
    /// Nothing waits.
    Nothing,
    /// Coolify was asked for it already.
    TooLate,
}

/// Takes back what waits for the next deployment. The caller must have locked the environment.
pub async fn discard(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    name: &str,
) -> sqlx::Result<Discarded> {
    // A step that asks Coolify changes this row first: what is read after the lock holds until the commit.
    let row = sqlx::query!(
        r#"select sent_at is not null as "sent!", waiting, removing, offered
           from environment_variables
           where environment_id = $1
           and name = $2
           for update"#,
        environment.uuid(),
        name
    );
    let row = row.fetch_optional(&mut *conn).await?;
    let Some(row) = row.filter(|row| row.waiting || row.removing) else {
        return Ok(Discarded::Nothing);
    };
    if row.offered {
        return Ok(Discarded::TooLate);
    }
    take_back(conn, environment, name, row.sent).await?;
    Ok(Discarded::Done)
}

async fn take_back(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    name: &str,
    sent: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with value as (
           delete from variable_values
           where environment_id = $1
           and name = $2
         ), never_sent as (
           delete from environment_variables
           where environment_id = $1
           and name = $2
           and not $3
         )
         update environment_variables
         set removing = false, waiting = false
         where environment_id = $1
         and name = $2
         and $3",
        environment.uuid(),
        name,
        sent
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A value on its way to Coolify.
pub struct Waiting {
    pub name: String,
    pub value: SecretString,
}

/// The values that wait, from now on offered to Coolify.
pub async fn offer(pool: &PgPool, environment: EnvironmentId) -> sqlx::Result<Vec<Waiting>> {
    let offered = sqlx::query!(
        "update environment_variables v
         set offered = true
         from variable_values w
         where v.environment_id = $1
         and w.environment_id = v.environment_id
         and w.name = v.name
         returning v.name, w.value",
        environment.uuid()
    );
    let waiting = offered.fetch_all(pool).await?.into_iter();
    let waiting = waiting.map(|row| Waiting {
        name: row.name,
        value: SecretString::from(row.value),
    });
    Ok(waiting.collect())
}

/// Records that Coolify has accepted these, and deletes the values, unless another one was given meanwhile. A step that has
/// lost its claim records nothing: its application may be another one by now.
pub async fn accepted(pool: &PgPool, claim: Claim, sent: &[Waiting]) -> sqlx::Result<()> {
    let names: Vec<String> = sent.iter().map(|one| one.name.clone()).collect();
    let values = sent.iter().map(|one| one.value.expose_secret().to_owned());
    let values: Vec<String> = values.collect();
    sqlx::query!(
        "with sent as (
           select name, value
           from unnest($2::text[], $3::text[]) as sent (name, value)
           where exists (select from watches where environment_id = $1 and token = $4)
         ), forgotten as (
           delete from variable_values w
           using sent
           where w.environment_id = $1
           and w.name = sent.name
           and w.value = sent.value
           returning w.name
         )
         update environment_variables
         set sent_at = now(),
             offered = name not in (select name from forgotten)
         where environment_id = $1
         and name in (select name from sent)",
        claim.environment.uuid(),
        &names,
        &values,
        claim.token
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Some of the variables that are to be removed, from now on offered to Coolify.
pub async fn offer_removals(
    pool: &PgPool,
    environment: EnvironmentId,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "update environment_variables
         set offered = true
         where environment_id = $1
         and name in (
           select name
           from environment_variables
           where environment_id = $1
           and removing
           order by name
           limit $2
         )
         and removing
         returning name",
        environment.uuid(),
        limit
    )
    .fetch_all(pool)
    .await
}

/// Forgets the variables that Coolify has no more, unless one was given anew meanwhile.
pub async fn removed(pool: &PgPool, claim: Claim, names: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from environment_variables
         where environment_id = $1
         and name = any($2)
         and removing
         and exists (select from watches where environment_id = $1 and token = $3)",
        claim.environment.uuid(),
        names,
        claim.token
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Records that no application has any of them: one is about to be made.
pub async fn lost(conn: &mut PgConnection, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "with removed as (
           delete from environment_variables
           where environment_id = $1
           and removing
         )
         update environment_variables
         set sent_at = null, offered = false
         where environment_id = $1
         and not removing",
        environment.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}
