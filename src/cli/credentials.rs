//! The file with the token of `login`, in the platform's folder for settings of the user. Only its owner may read it, from
//! its first moment on.

use super::failure::Failure;
use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FOLDER: &str = "vps-claude";
const FILE: &str = "login.json";
/// Only the owner may enter.
const FOLDER_MODE: u32 = 0o700;
/// Only the owner may read and write.
const FILE_MODE: u32 = 0o600;

/// A token, and the dashboard that it is for.
#[derive(Deserialize)]
pub struct Credentials {
    pub url: String,
    pub token: SecretString,
}

/// The folder of the file.
///
/// # Errors
/// When the user has no home.
pub fn folder() -> Result<PathBuf, Failure> {
    let strategy = choose_native_strategy();
    let strategy = strategy.map_err(|_| {
        Failure::usage(
            "Your home folder is unknown: set HOME, or VPS_CLAUDE_URL and VPS_CLAUDE_TOKEN.",
        )
    })?;
    Ok(strategy.config_dir().join(FOLDER))
}

/// What `login` stored, if it did.
///
/// # Errors
/// When it cannot be read.
pub fn read(folder: &Path) -> Result<Option<Credentials>, Failure> {
    let file = folder.join(FILE);
    let text = match fs::read_to_string(&file) {
        Err(error) if is_absent(&error) => return Ok(None),
        text => text.map_err(|error| trouble("read", &file, &error))?,
    };
    // What is wrong with it may quote it.
    let parsed = serde_json::from_str(&text).map_err(|_| {
        let file = file.display();
        Failure::usage(format!("{file} is damaged. Run vps-claude login again."))
    })?;
    Ok(Some(parsed))
}

/// Stores a token for a dashboard, in place of what was stored before.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, url: &str, token: &SecretString) -> Result<(), Failure> {
    let file = folder.join(FILE);
    let text = json!({ "url": url, "token": token.expose_secret() }).to_string();
    replace(folder, &file, &text).map_err(|error| trouble("written", &file, &error))
}

/// Removes it; returns whether it was there.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(folder: &Path) -> Result<bool, Failure> {
    let file = folder.join(FILE);
    match fs::remove_file(&file) {
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(trouble("removed", &file, &error)),
        Ok(()) => Ok(true),
    }
}

fn replace(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(FOLDER_MODE).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    let mut new = tempfile::Builder::new()
        .permissions(Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder)?;
    writeln!(new, "{text}")?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn trouble(what: &str, file: &Path, error: &io::Error) -> Failure {
    let file = file.display();
    Failure::failed(format!("{file} cannot be {what}: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODE: u32 = 0o777;

    #[test]
    fn only_the_owner_may_read_the_file_whatever_was_there_before() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("config").join(FOLDER);
        assert!(read(&folder).unwrap().is_none());
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(FILE);
        fs::write(&file, "{").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        write(&folder, "https://a.example", &"vpsc_a".into()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & MODE;
        assert_eq!((mode(&folder), mode(&file)), (FOLDER_MODE, FILE_MODE));
        let kept = read(&folder).unwrap().unwrap();
        assert_eq!(kept.url, "https://a.example");
        assert_eq!(kept.token.expose_secret(), "vpsc_a");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(remove(&folder).unwrap());
        assert!(!remove(&folder).unwrap());
    }

    #[test]
    fn a_damaged_file_is_named_and_not_quoted() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FILE), "{\"token\": vpsc_hidden").unwrap();
        let failure = read(home.path()).err().unwrap();
        assert!(failure.sentence.contains("login.json is damaged"));
        assert!(!failure.sentence.contains("vpsc_"));
    }
}
