//! How many polls, pages and baselines are answered in a second, and what a thousand open pages cost. Run by scripts/speed.
//! Only a wrong answer fails: how fast a computer is, and how busy, is not for a test to judge.

mod baselines;
mod load;
mod pages;
mod people;
mod table;

use crate::process::{Dashboard, Servers, World};
use baselines::Baselines;
use load::{Load, load};
use people::{Reader, open, request};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use table::Row;

/// How many people there are; each has one page open.
const READERS: usize = 1_000;
/// How many connections are kept busy at once, each by another person.
const CONNECTIONS: usize = 64;
/// Everything is measured this often, one after the other, so that what else the computer does disturbs all alike.
const ROUNDS: usize = 5;
/// How long each time.
const TIME: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures a release build; scripts/speed runs it"]
async fn an_unchanged_poll_costs_next_to_nothing() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::new(&servers, "speed", 1.0).await;
    let readers = people::invite(&world, READERS).await;
    let domain = crate::settled::environments().await;
    let dashboard = world.dashboard(&[("AGENTS_DOMAIN", &domain)]).await;
    let mut memory = vec![("idle", dashboard.memory_mb("VmRSS"))];
    let baselines = Baselines::start(&world).await;
    let subjects = subjects(&dashboard, &baselines, &readers[..CONNECTIONS]).await;
    let rows = measure(&subjects, &dashboard, &baselines).await;
    println!("{}", table::of_speed(&rows));
    drop(baselines);
    memory.push(("after these loads", dashboard.memory_mb("VmRSS")));
    let cost = pages::keep_open(&world, &dashboard, &readers, &mut memory).await;
    println!("{}", table::of_pages(READERS, &cost));
    memory.push(("at most", dashboard.memory_mb("VmHWM")));
    println!("{}", table::of_memory(&memory));
}

/// What is asked for, by one connection for each request.
struct Subject {
    name: &'static str,
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    status: u16,
    is_baseline: bool,
}

/// The third is what all are compared with.
const COMPARED_WITH: usize = 2;

async fn subjects(
    dashboard: &Dashboard,
    baselines: &Baselines,
    readers: &[Reader],
) -> Vec<Subject> {
    let address = dashboard.address();
    let each = |ask: &dyn Fn(&Reader) -> Vec<u8>| readers.iter().map(ask).collect::<Vec<_>>();
    let (mut lists, mut pages) = (vec![], vec![]);
    for reader in readers {
        lists.push(open(address, "/environments", reader).await.request);
        pages.push(open(address, &reader.page(), reader).await.request);
    }
    let fragment = |of: &'static str| {
        each(&|reader| request(&format!("/{of}/{}", reader.runs), Some(reader), ""))
    };
    let page = |more| each(&|reader| request("/environments", Some(reader), more));
    let gzip = "accept-encoding: gzip, deflate, br\r\n";
    let baseline = |name, requests| Subject::new(name, baselines.address, requests, 200, true);
    let own = |name, requests, status| Subject::new(name, address, requests, status, false);
    vec![
        baseline(
            "plain text, nothing around it",
            each(&|reader| request("/plain", Some(reader), "")),
        ),
        baseline("one indexed SELECT and a fragment", fragment("select")),
        baseline("a GET from Redis and a fragment", fragment("redis")),
        own(
            "plain text of the dashboard",
            each(&|reader| request("/healthz", Some(reader), "")),
            200,
        ),
        own("poll of an unchanged list of 50 rows", lists, 204),
        own("poll of an unchanged environment's page", pages, 204),
        own("the page of 50 rows", page(""), 200),
        own("the page of 50 rows, compressed", page(gzip), 200),
        own(
            "the sign-in page",
            each(&|_| request("/login", None, "")),
            200,
        ),
    ]
}

impl Subject {
    fn new(
        name: &'static str,
        address: SocketAddr,
        requests: Vec<Vec<u8>>,
        status: u16,
        is_baseline: bool,
    ) -> Self {
        Self {
            name,
            address,
            requests: Arc::new(requests),
            status,
            is_baseline,
        }
    }
}

/// Measures each in turn, several times.
async fn measure(subjects: &[Subject], dashboard: &Dashboard, baselines: &Baselines) -> Vec<Row> {
    let mut rows: Vec<Row> = subjects
        .iter()
        .map(|subject| Row::new(subject.name))
        .collect();
    for _ in 0..ROUNDS {
        for (subject, row) in subjects.iter().zip(&mut rows) {
            let processor = || {
                if subject.is_baseline {
                    baselines.processor_seconds()
                } else {
                    dashboard.processor_seconds()
                }
            };
            let before = processor();
            let requests = Arc::clone(&subject.requests);
            let load: Load = load(subject.address, requests, subject.status, TIME).await;
            row.loads.push(load);
            row.processor_seconds += processor() - before;
        }
    }
    rows
}
