//! How a dashboard for a story is set up: everything real, and all of it in a hurry. It knows no story.

use super::database::Database;
use crate::actions::checks;
use crate::api::{Api, document};
use crate::app::{App, Pace};
use crate::archive::Place;
use crate::coolify::{Branch, Client, Connection, Repositories, Source};
use crate::domain::allowance::Allowance;
use crate::domain::judge::Patience;
use crate::domain::network::TrustedProxies;
use crate::domain::source::{Allowed, BuiltFrom, Choices};
use crate::domain::user::WhoRegisters;
use crate::http::Proxies;
use crate::redis::calls::CallRates;
use crate::redis::schedule::Rate;
use crate::redis::{self, Redis};
use crate::simulator::{Options, Simulator};
use crate::web::{Reference, Setting, Web};
use secrecy::SecretString;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

/// How many times faster than life Coolify builds.
const SPEED: f64 = 100.0;
/// Many stories share one PostgreSQL.
const CONNECTIONS: u32 = 6;
/// More calls than any story makes.
const MANY: Rate = Rate {
    per_minute: 60_000,
    burst: 100_000,
};

/// Changes what the client is told of Coolify, and what it tells Coolify of us.
type Telling = Box<dyn Fn(&mut Connection, &mut Source)>;

/// How a dashboard is set up.
pub struct Setup {
    pub pace: Pace,
    pub registration: WhoRegisters,
    /// What everybody may have.
    pub allowance: Allowance,
    /// People come by https.
    pub secure: bool,
    /// The address that people use.
    pub public_url: Option<&'static str>,
    /// Whose word about senders is believed.
    pub trusted_proxies: &'static str,
    /// What the token of Coolify may do.
    pub abilities: Vec<&'static str>,
    /// Whether there is a Redis.
    pub redis: bool,
    /// Changes what Coolify is told of us.
    pub coolify: Telling,
    /// Where finished logs are kept: by default in a folder of the story's own, which nothing makes before it is needed.
    pub archive: Place,
    /// The branch that is watched for updates.
    pub branch: Option<Branch>,
    /// Which repositories may be chosen, and where all of them are served.
    pub allowed: &'static str,
    pub origin: Option<Url>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            pace: Pace {
                archive: Duration::from_millis(50),
                // Stories of the database's logs look at them for long.
                log_settles: Duration::from_hours(1),
                ..hurry()
            },
            registration: WhoRegisters::Everybody,
            allowance: Allowance::default(),
            secure: false,
            public_url: None,
            trusted_proxies: "127.0.0.0/8, ::1",
            abilities: vec!["read", "write", "deploy", "read:sensitive"],
            redis: true,
            coolify: Box::new(|_, _| {}),
            archive: Place::Folder(std::env::temp_dir().join(format!("logs-{}", Uuid::now_v7()))),
            branch: None,
            allowed: "",
            origin: None,
        }
    }
}

/// The Redis of the tests, if the story has one.
pub async fn redis(setup: &Setup) -> Redis {
    if setup.redis {
        redis::tests::redis().await
    } else {
        Redis::default()
    }
}

/// Everything in milliseconds, but for what would only end a story before its time.
fn hurry() -> Pace {
    let millis = Duration::from_millis;
    Pace {
        give_up: Duration::ZERO,
        branch: millis(50),
        container_log: millis(10),
        lease: millis(3_000),
        step: millis(2_900),
        look: millis(2_500),
        landing: millis(400),
        look_every: millis(30),
        recheck: millis(400),
        doubt: millis(40),
        unconfirmed: Duration::from_mins(10),
        refused: millis(200),
        queue_full: millis(200),
        retry: millis(30),
        log: millis(30),
        removal: Duration::from_mins(20),
        winding_down: Duration::from_mins(2),
        patience: Patience {
            queued: Duration::from_hours(6),
            trailing_log: millis(150),
            start: Duration::from_mins(2),
            answer: Duration::from_mins(2),
        },
        tick: millis(10),
        rechecks: 100,
        sessions: millis(50),
        sweep: millis(200),
        scrape: Duration::ZERO,
        rates: CallRates {
            common: MANY,
            looks: MANY,
            removals: MANY,
        },
        ..Pace::default()
    }
}

/// A Coolify of its own. Its builds do not wait for each other.
pub async fn simulator(setup: &Setup) -> Simulator {
    let options = Options {
        speed: SPEED,
        ..Options::default()
    };
    let token = options.token.clone();
    let abilities = setup.abilities.iter().map(ToString::to_string).collect();
    let simulator = Simulator::start(options).await.unwrap();
    simulator.settings(|settings| {
        settings.token_abilities = BTreeMap::from([(token, abilities)]);
        settings.rate_limit_per_minute = 1_000_000;
        settings.delete_seconds = Some(3.0);
    });
    simulator
}

/// Who calls it.
pub fn client(simulator: &Simulator, setup: &Setup) -> Client {
    let options = Options::default();
    let mut connection = Connection {
        url: Url::parse(&simulator.url()).unwrap(),
        token: SecretString::from(options.token),
        project_uuid: options.project,
        server_uuid: options.server,
        environment_name: options.environment,
        destination_uuid: None,
    };
    let mut source = Source {
        repository: "https://github.com/grmkris/agent".to_owned(),
        branch: "main".to_owned(),
        port: 8080,
    };
    (setup.coolify)(&mut connection, &mut source);
    Client::new(connection, source).unwrap()
}

/// Who reads the repositories that people choose.
pub fn repositories(setup: &Setup) -> Repositories {
    let choices = Choices {
        standard: BuiltFrom {
            repository: "https://github.com/grmkris/agent".to_owned(),
            branch: "main".to_owned(),
        },
        allowed: Allowed::parse(setup.allowed).unwrap(),
    };
    let repositories = Repositories::new(choices).unwrap();
    match &setup.origin {
        Some(origin) => repositories.served_at(origin.clone()),
        None => repositories,
    }
}

/// What its pages are made with.
pub fn web(app: App, setup: &Setup) -> Web {
    let trusted = TrustedProxies::parse(setup.trusted_proxies).unwrap();
    Web {
        secure: setup.secure,
        public_url: setup.public_url.map(|url| Url::parse(url).unwrap().into()),
        proxies: Proxies::new(trusted).into(),
        demo: false,
        settings: vec![Setting {
            name: "AGENT_BRANCH",
            value: "main".to_owned(),
            origin: "default".to_owned(),
        }]
        .into(),
        reference: Reference::of(&document::value()).into(),
        checks: checks(&app, setup).into(),
        app,
    }
}

/// What the API is made with.
pub fn api(app: App, setup: &Setup, stop: &CancellationToken) -> Api {
    let trusted = TrustedProxies::parse(setup.trusted_proxies).unwrap();
    Api {
        app,
        secure: setup.secure,
        public_url: setup.public_url.map(|url| Url::parse(url).unwrap().into()),
        proxies: Proxies::new(trusted).into(),
        stop: stop.clone(),
    }
}

/// What the checks look at beside the dashboard's own handles.
fn checks(app: &App, setup: &Setup) -> checks::Setup {
    checks::Setup {
        servers: vec![PgConnectOptions::clone(&app.pool.connect_options())],
        redis_url: None,
        destination: None,
        branch: app.branch.clone(),
        public_url: setup.public_url.map(|url| Url::parse(url).unwrap()),
        misspelled: vec![],
    }
}

/// A few connections to the story's database.
pub fn pool(database: &Database) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_mins(1))
        .connect_lazy_with(database.options())
}
