//! The programs of PostgreSQL on this machine: where they are, and of which version.

use super::account::Account;
use super::platform;
use super::trouble::Trouble;
use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The oldest version that the dashboard works with.
const OLDEST: u32 = 15;
/// Where packages put them beside `PATH`: a folder, how the names in it begin, and what follows.
const PLACES: [(&str, &str, &str); 10] = [
    // Debian, Ubuntu.
    ("usr/lib/postgresql", "", "bin"),
    // PostgreSQL's own packages for Fedora and its relatives.
    ("usr", "pgsql-", "bin"),
    // Alpine.
    ("usr/libexec", "postgresql", ""),
    // openSUSE, Gentoo.
    ("usr/lib", "postgresql", "bin"),
    ("usr/lib64", "postgresql-", "bin"),
    // Built from source.
    ("usr/local", "pgsql", "bin"),
    // Homebrew, on Apple's processors, on Intel's, and on Linux.
    ("opt/homebrew/opt", "postgresql", "bin"),
    ("usr/local/opt", "postgresql", "bin"),
    ("home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    // Postgres.app.
    ("Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The programs of one version.
#[derive(Debug)]
pub struct Programs {
    folder: PathBuf,
    pub major: u32,
}

impl Programs {
    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

impl fmt::Display for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.major, self.folder.display())
    }
}

/// The programs of this version, or the first ones that are new enough for a new cluster.
///
/// # Errors
/// When there are none. `cluster` is the one that needs them.
pub async fn find(
    account: &Account,
    wanted: Option<u32>,
    cluster: &Path,
) -> Result<Programs, Trouble> {
    let path = std::env::var_os("PATH");
    let mut others = vec![];
    let folders = candidates(Path::new("/"), path.as_deref());
    if let Some(found) = first(account, wanted, folders, &mut others).await {
        return Ok(found);
    }
    let folders = of_pg_config().await.into_iter().collect();
    if let Some(found) = first(account, wanted, folders, &mut others).await {
        return Ok(found);
    }
    let others: Vec<String> = others.iter().map(Programs::to_string).collect();
    Err(match wanted {
        Some(wanted) => other_version(wanted, &others, cluster),
        None => none(&others),
    })
}

/// The first that fit; adds those that do not to the others.
async fn first(
    account: &Account,
    wanted: Option<u32>,
    folders: Vec<PathBuf>,
    others: &mut Vec<Programs>,
) -> Option<Programs> {
    for folder in folders {
        let program = |folder: &Path| folder.join("postgres").canonicalize().ok();
        let is_known = |other: &Programs| program(&other.folder) == program(&folder);
        if others.iter().any(is_known) {
            continue;
        }
        let Some(major) = major(account, &folder).await else {
            continue;
        };
        let found = Programs { folder, major };
        if wanted.map_or(major >= OLDEST, |wanted| wanted == major) {
            return Some(found);
        }
        others.push(found);
    }
    None
}

/// The folders that have them: those of `PATH`, then the usual places below this folder, newest version first.
fn candidates(root: &Path, path: Option<&OsStr>) -> Vec<PathBuf> {
    let in_path = path.iter().flat_map(std::env::split_paths);
    let usual = PLACES.iter().flat_map(|place| versions(root, place));
    let folders = in_path.filter(|folder| folder.is_absolute()).chain(usual);
    let has = |folder: &PathBuf, name| folder.join(name).is_file();
    folders
        .filter(|folder| has(folder, "initdb") && has(folder, "postgres"))
        .collect()
}

fn versions(root: &Path, (folder, begin, rest): &(&str, &str, &str)) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten();
    let paths = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<(u32, PathBuf)> = paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_prefix(begin)?;
            Some((number(name), path.join(rest)))
        })
        .collect();
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The first number in a name, or 0.
fn number(name: &str) -> u32 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().unwrap_or(0)
}

/// Where `pg_config` says that they are.
async fn of_pg_config() -> Option<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().await;
    let said = String::from_utf8(asked.ok()?.stdout).ok()?;
    let folder = PathBuf::from(said.trim());
    folder.join("initdb").is_file().then_some(folder)
}

/// The version of the server there; none if this user cannot run it.
async fn major(account: &Account, folder: &Path) -> Option<u32> {
    let mut command = account.command(&folder.join("postgres"));
    let said = command.arg("--version").output().await.ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let (_, version) = said.split_once("(PostgreSQL)")?;
    Some(number(version)).filter(|major| *major > 0)
}

fn none(others: &[String]) -> Trouble {
    let install = platform::install().map_or(String::new(), |command| {
        format!("install them with `{command}`, or ")
    });
    let others = match others {
        [] => String::new(),
        others => format!(" (only those of {})", others.join(" and ")),
    };
    Trouble::NoPrograms(format!(
        "this machine has no programs of PostgreSQL {OLDEST} or newer for a database of the dashboard's own{others}; {install}set it to postgres://user:password@host:5432/database"
    ))
}

fn other_version(wanted: u32, others: &[String], cluster: &Path) -> Trouble {
    let here = match others {
        [] => "there are no programs of PostgreSQL".to_owned(),
        others => format!("there are only the programs of {}", others.join(" and ")),
    };
    Trouble::Folder(format!(
        "{} was made by PostgreSQL {wanted}, and {here}; nothing was changed. Either install the programs of {wanted}, or dump it with pg_dump on a machine that has them and restore that into a new folder",
        cluster.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A machine with programs in these folders.
    struct Machine(PathBuf);

    impl Machine {
        fn with(folders: &[&str]) -> Self {
            let root = std::env::temp_dir().join(format!("machine-{}", uuid::Uuid::now_v7()));
            for folder in folders {
                let folder = root.join(folder);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("initdb"), "").unwrap();
                fs::write(folder.join("postgres"), "").unwrap();
            }
            Self(root)
        }

        fn found(&self, path: &str) -> Vec<String> {
            let path = std::env::join_paths([self.0.join(path)]).unwrap();
            let found = candidates(&self.0, Some(&path));
            let name = |folder: PathBuf| folder.strip_prefix(&self.0).unwrap().to_owned();
            let names = found.into_iter().map(name);
            names.map(|name| name.display().to_string()).collect()
        }
    }

    impl Drop for Machine {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn programs_are_looked_for_in_path_and_then_in_each_usual_place_newest_first() {
        let machine = Machine::with(&[
            "usr/bin",
            "usr/lib/postgresql/9.6/bin",
            "usr/lib/postgresql/15/bin",
            "usr/lib/postgresql/17/bin",
            "usr/pgsql-16/bin",
            "usr/libexec/postgresql18",
            "opt/homebrew/opt/postgresql@16/bin",
            "Applications/Postgres.app/Contents/Versions/17/bin",
        ]);
        let expected = [
            "usr/bin",
            "usr/lib/postgresql/17/bin",
            "usr/lib/postgresql/15/bin",
            "usr/lib/postgresql/9.6/bin",
            "usr/pgsql-16/bin",
            "usr/libexec/postgresql18",
            "opt/homebrew/opt/postgresql@16/bin",
            "Applications/Postgres.app/Contents/Versions/17/bin",
        ];
        assert_eq!(machine.found("usr/bin"), expected);
        let expected = &expected[1..];
        assert_eq!(machine.found("usr/pgsql-17/bin"), expected);
    }

    #[test]
    fn half_an_installation_is_none() {
        let machine = Machine::with(&["usr/lib/postgresql/17/bin"]);
        fs::remove_file(machine.0.join("usr/lib/postgresql/17/bin/initdb")).unwrap();
        assert!(machine.found("usr/bin").is_empty());
    }
}
