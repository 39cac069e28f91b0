//! Making a cluster: in a folder beside its place, moved there when it is complete, so that nothing is ever half made.

use super::account;
use super::home::Home;
use super::programs::Programs;
use super::trouble::Trouble;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::Output;
use uuid::Uuid;

/// How the name of a folder begins in which a cluster is made.
const NEW: &str = "new-";
/// The database, and the user to whom it belongs.
pub const DATABASE: &str = "vps_claude";
pub const USER: &str = "postgres";
/// Since this version PostgreSQL has rules of its own for letters, which are the same on every system.
const BUILTIN_LOCALE: u32 = 17;

/// The version that made the cluster; none if there is no cluster.
///
/// # Errors
/// When something else is in its place.
pub fn version(cluster: &Path) -> Result<Option<u32>, Trouble> {
    let file = cluster.join("PG_VERSION");
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let major = text.trim().split('.').next().and_then(|it| it.parse().ok());
            major.map(Some).ok_or_else(|| no_cluster(cluster))
        }
        Err(error) if is_missing(&error) && cluster.symlink_metadata().is_err() => Ok(None),
        Err(error) if is_missing(&error) => Err(no_cluster(cluster)),
        Err(error) => Err(Trouble::of_file(&file, "read", &error)),
    }
}

fn is_missing(error: &io::Error) -> bool {
    [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind())
}

fn no_cluster(cluster: &Path) -> Trouble {
    Trouble::Folder(format!(
        "{} is no cluster of PostgreSQL; nothing was changed. Restore it, or move it away to begin with an empty database",
        cluster.display()
    ))
}

/// Makes the cluster with an empty database. `reach` is how the programs reach the servers' folder.
///
/// # Errors
/// When it cannot be made. Then nothing of it is left.
pub async fn create(home: &Home, programs: &Programs, reach: &Path) -> Result<(), Trouble> {
    if home.account.is_shared() {
        return Err(account::nobody());
    }
    if !home.account.is_known() {
        return Err(Trouble::Folder(format!(
            "the user {} has no entry in /etc/passwd, where initdb looks for it; add one, install libnss-systemd, or set DATABASE_URL",
            home.account.name()
        )));
    }
    remove_leftovers(home);
    let name = format!("{NEW}{}", Uuid::now_v7());
    let new = home.servers().join(&name);
    tracing::info!(folder = %home.cluster().display(), version = programs.major, "making a private database");
    let made = fill(home, programs, &reach.join(&name)).await;
    let moved = made.and_then(|()| {
        let moved = std::fs::rename(&new, home.cluster()).and_then(|()| home.sync());
        moved.map_err(|error| Trouble::of_file(&home.cluster(), "made", &error))
    });
    if moved.is_err() {
        std::fs::remove_dir_all(&new).ok();
    }
    moved
}

/// What is left of attempts whose process was killed. One of them may still run: it fails, and its folder has a name of its
/// own.
fn remove_leftovers(home: &Home) {
    let entries = std::fs::read_dir(home.servers()).into_iter().flatten();
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(NEW) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

async fn fill(home: &Home, programs: &Programs, new: &Path) -> Result<(), Trouble> {
    let mut made = Ok(());
    for locale in locales(programs.major) {
        made = initdb(home, programs, new, locale).await;
        let is_unknown =
            matches!(&made, Err(Trouble::Failed(why)) if why.contains("invalid locale"));
        if !is_unknown {
            break;
        }
    }
    made?;
    create_database(home, programs, new).await
}

/// Text is in order of its code points, and knows the upper case of every letter where the system does.
fn locales(major: u32) -> Vec<&'static [&'static str]> {
    let own: &[&str] = &[
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ];
    let of_system: [&[&str]; 2] = [&["--locale=C.UTF-8"], &["--locale=C"]];
    let own = (major >= BUILTIN_LOCALE).then_some(own);
    own.into_iter().chain(of_system).collect()
}

async fn initdb(
    home: &Home,
    programs: &Programs,
    new: &Path,
    locale: &[&str],
) -> Result<(), Trouble> {
    let mut command = home.account.command(&programs.initdb());
    command.arg("-D").arg(new).args(locale).args([
        "--username",
        USER,
        "--encoding=UTF8",
        "--data-checksums",
        // Nobody else may enter the folder of the socket.
        "--auth-local=trust",
        "--auth-host=reject",
    ]);
    let done = command.kill_on_drop(true).output().await;
    complete(done, "initdb").map(drop)
}

/// By a server that reads its standard input, and ends with it.
async fn create_database(home: &Home, programs: &Programs, new: &Path) -> Result<(), Trouble> {
    let (input, mut statement) =
        io::pipe().map_err(|error| Trouble::Failed(format!("no pipe can be made: {error}")))?;
    // A line fits into the pipe.
    writeln!(statement, "create database {DATABASE}").ok();
    drop(statement);
    let mut command = home.account.command(&programs.postgres());
    command.arg("--single").arg("-D").arg(new).arg(USER);
    let done = command.stdin(input).kill_on_drop(true).output().await;
    let done = complete(done, "postgres")?;
    match complaint(&String::from_utf8_lossy(&done.stderr)) {
        Some(why) => Err(Trouble::Failed(format!(
            "the private database cannot be made: {why}"
        ))),
        None => Ok(()),
    }
}

fn complete(done: io::Result<Output>, program: &str) -> Result<Output, Trouble> {
    let why = match done {
        Ok(done) if done.status.success() => return Ok(done),
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            let said = said + &String::from_utf8_lossy(&done.stdout);
            complaint(&said).unwrap_or_else(|| format!("{program} ended with {}", done.status))
        }
        Err(error) => format!("{program} cannot be started: {error}"),
    };
    Err(Trouble::Failed(format!(
        "the private database cannot be made: {why}"
    )))
}

/// The first thing that a program of PostgreSQL complains about; what follows is often a consequence.
pub fn complaint(said: &str) -> Option<String> {
    let of = |line: &str| {
        let words = ["FATAL:", "PANIC:", "ERROR:", "error:"];
        let found = words.iter().find_map(|word| line.split_once(word));
        found.map(|(_, what)| what.trim().to_owned())
    };
    said.lines().find_map(of)
}
