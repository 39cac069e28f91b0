//! PostgreSQL as people have it: what is said when it cannot be used, and each way to name it.

use crate::database;
use crate::pgbouncer;
use crate::program::{Ended, NOBODY, Program};
use crate::relay::{self, Relay};
use crate::server::{Server, free_port};
use std::net::TcpListener;
use url::Url;

/// A database with a user who may do nothing in it.
struct Guest {
    database: String,
    name: String,
}

impl Guest {
    async fn new() -> Self {
        let database = database::create("guest").await;
        let name = format!("guest_{}", uuid::Uuid::now_v7().simple());
        run(&format!("create role {name} login password 'h#dden'")).await;
        Self { database, name }
    }

    /// The database's address for the user with this password.
    fn url(&self, password: &str) -> Url {
        let mut url = database::url_of(&self.database);
        url.set_username(&self.name).unwrap();
        url.set_password(Some(password)).unwrap();
        url
    }

    async fn remove(self) {
        database::remove(&self.database).await;
        run(&format!("drop role {}", self.name)).await;
    }
}

async fn run(statement: &str) {
    database::execute(&database::url_of("postgres"), statement).await;
}

/// Runs a command with this address.
fn with(command: &str, url: &str) -> Ended {
    let program = Program::new(&[command]).able_to_serve("vps");
    program.with("DATABASE_URL", url).run()
}

/// Where the server of the tests is.
fn server() -> String {
    let url = database::url_of("postgres");
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// The start and the doctor say the same.
fn assert_said(url: &str, place: &str, why: &str) {
    let line = format!("PostgreSQL at {place} {why}");
    with("serve", url)
        .with(1)
        .says(&format!("vps-claude: DATABASE_URL: {line}"))
        .says_nothing_of("h#dden")
        .says_nothing_of("h%23dden");
    let doctor = with("doctor", url).with(1);
    doctor.says(&format!("WRONG    DATABASE_URL: {line}"));
}

#[tokio::test]
async fn each_reason_why_it_cannot_be_used_is_another_sentence() {
    let guest = Guest::new().await;
    let (place, name) = (server(), &guest.name);
    let refused = format!(
        "does not let the user in; check the user and the password: password authentication failed for user \"{name}\""
    );
    assert_said(guest.url("h#ddenx").as_str(), &place, &refused);
    let mut missing = guest.url("h#dden");
    missing.set_path("no_such");
    let why = "does not have the database; create it: database \"no_such\" does not exist";
    assert_said(missing.as_str(), &place, why);
    let why = "does not permit it; make the user the owner of the database: permission denied for schema public";
    assert_said(guest.url("h#dden").as_str(), &place, why);
    run(&format!(
        "alter database {} connection limit 0",
        guest.database
    ))
    .await;
    with("doctor", guest.url("h#dden").as_str()).with(1).says(
        "has no connection left; raise its max_connections, or end others: too many connections for database",
    );
    guest.remove().await;
}

#[tokio::test]
async fn a_server_that_only_reads_is_refused() {
    let database = database::create("standby").await;
    run(&format!(
        "alter database {database} set default_transaction_read_only = on"
    ))
    .await;
    let why = "only reads: it is a standby, or its default_transaction_read_only is on";
    assert_said(database::url_of(&database).as_str(), &server(), why);
    database::remove(&database).await;
}

#[tokio::test]
async fn tables_of_a_newer_version_are_named() {
    let database = database::create("newer").await;
    let url = database::url_of(&database);
    let newer = "create table _sqlx_migrations (
                     version bigint primary key, description text not null, installed_on timestamptz not null default now(),
                     success boolean not null, checksum bytea not null, execution_time bigint not null);
                 insert into _sqlx_migrations values (9999, 'newer', now(), true, '', 0)";
    database::execute(&url, newer).await;
    with("serve", url.as_str())
        .with(1)
        .says("has tables of a newer vps-claude; use that one, or another database");
    database::remove(&database).await;
}

#[tokio::test]
async fn tables_of_another_build_and_half_made_ones_are_named() {
    let database = database::create("altered").await;
    let url = database::url_of(&database);
    let list = Program::new(&["user", "list"]).able_to_serve(&database);
    list.run().with(0);
    for (change, why) in [
        (
            "update _sqlx_migrations set checksum = '' where version = 3",
            "has tables of another build of vps-claude, whose migration 3 differs; use that one, or another database",
        ),
        (
            "update _sqlx_migrations set success = false where version = 5",
            "has tables that migration 5 left unfinished; restore a backup into another database",
        ),
    ] {
        database::execute(&url, change).await;
        with("serve", url.as_str()).with(1).says(why);
    }
    database::remove(&database).await;
}

#[test]
fn nobody_there_is_waited_for_and_then_said() {
    let address = format!("postgres://vps:h%23dden@{NOBODY}/vps");
    let why = "cannot be reached: nothing listens there (connection refused)";
    assert_said(&address, NOBODY, why);
}

#[test]
fn one_that_accepts_and_says_nothing_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let ended = with("doctor", &format!("postgres://vps@{place}/vps"));
    ended.with(1).says(&format!(
        "PostgreSQL at {place} takes the connection and does not answer"
    ));
}

#[tokio::test]
async fn one_that_starts_a_moment_later_is_waited_for() {
    let (database, port) = (database::create("later").await, free_port());
    let mut url = database::url_of(&database);
    url.set_port(Some(port)).unwrap();
    let serve = Program::new(&[]).able_to_serve(&database);
    let serve = serve.with("DATABASE_URL", url.as_str());
    let (serve, _) = serve.start("waiting up to 30 seconds for it");
    let relay = Relay::open(port, server());
    serve.until("serving address=");
    serve.stop("TERM").with(0);
    relay.close();
    database::remove(&database).await;
}

#[tokio::test]
async fn a_socket_is_an_address_too() {
    let database = database::create("socket").await;
    let folder = relay::socket(server());
    let (folder, url) = (folder.path().display(), database::url_of(&database));
    let password = url.password().unwrap();
    for address in [
        format!("postgres:///{database}?host={folder}&user=postgres&password={password}"),
        format!("postgres://postgres:{password}@/{database}?host={folder}"),
    ] {
        let serve = Program::new(&[]).able_to_serve(&database);
        let (serve, _) = serve
            .with("DATABASE_URL", &address)
            .start("serving address=");
        serve.stop("TERM").with(0);
    }
    let missing = format!("postgres://vps@/{database}?host=/no/such");
    with("doctor", &missing)
        .with(1)
        .says("PostgreSQL at /no/such cannot be reached: there is no such socket");
    database::remove(&database).await;
}

#[tokio::test]
async fn of_several_servers_the_one_that_can_be_written_is_used_now_and_later() {
    let (database, port) = (database::create("several").await, free_port());
    let (standby, role) = standby().await;
    let first = Relay::open(port, server());
    let url = database::url_of(&database);
    let hosts = format!(
        "{NOBODY},127.0.0.1:{},127.0.0.1:{port},{}",
        standby.port,
        server()
    );
    let address = format!(
        "postgres://postgres:{}@{hosts}/{database}?target_session_attrs=read-write",
        url.password().unwrap()
    );
    let serve = Program::new(&[]).able_to_serve(&database);
    let (serve, at) = serve
        .with("DATABASE_URL", &address)
        .start("serving address=");
    let ready = format!("http://{}/readyz", at.trim());
    assert_eq!(reqwest::get(&ready).await.unwrap().status(), 200);
    first.close();
    let used = serve.until("another server of PostgreSQL is used now server=");
    assert!(used.contains(&server()), "{used}");
    while reqwest::get(&ready).await.unwrap().status() != 200 {
        tokio::task::yield_now().await;
    }
    serve.stop("TERM").with(0);
    database::remove(&database).await;
    drop(standby);
    run(&format!("drop role {role}")).await;
}

/// A server that only reads: a pooler whose user cannot write. Returns it and the user.
async fn standby() -> (Server, String) {
    let role = format!("standby_{}", uuid::Uuid::now_v7().simple());
    run(&format!("create role {role} login superuser password 'x'")).await;
    run(&format!(
        "alter role {role} set default_transaction_read_only = on"
    ))
    .await;
    let mut url = database::url_of("postgres");
    url.set_username(&role).unwrap();
    url.set_password(Some("x")).unwrap();
    (pgbouncer::start_before("session", &url), role)
}

#[test]
fn where_none_of_several_can_be_used_each_is_named() {
    let ended = with(
        "doctor",
        &format!("postgres://vps@{NOBODY},127.0.0.1:2/vps"),
    );
    let refused = "cannot be reached: nothing listens there (connection refused)";
    ended.with(1).says(&format!(
        "PostgreSQL at {NOBODY} {refused}; PostgreSQL at 127.0.0.1:2 {refused}."
    ));
}
