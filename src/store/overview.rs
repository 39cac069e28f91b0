//! How many there are of everything, for whoever watches the whole.

use crate::domain::deployment::Stage;
use crate::domain::status::Status;
use sqlx::PgPool;

/// How many there are of everything at one moment.
#[derive(Debug, Clone)]
pub struct Overview {
    pub environments: Vec<(Status, i64)>,
    /// Those that have had their turn and not ended.
    pub deployments: Vec<(Stage, i64)>,
    /// Deployments that wait for their turn, in stage `requested`.
    pub turns_waiting: i64,
    pub jobs_waiting: i64,
    /// Jobs that nobody took for a minute after they were due.
    pub jobs_overdue: i64,
    /// Jobs that were tried more than once.
    pub jobs_failing: i64,
    /// Logs of ended deployments that are not in their store yet.
    pub logs_waiting: i64,
    /// How long ago the status of a running environment was confirmed, of the one for which that is the longest ago.
    pub oldest_check_seconds: Option<f64>,
}

struct Row {
    environments: Vec<i64>,
    deployments: Vec<i64>,
    oldest_check_seconds: Option<f64>,
    jobs_waiting: i64,
    jobs_overdue: i64,
    jobs_failing: i64,
    logs_waiting: i64,
}

/// Counts everything in one statement. `retries` is how often a job is tried after its first time.
pub async fn read(pool: &PgPool, retries: i32) -> sqlx::Result<Overview> {
    let row = sqlx::query_as!(
        Row,
        r#"select
             array(
               select count(e.id)
               from unnest($1::text[]) with ordinality as known (word, place)
               left join environments e on e.status = known.word
               group by known.place
               order by known.place
             ) as "environments!",
             array(
               select count(d.id)
               from unnest($2::text[]) with ordinality as known (word, place)
               left join deployments d on d.stage = known.word and d.finished_at is null
               group by known.place
               order by known.place
             ) as "deployments!",
             (
               select extract(epoch from now() - min(coalesce(w.checked_at, e.status_since)))::float8
               from environments e
               join watches w on w.environment_id = e.id
               where e.status = 'running'
             ) as oldest_check_seconds,
             (select count(*) from (select from complete_logs limit 1000) waiting) as "logs_waiting!",
             count(m.attempt_at) as "jobs_waiting!",
             count(*) filter (where m.attempt_at < now() - interval '1 minute') as "jobs_overdue!",
             count(*) filter (where m.attempts < $3) as "jobs_failing!"
           from mq_msgs m
           where m.id <> '00000000-0000-0000-0000-000000000000'"#,
        &Status::ALL.map(|status| status.word().to_owned()),
        &Stage::ALL.map(|stage| stage.word().to_owned()),
        retries
    );
    Ok(row.fetch_one(pool).await?.into())
}

impl From<Row> for Overview {
    fn from(row: Row) -> Self {
        let stages = Stage::ALL.into_iter().zip(row.deployments);
        let (waiting, deployments): (Vec<_>, Vec<_>) =
            stages.partition(|(stage, _)| *stage == Stage::Requested);
        Self {
            environments: Status::ALL.into_iter().zip(row.environments).collect(),
            deployments,
            turns_waiting: waiting.iter().map(|(_, number)| number).sum(),
            jobs_waiting: row.jobs_waiting,
            jobs_overdue: row.jobs_overdue,
            jobs_failing: row.jobs_failing,
            logs_waiting: row.logs_waiting,
            oldest_check_seconds: row.oldest_check_seconds,
        }
    }
}
