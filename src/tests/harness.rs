//! A dashboard for one story: a database, a simulated Coolify and a worker of its own.
//! It knows how the parts are put together; it must not know what any story says.

use super::database::Database;
use super::person::{Person, Seen};
use super::setup::{self, Setup};
use crate::actions::invitations;
use crate::api;
use crate::app::{App, Parts};
use crate::archive::Archive;
use crate::coolify::Probe;
use crate::domain::agents_domain::AgentsDomain;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::simulator::Simulator;
use crate::simulator::ledger::{Ledger, Record};
use crate::web;
use crate::worker;
use axum::Router;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a story waits for what must happen: more than ten times what any of it takes on an idle machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// Between two looks of a story.
const LOOK: Duration = Duration::from_millis(10);
/// An environment as its maker knows it.
#[derive(Clone, Debug)]
pub struct Made {
    pub id: EnvironmentId,
    pub name: String,
    pub subdomain: String,
    pub password: String,
}

impl Made {
    /// An address below the environment's page; without one, the page.
    pub fn at(&self, part: &str) -> String {
        if part.is_empty() {
            format!("/environments/{}", self.id)
        } else {
            format!("/environments/{}/{part}", self.id)
        }
    }
}

/// A dashboard of its own.
pub struct Dashboard {
    pub app: App,
    pub simulator: Simulator,
    /// Begins every key in Redis.
    pub prefix: String,
    pub seen: Seen,
    pub(super) database: Database,
    pub(super) stop: CancellationToken,
    pub(super) worker: JoinHandle<()>,
    pub(super) closed: bool,
    router: Router,
}

impl Dashboard {
    /// Opens one.
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// Opens one that is set up differently.
    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::default();
        change(&mut setup);
        let database = Database::new().await;
        let simulator = setup::simulator(&setup).await;
        let prefix = format!("story:{}:", Uuid::now_v7());
        let redis = setup::redis(&setup).await;
        let domain = AgentsDomain::parse(&format!("localhost:{}", simulator.port())).unwrap();
        let app = App::new(Parts {
            pool: setup::pool(&database),
            client: setup::client(&simulator, &setup),
            probe: Probe::new().unwrap(),
            archive: Archive::new(&setup.archive).unwrap(),
            redis,
            prefix: prefix.clone(),
            domain,
            folder: "/home/coder/workspace".to_owned(),
            repositories: setup::repositories(&setup),
            branch: setup.branch.take(),
            registration: setup.registration,
            allowance: setup.allowance,
            pace: setup.pace.clone(),
        });
        let stop = CancellationToken::new();
        Self {
            router: web::router(setup::web(app.clone(), &setup)).merge(api::router(setup::api(
                app.clone(),
                &setup,
                &stop,
            ))),
            worker: tokio::spawn(worker::run(app.clone(), stop.clone())),
            closed: false,
            app,
            simulator,
            prefix,
            seen: Seen::default(),
            database,
            stop,
        }
    }

    /// Somebody who has never been here.
    pub fn stranger(&self, name: &str) -> Person {
        Person::new(name, self.router.clone(), Arc::clone(&self.seen))
    }

    /// Somebody who is signed in.
    pub async fn person(&self, name: &str) -> Person {
        let person = self.stranger(name);
        person.register().await;
        person
    }

    /// An administrator who is signed in.
    pub async fn administrator(&self, name: &str) -> Person {
        let person = self.stranger(name);
        let link = invitations::set_up(&self.app).await.unwrap().unwrap();
        person.try_link(&link).await.leads_to("/environments");
        person
    }

    /// Makes an environment of this name, and deploys it at once if that is wanted.
    pub async fn make(&self, owner: &Person, name: &str, deploy: bool) -> Made {
        let password = format!("opens {name}");
        let deploy = if deploy { "1" } else { "0" };
        let fields = [("name", name), ("password", &password), ("deploy", deploy)];
        owner
            .post("/environments", &fields)
            .await
            .leads_to("/environments");
        self.made(name, &password).await
    }

    /// Makes an environment that runs.
    pub async fn running(&self, owner: &Person, name: &str) -> Made {
        let made = self.make(owner, name, true).await;
        self.until_status(&made, "running").await;
        made
    }

    /// The environment of this name.
    pub async fn made(&self, name: &str, password: &str) -> Made {
        let (id, subdomain): (Uuid, String) =
            sqlx::query_as("select id, subdomain from environments where name = $1")
                .bind(name)
                .fetch_one(self.pool())
                .await
                .unwrap();
        Made {
            id: id.into(),
            name: name.to_owned(),
            subdomain,
            password: password.to_owned(),
        }
    }

    /// The database, for what no page shows.
    pub fn pool(&self) -> &PgPool {
        &self.app.pool
    }

    /// The word in the environment's row; nothing when the row is gone.
    pub async fn status(&self, made: &Made) -> Option<String> {
        self.column(made, "status").await
    }

    /// The sentence in the environment's row.
    pub async fn reason(&self, made: &Made) -> String {
        self.column(made, "reason").await.unwrap_or_default()
    }

    /// A column of the environment's row or of its watch as text.
    pub async fn column(&self, made: &Made, column: &str) -> Option<String> {
        let query = format!(
            "select ({column})::text from environments join watches on environment_id = id where id = $1"
        );
        let found: Option<Option<String>> = sqlx::query_scalar(&query)
            .bind(made.id.uuid())
            .fetch_optional(self.pool())
            .await
            .unwrap();
        found.flatten()
    }

    /// A column of the environment's newest deployment as text.
    pub async fn deployment(&self, made: &Made, column: &str) -> Option<String> {
        let query = format!(
            "select {column}::text from deployments where environment_id = $1 order by created_at desc limit 1"
        );
        let found: Option<Option<String>> = sqlx::query_scalar(&query)
            .bind(made.id.uuid())
            .fetch_optional(self.pool())
            .await
            .unwrap();
        found.flatten()
    }

    /// The newest deployment of the environment.
    pub async fn deployment_id(&self, made: &Made) -> DeploymentId {
        let id = self.deployment(made, "id").await.unwrap();
        DeploymentId::from(id.parse::<Uuid>().unwrap())
    }

    /// The address of its page.
    pub async fn deployment_page(&self, made: &Made) -> String {
        let id = self.deployment_id(made).await;
        made.at(&format!("deployments/{id}"))
    }

    /// Waits until the row says this.
    pub async fn until_status(&self, made: &Made, status: &str) {
        self.until(&format!("{} is {status}", made.name), async || {
            (self.status(made).await.as_deref() == Some(status)).then_some(())
        })
        .await;
    }

    /// Waits until the newest deployment has reached this stage.
    pub async fn until_stage(&self, made: &Made, stage: &str) {
        self.until(&format!("{} is at {stage}", made.name), async || {
            let reached = self.deployment(made, "stage").await;
            (reached.as_deref() == Some(stage)).then_some(())
        })
        .await;
    }

    /// Waits until a build of the newest deployment is followed.
    pub async fn until_built(&self, made: &Made) {
        self.until(&format!("{} is built", made.name), async || {
            self.deployment(made, "deployment_uuid").await
        })
        .await;
    }

    /// Waits until the newest deployment's log is complete.
    pub async fn until_logged(&self, made: &Made) {
        self.until(&format!("the log of {} has come", made.name), async || {
            let ended = "log_at is null and finished_at is not null";
            let ended = self.deployment(made, &format!("({ended})")).await;
            (ended.as_deref() == Some("true")).then_some(())
        })
        .await;
    }

    /// Waits until the deployment failed, and returns the sentence.
    pub async fn until_error(&self, made: &Made) -> String {
        self.until_status(made, "error").await;
        self.reason(made).await
    }

    /// Lets the newest deployment end after this time, whatever the set-up allows it from its turn on. It may have ended already.
    pub async fn allow(&self, made: &Made, time: Duration) {
        self.until(&format!("{} has its turn", made.name), async || {
            self.deployment(made, "turn_at").await
        })
        .await;
        let query = "update deployments set deadline = now() + make_interval(secs => $2)
                     where environment_id = $1 and finished_at is null";
        let query = sqlx::query(query)
            .bind(made.id.uuid())
            .bind(time.as_secs_f64());
        query.execute(self.pool()).await.unwrap();
    }

    /// Waits until the row has left.
    pub async fn until_gone(&self, made: &Made) {
        self.until(&format!("{} is gone", made.name), async || {
            self.status(made).await.is_none().then_some(())
        })
        .await;
    }

    /// Looks again and again until there is something to see.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it never came true: {what}\n{}",
                self.picture().await
            );
            sleep(LOOK).await;
        }
    }

    /// What Coolify remembers of the application of this environment; there must be exactly one.
    pub fn record(&self, made: &Made) -> Record {
        let mut records = self.records(made);
        assert_eq!(
            records.len(),
            1,
            "applications named {}: {records:?}",
            made.subdomain
        );
        records.remove(0)
    }

    /// What Coolify remembers of every application under the environment's name.
    pub fn records(&self, made: &Made) -> Vec<Record> {
        let mut records = self.ledger().applications;
        records.retain(|record| record.name == made.subdomain);
        records
    }

    /// How often a call got this answer.
    pub fn calls(&self, call: &str, answer: &str) -> u64 {
        let calls = self.ledger().calls;
        let answers = calls.get(call);
        answers
            .and_then(|answers| answers.get(answer))
            .copied()
            .unwrap_or(0)
    }

    /// Everything Coolify remembers.
    pub fn ledger(&self) -> Ledger {
        self.simulator.ledger()
    }
}
