//! The server of a data folder: starting it, unless it runs already, and stopping it. The caller holds the lock for that.

use super::cluster;
use super::home::{Home, Lock, SOCKET};
use super::programs::{self, Programs};
use super::trouble::Trouble;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// What the processes of a server are started with, and are known by.
const NAME: &str = "cluster_name=vps-claude";
/// Between two looks.
const PULSE: Duration = Duration::from_millis(5);
/// How long one that runs may take until it answers.
const PATIENCE: Duration = Duration::from_mins(5);
/// When it is said that a start takes its time.
const SLOW: Duration = Duration::from_secs(5);
/// The log begins anew when it is longer, in bytes.
const LONGEST_LOG: u64 = 1 << 20;

/// Waits until the server answers, and starts it if it does not run.
///
/// # Errors
/// When it cannot be started.
pub async fn ensure(home: &Home) -> Result<(), Trouble> {
    let began = Instant::now();
    while !is_ready(home).await {
        if let Some(lock) = unless_running(home)? {
            return start(home, lock).await;
        }
        if began.elapsed() > PATIENCE {
            let (log, secs) = (home.log(), PATIENCE.as_secs());
            return Err(Trouble::Failed(format!(
                "the private PostgreSQL runs and did not answer for {secs} seconds; its log is {}",
                log.display()
            )));
        }
        sleep(PULSE).await;
    }
    Ok(())
}

/// Whether any process of the server lives.
///
/// # Errors
/// When the lock cannot be opened.
pub fn is_running(home: &Home) -> Result<bool, Trouble> {
    unless_running(home).map(|lock| lock.is_none())
}

/// Asks the server to end now, and waits until all its processes have. A server that takes longer ends by itself.
///
/// # Errors
/// When the lock cannot be opened.
pub async fn stop(home: &Home, patience: Duration) -> Result<(), Trouble> {
    let (began, mut asked) = (Instant::now(), None);
    while is_running(home)? {
        let pid =
            pid(&pid_file(home)).filter(|pid| asked != Some(*pid) && is_in_cluster(home, *pid));
        if let Some(pid) = pid {
            // Ends sessions, and writes everything to its place before it ends.
            kill(Pid::from_raw(pid), Signal::SIGINT).ok();
            asked = Some(pid);
        }
        if began.elapsed() > patience {
            tracing::warn!("the private PostgreSQL is still stopping");
            return Ok(());
        }
        sleep(PULSE).await;
    }
    Ok(())
}

/// The lock that the processes of a server hold, if none of them lives.
fn unless_running(home: &Home) -> Result<Option<File>, Trouble> {
    let file = home.lock(Lock::Running)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Trouble::of_file(&home.servers(), "locked", &error)),
    }
}

async fn start(home: &Home, lock: File) -> Result<(), Trouble> {
    let version = cluster::version(&home.cluster())?;
    let programs = programs::find(&home.account, version, &home.cluster()).await?;
    let reach = home.servers_for(may_enter(home, &programs).await)?;
    if version.is_none() {
        cluster::create(home, &programs, &reach).await?;
    }
    forget_dead(home);
    let log = open_log(home)?;
    let log_began = log.metadata().map_or(0, |log| log.len());
    let child = server(home, &programs, &reach)
        .stdin(lock)
        .stdout(clone(home, &log)?)
        .stderr(log)
        .spawn();
    let child = child.map_err(|error| {
        Trouble::Failed(format!("the private PostgreSQL cannot be started: {error}"))
    })?;
    until_ready(home, child, log_began).await
}

/// Whether the user who runs the server may enter its folder by its path. Root may, so it need not be so.
async fn may_enter(home: &Home, programs: &Programs) -> bool {
    let mut command = home.account.command(&programs.postgres());
    command.arg("--version").current_dir(home.servers());
    !home.account.is_other || command.output().await.is_ok()
}

/// What must be so is said here, which goes before what stands in the cluster's own files.
fn server(home: &Home, programs: &Programs, reach: &Path) -> Command {
    let sockets = reach.display().to_string().replace('"', "\"\"");
    let mut command = home.account.command(&programs.postgres());
    command.arg("-D").arg(reach.join("cluster"));
    for setting in [
        "listen_addresses=",
        "port=5432",
        &format!("unix_socket_directories=\"{sockets}\""),
        "unix_socket_permissions=0700",
        NAME,
        "log_destination=stderr",
        "logging_collector=off",
        "log_checkpoints=off",
        // It needs memory that is written and executed, which hardened services may not have.
        "jit=off",
    ] {
        command.arg("-c").arg(setting);
    }
    command
}

async fn until_ready(home: &Home, mut child: Child, log_began: u64) -> Result<(), Trouble> {
    let (began, mut was_said) = (Instant::now(), false);
    while !is_ready(home).await {
        if !matches!(child.try_wait(), Ok(None)) {
            return Err(Trouble::Failed(format!(
                "the private PostgreSQL does not start: {}; its log is {}",
                reason(home, log_began),
                home.log().display()
            )));
        }
        if began.elapsed() > SLOW && !was_said {
            tracing::info!("the private PostgreSQL is starting; after a crash this takes longer");
            was_said = true;
        }
        sleep(PULSE).await;
    }
    tracing::info!(folder = %home.cluster().display(), "started the private PostgreSQL");
    Ok(())
}

/// Whether it accepts connections: it says so in a file, which stays when it is killed.
async fn is_ready(home: &Home) -> bool {
    let Ok(folder) = home.socket_folder() else {
        return false;
    };
    says_ready(home) && UnixStream::connect(folder.join(SOCKET)).await.is_ok()
}

fn says_ready(home: &Home) -> bool {
    let lines = std::fs::read_to_string(pid_file(home)).unwrap_or_default();
    let state = lines.lines().nth(7);
    state.is_some_and(|state| state.trim() == "ready")
}

fn pid_file(home: &Home) -> PathBuf {
    home.cluster().join("postmaster.pid")
}

/// The number of a process in the first line of a file.
fn pid(file: &Path) -> Option<i32> {
    let lines = std::fs::read_to_string(file).ok()?;
    let pid = lines.lines().next()?.trim().parse().ok();
    pid.filter(|pid| *pid > 1)
}

/// A server works in its cluster's folder. Elsewhere than on Linux this cannot be seen.
fn is_in_cluster(home: &Home, pid: i32) -> bool {
    works_in(home, pid).unwrap_or(!cfg!(target_os = "linux"))
}

fn works_in(home: &Home, pid: i32) -> Option<bool> {
    match std::fs::metadata(format!("/proc/{pid}/cwd")) {
        Ok(theirs) => {
            let cluster = home.cluster().metadata().ok()?;
            Some((theirs.dev(), theirs.ino()) == (cluster.dev(), cluster.ino()))
        }
        // In a container, root may not look into processes of others (CAP_SYS_PTRACE), but may read their command line.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            Some(String::from_utf8_lossy(&line).contains(NAME))
        }
        Err(_) => None,
    }
}

/// PostgreSQL does not start while there is a process with the number of one that was killed. Here it is known that no server
/// lives: one that works elsewhere is another, and one that works nowhere is dead and was not waited for.
fn forget_dead(home: &Home) {
    for file in [
        pid_file(home),
        home.servers().join(format!("{SOCKET}.lock")),
    ] {
        let found = pid(&file).filter(|pid| Path::new(&format!("/proc/{pid}")).exists());
        if found.is_some_and(|pid| works_in(home, pid) != Some(true)) {
            std::fs::remove_file(&file).ok();
        }
    }
}

fn open_log(home: &Home) -> Result<File, Trouble> {
    let path = home.log();
    if path.metadata().is_ok_and(|log| log.len() > LONGEST_LOG) {
        std::fs::rename(&path, path.with_extension("log.1")).ok();
    }
    home.file(&path)
}

fn clone(home: &Home, log: &File) -> Result<File, Trouble> {
    log.try_clone()
        .map_err(|error| Trouble::of_file(&home.log(), "opened", &error))
}

/// What the log says since then.
fn reason(home: &Home, since: u64) -> String {
    let read = || {
        let mut log = File::open(home.log())?;
        log.seek(SeekFrom::Start(since))?;
        let mut said = vec![];
        log.read_to_end(&mut said)?;
        std::io::Result::Ok(String::from_utf8_lossy(&said).into_owned())
    };
    let said = read().unwrap_or_default();
    cluster::complaint(&said).unwrap_or_else(|| "it says nothing".to_owned())
}
