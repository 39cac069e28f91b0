//! `vps-claude backup`: the database, the logs in the object store and the settings without secrets, in one file, while the dashboard serves.

pub mod manifest;
pub mod reader;
mod writer;

use crate::app::Pace;
use crate::archive::{Archive, Trouble};
use crate::config::{self, Config};
use crate::crash;
use crate::domain::id::DeploymentId;
use crate::store::backup::{Snapshot, Table};
use crate::store::{restore, servers};
use anyhow::{Context, bail, ensure};
use manifest::{FORMAT, LOGS, Manifest, SETTINGS};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};
use writer::Writer;

/// Stands for standard output and standard input.
pub const STANDARD: &str = "-";
const UNWRITABLE: &str = "the backup cannot be written";

/// Writes a backup. `settings` are the lines of `vps-claude config`.
///
/// # Errors
/// When the file exists or cannot be written, or the database cannot be read.
pub async fn run(config: &Config, settings: &[String], file: &Path) -> anyhow::Result<()> {
    if file == Path::new(STANDARD) {
        let (manifest, _) = write(config, settings, io::stdout().lock()).await?;
        crate::say(&said(&manifest));
        return Ok(());
    }
    let unfinished = begin(file)?;
    let (manifest, unfinished) = write(config, settings, unfinished).await?;
    crash::point("backup.before");
    finish(unfinished, file).with_context(|| format!("{} cannot be written", file.display()))?;
    let said = format!("{} is written. {}\n", file.display(), said(&manifest));
    crate::print(said.as_bytes())
}

/// A file beside the wanted one, which only its owner may read: the wanted one appears when it is whole.
fn begin(file: &Path) -> anyhow::Result<NamedTempFile> {
    ensure!(
        !file.exists(),
        "{} exists already; name another file",
        file.display()
    );
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let begun = Builder::new().prefix(".backup-").tempfile_in(folder);
    begun.with_context(|| format!("{} cannot be written", file.display()))
}

fn finish(unfinished: NamedTempFile, file: &Path) -> io::Result<()> {
    unfinished.as_file().sync_all()?;
    unfinished.persist_noclobber(file)?;
    // The name is on the disk when its folder is.
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = OpenOptions::new()
        .read(true)
        .open(folder.unwrap_or(Path::new(".")));
    folder?.sync_all()
}

/// What is in it, and who may have it.
fn said(manifest: &Manifest) -> String {
    format!(
        "It holds {} and the hashes of their passwords: keep it where only you can read it.",
        manifest.counted()
    )
}

async fn write<W: Write>(
    config: &Config,
    settings: &[String],
    out: W,
) -> anyhow::Result<(Manifest, W)> {
    let app = crate::build(config, crate::PREFIX, Pace::default())?;
    let all = config.servers()?;
    let reached = servers::wait(&app.pool, &all).await;
    reached.context("DATABASE_URL")?;
    let mut snapshot = Snapshot::take(&app.pool).await.context("DATABASE_URL")?;
    let migrations = snapshot.migrations().await?;
    ensure!(
        !migrations.is_empty(),
        "DATABASE_URL: there is nothing to back up, for the database has no tables of vps-claude"
    );
    let known = restore::check_migrations(&migrations);
    known.context("DATABASE_URL: the database cannot be backed up")?;
    let mut writer = Writer::new(out, snapshot.taken_at);
    let added = writer.add(SETTINGS, (settings.join("\n") + "\n").as_bytes());
    added.context(UNWRITABLE)?;
    let tables = snapshot.tables().await?;
    for table in &tables {
        write_table(&mut snapshot, table, &mut writer).await?;
    }
    let moved = moved_logs(&mut snapshot, &tables).await?;
    let taken_at = snapshot.taken_at;
    // As long as it is open, nothing in the database is cleaned up.
    drop(snapshot);
    write_logs(&app.archive, &moved, &mut writer).await?;
    let manifest = Manifest {
        format: FORMAT,
        program: config::version().to_owned(),
        taken_at,
        migrations,
        tables,
        files: vec![],
    };
    writer.finish(manifest).context(UNWRITABLE)
}

/// The logs that have moved; none in a database of before they did.
async fn moved_logs(snapshot: &mut Snapshot, tables: &[Table]) -> sqlx::Result<Vec<DeploymentId>> {
    if tables.iter().any(|table| table.name == "archived_logs") {
        snapshot.moved_logs().await
    } else {
        Ok(vec![])
    }
}

/// The logs that have moved to the object store. One that is gone was deleted since the snapshot was taken.
async fn write_logs<W: Write>(
    archive: &Archive,
    moved: &[DeploymentId],
    writer: &mut Writer<W>,
) -> anyhow::Result<()> {
    let mut missing = 0;
    for id in moved {
        match archive.get(*id).await {
            Ok(content) => writer
                .add(&format!("{LOGS}/{id}"), &content)
                .context(UNWRITABLE)?,
            Err(Trouble::Missing) => missing += 1,
            Err(why) => bail!("LOG_STORE_URL: the logs cannot be read: {why}"),
        }
    }
    ensure!(
        missing == 0 || missing < moved.len(),
        "LOG_STORE_URL: not one of {missing} logs is there; set it to the store that the dashboard uses"
    );
    if missing > 0 {
        crate::say(&format!(
            "LOG_STORE_URL: {missing} logs are not there any more."
        ));
    }
    Ok(())
}

async fn write_table<W: Write>(
    snapshot: &mut Snapshot,
    table: &Table,
    writer: &mut Writer<W>,
) -> anyhow::Result<()> {
    crash::point("backup.table");
    let mut rows = writer.rows(&table.name);
    let read = snapshot.read(table, |piece| rows.push(piece)).await;
    read.with_context(|| format!("the table {} could not be copied", table.name))?;
    rows.finish().context(UNWRITABLE)
}
