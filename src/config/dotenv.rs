//! The file `.env` of the working folder. Parent folders are not searched: what stands there is of something else.

use super::wrong::Wrong;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

const FILE: &str = ".env";

/// Puts what it holds into the environment, but for what is there already. Returns the names of what it put there.
///
/// # Errors
/// When there is one that cannot be read.
pub(super) fn read() -> Result<BTreeSet<OsString>, Wrong> {
    let there = Path::new(FILE).symlink_metadata();
    if there.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(BTreeSet::new());
    }
    let before = names();
    match dotenvy::from_path(FILE) {
        Ok(()) => Ok(names().difference(&before).cloned().collect()),
        Err(dotenvy::Error::Io(error)) => Err(wrong(format!("the file cannot be read: {error}"))),
        Err(_) => Err(wrong(unreadable_line())),
    }
}

/// The names of all variables.
pub(super) fn names() -> BTreeSet<OsString> {
    std::env::vars_os().map(|(name, _)| name).collect()
}

fn wrong(why: String) -> Wrong {
    Wrong::Invalid(FILE, why)
}

/// Describes the position of the unreadable line. Its content is not printed, because it may contain a secret.
fn unreadable_line() -> String {
    let readable = dotenvy::from_path_iter(FILE).into_iter().flatten();
    match readable.map_while(Result::ok).last() {
        Some((name, _)) => format!("the line after that of {name} cannot be read"),
        None => "its first line cannot be read".to_owned(),
    }
}
