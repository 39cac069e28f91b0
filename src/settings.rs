//! `vps-claude config`: every setting, where it comes from, and what is wrong with it.

use crate::config::given::Given;
use crate::{database, private_postgres};
use std::io::Write;

/// Prints every setting.
///
/// # Errors
/// The first thing that is wrong with them.
pub async fn print(given: &Given) -> anyhow::Result<()> {
    for line in given.report() {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    let settings = &given.line.settings;
    if let Some(wrong) = settings.problems().into_iter().next() {
        return Err(wrong.into());
    }
    if settings.database_url()?.is_none() {
        let checked = private_postgres::check(&settings.data_dir()?).await;
        checked.map_err(database::worded)?;
    }
    Ok(())
}
