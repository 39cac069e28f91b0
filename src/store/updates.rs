//! The newest commits of branches, and what is new in them for environments that were deployed before.

use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::source::BuiltFrom;
use sqlx::PgPool;
use std::time::Duration;

/// Claims the reading of branches that were not read for so long: of a few, those that wait longest first. The standard is
/// one of them.
pub async fn claim(
    pool: &PgPool,
    standard: &BuiltFrom,
    every: Duration,
    limit: i64,
) -> sqlx::Result<Vec<BuiltFrom>> {
    note(pool, standard).await?;
    sqlx::query_as!(
        BuiltFrom,
        r#"with due as (
             select h.repository, h.branch
             from branch_heads h
             join sources($1, $2) s on s.repository = h.repository and s.branch = h.branch
             where h.read_at < now() - $3::float8 * interval '1 second'
             order by h.read_at
             limit $4
             for update of h skip locked
           )
           update branch_heads h
           set read_at = now()
           from due
           where h.repository = due.repository
           and h.branch = due.branch
           returning h.repository, h.branch"#,
        standard.repository,
        standard.branch,
        every.as_secs_f64(),
        limit
    )
    .fetch_all(pool)
    .await
}

/// Adds the branches that something is built from, and forgets those that nothing is built from any more.
async fn note(pool: &PgPool, standard: &BuiltFrom) -> sqlx::Result<()> {
    sqlx::query!(
        "with forgotten as (
           delete from branch_heads
           where read_at < now() - interval '1 day'
           and (repository, branch) not in (select s.repository, s.branch from sources($1, $2) s)
         )
         insert into branch_heads (repository, branch)
         select repository, branch
         from sources($1, $2)
         on conflict do nothing",
        standard.repository,
        standard.branch
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Saves the newest commit of a branch, and forgets what was new before it.
pub async fn save_head(pool: &PgPool, source: &BuiltFrom, commit: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "with head as (
           update branch_heads
           set commit_sha = $3, seen_at = read_at
           where repository = $1
           and branch = $2
         )
         delete from branch_updates
         where to_sha <> $3
         and not exists (
           select
           from branch_heads
           where commit_sha = to_sha
           and (repository, branch) <> ($1, $2)
         )",
        source.repository,
        source.branch,
        commit
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Commits of a branch that run and are not the newest, and whose titles are not known; a few of them.
pub async fn untold(
    pool: &PgPool,
    standard: &BuiltFrom,
    source: &BuiltFrom,
    newest: &str,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select distinct d.commit_sha as "sha!"
           from environments e
           cross join lateral last_success(e.id) d
           where e.status = 'running'
           and coalesce(e.source_repository, $2) = $4
           and coalesce(e.source_branch, $3) = $5
           and d.commit_sha <> $1
           and not exists (
             select
             from branch_updates
             where from_sha = d.commit_sha
             and to_sha = $1
           )
           limit 3"#,
        newest,
        standard.repository,
        standard.branch,
        source.repository,
        source.branch
    )
    .fetch_all(pool)
    .await
}

/// Saves the titles of the commits between two.
pub async fn save_titles(
    pool: &PgPool,
    from: &str,
    to: &str,
    titles: &[String],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into branch_updates (from_sha, to_sha, titles)
         values ($1, $2, $3)
         on conflict do nothing",
        from,
        to,
        titles
    )
    .execute(pool)
    .await
    .map(drop)
}

/// What is new in its branch since an environment was deployed.
#[derive(Debug)]
pub struct Update {
    pub commit: String,
    /// The titles of the new commits, newest first, where the host tells them.
    pub titles: Vec<String>,
}

/// What is new for the owner's environment; `None` when it has the newest commit, or that is not known.
pub async fn of(
    pool: &PgPool,
    owner: UserId,
    environment: EnvironmentId,
    standard: &BuiltFrom,
) -> sqlx::Result<Option<Update>> {
    sqlx::query_as!(
        Update,
        r#"select b.to_sha as "commit!", coalesce(u.titles, '{}') as "titles!"
           from environments e
           join behind_source($3, $4) b on b.environment_id = e.id
           left join branch_updates u on u.from_sha = b.from_sha and u.to_sha = b.to_sha
           where e.id = $1
           and e.owner_id = $2"#,
        environment.uuid(),
        owner.uuid(),
        standard.repository,
        standard.branch
    )
    .fetch_optional(pool)
    .await
}
