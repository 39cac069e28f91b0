//! The doctor: prints what the checks of every setting find.

use crate::actions::checks::{self, Finding, Level};
use crate::app::Pace;
use crate::config::Config;
use anyhow::Context;
use std::io::Write;

/// Runs all checks and prints a line for each, or all of them as JSON.
///
/// # Errors
/// When something is wrong, or cannot be printed.
pub async fn run(config: &Config, json: bool) -> anyhow::Result<()> {
    let app = crate::build(config, "vps-claude:doctor:", Pace::default())?;
    let setup = crate::checked(&app, config)?;
    let findings = Box::pin(checks::all(&app, &setup)).await;
    let text = if json {
        format!("{}\n", serde_json::to_string_pretty(&findings)?)
    } else {
        findings.iter().map(line).collect()
    };
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())
        .context("standard output cannot be written")?;
    let wrong = findings
        .iter()
        .filter(|one| one.level == Level::Wrong)
        .count();
    anyhow::ensure!(
        wrong == 0,
        "{wrong} of {} checks found something wrong",
        findings.len()
    );
    Ok(())
}

fn line(finding: &Finding) -> String {
    let mark = match finding.level {
        Level::Fine => "ok     ",
        Level::Warning => "warning",
        Level::Wrong => "WRONG  ",
    };
    format!("{mark}  {}: {}\n", finding.check, finding.text())
}
