//! A world: a database, a Redis, a simulated Coolify, and what can be seen in them.

use super::dashboard::{self, Settings};
use super::{Coolify, Dashboard, Person, Servers, until};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row};
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

/// The password of every environment.
pub const PASSWORD: &str = "p'4ss $word \u{e9}";

/// All that a dashboard needs, and nothing that another one uses.
pub struct World {
    pub coolify: Coolify,
    pub settings: Settings,
    pub database: PgPool,
    cookie: String,
    log: PathBuf,
}

/// What the row of an environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub id: Uuid,
    pub subdomain: String,
    pub status: String,
    pub reason: Option<String>,
    pub stage: Option<String>,
    pub deployment_uuid: Option<String>,
    /// Changes with every claim.
    pub touched: (i64, i32),
}

impl World {
    pub async fn new(servers: &Servers, name: &str, speed: f64) -> Self {
        Self::with(servers, servers.fresh().await, name, speed).await
    }

    /// A world without tables and people.
    pub async fn empty(servers: &Servers, name: &str, speed: f64) -> Self {
        Self::with(servers, servers.empty().await, name, speed).await
    }

    async fn with(
        servers: &Servers,
        (database_url, redis_url): (String, String),
        name: &str,
        speed: f64,
    ) -> Self {
        let log = servers.folder().join(format!("{name}.log"));
        let coolify = Coolify::start(speed, &log.with_extension("coolify")).await;
        let settings =
            dashboard::settings(&database_url, &redis_url, coolify.url(), &coolify.domain());
        let pool = PgPoolOptions::new().max_connections(2);
        Self {
            database: pool.connect_lazy(&database_url).unwrap(),
            coolify,
            settings,
            cookie: servers.cookie.clone(),
            log,
        }
    }

    /// Starts a copy of the dashboard in this world and waits until it serves and has made its first call.
    pub async fn dashboard(&self, more: &[(&str, &str)]) -> Dashboard {
        let before = self.coolify.calls("find").await;
        let dashboard = Dashboard::start(&self.settings, more, &self.log).await;
        until("the search for strangers", super::START, async || {
            (self.coolify.calls("find").await > before).then_some(())
        })
        .await;
        dashboard
    }

    /// Starts a copy and waits for nothing.
    pub fn spawn(&self) -> Dashboard {
        Dashboard::spawn(&self.settings, &[], &self.log)
    }

    /// The person who owns everything here.
    pub fn person(&self, dashboard: &Dashboard) -> Person {
        Person::at(dashboard.url(), &self.cookie)
    }

    /// Where the dashboard logs to.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last words of the dashboard's log.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    /// How often the dashboard's log says this.
    pub fn count_in_log(&self, words: &str) -> usize {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.matches(words).count()
    }

    pub async fn create(&self, person: &Person, name: &str, deploy: bool) -> Environment {
        let deploy = if deploy { "1" } else { "" };
        let form = [
            ("name", name),
            ("password", PASSWORD),
            ("variables", "KEY=a value"),
            ("deploy", deploy),
        ];
        let page = person.post("/environments", &form).await.unwrap();
        assert_eq!(page.status, 303, "{}", page.text);
        self.named(name).await.expect("it was created just now")
    }

    /// The environment of a name.
    pub async fn named(&self, name: &str) -> Option<Environment> {
        self.environments()
            .await
            .unwrap()
            .into_iter()
            .find(|(found, _)| found == name)
            .map(|(_, environment)| environment)
    }

    /// Every environment with its name.
    pub async fn environments(&self) -> sqlx::Result<Vec<(String, Environment)>> {
        let rows = sqlx::query(
            "select e.name, e.id, e.subdomain, e.status, e.reason, w.token, w.looks, d.stage, d.deployment_uuid
             from environments e
             join watches w on w.environment_id = e.id
             left join deployments d on d.environment_id = e.id and d.finished_at is null
             order by e.created_at",
        );
        let rows = rows.fetch_all(&self.database).await?;
        Ok(rows
            .iter()
            .map(|row| {
                let environment = Environment {
                    id: row.get("id"),
                    subdomain: row.get("subdomain"),
                    status: row.get("status"),
                    reason: row.get("reason"),
                    stage: row.get("stage"),
                    deployment_uuid: row.get("deployment_uuid"),
                    touched: (row.get("token"), row.get("looks")),
                };
                (row.get("name"), environment)
            })
            .collect())
    }

    /// Waits until the environment has this status, or is gone.
    pub async fn settles(&self, name: &str, status: &str, limit: Duration) {
        let what = format!("{name} {status}\n{}", self.last_words());
        until(&what, limit, async || {
            let now = self.named(name).await;
            let now = now.map_or("gone".to_owned(), |now| now.status);
            (now == status).then_some(())
        })
        .await;
    }

    /// How many variables Coolify has not accepted, or whose values are still here.
    pub async fn variables_left(&self) -> i64 {
        let left = "select count(*) from environment_variables v
                    left join variable_values w on w.environment_id = v.environment_id and w.name = v.name
                    where v.sent_at is null or w.name is not null";
        let left = sqlx::query_scalar(left);
        left.fetch_one(&self.database).await.unwrap()
    }

    /// How many variables are listed.
    pub async fn variables_known(&self) -> i64 {
        let known = sqlx::query_scalar("select count(*) from environment_variables");
        known.fetch_one(&self.database).await.unwrap()
    }

    /// The jobs in the queue.
    pub async fn jobs(&self) -> i64 {
        let nil = "select count(*) from mq_msgs where id <> '00000000-0000-0000-0000-000000000000'";
        let jobs = sqlx::query_scalar(nil);
        jobs.fetch_one(&self.database).await.unwrap()
    }
}

impl Environment {
    /// An address of the environment.
    pub fn path(&self, action: &str) -> String {
        format!("/environments/{}/{action}", id_of(self.id))
    }
}

/// The id of an environment as addresses have it.
pub fn id_of(environment: Uuid) -> String {
    type_safe_id::TypeSafeId::<EnvironmentTag>::from_uuid(environment).to_string()
}

#[derive(Default)]
struct EnvironmentTag;

impl type_safe_id::StaticType for EnvironmentTag {
    const TYPE: &'static str = "env";
}
