//! Why a private PostgreSQL cannot be had, in sentences for who runs the dashboard.

use std::fmt;
use std::io;
use std::path::Path;

/// Why not.
#[derive(Debug)]
pub enum Trouble {
    /// This machine has no programs to run it with.
    NoPrograms(String),
    /// The data folder cannot be used as it is.
    Folder(String),
    /// It should run and does not.
    Failed(String),
}

impl Trouble {
    /// An operation on a file or folder below the data folder failed.
    pub(super) fn of_file(path: &Path, what: &str, error: &io::Error) -> Self {
        let path = path.display();
        let hint = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "; run this as the user to whom it belongs, or name a folder that may be written"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; free some space, or name a folder on another disk"
            }
            _ => "; name a folder that may be written",
        };
        Self::Folder(format!("{path} cannot be {what}: {error}{hint}"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPrograms(why) | Self::Folder(why) | Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Trouble {}
