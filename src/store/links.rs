//! Links that let somebody in once. It never sees a link's token, only the token's hash.

use crate::domain::id::{LinkId, UserId};
use crate::domain::user::{Email, Role};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// How long an invitation is valid, in days.
const INVITATION_DAYS: i32 = 7;
/// How long a link for a new password is valid, in days.
const RESET_DAYS: i32 = 1;

/// Whom a link lets register.
#[derive(Debug)]
pub struct Entry {
    /// The only address that it is for, if it is for one.
    pub email: Option<String>,
    pub role: Role,
    /// Whether it is for the first administrator.
    pub is_set_up: bool,
}

/// An invitation that nobody has used.
#[derive(Debug)]
pub struct Invitation {
    pub id: Uuid,
    pub email: Option<String>,
    pub role: Role,
    pub by: Option<String>,
    pub expires_at: OffsetDateTime,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Adds a link for the first administrator; `false` while there is an administrator. Those of earlier starts stay valid.
pub async fn set_up(pool: &PgPool, token_hash: &[u8]) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into links (id, kind, token_hash, role)
         select $1, 'set-up', $2, 'administrator'
         where not exists (select from users where role = 'administrator')",
        LinkId::new().uuid(),
        token_hash
    );
    Ok(added.execute(pool).await?.rows_affected() == 1)
}

/// Adds an invitation, and deletes the links that have expired.
pub async fn invite(
    conn: &mut PgConnection,
    token_hash: &[u8],
    email: Option<&Email>,
    role: Role,
    by: Option<UserId>,
) -> sqlx::Result<LinkId> {
    let id = LinkId::new();
    sqlx::query!(
        "with expired as (delete from links where expires_at < now())
         insert into links (id, kind, token_hash, email, role, created_by, expires_at)
         values ($1, 'invitation', $2, $3, $4, $5, now() + make_interval(days => $6))",
        id.uuid(),
        token_hash,
        email.map(Email::as_str),
        role as Role,
        by.map(|by| by.uuid()),
        INVITATION_DAYS
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// The invitations that can be used, newest first, or only this one.
pub async fn invitations(pool: &PgPool, only: Option<LinkId>) -> sqlx::Result<Vec<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"select l.id, l.email, l.role as "role: Role", u.name as "by?", l.expires_at as "expires_at!", now() as "now!"
         from links l
         left join users u on u.id = l.created_by
         where l.kind = 'invitation'
         and l.expires_at > now()
         and ($1::uuid is null or l.id = $1)
         order by l.created_at desc, l.id desc
         limit 1000"#,
        only.map(|id| id.uuid())
    )
    .fetch_all(pool)
    .await
}

/// Deletes an invitation; the address that it was for. `None` when it is not there any more, or has expired.
pub async fn revoke(conn: &mut PgConnection, id: LinkId) -> sqlx::Result<Option<Option<String>>> {
    let revoked = sqlx::query_scalar!(
        "delete from links
         where id = $1
         and kind = 'invitation'
         and expires_at > now()
         returning email",
        id.uuid()
    );
    revoked.fetch_optional(conn).await
}

/// Deletes all links that somebody made.
pub async fn revoke_all_of(conn: &mut PgConnection, by: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from links where created_by = $1", by.uuid())
        .execute(conn)
        .await
        .map(drop)
}

/// Whom the link with this token lets register.
pub async fn entry(pool: &PgPool, token_hash: &[u8]) -> sqlx::Result<Option<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"select email, role as "role!: Role", kind = 'set-up' as "is_set_up!"
         from links
         where token_hash = $1
         and kind in ('set-up', 'invitation')
         and coalesce(expires_at > now(), true)"#,
        token_hash
    )
    .fetch_optional(pool)
    .await
}

/// Uses up the link with this token; `None` when somebody else was faster. With a link for the first administrator, all
/// of these go, and whoever uses another one at the same time waits here and finds it gone.
pub async fn use_up(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<LinkId>> {
    let used = sqlx::query_scalar!(
        r#"with link as (
             select id, kind
             from links
             where token_hash = $1
             and kind in ('set-up', 'invitation')
             and coalesce(expires_at > now(), true)
           ),
           used as (
             delete from links l
             using link
             where l.id = link.id
             or (l.kind = 'set-up' and link.kind = 'set-up')
             returning l.id, l.token_hash
           )
           select id
           from used
           where token_hash = $1"#,
        token_hash
    );
    Ok(used.fetch_optional(conn).await?.map(LinkId::from))
}

/// Adds a link with which somebody sets a new password, in place of their earlier ones; `false` when there is nobody with
/// this id.
pub async fn reset(
    conn: &mut PgConnection,
    token_hash: &[u8],
    user: UserId,
    by: Option<UserId>,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "with earlier as (delete from links where user_id = $3 or expires_at < now())
         insert into links (id, kind, token_hash, user_id, created_by, expires_at)
         select $1, 'reset', $2, id, $4, now() + make_interval(days => $5)
         from users
         where id = $3",
        LinkId::new().uuid(),
        token_hash,
        user.uuid(),
        by.map(|by| by.uuid()),
        RESET_DAYS
    );
    Ok(added.execute(conn).await?.rows_affected() == 1)
}

/// The e-mail address of the account whose password the link with this token sets.
pub async fn email_of_reset(pool: &PgPool, token_hash: &[u8]) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select u.email
         from links l
         join users u on u.id = l.user_id
         where l.token_hash = $1
         and l.expires_at > now()",
        token_hash
    )
    .fetch_optional(pool)
    .await
}

/// Uses up the link with this token; whose password it sets, unless somebody else was faster.
pub async fn use_up_reset(
    conn: &mut PgConnection,
    token_hash: &[u8],
) -> sqlx::Result<Option<UserId>> {
    let used = sqlx::query_scalar!(
        r#"delete from links
           where token_hash = $1
           and kind = 'reset'
           and expires_at > now()
           returning user_id as "user_id!""#,
        token_hash
    );
    Ok(used.fetch_optional(conn).await?.map(UserId::from))
}
