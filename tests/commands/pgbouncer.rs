//! A real `PgBouncer` before PostgreSQL: what works, and what is refused at the start.

use crate::database;
use crate::program::Program;
use crate::server::{Folder, Server, free_port};
use url::Url;

/// Starts one before the server of the tests.
pub fn start(mode: &str) -> Server {
    start_before(mode, &database::url_of("postgres"))
}

/// Starts one that is this user for everybody.
pub fn start_before(mode: &str, server: &Url) -> Server {
    let (folder, port) = (Folder::new("pgbouncer"), free_port());
    let configuration = format!(
        "[databases]\n\
         * = host={} port={} user={} password={}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = {mode}\n\
         {}",
        server.host_str().unwrap(),
        server.port().unwrap(),
        server.username(),
        server.password().unwrap(),
        // It refuses to be root.
        if is_root() { "user = postgres\n" } else { "" },
    );
    folder.write("pgbouncer.ini", &configuration);
    Server::start("PGBOUNCER", folder, port, &["pgbouncer.ini"])
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// The address of a database behind it.
pub fn url(server: &Server, database: &str) -> String {
    let mut url: Url = database::url_of(database);
    url.set_port(Some(server.port)).unwrap();
    url.into()
}

#[tokio::test]
async fn with_a_session_for_each_connection_everything_works() {
    let database = database::create("pooled").await;
    let pooler = start("session");
    for _ in 0..2 {
        let serve = Program::new(&[]).able_to_serve(&database);
        let serve = serve.with("DATABASE_URL", &url(&pooler, &database));
        let (serve, address) = serve.start("serving address=");
        let ready = reqwest::get(format!("http://{}/readyz", address.trim())).await;
        assert_eq!(ready.unwrap().status(), 200);
        serve
            .stop("TERM")
            .with(0)
            .says_nothing_of("prepared statement")
            .says_nothing_of("PostgreSQL")
            .says_nothing_of("ERROR");
    }
    database::remove(&database).await;
}

#[tokio::test]
async fn with_a_session_for_each_transaction_or_statement_it_is_refused_at_the_start() {
    let database = database::create("pooled").await;
    for mode in ["transaction", "statement"] {
        let pooler = start(mode);
        let address = url(&pooler, &database);
        let said = format!(
            "PostgreSQL at 127.0.0.1:{} is behind a pooler that gives every transaction another session; set its pool_mode to session, or use the server's own address",
            pooler.port
        );
        for command in ["serve", "doctor"] {
            let program = Program::new(&[command]).able_to_serve(&database);
            let ended = program.with("DATABASE_URL", &address).run();
            ended.with(1).says(&said);
        }
    }
    database::remove(&database).await;
}
