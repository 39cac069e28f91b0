//! The calls to Coolify that were made for one deployment.

use super::log_lines::Of;
use crate::domain::call::Call;
use crate::domain::id::DeploymentId;
use sqlx::PgPool;
use time::OffsetDateTime;

/// How many calls of a deployment are kept: the last ones.
const KEPT: usize = 200;

/// Adds the calls of one step, and removes the oldest when there are too many.
pub async fn add(pool: &PgPool, deployment: DeploymentId, calls: &[Call]) -> sqlx::Result<()> {
    let calls = &calls[calls.len().saturating_sub(KEPT)..];
    let seconds_ago: Vec<f64> = calls.iter().map(|call| call.ago.as_secs_f64()).collect();
    let names: Vec<String> = calls.iter().map(|call| call.name.to_owned()).collect();
    let answers: Vec<String> = calls.iter().map(|call| call.answer.clone()).collect();
    let took = calls.iter().map(|call| call.took.as_millis());
    let took: Vec<i32> = took
        .map(|took| i32::try_from(took).unwrap_or(i32::MAX))
        .collect();
    sqlx::query!(
        "with added as (
           insert into deployment_calls (deployment_id, at, call, answer, milliseconds)
           select d.id, clock_timestamp() - new.ago * interval '1 second', new.call, new.answer, new.took
           from unnest($2::float8[], $3::text[], $4::text[], $5::int[]) as new (ago, call, answer, took)
           join deployments d on d.id = $1 and d.log_kept and d.calls_kept
         )
         delete from deployment_calls
         where deployment_id = $1
         and id <= (
           select id
           from deployment_calls
           where deployment_id = $1
           order by id desc
           offset $6
           limit 1
         )",
        deployment.uuid(),
        &seconds_ago,
        &names,
        &answers,
        &took,
        i64::try_from(KEPT - calls.len()).unwrap_or_default()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// A call as listed.
#[derive(Debug)]
pub struct CallRow {
    pub at: OffsetDateTime,
    pub call: String,
    pub answer: String,
    pub milliseconds: i32,
}

/// The calls of a deployment of the owner's environment, in the order in which they began.
pub async fn list(pool: &PgPool, of: Of) -> sqlx::Result<Vec<CallRow>> {
    sqlx::query_as!(
        CallRow,
        "select c.at, c.call, c.answer, c.milliseconds
         from deployment_calls c
         join deployments d on d.id = c.deployment_id
         join environments e on e.id = d.environment_id
         where c.deployment_id = $1
         and d.environment_id = $2
         and e.owner_id = $3
         order by c.at, c.id
         limit $4",
        of.deployment.uuid(),
        of.environment.uuid(),
        of.owner.uuid(),
        i64::try_from(KEPT).unwrap_or_default()
    )
    .fetch_all(pool)
    .await
}
