//! How the commands end: 0 when they were asked to stop, 1 when something cannot be done, 2 for a wrong setting.

use crate::database;
use crate::program::Program;
use std::io::Write;
use std::net::{TcpListener, TcpStream};

#[test]
fn a_missing_or_wrong_setting_ends_with_two_and_one_line_that_names_it() {
    let able = |arguments: &[&str]| Program::new(arguments).able_to_serve("no_such_database");
    for (program, line) in [
        (Program::new(&[]), "COOLIFY_API_URL is missing: "),
        (Program::new(&["serve"]), "COOLIFY_API_URL is missing: "),
        (Program::new(&["doctor"]), "COOLIFY_API_URL is missing: "),
        (
            able(&["demo"]).with("DATA_DIR", "~/data"),
            "DATA_DIR is wrong: ",
        ),
        (
            able(&[]).with("AGENTS_DOMAIN", " "),
            "AGENTS_DOMAIN is missing: ",
        ),
        (
            able(&["doctor"]).with("COOLIFY_API_URL", "coolify"),
            "COOLIFY_API_URL is wrong: ",
        ),
        (able(&["demo"]).with("LISTEN", "3000"), "LISTEN is wrong: "),
        (
            able(&["serve", "--registration", "perhaps"]),
            "REGISTRATION is wrong: ",
        ),
        (
            able(&["serve"]).with("LOG_FORMAT", "xml"),
            "LOG_FORMAT is wrong: ",
        ),
        (
            able(&["serve"]).with("DATABASE_URL", "postgres://db:high/vps"),
            "DATABASE_URL is wrong: ",
        ),
        (
            Program::new(&["simulate-coolify", "--listen", "high"]),
            "LISTEN is wrong: ",
        ),
        (
            Program::new(&["simulate-coolify", "--speed", "high"]),
            "the command line is wrong: ",
        ),
        (Program::new(&["fly"]), "the command line is wrong: "),
        (
            Program::new(&["backup"]),
            "the command line is wrong: the following required arguments were not provided: <FILE>; see vps-claude --help",
        ),
        (Program::new(&["--fly"]), "the command line is wrong: "),
    ] {
        program.run().with(2).says_only(line);
    }
}

#[tokio::test]
async fn what_cannot_be_done_ends_with_one_and_a_line_that_says_what() {
    let database = database::create("command").await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    Program::new(&["serve"])
        .able_to_serve(&database)
        .with("LISTEN", &taken)
        .run()
        .with(1)
        .says(&format!("vps-claude: LISTEN: cannot listen on {taken}"));
    Program::new(&["simulate-coolify", "--listen", &taken])
        .run()
        .with(1)
        .says("vps-claude: ");
    let missing = database::url_of("no_such_database");
    for command in ["serve", "demo"] {
        Program::new(&[command])
            .able_to_serve(&database)
            .with("DATABASE_URL", missing.as_str())
            .run()
            .with(1)
            .says("vps-claude: DATABASE_URL: PostgreSQL at ")
            .says_nothing_of(missing.password().unwrap());
    }
    database::remove(&database).await;
}

#[tokio::test]
async fn a_signal_ends_what_serves_with_zero() {
    let database = database::create("command").await;
    for signal in ["TERM", "INT"] {
        let serve = Program::new(&[]).able_to_serve(&database);
        let (serve, _) = serve.start("serving address=");
        let ended = serve.stop(signal).with(0);
        ended
            .says("stopping: requests and steps are finished first")
            .says("stopped");
        let simulator = Program::new(&["simulate-coolify", "--listen", "127.0.0.1:0"]);
        let (simulator, _) = simulator.start("Coolify listens on ");
        simulator.stop(signal).with(0);
    }
    database::remove(&database).await;
}

#[tokio::test]
async fn a_second_signal_ends_at_once_what_a_request_would_hold() {
    let database = database::create("command").await;
    let serve = Program::new(&[]).able_to_serve(&database);
    let (serve, address) = serve.start("serving address=");
    let half = half_a_request(&address);
    serve.stop_at_once().with(130);
    drop(half);
    database::remove(&database).await;
}

/// A request whose body does not come, so that the dashboard waits for it.
pub fn half_a_request(address: &str) -> TcpStream {
    let mut half = TcpStream::connect(address.trim()).unwrap();
    let request = "POST /login HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\n";
    half.write_all(request.as_bytes()).unwrap();
    half
}
