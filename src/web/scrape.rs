//! What is measured, for Prometheus, on a listener of its own: whoever reaches that may read everything. It has no visitors.

use super::page;
use crate::actions::overview::{self, Overview};
use crate::app::App;
use crate::metrics::Reading;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Mutex;

/// The text format of `OpenMetrics`, which Prometheus reads.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// When the database was last read, and what came of it.
type Kept = Option<(Instant, Option<Overview>)>;

#[derive(Clone)]
struct Scraped {
    app: App,
    kept: Arc<Mutex<Kept>>,
}

/// The router of the listener for metrics.
pub fn router(app: App) -> Router {
    let kept = Arc::default();
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(Scraped { app, kept })
}

async fn metrics(State(scraped): State<Scraped>) -> impl IntoResponse {
    let app = &scraped.app;
    let mut readings = of_process(app);
    readings.push(Reading::one(
        "coolify_calls_left",
        "Calls to Coolify that could begin now",
        f64::from(app.calls.left().await),
    ));
    if let Some(overview) = scraped.overview().await {
        readings.extend(of_database(&overview));
    }
    ([(CONTENT_TYPE, FORMAT)], app.metrics.text(&readings))
}

impl Scraped {
    /// Reads the database, unless that was done some seconds ago, whatever came of it: several scrapers are no load, and wait
    /// for one another. What cannot be read is left out, because nobody knows it.
    async fn overview(&self) -> Option<Overview> {
        let mut kept = self.kept.lock().await;
        if let Some((read, overview)) = &*kept
            && read.elapsed() < self.app.pace.scrape
        {
            return overview.clone();
        }
        let overview = overview::read(&self.app).await;
        *kept = Some((Instant::now(), overview.clone()));
        overview
    }
}

fn of_process(app: &App) -> Vec<Reading> {
    let idle = u32::try_from(app.pool.num_idle()).unwrap_or(u32::MAX);
    let used = app.pool.size().saturating_sub(idle);
    let hanging = app.loops.hanging(app.pace.hang).len();
    vec![
        Reading {
            name: "build_info",
            help: "What runs",
            values: vec![(
                vec![
                    ("version", env!("CARGO_PKG_VERSION")),
                    ("build", page::build()),
                ],
                1.0,
            )],
        },
        Reading {
            name: "pool_connections",
            help: "Connections to PostgreSQL",
            values: vec![
                (vec![("state", "idle")], f64::from(idle)),
                (vec![("state", "used")], f64::from(used)),
            ],
        },
        Reading::one(
            "pool_connections_max",
            "The most connections to PostgreSQL",
            f64::from(app.pool.options().get_max_connections()),
        ),
        Reading::one(
            "loops_hanging",
            "Loops of the worker that hang",
            count(i64::try_from(hanging).unwrap_or(i64::MAX)),
        ),
    ]
}

fn of_database(overview: &Overview) -> Vec<Reading> {
    let mut readings = by_word(overview);
    let counts = [
        (
            "turns_waiting",
            "Deployments that wait for their turn",
            overview.turns_waiting,
        ),
        ("jobs_waiting", "Jobs in the queue", overview.jobs_waiting),
        (
            "jobs_overdue",
            "Jobs that nobody took for a minute",
            overview.jobs_overdue,
        ),
        (
            "jobs_failing",
            "Jobs that were tried more than once",
            overview.jobs_failing,
        ),
        (
            "logs_waiting",
            "Logs of ended deployments that are not in their store yet",
            overview.logs_waiting,
        ),
    ];
    let one = |(name, help, value)| Reading::one(name, help, count(value));
    readings.extend(counts.map(one));
    readings.extend(overview.oldest_check_seconds.map(|seconds| {
        let help = "The time since the least recent check of a running environment";
        Reading::one("oldest_check_seconds", help, seconds)
    }));
    readings
}

fn by_word(overview: &Overview) -> Vec<Reading> {
    let statuses = overview.environments.iter();
    let stages = overview.deployments.iter();
    vec![
        Reading {
            name: "environments",
            help: "Environments by status",
            values: statuses
                .map(|(status, number)| (vec![("status", status.word())], count(*number)))
                .collect(),
        },
        Reading {
            name: "deployments",
            help: "Deployments under way by stage",
            values: stages
                .map(|(stage, number)| (vec![("stage", stage.word())], count(*number)))
                .collect(),
        },
    ]
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 environments")]
fn count(number: i64) -> f64 {
    number as f64
}
