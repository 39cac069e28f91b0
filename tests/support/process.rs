//! A process that ends with the test. It must not know what it runs.

use std::io::{BufRead, BufReader, PipeReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a process may take until it is ready.
const PATIENCE: Duration = Duration::from_mins(2);

/// A process and all it has written.
pub struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts it and waits for the line that says it is ready; returns what follows these words there.
    pub fn start(command: &mut Command, ready: &str) -> (Self, String) {
        let (reader, writer) = std::io::pipe().unwrap();
        command
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer);
        let child = command.spawn().unwrap();
        // The command holds the other end of the pipe, which would stay open.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let lines = Arc::default();
        let (tell, told) = mpsc::channel();
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || keep(reader, &kept, &tell));
        let process = Self { child, lines };
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some((_, rest)) = line.split_once(ready) {
                return (process, rest.trim_end_matches('.').to_owned());
            }
        }
        panic!(
            "{command:?} never said {ready:?}, but\n{}",
            process.lines().join("\n")
        );
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn keep(reader: PipeReader, lines: &Mutex<Vec<String>>, tell: &Sender<String>) {
    for line in BufReader::new(reader).lines().map_while(Result::ok) {
        lines.lock().unwrap().push(line.clone());
        // Nobody listens any more once it is ready.
        tell.send(line).ok();
    }
}
