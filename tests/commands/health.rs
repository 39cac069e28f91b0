//! The health check of a container, against a dashboard that runs, and without one.

use crate::database;
use crate::program::Program;
use crate::server::free_port;
use std::net::{SocketAddr, TcpListener};

#[tokio::test]
async fn a_healthcheck_succeeds_while_the_dashboard_is_alive_and_fails_afterwards() {
    let database = database::create("health").await;
    let (dashboard, address) = Program::new(&["serve"])
        .able_to_serve(&database)
        .with("LISTEN", "0.0.0.0:0")
        .start("serving address=");
    let check = || {
        Program::new(&["healthcheck"])
            .with("LISTEN", &address)
            .run()
    };
    let ended = check().with(0);
    assert_eq!(ended.text, "");
    dashboard.stop("TERM").with(0);
    let port = address.parse::<SocketAddr>().unwrap().port();
    check()
        .with(1)
        .says_only(&format!("http://127.0.0.1:{port}/healthz does not answer"));
    database::remove(&database).await;
}

#[test]
fn a_healthcheck_of_something_else_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let other = std::thread::spawn(move || drop(listener.accept().unwrap()));
    Program::new(&["healthcheck"])
        .with("LISTEN", &address)
        .run()
        .with(1)
        .says_only(&format!("http://{address}/healthz does not answer"));
    other.join().unwrap();
    Program::new(&["healthcheck"])
        .with("LISTEN", &free_port().to_string())
        .run()
        .with(2)
        .says_only("LISTEN is wrong");
}
