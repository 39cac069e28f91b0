//! Deployments as their owners see them. Every WHERE checks the owner.

use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// A deployment as listed and as on its page.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one a column or a comparison"
)]
pub struct DeploymentRow {
    pub id: Uuid,
    pub by: Option<String>,
    pub stage: Stage,
    pub outcome: Option<Outcome>,
    pub reason: Option<String>,
    /// The log lines before the error.
    pub reason_lines: Option<String>,
    pub note: Option<String>,
    pub commit_sha: Option<String>,
    /// The repository that its environment is built from, if that was chosen.
    pub source_repository: Option<String>,
    /// Whether its image was built anew.
    pub rebuild: bool,
    pub log_missing: bool,
    /// Whether the log may still grow.
    pub log_grows: bool,
    /// Unless an older version removed it, which kept only the logs of the environment's last deployments.
    pub log_kept: bool,
    /// Whether its calls are kept: only those of the environment's last deployments are.
    pub calls_kept: bool,
    pub created_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// The newest deployments of the owner's environment, or this one of them.
pub async fn list(
    pool: &PgPool,
    owner: UserId,
    environment: EnvironmentId,
    only: Option<DeploymentId>,
) -> sqlx::Result<Vec<DeploymentRow>> {
    sqlx::query_as!(
        DeploymentRow,
        r#"select d.id, u.name as "by?", d.stage as "stage: Stage", d.outcome as "outcome: Outcome", d.reason, d.reason_lines, d.note,
             d.commit_sha, e.source_repository, d.rebuild, d.log_missing,
             (d.finished_at is null or d.log_at is not null) as "log_grows!",
             d.log_kept, d.calls_kept and d.log_kept as "calls_kept!", d.created_at, d.finished_at, now() as "now!"
           from deployments d
           join environments e on e.id = d.environment_id
           left join users u on u.id = d.requested_by
           where d.environment_id = $1
           and e.owner_id = $2
           and ($3::uuid is null or d.id = $3)
           order by d.created_at desc
           limit 20"#,
        environment.uuid(),
        owner.uuid(),
        only.map(|id| id.uuid())
    )
    .fetch_all(pool)
    .await
}

/// When each stage of a deployment began.
pub async fn stages(pool: &PgPool, id: Uuid) -> sqlx::Result<Vec<(Stage, OffsetDateTime)>> {
    let rows = sqlx::query!(
        r#"select stage as "stage: Stage", began_at
           from deployment_stages
           where deployment_id = $1
           order by began_at"#,
        id
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.stage, row.began_at))
        .collect())
}
