//! What was measured, as tables. It measures nothing.

use super::load::Load;
use super::pages::Cost;
use super::{COMPARED_WITH, CONNECTIONS, ROUNDS, TIME};
use std::fmt::Write as _;

/// How fast an unchanged poll is to be, of a GET from Redis with a fragment.
const TARGET_SHARE: f64 = 0.7;
/// How many statements a second a thousand open pages may cost, with all that the worker does meanwhile.
const TARGET_STATEMENTS: f64 = 20.0;

/// The loads of one subject, one a round.
pub struct Row {
    name: &'static str,
    pub loads: Vec<Load>,
    pub processor_seconds: f64,
}

impl Row {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            loads: vec![],
            processor_seconds: 0.0,
        }
    }

    fn speeds(&self) -> impl Iterator<Item = f64> {
        self.loads.iter().map(|load| load.requests_a_second)
    }

    /// Of what was measured in the same round.
    fn share_of(&self, other: &Self) -> f64 {
        median(
            self.speeds()
                .zip(other.speeds())
                .map(|(own, other)| own / other),
        )
    }

    /// What its process needs for one, in microseconds.
    fn processor_each(&self) -> f64 {
        let requests: f64 = self.loads.iter().map(|load| load.requests).sum();
        self.processor_seconds * 1e6 / requests
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn of_speed(rows: &[Row]) -> String {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let mut table = format!(
        "\nSpeed: {CONNECTIONS} connections, medians of {ROUNDS} rounds of {} s, {build} build, {cores} cores; the load comes from a thread \
         of the test. The poll of an unchanged list is to reach {:.0} % of Redis.\n\n\
         | | requests a second | of Redis | processor time of its process, each | the load's share of a core |\n|---|---|---|---|---|\n",
        TIME.as_secs(),
        TARGET_SHARE * 100.0,
    );
    for row in rows {
        let _ = writeln!(
            table,
            "| {} | {:.0} | {:.0} % | {:.0} µs | {:.0} % |",
            row.name,
            median(row.speeds()),
            row.share_of(&rows[COMPARED_WITH]) * 100.0,
            row.processor_each(),
            median(row.loads.iter().map(|load| load.generator)) * 100.0,
        );
    }
    table
}

pub fn of_pages(readers: usize, cost: &[Cost]) -> String {
    let mut table = format!(
        "\n{readers} open pages of 50 rows, each of another person who has an environment that runs; with all that the worker does, they \
         are to cost less than {TARGET_STATEMENTS:.0} statements a second.\n\n\
         | | polls a second | statements a second | transactions a second | share of a core |\n|---|---|---|---|---|\n",
    );
    for cost in cost {
        let statements = cost
            .statements
            .map_or("not counted".to_owned(), |count| format!("{count:.1}"));
        let _ = writeln!(
            table,
            "| {} | {:.0} | {statements} | {:.1} | {:.1} % |",
            cost.name, cost.polls, cost.transactions, cost.processor,
        );
    }
    if let Some(Cost { most, .. }) = cost.last() {
        table.push_str("\nOf these statements, a second:\n\n");
        for (calls, statement) in most {
            let _ = writeln!(table, "{calls:6.1}  {statement}");
        }
    }
    table
}

pub fn of_memory(memory: &[(&str, f64)]) -> String {
    let mut table = "\n| the dashboard | resident MB |\n|---|---|\n".to_owned();
    for (when, megabytes) in memory {
        let _ = writeln!(table, "| {when} | {megabytes:.0} |");
    }
    table
}
