//! What a backup says of itself: from which version it is, and which files it holds. It is the last file in it, so that
//! one that was cut off has none.

use crate::domain::id::DeploymentId;
use crate::store::backup::{Applied, Table};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The version of the file's layout. A change that older versions cannot read gets another.
pub const FORMAT: u32 = 1;
/// The name of the manifest, and of the settings without secrets.
pub const MANIFEST: &str = "manifest.json";
pub const SETTINGS: &str = "settings.txt";
/// The folder of the tables' rows, and that of the logs which are not in the database.
pub const TABLES: &str = "tables";
pub const LOGS: &str = "logs";

/// All that must hold of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Which vps-claude wrote it.
    pub program: String,
    #[serde(with = "time::serde::rfc3339")]
    pub taken_at: OffsetDateTime,
    pub migrations: Vec<Applied>,
    pub tables: Vec<Table>,
    /// The files before the manifest, in their order.
    pub files: Vec<File>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub name: String,
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: String,
    /// Of a table's rows, how many.
    pub rows: u64,
}

impl File {
    /// The table whose rows it holds, if it holds rows.
    pub fn table(&self) -> Option<&str> {
        self.below(TABLES)
    }

    /// The deployment whose log it holds, if it holds a log.
    pub fn log(&self) -> Option<DeploymentId> {
        self.below(LOGS)?.parse().ok()
    }

    fn below(&self, folder: &str) -> Option<&str> {
        let mut parts = self.name.split('/');
        parts.next().filter(|first| *first == folder)?;
        parts.next()
    }
}

impl Manifest {
    /// How much it holds, in words.
    pub fn counted(&self) -> String {
        let [accounts, environments, deployments] =
            ["users", "environments", "deployments"].map(|table| {
                let files = self.files.iter();
                let rows = files.filter(|file| file.table() == Some(table));
                rows.map(|file| file.rows).sum::<u64>()
            });
        let (accounts, environments) =
            (many(accounts, "account"), many(environments, "environment"));
        format!(
            "{accounts}, {environments}, {}",
            many(deployments, "deployment")
        )
    }
}

fn many(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}
