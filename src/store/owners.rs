//! Whose environments are: all of an owner's, and another owner for them.

use crate::domain::id::{EnvironmentId, UserId};
use sqlx::PgConnection;

/// All environments of an owner with their names, which are locked.
pub async fn lock_all(
    conn: &mut PgConnection,
    owner: UserId,
) -> sqlx::Result<Vec<(EnvironmentId, String)>> {
    let all = sqlx::query!(
        "select id, name
         from environments
         where owner_id = $1
         order by id
         for update",
        owner.uuid()
    );
    let all = all.fetch_all(conn).await?;
    Ok(all
        .into_iter()
        .map(|row| (row.id.into(), row.name))
        .collect())
}

/// Forgets who began the rollouts in which environments wait, which locks them.
pub async fn forget_rollouts_of(conn: &mut PgConnection, by: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set rollout_by = null
         where rollout_by = $1",
        by.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Gives all environments of an owner to somebody else.
pub async fn hand_over(conn: &mut PgConnection, from: UserId, to: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set owner_id = $2, version = version + 1
         where owner_id = $1",
        from.uuid(),
        to.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}
