//! What a poll is compared with: plain text, a SELECT by primary key and a GET from Redis, the latter two with a fragment of
//! HTML. They are served as the dashboard serves, by a process of their own, with nothing around them.

use crate::process::{Process, World, free_port, until};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;
use fred::prelude::{Builder, Client, ClientLike, Config};
use fred::types::{ClusterHash, CustomCommand};
use minijinja::{Environment, context};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Where to listen. Without it the process is not for serving.
const LISTEN: &str = "SPEED_BASELINES";
/// As many as the dashboard has.
const CONNECTIONS: u32 = 15;
/// As the dashboard's.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);

/// As much as a row of the list has without its buttons.
const FRAGMENT: &str = r#"<tr id="{{ id }}" role="row">
  <th class="name" scope="row"><input type="hidden" name="row" value="{{ id }} {{ version }} {{ status }}"><a id="{{ id }}-name" href="/environments/{{ id }}" title="{{ name }}">{{ name }}</a></th>
  <td class="address"><div><a href="https://{{ subdomain }}.example.com/" target="_blank" rel="noopener">{{ subdomain }}.example.com</a></div></td>
  <td class="status"><div class="state"><span class="badge {{ status }}">{{ status }}</span></div>{% if reason %}<p class="reason">{{ reason }}</p>{% endif %}</td>
</tr>"#;

/// The process that serves them.
pub struct Baselines {
    pub address: SocketAddr,
    process: Process,
}

impl Baselines {
    /// Starts this executable once more, to serve what is in this world's database and Redis.
    pub async fn start(world: &World) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "speed::baselines::serves_when_asked_to"]);
        command.args(["--include-ignored", "--nocapture"]);
        command.env(LISTEN, address.to_string());
        command.envs(world.settings.iter().map(|(name, value)| (name, value)));
        let process = Process::start(&mut command, &world.log().with_extension("baselines"));
        until("the baselines", crate::process::START, async || {
            let answer = reqwest::get(format!("http://{address}/plain")).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        Self { address, process }
    }

    /// The processor's time so far.
    pub fn processor_seconds(&self) -> f64 {
        crate::process::processor_seconds(&self.process.id().to_string())
    }
}

#[test]
#[ignore = "is a part of scripts/speed"]
fn serves_when_asked_to() {
    let Ok(address) = std::env::var(LISTEN) else {
        return;
    };
    // The runtime of the dashboard, which is not that of a test.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(serve(address.parse().unwrap()));
}

#[derive(Clone)]
struct Shared {
    database: PgPool,
    redis: Client,
    engine: Arc<Environment<'static>>,
}

/// What both of them show.
#[derive(Serialize, Deserialize, sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    subdomain: String,
    status: String,
    reason: Option<String>,
    version: i64,
}

async fn serve(address: SocketAddr) {
    let setting = |name| std::env::var(name).unwrap();
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
    let mut engine = Environment::new();
    engine.add_template("row.html", FRAGMENT).unwrap();
    let shared = Shared {
        database: pool.connect(&setting("DATABASE_URL")).await.unwrap(),
        redis: redis(&setting("REDIS_URL")).await,
        engine: Arc::new(engine),
    };
    fill(&shared).await;
    let router = Router::new()
        .route("/plain", get(async || "ok\n"))
        .route("/select/{id}", get(select))
        .route("/redis/{id}", get(from_redis))
        .with_state(shared)
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    axum::serve(listener, router).await.unwrap();
}

async fn redis(url: &str) -> Client {
    let client = Builder::from_config(Config::from_url(url).unwrap())
        .with_performance_config(|performance| {
            performance.default_command_timeout = COMMAND_TIMEOUT;
        })
        .build()
        .unwrap();
    client.init().await.unwrap();
    client
}

fn command(name: &'static str) -> CustomCommand {
    CustomCommand::new_static(name, ClusterHash::FirstKey, false)
}

/// Puts what runs into Redis.
async fn fill(shared: &Shared) {
    let rows = "select id, name, subdomain, status, reason, version from environments where status = 'running'";
    let rows = sqlx::query_as(rows).fetch_all(&shared.database).await;
    for row in rows.unwrap() {
        let row: Row = row;
        let arguments = vec![key(row.id), serde_json::to_string(&row).unwrap()];
        let set = shared.redis.custom::<String, _>(command("SET"), arguments);
        set.await.unwrap();
    }
}

fn key(id: Uuid) -> String {
    format!("row:{id}")
}

async fn select(State(shared): State<Shared>, Path(id): Path<Uuid>) -> Html<String> {
    let row = "select id, name, subdomain, status, reason, version from environments where id = $1";
    let row = sqlx::query_as(row).bind(id).fetch_one(&shared.database);
    fragment(&shared, &row.await.unwrap())
}

async fn from_redis(State(shared): State<Shared>, Path(id): Path<Uuid>) -> Html<String> {
    let value = shared.redis.custom(command("GET"), vec![key(id)]);
    let value: String = value.await.unwrap();
    fragment(&shared, &serde_json::from_str(&value).unwrap())
}

fn fragment(shared: &Shared, row: &Row) -> Html<String> {
    let Row {
        id,
        name,
        subdomain,
        status,
        reason,
        version,
    } = row;
    let id = id.to_string();
    let values = context! { id, name, subdomain, status, reason, version };
    let template = shared.engine.get_template("row.html").unwrap();
    Html(template.render(values).unwrap())
}
