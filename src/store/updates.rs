//! The newest commit of the branch, and what is new in it for environments that were deployed before.

use crate::domain::id::{EnvironmentId, UserId};
use sqlx::PgPool;
use std::time::Duration;

/// Claims the reading of the branch, if it was not read for so long or another one was.
pub async fn claim(pool: &PgPool, source: &str, every: Duration) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "update branch_head
         set read_at = now(),
             source = $2,
             commit_sha = case when source = $2 then commit_sha end
         where read_at < now() - $1::float8 * interval '1 second'
         or source <> $2",
        every.as_secs_f64(),
        source
    );
    Ok(claimed.execute(pool).await?.rows_affected() == 1)
}

/// Saves the newest commit, and forgets what was new before it.
pub async fn save_head(pool: &PgPool, commit: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "with head as (
           update branch_head
           set commit_sha = $1, seen_at = read_at
         )
         delete from branch_updates
         where to_sha <> $1",
        commit
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Commits that run and are not the newest, and whose titles are not known; a few of them.
pub async fn untold(pool: &PgPool, newest: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select distinct d.commit_sha as "sha!"
           from environments e
           cross join lateral last_success(e.id) d
           where e.status = 'running'
           and d.commit_sha <> $1
           and not exists (
             select
             from branch_updates
             where from_sha = d.commit_sha
             and to_sha = $1
           )
           limit 3"#,
        newest
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

/// What is new in the branch since an environment was deployed.
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
    source: &str,
) -> sqlx::Result<Option<Update>> {
    sqlx::query_as!(
        Update,
        r#"select b.to_sha as "commit!", coalesce(u.titles, '{}') as "titles!"
           from environments e
           join outdated($3) b on b.environment_id = e.id
           left join branch_updates u on u.from_sha = b.from_sha and u.to_sha = b.to_sha
           where e.id = $1
           and e.owner_id = $2"#,
        environment.uuid(),
        owner.uuid(),
        source
    )
    .fetch_optional(pool)
    .await
}
