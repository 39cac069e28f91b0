//! The audit as administrators read it: the newest first, a page at a time. That only administrators ask is checked by the
//! caller.

use crate::domain::audit::Action;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// An entry as it is read.
#[derive(Debug, Clone)]
pub struct AuditRow {
    pub id: i64,
    pub at: OffsetDateTime,
    pub user_id: Option<Uuid>,
    /// The person's name and e-mail address at that time; `None` for the owner of the machine and for the process.
    pub who: Option<String>,
    /// One of the words of `Way`.
    pub way: String,
    pub address: Option<String>,
    /// One of the words of `Action`, or of a newer release.
    pub action: String,
    pub subject_kind: String,
    pub subject_id: Option<Uuid>,
    pub subject: String,
    pub detail: Option<String>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Which entries are read.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub user: Option<Uuid>,
    /// A part of the person's name or e-mail address, in any case.
    pub who: String,
    pub action: Option<Action>,
    pub subject_id: Option<Uuid>,
    /// A part of the subject's name, in any case.
    pub subject: String,
    /// The first moment.
    pub from: Option<OffsetDateTime>,
    /// The first moment that is too late.
    pub until: Option<OffsetDateTime>,
    /// Only entries before this one.
    pub before: Option<i64>,
}

/// At most `limit` entries, newest first.
pub async fn list(pool: &PgPool, filter: &Filter, limit: i64) -> sqlx::Result<Vec<AuditRow>> {
    sqlx::query_as!(
        AuditRow,
        r#"select id, at, user_id, who, way, host(address) as address, action, subject_kind, subject_id, subject, detail, now() as "now!"
           from audit
           where ($1::uuid is null or user_id = $1)
           and ($2 = '' or strpos(lower(who), lower($2)) > 0)
           and ($3::text is null or action = $3)
           and ($4::uuid is null or subject_id = $4)
           and ($5 = '' or strpos(lower(subject), lower($5)) > 0)
           and ($6::timestamptz is null or at >= $6)
           and ($7::timestamptz is null or at < $7)
           and ($8::bigint is null or id < $8)
           order by id desc
           limit $9"#,
        filter.user,
        filter.who,
        filter.action.map(Action::word),
        filter.subject_id,
        filter.subject,
        filter.from,
        filter.until,
        filter.before,
        limit
    )
    .fetch_all(pool)
    .await
}
