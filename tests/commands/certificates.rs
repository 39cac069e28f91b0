//! What the doctor says of certificates that browsers do not accept, shown by real proxies.

use crate::database;
use crate::program::Program;
use crate::server::{Folder, Server, free_port};
use rcgen::generate_simple_self_signed;

/// Runs the doctor for a dashboard at this port.
async fn assert_said(port: u16, line: &str) {
    let database = database::create("certificates").await;
    let doctor = Program::new(&["doctor"]).able_to_serve(&database);
    let doctor = doctor.with("PUBLIC_URL", &format!("https://localhost:{port}"));
    let line = format!("warning  PUBLIC_URL: The certificate at this address {line}. Give");
    doctor.run().with(1).says(&line);
    database::remove(&database).await;
}

/// An nginx with a certificate for this name.
fn nginx(name: &str) -> Server {
    let (folder, port) = (Folder::new("certificates"), free_port());
    let made = generate_simple_self_signed([name.to_owned()]).unwrap();
    let cert = folder.write("cert", &made.cert.pem());
    let key = folder.write("key", &made.signing_key.serialize_pem());
    let (cert, key) = (cert.display(), key.display());
    let at = folder.path().display().to_string();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("{kind}_temp_path {at}/{kind};"));
    let whole = format!(
        "daemon off; master_process off; pid {at}/pid; events {{}} http {{ access_log off; {} server {{
         listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; return 200; }} }}",
        temporary.concat()
    );
    folder.write("nginx.conf", &whole);
    let arguments = ["-e", "stderr", "-c", "nginx.conf", "-p", &at];
    Server::start("NGINX", folder, port, &arguments)
}

#[tokio::test]
async fn one_that_nobody_has_signed_is_named() {
    let nginx = nginx("localhost");
    assert_said(
        nginx.port,
        "is self-signed, or signed by nobody whom browsers know",
    )
    .await;
}

/// Traefik is a package nowhere; `scripts/test` says when it could not be fetched.
#[tokio::test]
async fn the_one_that_traefik_makes_for_itself_is_named() {
    if std::env::var_os("TRAEFIK").is_none() {
        return;
    }
    let (folder, port) = (Folder::new("certificates"), free_port());
    let listen = format!("--entryPoints.websecure.address=127.0.0.1:{port}");
    let tls = "--entryPoints.websecure.http.tls=true".to_owned();
    let traefik = Server::start("TRAEFIK", folder, port, &[&listen, &tls]);
    assert_said(traefik.port, "is the one that Traefik made for itself").await;
}
