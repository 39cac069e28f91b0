//! Who did what to what. Rows are added in the transaction of the change, and the database refuses to change them.

use crate::domain::actor::Actor;
use crate::domain::audit::Entry;
use sqlx::PgConnection;
use std::time::Duration;

/// How many old entries are deleted at once.
const BATCH: i64 = 1_000;

/// Adds an entry, with the person's name as it is now.
pub async fn add(conn: &mut PgConnection, by: &Actor, entry: &Entry<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into audit (user_id, who, way, address, action, subject_kind, subject_id, subject, detail)
         values (
           $1,
           (select name || ' <' || email || '>' from users where id = $1),
           $2, $3::text::inet, $4, $5, $6,
           coalesce($7, (select name || ' <' || email || '>' from users where id = $6), ''),
           $8
         )",
        by.user.map(|user| user.uuid()),
        by.way.word(),
        by.address.map(|address| address.to_string()),
        entry.action.word(),
        entry.action.subject_kind(),
        entry.subject_id,
        entry.subject,
        entry.detail
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes entries that are older, at most a thousand at a time; returns how many.
pub async fn delete_older(conn: &mut PgConnection, retention: Duration) -> sqlx::Result<u64> {
    sqlx::query!(
        r#"select set_config('vps_claude.audit_before', (now() - $1::float8 * interval '1 second')::text, true) as "set!""#,
        retention.as_secs_f64()
    )
    .fetch_one(&mut *conn)
    .await?;
    let deleted = sqlx::query!(
        "delete from audit
         where id in (
           select id
           from audit
           where at < current_setting('vps_claude.audit_before')::timestamptz
           order by at
           limit $1
         )",
        BATCH
    );
    Ok(deleted.execute(conn).await?.rows_affected())
}
