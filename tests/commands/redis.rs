//! Redis as people have it: with users and their rights, with TLS, as a cluster, behind sentinels, and hanging. The doctor
//! tries every command that `serve` uses.

use crate::database;
use crate::program::{Ended, Program};
use crate::server::{Folder, Server, free_port};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// The rights that README.md names.
const RIGHTS: &str = "~vps-claude:* +ping +eval +time +get +set +hmget +hset +pexpire";

/// Starts a server of its own with these options.
fn start(folder: Folder, port: u16, options: &[&str]) -> Server {
    let port_option = port.to_string();
    let mut all = vec!["--port", &port_option, "--bind", "127.0.0.1", "--save", ""];
    all.extend(options);
    Server::start("REDIS_SERVER", folder, port, &all)
}

/// Sends a command and returns the first line of the answer.
fn tell(port: u16, command: &str) -> String {
    let mut redis = TcpStream::connect(("127.0.0.1", port)).unwrap();
    redis
        .write_all(format!("{command}\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    BufReader::new(redis).read_line(&mut answer).unwrap();
    answer
}

/// What the doctor says with this address.
fn doctor(url: &str) -> Ended {
    let doctor = Program::new(&["doctor"]).able_to_serve("postgres");
    doctor.with("REDIS_URL", url).run()
}

#[test]
fn a_user_with_the_rights_of_the_manual_is_enough_and_each_missing_one_is_named() {
    let server = start(Folder::new("redis"), free_port(), &[]);
    let readme = include_str!("../../README.md");
    assert!(readme.contains(RIGHTS), "{RIGHTS}");
    let give = |rights: &str| {
        let user = format!("ACL SETUSER vps reset on >p#w/d@?$ {rights}");
        assert_eq!(tell(server.port, &user), "+OK\r\n");
    };
    let url = format!("redis://vps:p%23w%2Fd%40%3F$@127.0.0.1:{}", server.port);
    give(RIGHTS);
    doctor(&url).says("ok       REDIS_URL: Redis answers.");
    for right in RIGHTS.split(' ') {
        give(&RIGHTS.replace(right, ""));
        let said = doctor(&url).says("warning  REDIS_URL: Redis refuses: ");
        let line = said.text.lines().find(|line| line.contains("REDIS_URL"));
        let named = right
            .trim_start_matches(['+', '~'])
            .trim_end_matches("vps-claude:*");
        assert!(
            line.unwrap().to_lowercase().contains(named),
            "{right}: {line:?}"
        );
        assert!(!said.text.contains("p#w/d"), "{}", said.text);
    }
}

#[test]
fn a_password_a_database_and_both_at_once_are_used() {
    let server = start(
        Folder::new("redis"),
        free_port(),
        &["--requirepass", "p@w:/#"],
    );
    let port = server.port;
    for path in ["", "/", "/7"] {
        let url = format!("redis://:p%40w%3A%2F%23@127.0.0.1:{port}{path}");
        doctor(&url).says("ok       REDIS_URL: Redis answers.");
    }
    for wrong in [":wrong@", ""] {
        let said = doctor(&format!("redis://{wrong}127.0.0.1:{port}"));
        said.says("warning  REDIS_URL: Redis refuses: ");
    }
    let said = doctor(&format!("redis://:p%40w%3A%2F%23@127.0.0.1:{port}/200"));
    said.says("warning  REDIS_URL: Redis refuses: ");
}

#[test]
fn tls_is_used_and_a_certificate_that_is_not_trusted_is_refused() {
    let names = vec!["localhost".to_owned()];
    let own = rcgen::generate_simple_self_signed(names).unwrap();
    let folder = Folder::new("redis");
    folder.write("cert.pem", &own.cert.pem());
    folder.write("key.pem", &own.signing_key.serialize_pem());
    let port = free_port();
    let (tls_port, files) = (port.to_string(), ["cert.pem", "key.pem"]);
    let options = [
        "--tls-port",
        &tls_port,
        "--tls-cert-file",
        files[0],
        "--tls-key-file",
        files[1],
        "--tls-auth-clients",
        "no",
        "--port",
        "0",
        "--bind",
        "127.0.0.1",
        "--save",
        "",
    ];
    let server = Server::start("REDIS_SERVER", folder, port, &options);
    let url = format!("rediss://localhost:{port}");
    let trusted = server.file("cert.pem");
    let doctor = |certificates: &str| {
        let doctor = Program::new(&["doctor"]).able_to_serve("postgres");
        doctor
            .with("REDIS_URL", &url)
            .with("SSL_CERT_FILE", certificates)
            .run()
    };
    doctor(trusted.to_str().unwrap()).says("ok       REDIS_URL: Redis answers.");
    doctor("/etc/ssl/certs/ca-certificates.crt").says("warning  REDIS_URL: ");
}

#[test]
fn a_cluster_is_used() {
    let options = [
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        "nodes.conf",
    ];
    let (one, other) = (
        start(Folder::new("redis"), free_port(), &options),
        start(Folder::new("redis"), free_port(), &options),
    );
    tell(one.port, "CLUSTER ADDSLOTSRANGE 0 8191");
    tell(other.port, "CLUSTER ADDSLOTSRANGE 8192 16383");
    tell(one.port, &format!("CLUSTER MEET 127.0.0.1 {}", other.port));
    // Either refuses a key until it knows who has every slot, and names the other for what the other has.
    for (server, other) in [(&one, &other), (&other, &one)] {
        let moved = || {
            let answers =
                ["a", "b", "c", "d", "e"].map(|key| tell(server.port, &format!("GET {key}")));
            let named = |answer: &String| answer.ends_with(&format!(":{}\r\n", other.port));
            !answers.iter().any(|answer| answer.contains("DOWN")) && answers.iter().any(named)
        };
        while !moved() {
            std::thread::yield_now();
        }
    }
    let url = format!("redis-cluster://127.0.0.1:{}", one.port);
    doctor(&url).says("ok       REDIS_URL: Redis answers.");
}

#[test]
fn a_server_is_found_by_its_sentinels() {
    let server = start(
        Folder::new("redis"),
        free_port(),
        &["--requirepass", "secret"],
    );
    let (folder, port) = (Folder::new("sentinel"), free_port());
    let configuration = format!(
        "port {port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {} 1\nsentinel auth-pass mymaster secret\n",
        server.port
    );
    folder.write("sentinel.conf", &configuration);
    let sentinel = Server::start(
        "REDIS_SERVER",
        folder,
        port,
        &["sentinel.conf", "--sentinel"],
    );
    let url = |name: &str| {
        format!(
            "redis-sentinel://:secret@127.0.0.1:{}?sentinelServiceName={name}",
            sentinel.port
        )
    };
    doctor(&url("mymaster")).says("ok       REDIS_URL: Redis answers.");
    doctor(&url("another")).says("warning  REDIS_URL: ");
}

#[tokio::test]
async fn one_that_takes_connections_and_never_answers_keeps_nobody_waiting() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", hanging.local_addr().unwrap());
    doctor(&url)
        .says("warning  REDIS_URL: Redis does not answer; limits and the budget of calls are kept");
    let database = database::create("hanging").await;
    let serve = Program::new(&[]).able_to_serve(&database);
    let (serve, address) = serve.with("REDIS_URL", &url).start("serving address=");
    let dashboard = format!("http://{}", address.trim());
    crate::visitor::Visitor::register(&dashboard).await;
    let ready = reqwest::get(format!("{dashboard}/readyz")).await.unwrap();
    assert_eq!(ready.status(), 200);
    assert!(ready.text().await.unwrap().contains("\"redis\":false"));
    serve.until("REDIS_URL: Redis does not answer; limits and the budget of calls are kept");
    serve.stop("TERM").with(0);
    database::remove(&database).await;
}
