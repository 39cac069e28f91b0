//! A process that ends with the test. It must not know what it runs.

use std::io::{BufRead, BufReader, PipeReader};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a process may take until it is ready, and until it has ended when it was asked to.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at whether it listens, or has ended.
const LOOK: Duration = Duration::from_millis(10);

/// A process and all it has written.
pub struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    told: Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts it with nothing to read.
    pub fn spawn(command: &mut Command) -> Self {
        Self::spawn_reading(command, Stdio::null())
    }

    /// Starts it with this as its standard input.
    pub fn spawn_reading(command: &mut Command, input: Stdio) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        command
            .stdin(input)
            .stdout(writer.try_clone().unwrap())
            .stderr(writer);
        let child = command.spawn().unwrap();
        // The command holds the other end of the pipe, which would stay open.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let lines = Arc::default();
        let (tell, told) = mpsc::channel();
        let kept = Arc::clone(&lines);
        let reader = std::thread::spawn(move || keep(reader, &kept, &tell));
        Self {
            child,
            lines,
            told,
            reader: Some(reader),
        }
    }

    /// Starts it and waits for the line that says it is ready; returns what follows these words there.
    pub fn start(command: &mut Command, ready: &str) -> (Self, String) {
        let process = Self::spawn(command);
        let rest = process.until(ready);
        (process, rest)
    }

    /// Waits for the next line with these words; returns what follows them there.
    pub fn until(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let left = || deadline.saturating_duration_since(Instant::now());
        while let Ok(line) = self.told.recv_timeout(left()) {
            if let Some((_, rest)) = line.split_once(words) {
                return rest.trim_end_matches('.').to_owned();
            }
        }
        panic!("it never said {words:?}, but\n{}", self.lines().join("\n"));
    }

    /// Waits until it accepts connections at this address.
    pub fn until_listening(&self, address: impl ToSocketAddrs) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(&address).is_err() {
            let said = || self.lines().join("\n");
            assert!(Instant::now() < deadline, "it never listens:\n{}", said());
            std::thread::sleep(LOOK);
        }
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Asks it to stop, by the name of a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success(), "{name} could not be sent");
    }

    /// Waits until it has ended by itself and everything it has written is here.
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.reader.take().map(JoinHandle::join);
                return status;
            }
            let lines = || self.lines().join("\n");
            assert!(Instant::now() < deadline, "it does not end:\n{}", lines());
            std::thread::sleep(LOOK);
        }
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
