//! `DATA_DIR`: where it is unless it is named, as the platform has it.

use super::wrong::Wrong;
use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use std::path::PathBuf;

const NAME: &str = "vps-claude";
/// Where services keep what they must not lose.
const OF_SERVICES: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support"
} else {
    "/var/lib"
};

/// That of systemd's service; that of services for root and for who has no home; else the user's own.
pub(super) fn default() -> PathBuf {
    let of_service = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    if let Some(folder) = of_service.filter(|folder| folder.is_absolute()) {
        return folder;
    }
    let own = || choose_native_strategy().ok().map(|it| it.data_dir());
    let is_root = nix::unistd::geteuid().is_root();
    let folder = if is_root { None } else { own() };
    folder.unwrap_or(OF_SERVICES.into()).join(NAME)
}

/// A folder by its path; a relative one is below the working folder.
///
/// # Errors
/// When it would be another one in a shell.
pub(super) fn parse(typed: &str) -> Result<PathBuf, Wrong> {
    let wrong = |why: String| Wrong::Invalid("DATA_DIR", why);
    if typed.starts_with('~') {
        let why = "~ is only replaced by a shell; write the whole path of the folder";
        return Err(wrong(why.to_owned()));
    }
    std::path::absolute(typed)
        .map_err(|error| wrong(format!("the working folder is unknown: {error}")))
}
