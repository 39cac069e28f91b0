//! A data folder for one test, and what is seen from outside of the PostgreSQL in it. Whatever still runs in it ends with the
//! test.

use crate::program::Program;
use crate::server::Folder;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the processes of a server may take to end.
const ENDING: Duration = Duration::from_mins(1);

/// The folder; the data is below it.
pub struct Data {
    around: Folder,
    below: String,
}

impl Data {
    /// One that is not there yet.
    pub fn new() -> Self {
        Self::below("data")
    }

    /// One with this path below a folder that every user may enter.
    pub fn below(below: &str) -> Self {
        Self {
            around: Folder::new("private"),
            below: below.to_owned(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.around.path().join(&self.below)
    }

    /// The folder around it.
    pub fn around(&self) -> &Path {
        self.around.path()
    }

    pub fn cluster(&self) -> PathBuf {
        self.path().join("postgres/cluster")
    }

    /// A command with everything that `serve` needs but a database.
    pub fn program(&self, arguments: &[&str]) -> Program {
        Program::new(arguments)
            .able_to_serve("")
            .with("DATABASE_URL", "")
            .with("DATA_DIR", self.path().to_str().unwrap())
    }

    /// The number of the server's first process, as it says.
    pub fn pid(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.cluster().join("postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }

    /// Whether any process of the server lives.
    pub fn is_running(&self) -> bool {
        let lock = File::open(self.path().join("postgres.running"));
        lock.is_ok_and(|lock| lock.try_lock().is_err())
    }

    /// Kills every process of the server.
    pub fn kill_all(&self) {
        let first = self.pid().unwrap();
        let children = format!("/proc/{first}/task/{first}/children");
        let children = std::fs::read_to_string(children).unwrap();
        kill("KILL", first);
        for child in children.split_whitespace() {
            kill("KILL", child.parse().unwrap());
        }
        self.wait_for_the_end();
    }

    pub fn wait_for_the_end(&self) {
        let began = Instant::now();
        while self.is_running() {
            assert!(began.elapsed() < ENDING, "the server does not end");
            std::thread::yield_now();
        }
    }

    /// What is in the servers' folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path().join("postgres")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names
            .map(|name| name.into_string().unwrap())
            .filter(|name| !name.starts_with(".s.PGSQL"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if let Some(pid) = self.pid().filter(|_| self.is_running()) {
            kill("QUIT", pid);
        }
    }
}

/// Sends a signal; the process may have ended.
pub fn kill(signal: &str, pid: u32) {
    let pid = pid.to_string();
    let sent = Command::new("kill").args(["-s", signal, &pid]).output();
    sent.unwrap();
}

/// A user without rights, by number, everywhere.
pub const NOBODY: u32 = 65534;

/// A process that has nothing to do with PostgreSQL. It ends with the test.
pub struct Other(Child);

impl Other {
    /// One of this user.
    pub fn of(uid: u32, gid: u32) -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").current_dir("/").stdout(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            command.uid(uid).gid(gid);
        }
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Writes a process's number into the first line of a file.
pub fn renumber(file: &Path, pid: u32) {
    let text = std::fs::read_to_string(file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    std::fs::write(file, format!("{pid}\n{rest}")).unwrap();
}

/// A machine with nothing on it but the executable and what that is linked with.
pub struct Machine(Folder);

impl Machine {
    pub fn new() -> Self {
        let machine = Self(Folder::new("machine"));
        let executable = env!("CARGO_BIN_EXE_vps-claude");
        let linked = Command::new("ldd").arg(executable).output().unwrap();
        let linked = String::from_utf8(linked.stdout).unwrap();
        let files = linked
            .split_whitespace()
            .filter(|word| word.starts_with('/'));
        for file in files {
            machine.copy(file, file.trim_start_matches('/'));
        }
        machine.copy(executable, "vps-claude");
        machine.write("etc/passwd", "nobody:x:65534:65534::/:/bin/false\n");
        machine
    }

    fn copy(&self, from: &str, to: &str) {
        let to = self.0.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }

    pub fn write(&self, name: &str, content: &str) {
        let file = self.0.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// A command there, with everything that `serve` needs but a database.
    pub fn program(&self, command: &str) -> Program {
        Program::inside(self.0.path(), &[command])
            .able_to_serve("")
            .with("DATABASE_URL", "")
            .with("DATA_DIR", "/data")
    }
}
