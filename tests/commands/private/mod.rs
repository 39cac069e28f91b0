//! Without `DATABASE_URL`: a private PostgreSQL that is made, shared, taken over, started again, stopped, and never lost.

mod data;
mod refused;

use crate::visitor::Visitor;
use data::{Data, NOBODY, Other, renumber};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

const SERVING: &str = "serving address=";
/// How long the dashboard may take to be ready again.
const RECOVERY: Duration = Duration::from_mins(1);

fn url(address: &str) -> String {
    format!("http://{}", address.trim())
}

/// Whether who registered before can sign in at this address.
async fn is_remembered(address: &str) {
    Visitor::sign_in(
        &url(address),
        "somebody@example.com",
        "eight letters and more",
    )
    .await;
}

/// Starts on what is there and stops again; who registered before must still be known.
async fn remembers(data: &Data) {
    let (serve, address) = data.program(&[]).start(SERVING);
    is_remembered(&address).await;
    serve.stop("TERM").with(0);
    assert!(!data.is_running());
}

async fn register(address: &str) {
    Visitor::register(&url(address)).await;
}

async fn is_ready(address: &str) -> bool {
    let answer = reqwest::get(format!("{}/readyz", url(address))).await;
    answer.unwrap().status() == 200
}

async fn until_ready(address: &str) {
    let began = Instant::now();
    while !is_ready(address).await {
        assert!(began.elapsed() < RECOVERY, "it is not ready again");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_start_makes_it_and_the_second_keeps_what_is_in_it() {
    let data = Data::new();
    let serve = data.program(&[]);
    // What others say about other databases has no effect.
    let others = serve.with("PGPORT", "1").with("PGDATA", "/nowhere");
    let (serve, address) = others.with("PGUSER", "nobody").start(SERVING);
    register(&address).await;
    let mode = data.path().join("postgres").metadata().unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    let ended = serve.stop("TERM").with(0);
    ended
        .says("making a private database")
        .says("started the private PostgreSQL");
    assert!(!data.is_running());
    let opened = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(data.path().join("postgres"), opened).unwrap();
    let (serve, address) = data.program(&["serve"]).start(SERVING);
    is_remembered(&address).await;
    let mode = data.path().join("postgres").metadata().unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    serve
        .stop("INT")
        .with(0)
        .says_nothing_of("making a private database");
    assert!(!data.is_running());
}

#[tokio::test]
async fn it_listens_on_no_port() {
    let data = Data::new();
    let (serve, _) = data.program(&[]).start(SERVING);
    let settings = std::fs::read_to_string(data.cluster().join("postmaster.pid")).unwrap();
    let listens_on = settings.lines().nth(5).unwrap();
    assert_eq!(listens_on, "", "{settings}");
    serve.stop("TERM").with(0);
}

#[tokio::test]
async fn the_server_of_a_killed_dashboard_is_taken_over_and_stopped() {
    let data = Data::new();
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    serve.stop("KILL");
    let pid = data.pid();
    assert!(data.is_running());
    let (serve, address) = data.program(&[]).start(SERVING);
    assert_eq!(data.pid(), pid);
    is_remembered(&address).await;
    serve
        .stop("TERM")
        .with(0)
        .says_nothing_of("started the private PostgreSQL");
    assert!(!data.is_running());
}

#[tokio::test]
async fn when_everything_is_killed_nothing_is_lost() {
    let data = Data::new();
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    serve.stop("KILL");
    data.kill_all();
    remembers(&data).await;
}

#[tokio::test]
async fn a_killed_server_is_started_again_while_the_dashboard_runs() {
    let data = Data::new();
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    data.kill_all();
    serve.until("it is started again");
    serve.until("started the private PostgreSQL");
    until_ready(&address).await;
    is_remembered(&address).await;
    serve.stop("TERM").with(0);
    assert!(!data.is_running());
}

#[tokio::test]
async fn another_process_with_the_number_of_a_killed_server_is_no_hindrance() {
    let data = Data::new();
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    serve.stop("KILL");
    data.kill_all();
    let owner = data.cluster().metadata().unwrap();
    let mut other = Other::of(owner.uid(), owner.gid());
    for file in ["cluster/postmaster.pid", ".s.PGSQL.5432.lock"] {
        renumber(&data.path().join("postgres").join(file), other.pid());
    }
    remembers(&data).await;
    assert!(other.lives());
}

#[tokio::test]
async fn one_killed_while_it_makes_the_database_leaves_nothing_half_made() {
    let data = Data::new();
    let (serve, _) = data.program(&[]).start("making a private database");
    serve.stop("KILL");
    assert!(!data.cluster().exists());
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    serve.stop("TERM").with(0);
    remembers(&data).await;
    assert!(data.names().contains(&"cluster".to_owned()));
}

#[tokio::test]
async fn one_asked_to_stop_while_it_makes_the_database_ends_and_leaves_no_process() {
    let data = Data::new();
    let (serve, _) = data.program(&[]).start("making a private database");
    serve.stop("INT").with(130);
    assert!(!data.is_running() && !data.cluster().exists());
}

#[tokio::test]
async fn two_copies_share_it_and_the_last_one_stops_it() {
    let data = Data::new();
    let start = || data.program(&[]).start(SERVING);
    // Both at once: one of them makes it.
    let ((one, at), (other, other_at)) = std::thread::scope(|scope| {
        let other = scope.spawn(start);
        (start(), other.join().unwrap())
    });
    register(&at).await;
    is_remembered(&other_at).await;
    data.program(&["status"]).run().with(0);
    one.stop("TERM").with(0);
    assert!(data.is_running() && is_ready(&other_at).await);
    other.stop("TERM").with(0);
    assert!(!data.is_running());
}

#[tokio::test]
async fn the_other_commands_run_it_for_as_long_as_they_need_it() {
    let data = Data::new();
    let add = ["user", "add", "test@example.com", "--name", "Test"];
    let added = data.program(&add).run_reading("eight letters and more\n");
    added.with(0).says("The account is made.");
    assert!(!data.is_running());
    let listed = data.program(&["user", "list"]).run();
    listed.with(0).says("test@example.com");
    data.program(&["status"]).run().with(0);
    let doctor = data.program(&["doctor"]).run();
    doctor.with(1).says("answers and can be written.");
    assert!(!data.is_running());
}

#[tokio::test]
async fn a_second_signal_does_not_leave_it_running() {
    let data = Data::new();
    let (serve, address) = data.program(&[]).start(SERVING);
    let half = crate::ends::half_a_request(&address);
    serve.stop_at_once().with(130);
    data.wait_for_the_end();
    drop(half);
}

#[tokio::test]
async fn a_path_that_is_too_long_for_a_socket_or_odd_works_all_the_same() {
    let long = "long ".repeat(40);
    for below in [&long, "a, b%2F \"c\"/ä"] {
        let data = Data::below(below.trim());
        let (serve, address) = data.program(&[]).start(SERVING);
        register(&address).await;
        serve.stop("KILL");
        remembers(&data).await;
    }
}

#[tokio::test]
async fn a_folder_that_only_its_owner_may_enter_works() {
    let data = Data::below("closed/data");
    let closed = data.around().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    serve.stop("TERM").with(0);
    remembers(&data).await;
}

#[tokio::test]
async fn an_unprivileged_user_runs_it_in_a_folder_of_their_own() {
    if !nix::unistd::geteuid().is_root() {
        // All tests here do it then.
        return;
    }
    let data = Data::new();
    std::fs::create_dir(data.path()).unwrap();
    std::os::unix::fs::chown(data.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let as_nobody = || data.program(&[]).of(NOBODY).start(SERVING);
    let (serve, address) = as_nobody();
    register(&address).await;
    assert_eq!(data.cluster().metadata().unwrap().uid(), NOBODY);
    // Root may use what is theirs, and leaves nothing there that they could not use afterwards.
    let status = data.program(&["status"]).run();
    status.with(0);
    serve.stop("TERM").with(0);
    let listed = data.program(&["user", "list"]).run();
    listed.with(0).says("somebody@example.com");
    let (serve, address) = as_nobody();
    is_remembered(&address).await;
    serve.stop("TERM").with(0);
    assert!(!data.is_running());
}

#[tokio::test]
async fn the_demo_needs_nothing_and_keeps_its_data_in_a_folder_of_its_own() {
    let data = Data::new();
    let demo = || {
        crate::program::Program::new(&["demo"])
            .with("DATA_DIR", data.path().to_str().unwrap())
            .with("LISTEN", "127.0.0.1:0")
    };
    let (running, address) = demo().start("vps-claude is ready: http://");
    register(&address).await;
    let taken = demo().run().with(1);
    taken.says("another demo uses").says("stop it first");
    // The terminal is closed.
    running.stop("HUP").with(0);
    let (running, address) = demo().start("vps-claude is ready: http://");
    is_remembered(&address).await;
    running.stop("TERM").with(0);
    assert!(data.path().join("demo/postgres/cluster").exists());
}
