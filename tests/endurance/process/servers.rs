//! A PostgreSQL and a Redis of the test's own, which it may stop and start as it likes.

use super::{Dashboard, Person, Process, START, free_port, until};
use sqlx::{Connection, Executor, PgConnection};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many worlds of their own one Redis holds.
const REDIS_DATABASES: u32 = 250;
/// The database that new ones are copied from: its tables are made, and a person is signed in.
const SEED: &str = "seed";

/// Both servers, in a folder that goes with them.
pub struct Servers {
    postgres: Postgres,
    redis: Redis,
    /// The cookie of the person who is signed in wherever a database is copied from the seed.
    pub cookie: String,
    next: AtomicU32,
    // Goes last.
    folder: Folder,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if std::env::var_os("KEEP_LOGS").is_none() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

impl Servers {
    pub async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("vps-claude-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut servers = Self {
            postgres: Postgres::new(&folder),
            redis: Redis::new(&folder),
            cookie: String::new(),
            next: AtomicU32::new(1),
            folder: Folder(folder),
        };
        servers.start_redis().await;
        servers.start_postgres().await;
        servers.sow().await;
        servers
    }

    /// Where logs go.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// A database and a Redis of its own, with a person signed in.
    pub async fn fresh(&self) -> (String, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("world_{number}");
        self.sql(&format!("create database {name} template {SEED}"))
            .await;
        (
            self.postgres.url(&name),
            self.redis.url(number % REDIS_DATABASES),
        )
    }

    /// An empty database and a Redis of its own.
    pub async fn empty(&self) -> (String, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("empty_{number}");
        self.sql(&format!("create database {name}")).await;
        (
            self.postgres.url(&name),
            self.redis.url(number % REDIS_DATABASES),
        )
    }

    /// Runs a statement as the servers' owner.
    pub async fn sql(&self, statement: &str) {
        let mut admin = self.admin().await.unwrap();
        admin.execute(statement).await.unwrap();
        admin.close().await.unwrap();
    }

    async fn admin(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.postgres.url("postgres")).await
    }

    pub async fn start_postgres(&mut self) {
        self.postgres.start();
        until("PostgreSQL", START, async || {
            self.admin().await.ok().map(drop)
        })
        .await;
    }

    /// Stops PostgreSQL at once, as a crash would: the next start recovers from its journal.
    pub fn stop_postgres(&mut self) {
        self.postgres.stop();
    }

    pub async fn start_redis(&mut self) {
        self.redis.start();
        let port = self.redis.port;
        until("Redis", START, async || {
            std::net::TcpStream::connect(("127.0.0.1", port))
                .ok()
                .map(drop)
        })
        .await;
    }

    pub fn stop_redis(&mut self) {
        self.redis.process = None;
    }

    /// Makes the seed: the dashboard itself makes its tables, and a person registers at it.
    async fn sow(&mut self) {
        self.sql(&format!("create database {SEED}")).await;
        let nowhere = "http://127.0.0.1:9";
        let settings = super::dashboard::settings(
            &self.postgres.url(SEED),
            &self.redis.url(0),
            nowhere,
            "localhost",
        );
        let dashboard = Dashboard::start(&settings, &[], &self.folder().join("seed.log")).await;
        self.cookie = Person::register(dashboard.url()).await.cookie;
        drop(dashboard);
        let cut = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{SEED}'"
        );
        self.sql(&cut).await;
    }
}

struct Postgres {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Postgres {
    fn new(folder: &Path) -> Self {
        let postgres = Self {
            programs: programs(),
            data: folder.join("postgres"),
            port: free_port(),
            process: None,
        };
        std::fs::create_dir(&postgres.data).unwrap();
        if let Some((user, group)) = unprivileged() {
            chown(&postgres.data, Some(user), Some(group)).unwrap();
        }
        let mut initdb = postgres.command("initdb");
        initdb.args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "-N"]);
        let made = initdb.arg("-D").arg(&postgres.data).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        postgres
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn start(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.data);
        command.args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=900",
            "shared_buffers=128MB",
            "fsync=off",
            "autovacuum=off",
        ] {
            command.args(["-c", setting]);
        }
        if self.counts_statements() {
            command.args(["-c", "shared_preload_libraries=pg_stat_statements"]);
        }
        let log = self.data.with_extension("log");
        self.process = Some(Process::start(&mut command, &log));
    }

    /// Whether its extension that counts statements is installed, which Debian keeps beside the programs.
    fn counts_statements(&self) -> bool {
        let folder = self.programs.with_file_name("lib");
        folder.join("pg_stat_statements.so").is_file()
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal("QUIT");
            while process.ended().is_none() {
                std::thread::sleep(super::LOOK);
            }
        }
    }

    /// One of PostgreSQL's programs; it refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/");
        if let Some((user, group)) = unprivileged() {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The newest folder that holds PostgreSQL's programs: Debian keeps them out of `PATH`.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let mut debian: Vec<PathBuf> = versions
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.into_iter().rev().chain(std::env::split_paths(&path));
    folders
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .expect("PostgreSQL's programs are installed: scripts/test sees to it")
}

/// Who runs PostgreSQL when the test runs as root; `None` when it does not.
fn unprivileged() -> Option<(u32, u32)> {
    let own = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&own.stdout).trim() != "0" {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    user("postgres:").or_else(|| user("nobody:"))
}

struct Redis {
    port: u16,
    log: PathBuf,
    process: Option<Process>,
}

impl Redis {
    fn new(folder: &Path) -> Self {
        Self {
            port: free_port(),
            log: folder.join("redis.log"),
            process: None,
        }
    }

    fn url(&self, database: u32) -> String {
        format!("redis://127.0.0.1:{}/{database}", self.port)
    }

    fn start(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--port", &self.port.to_string()]);
        command.args(["--databases", &REDIS_DATABASES.to_string()]);
        command.current_dir(self.log.parent().unwrap());
        self.process = Some(Process::start(&mut command, &self.log));
    }
}
