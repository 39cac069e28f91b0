//! How large the executable is, how soon it serves, and how much memory it takes. Run by scripts/footprint, which names the
//! executable.

use crate::process::{Dashboard, Servers, World, executable};
use crate::settled;
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::{Client, StatusCode, redirect};
use std::fmt::Display;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often it is started; the median counts.
const STARTS: usize = 9;
/// Between two looks at whether it serves.
const LOOK: Duration = Duration::from_millis(2);
const SIGN_INS: usize = 1_000;
/// How many sign in at once.
const AT_ONCE: usize = 8;
/// Every browser and device has an address of its own, so that nobody signs in too often.
const ADDRESSES: usize = 250;
const ENVIRONMENTS: i32 = 1_000;
/// How long it is left alone before its memory is read.
const REST: Duration = Duration::from_secs(20);
/// Longer than it takes to look at every environment.
const ROUND: Duration = Duration::from_secs(90);
const PASSWORD: &str = "correct horse";

const SIZE_MB: f64 = 16.0;
const START_MS: f64 = 300.0;
const HELP_MS: f64 = 50.0;
const IDLE_MB: f64 = 40.0;

#[tokio::test]
#[ignore = "takes minutes; scripts/footprint runs it"]
async fn what_it_takes_to_run_it() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let bytes = std::fs::metadata(executable()).unwrap().len();
    let size = f64::from(u32::try_from(bytes / 1024).unwrap()) / 1024.0;
    let world = World::new(&servers, "footprint", 1.0).await;
    let start = start_ms(&world).await;
    let dashboard = world.dashboard(&[]).await;
    tokio::time::sleep(REST).await;
    let idle = dashboard.memory_mb("VmRSS");
    sign_in_often(&dashboard).await;
    let busy = dashboard.memory_mb("VmRSS");
    tokio::time::sleep(REST).await;
    let after = dashboard.memory_mb("VmRSS");
    drop(dashboard);
    let many = with_environments(&servers).await;
    println!("\n| | measured | target |\n|---|---|---|");
    row("size of the executable, MiB", size, SIZE_MB);
    row("from start to the first page, ms", start, START_MS);
    for words in [&["--help"][..], &["env", "--help"], &["login", "--help"]] {
        let what = format!("from start to the first byte of {}, ms", words.join(" "));
        row(&what, help_ms(words), HELP_MS);
    }
    row("resident memory, idle, MiB", idle, IDLE_MB);
    row("the same at the end of 1,000 sign-ins", busy, "");
    row("the same a moment later", after, "");
    row("the same with 1,000 environments that run", many, "");
}

fn row(what: &str, measured: f64, target: impl Display) {
    println!("| {what} | {measured:.1} | {target} |");
}

/// The median time from the start of the process to its first page, with tables that are there already.
async fn start_ms(world: &World) -> f64 {
    let client = Client::new();
    let mut all = vec![];
    for _ in 0..STARTS {
        let began = Instant::now();
        let dashboard = world.spawn();
        let page = format!("{}/login", dashboard.url());
        while !is_served(&client, &page).await {
            tokio::time::sleep(LOOK).await;
        }
        all.push(began.elapsed());
        dashboard.stop().await;
    }
    all.sort();
    all[STARTS / 2].as_secs_f64() * 1_000.0
}

/// The median time from the start of the process to the first byte of its help.
fn help_ms(words: &[&str]) -> f64 {
    let mut all: Vec<Duration> = (0..STARTS).map(|_| first_byte(words)).collect();
    all.sort();
    all[STARTS / 2].as_secs_f64() * 1_000.0
}

fn first_byte(words: &[&str]) -> Duration {
    let began = Instant::now();
    let mut command = Command::new(executable());
    let command = command.args(words).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0]).unwrap();
    let elapsed = began.elapsed();
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    child.wait().unwrap();
    elapsed
}

async fn is_served(client: &Client, page: &str) -> bool {
    let answer = client.get(page).send().await;
    answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
}

/// One person signs in again and again, with the right password.
async fn sign_in_often(dashboard: &Dashboard) {
    let client = Client::builder().redirect(redirect::Policy::none());
    let client = client.build().unwrap();
    let email = format!("{}@example.com", uuid::Uuid::now_v7());
    let send = async |path: &str, number: usize| {
        let form = [
            ("name", "Ada"),
            ("email", email.as_str()),
            ("password", PASSWORD),
        ];
        let from = format!("198.51.100.{}", number % ADDRESSES);
        let request = client
            .post(format!("{}{path}", dashboard.url()))
            .form(&form);
        let answer = request
            .header("x-forwarded-for", from)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{number}");
    };
    send("/register", 0).await;
    let all = (0..SIGN_INS).map(|number| send("/login", number));
    stream::iter(all).buffer_unordered(AT_ONCE).count().await;
}

async fn with_environments(servers: &Servers) -> f64 {
    let world = World::new(servers, "footprint-many", 1.0).await;
    settled::insert(&world, ENVIRONMENTS).await;
    let domain = settled::environments().await;
    let dashboard = world.dashboard(&[("AGENTS_DOMAIN", &domain)]).await;
    tokio::time::sleep(ROUND).await;
    let page = world.person(&dashboard).get("/environments").await.unwrap();
    assert_eq!(page.status, 200);
    dashboard.memory_mb("VmRSS")
}
