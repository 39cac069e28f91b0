//! `vps-claude status`: how many there are of everything, and what hangs, for people and for scripts.

use crate::actions::overview;
use crate::app::{App, Pace};
use crate::config::Config;
use crate::store::servers;
use anyhow::{Context, ensure};
use serde::{Serialize, Serializer};
use std::io::Write;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long Redis may take to connect, and how often it is asked meanwhile.
const CONNECTING: Duration = Duration::from_secs(2);
const PULSE: Duration = Duration::from_millis(20);

type Counts = Vec<(&'static str, i64)>;

/// What is printed.
#[derive(Serialize)]
struct Report {
    #[serde(serialize_with = "as_map")]
    environments: Counts,
    #[serde(serialize_with = "as_map")]
    deployments: Counts,
    turns_waiting: i64,
    jobs_waiting: i64,
    jobs_failing: i64,
    jobs_overdue: i64,
    logs_waiting: i64,
    oldest_check_seconds: Option<f64>,
    /// Unknown without Redis: then each process has a budget of its own.
    coolify_calls_left: Option<u32>,
    /// A sentence for each.
    hanging: Vec<String>,
}

/// Prints the overview as lines, or as JSON.
///
/// # Errors
/// When the database cannot be read, or something hangs.
pub async fn run(config: &Config, json: bool) -> anyhow::Result<()> {
    let app = crate::build(config, crate::PREFIX, Pace::default())?;
    let servers = config.servers()?;
    let reached = servers::reach(&app.pool, &servers).await;
    reached.context("DATABASE_URL")?;
    let report = report(&app).await?;
    let text = if json {
        serde_json::to_string_pretty(&report)?
    } else {
        lines(&report)
    };
    let _ = writeln!(std::io::stdout(), "{text}");
    let hanging = report.hanging.len();
    ensure!(hanging == 0, "{hanging} of 2 checks found that work hangs");
    Ok(())
}

fn as_map<S: Serializer>(counts: &Counts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().copied())
}

async fn report(app: &App) -> anyhow::Result<Report> {
    let overview = overview::read(app).await;
    let overview =
        overview.context("DATABASE_URL: it has no tables of this version; run serve first")?;
    let environments = overview.environments.iter();
    let deployments = overview.deployments.iter();
    Ok(Report {
        environments: environments.map(|(it, many)| (it.word(), *many)).collect(),
        deployments: deployments.map(|(it, many)| (it.word(), *many)).collect(),
        turns_waiting: overview.turns_waiting,
        jobs_waiting: overview.jobs_waiting,
        jobs_failing: overview.jobs_failing,
        jobs_overdue: overview.jobs_overdue,
        logs_waiting: overview.logs_waiting,
        oldest_check_seconds: overview.oldest_check_seconds,
        coolify_calls_left: calls_left(app).await,
        hanging: hanging(app, &overview),
    })
}

/// What the shared budget has left, if Redis answers.
async fn calls_left(app: &App) -> Option<u32> {
    let began = Instant::now();
    while !app.redis.answers().await? {
        if began.elapsed() > CONNECTING {
            return None;
        }
        sleep(PULSE).await;
    }
    Some(app.calls.left().await)
}

fn hanging(app: &App, overview: &overview::Overview) -> Vec<String> {
    let mut hanging = vec![];
    if overview.jobs_overdue > 0 {
        hanging.push(format!(
            "Nobody took {} due jobs for a minute. Check that vps-claude runs, and its log.",
            overview.jobs_overdue
        ));
    }
    let limit = app.pace.unconfirmed.as_secs_f64();
    if let Some(seconds) = overview.oldest_check_seconds.filter(|it| *it > limit) {
        hanging.push(format!(
            "A running environment was last checked {seconds:.0} seconds ago. Check that vps-claude runs and reaches Coolify."
        ));
    }
    hanging
}

fn lines(report: &Report) -> String {
    let mut rows: Vec<(String, String)> = vec![];
    let groups = [
        ("environments", &report.environments),
        ("deployments", &report.deployments),
    ];
    for (group, counts) in groups {
        let counts = counts.iter();
        rows.extend(counts.map(|(word, number)| (format!("{group} {word}"), number.to_string())));
    }
    let seconds = report.oldest_check_seconds.map(|it| format!("{it:.0} s"));
    let left = report.coolify_calls_left.map(|left| left.to_string());
    rows.extend([
        ("turns waiting".to_owned(), report.turns_waiting.to_string()),
        ("jobs waiting".to_owned(), report.jobs_waiting.to_string()),
        ("jobs failing".to_owned(), report.jobs_failing.to_string()),
        ("jobs overdue".to_owned(), report.jobs_overdue.to_string()),
        (
            "logs to be moved".to_owned(),
            report.logs_waiting.to_string(),
        ),
        ("oldest check".to_owned(), seconds.unwrap_or("none".into())),
        (
            "calls to Coolify left".to_owned(),
            left.unwrap_or("unknown".into()),
        ),
    ]);
    let rows = rows
        .iter()
        .map(|(name, value)| format!("{name:<24}{value:>9}"));
    let hanging = report
        .hanging
        .iter()
        .map(|sentence| format!("HANGS  {sentence}"));
    rows.chain(hanging).collect::<Vec<_>>().join("\n")
}
