//! The executable in an empty folder of its own, with nothing set but what a test sets. It must not know what is run.

use crate::database;
use crate::process::Process;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where nobody listens.
pub const NOBODY: &str = "127.0.0.1:1";

/// A command that is not started yet.
pub struct Program {
    command: Command,
    folder: PathBuf,
}

/// How it ended, and all that it wrote.
#[derive(Debug)]
pub struct Ended {
    /// None after a signal that it did not handle.
    pub code: Option<i32>,
    pub text: String,
}

/// One that runs. Its folder goes with it.
pub struct Running {
    process: Process,
    folder: PathBuf,
}

impl Program {
    /// With these words after its name.
    pub fn new(arguments: &[&str]) -> Self {
        let mut program = Self::running(env!("CARGO_BIN_EXE_vps-claude"));
        program.command.args(arguments);
        program
    }

    /// A script of a shell, in which `$0` is the executable.
    pub fn shell(script: &str) -> Self {
        let mut program = Self::running("/bin/sh");
        let executable = env!("CARGO_BIN_EXE_vps-claude");
        program.command.args(["-c", script, executable]);
        program
    }

    fn running(program: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("command-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let mut command = Command::new(program);
        command.env_clear().current_dir(&folder);
        Self { command, folder }
    }

    /// The copy of it in this folder, for which that is all there is. Only root may do that, or who counts as root in a
    /// namespace.
    pub fn inside(root: &Path, arguments: &[&str]) -> Self {
        let mut program = Self::new(&[]);
        let chroot = ["/usr/sbin/chroot", "/usr/bin/chroot"];
        let chroot = chroot.into_iter().find(|file| Path::new(file).exists());
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", chroot.unwrap()]);
        if nix::unistd::geteuid().is_root() {
            command = Command::new(chroot.unwrap());
        }
        command.arg(root).arg("/vps-claude").args(arguments);
        command.env_clear().current_dir(&program.folder);
        program.command = command;
        program
    }

    /// As another user, by number. The executable is copied to where they may read it.
    pub fn of(mut self, user: u32) -> Self {
        let copy = self.folder.join("vps-claude");
        std::fs::copy(env!("CARGO_BIN_EXE_vps-claude"), &copy).unwrap();
        let mut command = Command::new(copy);
        let given = self.command.get_envs();
        let given = given.filter_map(|(name, value)| Some((name, value?)));
        command
            .args(self.command.get_args())
            .env_clear()
            .envs(given);
        command.current_dir(&self.folder).uid(user).gid(user);
        self.command = command;
        self
    }

    /// With a variable of the environment.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With everything that `serve` needs; nobody answers where Coolify is said to be.
    pub fn able_to_serve(self, database: &str) -> Self {
        self.with("DATABASE_URL", database::url_of(database).as_str())
            .with("COOLIFY_API_URL", &format!("http://{NOBODY}"))
            .with("COOLIFY_API_TOKEN", "1|simulated-token")
            .with("COOLIFY_PROJECT_UUID", "zdoc9is0j8ht9lgmxg9edn58")
            .with("COOLIFY_SERVER_UUID", "s0ce9uvw53efr4edt2sywb3w")
            .with("AGENTS_DOMAIN", "agents.example.com")
            .with("LISTEN", "127.0.0.1:0")
            .with("REGISTRATION", "open")
            .with("DATA_DIR", "data")
    }

    /// With a variable that is not text.
    pub fn with_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.command.env(name, OsStr::from_bytes(value));
        self
    }

    /// With a file in its folder.
    pub fn file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.folder.join(name), content).unwrap();
        self
    }

    /// With a `.env` file in its folder.
    pub fn dotenv(self, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.join(".env"), content).unwrap();
        self
    }

    /// With a folder named `.env` in its folder.
    pub fn dotenv_that_is_a_folder(self) -> Self {
        std::fs::create_dir(self.folder.join(".env")).unwrap();
        self
    }

    /// With a link named `.env` in its folder.
    pub fn dotenv_that_is_a_link_to(self, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.folder.join(".env")).unwrap();
        self
    }

    /// Started in a folder below its own.
    pub fn in_a_folder_below(mut self) -> Self {
        let below = self.folder.join("below");
        std::fs::create_dir(&below).unwrap();
        self.command.current_dir(below);
        self
    }

    /// Starts it and waits for the line that says it is ready; returns what follows these words there.
    pub fn start(mut self, ready: &str) -> (Running, String) {
        let (process, rest) = Process::start(&mut self.command, ready);
        let folder = self.folder;
        (Running { process, folder }, rest)
    }

    /// Runs it to its end with this as its standard input.
    pub fn run_reading(mut self, text: &str) -> Ended {
        let input = self.folder.join("input");
        std::fs::write(&input, text).unwrap();
        let input = std::fs::File::open(&input).unwrap();
        let process = Process::spawn_reading(&mut self.command, input.into());
        let folder = self.folder;
        Running { process, folder }.ended()
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Ended {
        let process = Process::spawn(&mut self.command);
        let folder = self.folder;
        Running { process, folder }.ended()
    }
}

impl Running {
    /// Waits for the next line with these words; returns what follows them there.
    pub fn until(&self, words: &str) -> String {
        self.process.until(words)
    }

    /// Waits until it has ended by itself.
    pub fn run(self) -> Ended {
        self.ended()
    }

    /// Sends a signal and waits for the end.
    pub fn stop(self, signal: &str) -> Ended {
        self.process.signal(signal);
        self.ended()
    }

    /// Sends two signals, one after the other, and waits for the end.
    pub fn stop_at_once(self) -> Ended {
        self.process.signal("TERM");
        self.process.signal("INT");
        self.ended()
    }

    fn ended(mut self) -> Ended {
        let status = self.process.ended();
        Ended {
            code: status.code(),
            text: self.process.lines().join("\n"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl Ended {
    /// Fails unless it ended with this code.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    /// Fails unless it wrote one line that begins so.
    #[track_caller]
    pub fn says_only(self, words: &str) -> Self {
        let begins = self.text.starts_with(&format!("vps-claude: {words}"));
        assert!(
            begins && self.text.lines().count() == 1,
            "{words:?} is not {:?}",
            self.text
        );
        self
    }

    /// Fails unless it wrote this.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(
            self.text.contains(words),
            "{words:?} is not in\n{}",
            self.text
        );
        self
    }

    /// Fails if it wrote this.
    #[track_caller]
    pub fn says_nothing_of(self, words: &str) -> Self {
        assert!(!self.text.contains(words), "{words:?} is in\n{}", self.text);
        self
    }
}
