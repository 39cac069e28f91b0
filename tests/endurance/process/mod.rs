//! Processes for tests: PostgreSQL and Redis, a simulated Coolify, the dashboard. They end with their test.

mod coolify;
mod dashboard;
mod servers;
mod world;

pub use coolify::Coolify;
pub use dashboard::{Dashboard, Person, executable};
pub use servers::Servers;
pub use world::{Environment, PASSWORD, World, id_of};

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take to start, and to end when it is asked to.
pub const START: Duration = Duration::from_mins(3);
/// How many ports there are to choose from.
const PORTS: u16 = 12_000;
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A process that is killed when it is dropped.
pub struct Process(Child);

impl Process {
    /// Starts a command with its output in a file.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        Self::of(command)
    }

    /// Starts a command with its output wherever the command says.
    pub fn of(command: &mut Command) -> Self {
        let child = command.spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Sends SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Sends another signal by its name.
    pub fn signal(&self, name: &str) {
        let done = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.id())])
            .status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processor's time so far of a process or thread, by its name below `/proc`.
pub fn processor_seconds(name: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{name}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    // The times of user and system, in hundredths (proc(5)).
    let field = |number: usize| fields[number].parse::<f64>().unwrap();
    (field(11) + field(12)) / 100.0
}

/// A port nobody listens on, below those the kernel gives to outgoing connections, and not the one given out before.
pub fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(rand::random_range(0..PORTS)));
    loop {
        let port = 20_000 + next.fetch_add(1, Ordering::Relaxed) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Looks until something is there.
///
/// # Panics
/// When it is not there in time.
pub async fn until<T>(what: &str, limit: Duration, look: impl AsyncFnMut() -> Option<T>) -> T {
    match wait(limit, look).await {
        Some(found) => found,
        None => panic!("not within {limit:?}: {what}"),
    }
}

/// Looks until something is there, or the time is over.
pub async fn wait<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return Some(found);
        }
        if Instant::now() > end {
            return None;
        }
        tokio::time::sleep(LOOK).await;
    }
}
