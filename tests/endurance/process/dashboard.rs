//! The dashboard as a process, and a person who uses it.

use super::{Process, START, free_port, until};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a page may take.
const ANSWER: Duration = Duration::from_mins(1);

/// The settings of a dashboard, as variables.
pub type Settings = Vec<(&'static str, String)>;

/// The settings for a database, a Redis and a simulated Coolify.
pub fn settings(database: &str, redis: &str, coolify: &str, domain: &str) -> Settings {
    let simulated = |name, value: &str| (name, value.to_owned());
    vec![
        simulated("DATABASE_URL", database),
        simulated("REDIS_URL", redis),
        simulated("COOLIFY_API_URL", coolify),
        simulated("COOLIFY_API_TOKEN", "1|simulated-token"),
        simulated("COOLIFY_PROJECT_UUID", "zdoc9is0j8ht9lgmxg9edn58"),
        simulated("COOLIFY_SERVER_UUID", "s0ce9uvw53efr4edt2sywb3w"),
        simulated("AGENTS_DOMAIN", domain),
        simulated("AGENT_UPDATES", "off"),
        simulated("RUST_LOG", &log_filter()),
    ]
}

/// One copy of the dashboard.
pub struct Dashboard {
    process: Process,
    port: u16,
}

impl Dashboard {
    /// Starts a copy and waits until it serves.
    pub async fn start(settings: &Settings, more: &[(&str, &str)], log: &Path) -> Self {
        let dashboard = Self::spawn(settings, more, log);
        dashboard.ready().await;
        dashboard
    }

    /// Starts a copy.
    pub fn spawn(settings: &Settings, more: &[(&str, &str)], log: &Path) -> Self {
        Self::spawn_other(Path::new(&executable()), settings, more, log)
    }

    /// Starts a copy of another version and waits until it serves.
    pub async fn start_other(program: &Path, settings: &Settings, log: &Path) -> Self {
        let dashboard = Self::spawn_other(program, settings, &[], log);
        dashboard.ready().await;
        dashboard
    }

    fn spawn_other(program: &Path, settings: &Settings, more: &[(&str, &str)], log: &Path) -> Self {
        let port = free_port();
        let mut command = command(program, settings, more, port);
        command.current_dir(log.parent().unwrap());
        Self {
            process: Process::start(&mut command, log),
            port,
        }
    }

    /// Starts a copy whose log goes to a file as it is, like `/dev/full`.
    pub async fn start_logging_to(settings: &Settings, file: &Path) -> Self {
        let port = free_port();
        let mut command = command(Path::new(&executable()), settings, &[], port);
        let file = std::fs::File::options().write(true).open(file).unwrap();
        command.current_dir("/").stdin(Stdio::null());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let dashboard = Self {
            process: Process::of(&mut command),
            port,
        };
        dashboard.ready().await;
        dashboard
    }

    /// Starts a copy whose log goes where nobody reads any more.
    pub async fn start_logging_to_nobody(settings: &Settings) -> Self {
        let port = free_port();
        let mut command = command(Path::new(&executable()), settings, &[], port);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.current_dir("/").stdin(Stdio::null());
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let dashboard = Self {
            process: Process::of(&mut command),
            port,
        };
        dashboard.ready().await;
        dashboard
    }

    async fn ready(&self) {
        let url = format!("{}/healthz", self.url());
        until("the dashboard", START, async || {
            let answer = reqwest::get(&url).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What the kernel says of the process's memory: now (`VmRSS`), or at most (`VmHWM`).
    pub fn memory_mb(&self, line: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|found| found.starts_with(line));
        let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kilobytes.parse::<f64>().unwrap() / 1_024.0
    }

    /// The processor's time so far.
    pub fn processor_seconds(&self) -> f64 {
        super::processor_seconds(&self.id().to_string())
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to stop, as a service manager does, and says how it ended.
    pub async fn stop(mut self) -> ExitStatus {
        self.process.signal("TERM");
        until("the end of the dashboard", START, async || {
            self.process.ended()
        })
        .await
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }
}

/// What is run: the executable of this build, or the one that is to be measured.
pub fn executable() -> OsString {
    let given = std::env::var_os("EXECUTABLE");
    given.unwrap_or_else(|| env!("CARGO_BIN_EXE_vps-claude").into())
}

fn command(program: &Path, settings: &Settings, more: &[(&str, &str)], port: u16) -> Command {
    let mut command = Command::new(program);
    command.arg("serve");
    command.env("LISTEN", format!("127.0.0.1:{port}"));
    command.env("REGISTRATION", "open");
    command.env("DATA_DIR", std::env::temp_dir().join("vps-claude-tests"));
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.envs(more.iter().copied());
    command
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    pub cookie: String,
}

/// What came back.
pub struct Page {
    pub status: u16,
    pub text: String,
}

impl Person {
    /// The person of a session, at one copy of the dashboard.
    pub fn at(base: String, cookie: &str) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER)
            .build()
            .unwrap();
        Self {
            http,
            base,
            cookie: cookie.to_owned(),
        }
    }

    /// Somebody new.
    pub async fn register(base: String) -> Self {
        let mut person = Self::at(base, "");
        let email = format!("{}@example.com", uuid::Uuid::now_v7());
        let form = [
            ("name", "Ada"),
            ("email", email.as_str()),
            ("password", "correct horse"),
        ];
        let url = format!("{}/register", person.base);
        let answer = person.http.post(url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        person.cookie = cookies.collect::<Vec<_>>().join("; ");
        person
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<Page> {
        let request = self.http.get(format!("{}{path}", self.base));
        page(request.header("cookie", &self.cookie)).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Page> {
        let request = self.http.post(format!("{}{path}", self.base)).form(form);
        page(request.header("cookie", &self.cookie)).await
    }
}

async fn page(request: reqwest::RequestBuilder) -> reqwest::Result<Page> {
    let answer = request.send().await?;
    Ok(Page {
        status: answer.status().as_u16(),
        text: answer.text().await?,
    })
}

fn log_filter() -> String {
    std::env::var("RUST_LOG")
        .unwrap_or_else(|_| "info,sqlxmq=warn,sqlx=warn,tower_sessions=warn".to_owned())
}
