//! An S3 server of a story's own, which it starts and stops as it likes. It knows no story.

use crate::archive::{Bucket, Place};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use url::Url;
use uuid::Uuid;

/// How long it may take until it accepts connections.
const PATIENCE: Duration = Duration::from_mins(1);
const SECRET: &str = "a secret that opens the bucket";

/// A server with one bucket. Its folder goes with it.
pub struct S3 {
    folder: PathBuf,
    port: u16,
    server: Option<Child>,
}

impl S3 {
    /// One that is not started yet, with a port where nobody listens.
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("s3-{}", Uuid::now_v7()));
        std::fs::create_dir_all(folder.join("logs")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            folder,
            port: listener.local_addr().unwrap().port(),
            server: None,
        }
    }

    /// One that runs.
    pub fn running() -> Self {
        let mut server = Self::new();
        server.start();
        server
    }

    /// Starts it, and waits until it accepts connections.
    pub fn start(&mut self) {
        let program = std::env::var("S3_SERVER").expect("S3_SERVER is set by scripts/test");
        let port = self.port.to_string();
        let arguments = [
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--access-key",
            "vps",
        ];
        let mut command = Command::new(program);
        command.args(arguments).args(["--secret-key", SECRET]);
        command.arg(&self.folder);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.server = Some(command.spawn().unwrap());
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            std::thread::yield_now();
            assert!(began.elapsed() < PATIENCE, "the S3 server does not start");
        }
    }

    /// Stops it; what it keeps stays.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Its bucket, below a prefix.
    pub fn bucket(&self) -> Bucket {
        Bucket {
            name: "logs".to_owned(),
            prefix: "of/dashboard".to_owned(),
            endpoint: Url::parse(&format!("http://127.0.0.1:{}", self.port)).ok(),
            region: "us-east-1".to_owned(),
            access_key: "vps".to_owned(),
            secret_key: SECRET.into(),
        }
    }

    /// The same, as where logs are kept.
    pub fn place(&self) -> Place {
        Place::Bucket(self.bucket())
    }

    /// The names of the objects that it keeps.
    pub fn objects(&self) -> Vec<String> {
        let folder = self.folder.join("logs/of/dashboard");
        let found = std::fs::read_dir(folder).into_iter().flatten();
        let names = found.map(|one| one.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("dep_")).collect()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
