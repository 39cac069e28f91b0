//! A thousand open pages, each polling as its browser does.

use super::load::Connection;
use super::people::{Poll, Reader, open};
use crate::process::{Dashboard, World};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};

/// How long the pages are open, and how long nobody looks before that.
const OPEN: Duration = Duration::from_mins(1);
const ALONE: Duration = Duration::from_secs(20);
/// How many rows a page has, and how often it polls while nothing moves.
const ROWS: usize = 50;
const EVERY: Duration = Duration::from_secs(5);
/// How many pages are opened at once.
const OPENED_AT_ONCE: usize = 50;
/// How many statements are named.
const NAMED: usize = 8;

/// What something cost, a second.
pub struct Cost {
    pub name: &'static str,
    pub polls: f64,
    /// `None` when PostgreSQL cannot count them.
    pub statements: Option<f64>,
    pub transactions: f64,
    /// The dashboard's share of a core, in percent.
    pub processor: f64,
    /// The most frequent statements.
    pub most: Vec<(f64, String)>,
}

/// Measures the dashboard alone, then with a page open for each of these people.
pub async fn keep_open(
    world: &World,
    dashboard: &Dashboard,
    readers: &[Reader],
    memory: &mut Vec<(&'static str, f64)>,
) -> Vec<Cost> {
    // It fails where PostgreSQL was started without it.
    let create = sqlx::query("create extension pg_stat_statements");
    let is_counting = create.execute(&world.database).await.is_ok();
    let meter = Meter {
        world,
        dashboard,
        is_counting,
    };
    let alone = meter.measure("nobody looks", async {
        tokio::time::sleep(ALONE).await;
        0
    });
    let alone = alone.await;
    let polls = open_all(dashboard.address(), readers).await;
    memory.push(("with the pages just opened", dashboard.memory_mb("VmRSS")));
    let open = meter
        .measure("the pages are open", poll(dashboard.address(), polls))
        .await;
    memory.push(("after a minute of polls", dashboard.memory_mb("VmRSS")));
    vec![alone, open]
}

/// Opens the pages, and polls each once.
async fn open_all(address: SocketAddr, readers: &[Reader]) -> Vec<Poll> {
    let mut polls = vec![];
    for readers in readers.chunks(OPENED_AT_ONCE) {
        let opened = readers
            .iter()
            .map(|reader| open(address, "/environments", reader));
        polls.extend(futures_util::future::join_all(opened).await);
    }
    for poll in &polls {
        assert_eq!((poll.rows, poll.every), (ROWS, EVERY));
    }
    polls
}

/// Polls each page at its interval, spread evenly, and counts the polls.
async fn poll(address: SocketAddr, polls: Vec<Poll>) -> u32 {
    let (began, mut pages) = (Instant::now(), JoinSet::new());
    let apart = EVERY / u32::try_from(polls.len()).unwrap();
    for (number, poll) in (0..).zip(polls) {
        pages.spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            let mut ticks = interval_at((began + apart * number).into(), poll.every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut count = 0;
            while ticks.tick().await.into_std() < began + OPEN {
                assert_eq!(connection.ask(&poll.request).await.unwrap(), 204);
                count += 1;
            }
            count
        });
    }
    pages.join_all().await.into_iter().sum()
}

struct Meter<'a> {
    world: &'a World,
    dashboard: &'a Dashboard,
    is_counting: bool,
}

impl Meter<'_> {
    async fn measure(&self, name: &'static str, act: impl Future<Output = u32>) -> Cost {
        if self.is_counting {
            let reset = sqlx::query("select pg_stat_statements_reset()");
            reset.execute(&self.world.database).await.unwrap();
        }
        let (began, transactions) = (Instant::now(), self.transactions().await);
        let processor = self.dashboard.processor_seconds();
        let polls = act.await;
        let seconds = began.elapsed().as_secs_f64();
        let (statements, most) = self.statements(seconds).await;
        Cost {
            name,
            polls: f64::from(polls) / seconds,
            statements,
            transactions: (self.transactions().await - transactions) / seconds,
            processor: (self.dashboard.processor_seconds() - processor) / seconds * 100.0,
            most,
        }
    }

    async fn transactions(&self) -> f64 {
        let count = "select (xact_commit + xact_rollback)::float8
                     from pg_stat_database where datname = current_database()";
        let count = sqlx::query_scalar(count).fetch_one(&self.world.database);
        count.await.unwrap()
    }

    /// The statements a second since the counter began anew, and the most frequent of them. Its own are left out.
    async fn statements(&self, seconds: f64) -> (Option<f64>, Vec<(f64, String)>) {
        if !self.is_counting {
            return (None, vec![]);
        }
        let counted =
            "select calls::float8 / $1, left(regexp_replace(query, '\\s+', ' ', 'g'), 100)
                       from pg_stat_statements
                       where dbid = (select oid from pg_database where datname = current_database())
                       and query !~ 'pg_stat_'
                       order by calls desc";
        let counted = sqlx::query_as(counted).bind(seconds);
        let counted: Vec<(f64, String)> = counted.fetch_all(&self.world.database).await.unwrap();
        let all = counted.iter().map(|(calls, _)| calls).sum();
        (Some(all), counted.into_iter().take(NAMED).collect())
    }
}
