//! A server with a folder and a port of its own that ends with the test. It must not know what it serves.

use crate::process::Process;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server that runs.
pub struct Server {
    pub port: u16,
    folder: Folder,
    _process: Process,
}

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes an empty one that every user may enter.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{name}-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, content).unwrap();
        file
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl Server {
    /// Starts the program that a variable of the surroundings names, and waits until it accepts connections.
    pub fn start(variable: &str, folder: Folder, port: u16, arguments: &[&str]) -> Self {
        let program = std::env::var(variable);
        let program = program.unwrap_or_else(|_| panic!("{variable} is set by scripts/test"));
        let mut command = Command::new(program);
        let process = Process::spawn(command.args(arguments).current_dir(folder.path()));
        process.until_listening(("127.0.0.1", port));
        Self {
            port,
            folder,
            _process: process,
        }
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A port where nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
