//! `vps-claude restore`: fills an empty database from a backup, and names the applications in Coolify that the backup does
//! not know.

use crate::actions::orphans;
use crate::app::{App, Pace};
use crate::backup::STANDARD;
use crate::backup::manifest::Manifest;
use crate::backup::reader::{self, Checked, Damaged};
use crate::config::Config;
use crate::coolify::LANDING;
use crate::crash;
use crate::store::restore::{Empty, Refused, check_migrations};
use crate::store::servers;
use anyhow::{Context, anyhow, bail, ensure};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use time::macros::format_description;

/// Restores a backup. Nothing is written to the database unless all of it can be; logs may be in their store before, and
/// are written again by the next attempt.
///
/// # Errors
/// When the backup is damaged or newer, or the database is not empty.
pub async fn run(config: &Config, file: &Path) -> anyhow::Result<()> {
    let shown = file.display().to_string();
    let mut backup = open(file).with_context(|| format!("{shown} cannot be read"))?;
    let manifest = check(&mut backup).with_context(|| shown.clone())?;
    let app = crate::build(config, crate::PREFIX, Pace::default())?;
    let all = config.servers()?;
    let reached = servers::wait(&app.pool, &all).await;
    reached.context("DATABASE_URL")?;
    if manifest.files.iter().any(|file| file.log().is_some()) {
        let tried = app.archive.attempt().await;
        tried.map_err(|why| anyhow!("LOG_STORE_URL: the logs cannot be written: {why}"))?;
    }
    let filled = fill(&app, &manifest, backup).await;
    filled.with_context(|| format!("{shown} is not restored"))?;
    crate::print(said(&manifest)?.as_bytes())?;
    for line in strangers(&app).await {
        crate::print(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

/// The file. What comes from standard input is read twice, so it is kept in a file that has no name.
fn open(file: &Path) -> io::Result<File> {
    if file != Path::new(STANDARD) {
        return File::open(file);
    }
    let mut kept = tempfile::tempfile()?;
    io::copy(&mut io::stdin().lock(), &mut kept)?;
    Ok(kept)
}

/// Whether it is whole, and of this version or an older one.
fn check(backup: &mut (impl Read + Seek)) -> anyhow::Result<Manifest> {
    match reader::check(backup)? {
        Checked::Newer => bail!(Refused::Newer),
        Checked::Whole(manifest) => {
            check_migrations(&manifest.migrations)?;
            Ok(manifest)
        }
    }
}

async fn fill(app: &App, manifest: &Manifest, backup: impl Read + Seek) -> anyhow::Result<()> {
    let mut database = Empty::connect(&app.pool).await?;
    let mut filling = database.fill(&manifest.migrations).await?;
    filling.check_tables(&manifest.tables)?;
    let mut parts = manifest.files.iter();
    for entry in reader::archive(backup)?.entries()? {
        let mut entry = entry?;
        let Some(part) = parts.next() else { break };
        let mut content = vec![];
        entry.read_to_end(&mut content)?;
        if let Some(table) = part.table() {
            let added = filling.add(table, &content).await?;
            ensure!(added == part.rows, Damaged::Different);
        } else if let Some(id) = part.log() {
            let put = app.archive.put(id, content.into()).await;
            put.map_err(|why| anyhow!("LOG_STORE_URL: the logs cannot be written: {why}"))?;
        }
        crash::point("restore.part");
    }
    crash::point("restore.before");
    Ok(filling.finish(manifest.taken_at, LANDING).await?)
}

fn said(manifest: &Manifest) -> anyhow::Result<String> {
    let time = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let taken_at = manifest.taken_at.to_offset(time::UtcOffset::UTC);
    Ok(format!(
        "The backup of {} is restored: {}. Everybody must sign in again.\n",
        taken_at.format(&time)?,
        manifest.counted()
    ))
}

/// What is said of applications that no environment knows.
async fn strangers(app: &App) -> Vec<String> {
    match orphans::find(app, &app.coolify).await {
        Ok(Some(found)) => orphans::sentences(&found),
        _ => vec![
            "Whether Coolify has applications that the backup does not know could not be found out: \
             vps-claude doctor tells it later."
                .to_owned(),
        ],
    }
}
