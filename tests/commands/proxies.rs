//! The configurations in `.proxies/`, carried out by the real programs: what a person does through them, and whom the
//! dashboard takes them for.

use crate::database;
use crate::process::Process;
use crate::program::{Program, Running};
use crate::server::{Folder, free_port};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder, StatusCode, Version, redirect};
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

const HOST: &str = "vps.example.com";
/// What the examples say is where the dashboard listens.
const LISTEN: &str = "127.0.0.1:3000";
const PATIENCE: Duration = Duration::from_mins(1);

/// A dashboard, and a proxy with a folder of its own before it.
struct Site {
    database: String,
    dashboard: Running,
    proxy: Process,
    /// Goes with it.
    _folder: Folder,
    port: u16,
}

/// What a proxy is started with: the folder with its certificate, its port, and where the dashboard listens.
struct Place<'a> {
    folder: &'a Folder,
    port: u16,
    dashboard: &'a str,
}

impl Site {
    async fn open(proxy: impl Fn(&Place<'_>) -> Command) -> Self {
        let database = database::create("proxies").await;
        let (dashboard, address) = Program::new(&["serve"])
            .able_to_serve(&database)
            .with("PUBLIC_URL", &format!("https://{HOST}"))
            .with("TRUSTED_PROXIES", "127.0.0.1")
            .start("serving address=");
        let folder = Folder::new("proxy");
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([HOST.to_owned()]).unwrap();
        folder.write("cert", &cert.pem());
        folder.write("key", &signing_key.serialize_pem());
        let port = free_port();
        let place = Place {
            folder: &folder,
            port,
            dashboard: &address,
        };
        let proxy = Process::spawn(&mut proxy(&place));
        proxy.until_listening(("127.0.0.1", port));
        Self {
            database,
            dashboard,
            proxy,
            _folder: folder,
            port,
        }
    }

    /// A browser at this address of the machine.
    fn client(&self, from: [u8; 4]) -> Client {
        Client::builder()
            .danger_accept_invalid_certs(true)
            .resolve(HOST, SocketAddr::from(([127, 0, 0, 1], self.port)))
            .local_address(IpAddr::from(from))
            .redirect(redirect::Policy::none())
            .build()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    fn register(&self, client: &Client, origin: &str) -> RequestBuilder {
        let fields = [
            ("name", "Ada"),
            ("email", "ada@example.com"),
            ("password", "eight letters and more"),
        ];
        client
            .post(self.url("/register"))
            .header(ORIGIN, origin)
            .header("x-forwarded-for", "198.51.100.7")
            .form(&fields)
    }

    /// Waits until the proxy has read where the dashboard is: Traefik listens before that.
    async fn until_routed(&self) {
        let (client, deadline) = (self.client([127, 0, 0, 1]), Instant::now() + PATIENCE);
        loop {
            let alive = client.get(self.url("/healthz")).send().await;
            if alive.is_ok_and(|alive| alive.status() == StatusCode::OK) {
                return;
            }
            assert!(Instant::now() < deadline, "nothing is routed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Forms are taken from our own pages alone, and the sender is the one that the proxy saw.
    async fn works(self) {
        let client = self.client([127, 0, 0, 2]);
        let foreign = self.register(&client, "https://evil.example").send();
        assert_eq!(foreign.await.unwrap().status(), StatusCode::FORBIDDEN);
        let welcome = self.register(&client, &self.url("")).send().await.unwrap();
        assert_eq!(welcome.status(), StatusCode::SEE_OTHER);
        assert_eq!(welcome.version(), Version::HTTP_2);
        let session = welcome.headers()[SET_COOKIE].to_str().unwrap();
        assert!(session.starts_with("__Host-vps-claude="), "{session}");
        let session = session.split(';').next().unwrap();
        // More than most proxies take by themselves.
        let many = (0..300).map(|number| format!("; neighbour{number:03}={number:030}"));
        let cookies = session.to_owned() + &many.collect::<String>();
        let account = client.get(self.url("/account")).header(COOKIE, cookies);
        let account = account.send().await.unwrap().text().await.unwrap();
        assert!(account.contains("from 127.0.0.2<"), "{account}");
        self.close().await;
    }

    async fn close(mut self) {
        self.proxy.signal("TERM");
        self.proxy.ended();
        self.dashboard.stop("TERM");
        database::remove(&self.database).await;
    }
}

/// An example with these words in place of others, each of which is there.
fn changed(example: &str, words: &[(&str, String)]) -> String {
    words.iter().fold(example.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is not in\n{text}");
        text.replace(old, new)
    })
}

fn nginx(place: &Place<'_>) -> Command {
    let folder = place.folder.path().display();
    let server = changed(
        include_str!("../../.proxies/nginx.conf"),
        &[
            ("listen 443 ", format!("listen 127.0.0.1:{} ", place.port)),
            (LISTEN, place.dashboard.to_owned()),
            ("/etc/ssl/vps.example.com.pem", format!("{folder}/cert")),
            ("/etc/ssl/vps.example.com.key", format!("{folder}/key")),
        ],
    );
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("{kind}_temp_path {folder}/{kind};"));
    let whole = format!(
        "daemon off; master_process off; pid {folder}/pid; events {{}} http {{ access_log off; {} {server} }}",
        temporary.concat()
    );
    place.folder.write("nginx.conf", &whole);
    let program = std::env::var("NGINX").expect("NGINX is set by scripts/test");
    let mut command = Command::new(program);
    command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
    command.arg(place.folder.path());
    command
}

fn caddy(program: &str, place: &Place<'_>) -> Command {
    let folder = place.folder.path().display();
    let site = changed(
        include_str!("../../.proxies/Caddyfile"),
        &[
            (LISTEN, place.dashboard.to_owned()),
            (
                "vps.example.com {",
                format!(
                    "{{\nadmin off\nauto_https off\nstorage file_system {folder}\n}}\nhttps://vps.example.com:{} {{\ntls {folder}/cert {folder}/key\nbind 127.0.0.1\n",
                    place.port
                ),
            ),
        ],
    );
    let file = place.folder.write("Caddyfile", &site);
    let mut command = Command::new(program);
    command.args(["run", "--adapter", "caddyfile", "--config"]);
    command.arg(file).env("HOME", place.folder.path());
    command
}

/// The router and the service are the example's; the entry point and the certificate are of the test.
fn traefik(program: &str, place: &Place<'_>) -> Command {
    let folder = place.folder.path().display();
    let example = changed(
        include_str!("../../.proxies/traefik.yml"),
        &[
            (LISTEN, place.dashboard.to_owned()),
            (
                "tls:\n        certResolver: letsencrypt",
                "tls: {}".to_owned(),
            ),
        ],
    );
    let certificate = format!(
        "tls:\n  stores:\n    default:\n      defaultCertificate:\n        certFile: {folder}/cert\n        keyFile: {folder}/key\n"
    );
    let file = place.folder.write("traefik.yml", &(example + &certificate));
    let mut command = Command::new(program);
    command.arg(format!("--providers.file.filename={}", file.display()));
    command.arg(format!(
        "--entryPoints.websecure.address=127.0.0.1:{}",
        place.port
    ));
    command
}

#[tokio::test]
async fn the_example_of_nginx_works() {
    Site::open(nginx).await.works().await;
}

/// Caddy is no package everywhere; `scripts/test` says when it is missing.
#[tokio::test]
async fn the_example_of_caddy_works() {
    if let Ok(program) = std::env::var("CADDY") {
        Site::open(|place| caddy(&program, place))
            .await
            .works()
            .await;
    }
}

/// Traefik is a package nowhere; `scripts/test` says when it could not be fetched.
#[tokio::test]
async fn the_example_of_traefik_works() {
    if let Ok(program) = std::env::var("TRAEFIK") {
        let site = Site::open(|place| traefik(&program, place)).await;
        site.until_routed().await;
        site.works().await;
    }
}
