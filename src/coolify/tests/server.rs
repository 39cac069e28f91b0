//! A server that gives one answer to everything, and remembers what it was asked.

use crate::coolify::{Client, Connection, Error, Source};
use crate::domain::resources::Resources;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Method and address of every request so far.
pub type Asked = Arc<Mutex<Vec<String>>>;

/// Starts it; `answer` makes the answer.
pub async fn serve(
    answer: impl Fn() -> Response<Body> + Clone + Send + Sync + 'static,
) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let log = asked.clone();
    let router = Router::new().fallback(async move |request: Request| {
        let line = format!("{} {}", request.method(), request.uri());
        log.lock().unwrap().push(line);
        answer()
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

/// An answer with status, headers and body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_owned())).unwrap()
}

/// A client of whatever is at this address.
pub fn client_of(address: SocketAddr) -> Client {
    let connection = Connection {
        url: format!("http://{address}").parse().unwrap(),
        token: secrecy::SecretString::from("1|token"),
        project_uuid: "project".to_owned(),
        server_uuid: "server".to_owned(),
        environment_name: "production".to_owned(),
        destination_uuid: None,
    };
    let source = Source {
        repository: "https://github.com/grmkris/agent".to_owned(),
        branch: "main".to_owned(),
        port: 8080,
    };
    Client::new(connection, source).unwrap()
}

/// A client of a server that always gives this answer.
pub async fn client(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Client {
    let (headers, body) = (headers.to_vec(), body.to_owned());
    let (address, _) = serve(move || answer(status, &headers, &body)).await;
    client_of(address)
}

/// A call's name, whether it changes something, and how it ended.
pub type Ended = (&'static str, bool, Result<(), Error>);

/// Makes every call there is.
pub async fn every_call(client: &Client) -> Vec<Ended> {
    let mut ended = reading_calls(client).await;
    ended.extend(changing_calls(client).await);
    ended
}

async fn reading_calls(client: &Client) -> Vec<Ended> {
    let followed = HashSet::new();
    let in_flight = client.builds_in_flight(&followed).await;
    let ended = [
        ("applications", client.applications().await.map(drop)),
        ("application", client.application("a").await.map(drop)),
        ("variables", client.variables("a").await.map(drop)),
        ("mount_paths", client.mount_paths("a").await.map(drop)),
        ("recent_build", client.recent_build("a").await.map(drop)),
        ("builds_in_flight", in_flight.map(drop)),
        ("build", client.build("d").await.map(drop)),
        (
            "container_log",
            client.container_log("a", 20).await.map(drop),
        ),
        ("version", client.version().await.map(drop)),
        ("server_state", client.server_state().await.map(drop)),
        ("server_limits", client.server_limits().await.map(drop)),
    ];
    ended.map(|(call, ended)| (call, false, ended)).into()
}

async fn changing_calls(client: &Client) -> Vec<Ended> {
    let variables = [("KEY", "value")];
    let limits = Resources::of_numbers(Some(2_048), None);
    let ended = [
        (
            "create",
            client.create("a", "b", "c", limits).await.map(drop),
        ),
        ("set_resources", client.set_resources("a", limits).await),
        ("set_variables", client.set_variables("a", &variables).await),
        ("remove_variable", client.remove_variable("a", "b").await),
        ("add_volume", client.add_volume("a", "b", "/c").await),
        ("deploy", client.deploy("a", false).await.map(drop)),
        ("cancel", client.cancel("d").await),
        ("remove", client.remove("a").await),
    ];
    ended.map(|(call, ended)| (call, true, ended)).into()
}
