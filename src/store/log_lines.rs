//! Reading logs: the end of one, all of one in parts, and the lines that contain a text. Every WHERE checks the owner, and
//! nothing reads a whole log at once.

use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use sqlx::PgPool;
use time::OffsetDateTime;

/// How many entries are read at once.
pub const ENTRIES: i64 = 4_000;
/// How many characters of a matching line are read.
pub const MATCH_CHARACTERS: i32 = 400;
/// How many of them are before the match.
pub const BEFORE_MATCH: i32 = 100;

/// Whose log.
#[derive(Debug, Clone, Copy)]
pub struct Of {
    pub owner: UserId,
    pub environment: EnvironmentId,
    pub deployment: DeploymentId,
}

/// An entry and its position. Positions that are missing were not kept.
#[derive(Debug)]
pub struct Line {
    pub position: i32,
    pub output: String,
    pub hidden: bool,
    /// The time since the log began, in seconds, where Coolify says it.
    pub seconds: Option<i32>,
    /// The number of its section.
    pub section: Option<i16>,
    /// When, by Coolify's clock.
    pub at: Option<OffsetDateTime>,
    /// Whether it was written to standard error.
    pub is_error: bool,
}

/// The last entries from a position on, up to about so many bytes; of one that is longer by itself, its end.
pub async fn end(pool: &PgPool, of: Of, from: i32, bytes: i32) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        r#"select position, right(output, $5) as "output!", hidden, section, at, error as is_error,
             extract(epoch from at - (
               select at from deployment_log where deployment_id = $1 order by position limit 1
             ))::int as seconds
           from (
             select position, output, hidden, section, at, error,
               sum(octet_length(output)) over (order by position desc) - octet_length(output) as after
             from (
               select l.position, l.output, l.hidden, l.section, l.at, l.error
               from deployment_log l
               join deployments d on d.id = l.deployment_id
               join environments e on e.id = d.environment_id
               where l.deployment_id = $1
               and d.environment_id = $2
               and e.owner_id = $3
               and l.position >= $4
               order by l.position desc
               limit $6
             ) last
           ) sized
           where after < $5
           order by position"#,
        of.deployment.uuid(),
        of.environment.uuid(),
        of.owner.uuid(),
        from,
        bytes,
        ENTRIES
    )
    .fetch_all(pool)
    .await
}

/// A section of a log.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    pub number: i16,
    /// The position of its first entry.
    pub first: i32,
    /// How long it took, or goes on until its last entry, where Coolify says it.
    pub seconds: Option<i32>,
}

/// The sections of a log, in their order.
pub async fn sections(pool: &PgPool, of: Of) -> sqlx::Result<Vec<Section>> {
    sqlx::query_as!(
        Section,
        r#"select section as "number!", first as "first!",
             extract(epoch from coalesce(lead(began) over (order by section), ended) - began)::int as seconds
           from (
             select l.section, min(l.position) as first, min(l.at) as began, max(l.at) as ended
             from deployment_log l
             join deployments d on d.id = l.deployment_id
             join environments e on e.id = d.environment_id
             where l.deployment_id = $1
             and d.environment_id = $2
             and e.owner_id = $3
             and l.section is not null
             group by l.section
           ) sections
           order by section"#,
        of.deployment.uuid(),
        of.environment.uuid(),
        of.owner.uuid()
    )
    .fetch_all(pool)
    .await
}

/// The first entries from a position on, up to about so many bytes, and at least one.
pub async fn part(pool: &PgPool, of: Of, from: i32, bytes: i32) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        "select position, output, hidden, null::int as seconds, null::smallint as section, at, error as is_error
         from (
           select position, output, hidden, at, error,
             sum(octet_length(output)) over (order by position) - octet_length(output) as before
           from (
             select l.position, l.output, l.hidden, l.at, l.error
             from deployment_log l
             join deployments d on d.id = l.deployment_id
             join environments e on e.id = d.environment_id
             where l.deployment_id = $1
             and d.environment_id = $2
             and e.owner_id = $3
             and l.position >= $4
             order by l.position
             limit $6
           ) first
         ) sized
         where before < $5
         order by position",
        of.deployment.uuid(),
        of.environment.uuid(),
        of.owner.uuid(),
        from,
        i64::from(bytes),
        ENTRIES
    )
    .fetch_all(pool)
    .await
}

/// A line that contains a text, or the part of it around the text.
#[derive(Debug)]
pub struct Match {
    /// The position of its entry.
    pub position: i32,
    pub text: String,
    /// How many lines contain the text.
    pub total: i64,
}

/// The first lines that contain a text, compared without case.
pub async fn matches(pool: &PgPool, of: Of, text: &str, most: i64) -> sqlx::Result<Vec<Match>> {
    sqlx::query_as!(
        Match,
        r#"select position, text as "text!", count(*) over () as "total!"
           from (
             select l.position, line.number,
               substr(line.text, greatest(strpos(lower(line.text), lower($4)) - $5, 1), $6) as text
             from deployment_log l
             join deployments d on d.id = l.deployment_id
             join environments e on e.id = d.environment_id
             cross join lateral string_to_table(l.output, e'\n') with ordinality as line (text, number)
             where l.deployment_id = $1
             and d.environment_id = $2
             and e.owner_id = $3
             and strpos(lower(l.output), lower($4)) > 0
             and strpos(lower(line.text), lower($4)) > 0
           ) found
           order by position, number
           limit $7"#,
        of.deployment.uuid(),
        of.environment.uuid(),
        of.owner.uuid(),
        text,
        BEFORE_MATCH,
        MATCH_CHARACTERS,
        most
    )
    .fetch_all(pool)
    .await
}
