//! How each crash point ended, as a table.

use super::points::Point;
use std::fmt::Write as _;
use std::time::Duration;

/// How it went.
pub struct Outcome {
    pub point: Point,
    /// Seconds from the restart until the environment was taken up again; none when nothing was left to do.
    pub begins: Option<f64>,
    pub seconds: f64,
    pub end: String,
    pub applications: usize,
    pub builds: u64,
    pub at_once: u64,
    pub wrong: Vec<String>,
}

/// A line for each crash point.
pub fn table(outcomes: &[Outcome], took: Duration) -> String {
    let mut table = format!(
        "\nCrash matrix: SIGKILL, restart at once; lease 25 s, landing 60 s as in production; {} points in {:.0} s\n\n\
         | crash point | taken up after | end | applications | builds | at once | seconds to the end |\n\
         |---|---|---|---|---|---|---|\n",
        outcomes.len(),
        took.as_secs_f64(),
    );
    for one in outcomes {
        let begins = one.begins.map_or("nothing to do".to_owned(), |begins| {
            format!("{begins:.1} s")
        });
        writeln!(
            table,
            "| {} | {begins} | {}{} | {} | {} | {} | {:.1} |",
            one.point.label(),
            one.end,
            if one.wrong.is_empty() { "" } else { " WRONG" },
            one.applications,
            one.builds,
            one.at_once,
            one.seconds,
        )
        .unwrap();
    }
    let slowest = outcomes
        .iter()
        .filter_map(|one| one.begins)
        .fold(0.0, f64::max);
    writeln!(
        table,
        "\nTaken up again after {slowest:.1} s at the latest."
    )
    .unwrap();
    table
}
