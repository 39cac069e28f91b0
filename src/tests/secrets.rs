//! The story of where passwords are after everything that can be done with them: nowhere.

use super::harness::{Dashboard, Made};
use super::log::overheard;
use super::person::Person;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use fred::prelude::{Builder, Client, ClientLike, Config};
use fred::types::{ClusterHash, CustomCommand};
use std::collections::BTreeMap;
use std::fmt::Write;

mod program;

/// Where something may lie around, and what lies there.
#[derive(Default)]
struct Places(BTreeMap<&'static str, String>);

impl Places {
    fn add(&mut self, place: &'static str, text: &str) {
        self.0.entry(place).or_default().push_str(text);
    }

    /// The places that hold it, as it is or as hexadecimal bytes.
    fn holding(&self, word: &str) -> Vec<&'static str> {
        let hex = word.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let holds = |text: &String| text.contains(word) || text.contains(&hex);
        let places = self.0.iter().filter(|(_, text)| holds(text));
        places.map(|(place, _)| *place).collect()
    }
}

/// Every row of every table.
async fn rows(dashboard: &Dashboard) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', table_schema, table_name)
         from information_schema.tables
         where table_type = 'BASE TABLE'
         and table_schema not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(dashboard.pool())
    .await
    .unwrap();
    assert!(tables.len() >= 8, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let query = format!("select row_to_json(t)::text from {table} t");
        let rows: Vec<String> = sqlx::query_scalar(&query)
            .fetch_all(dashboard.pool())
            .await
            .unwrap();
        let _ = writeln!(all, "{table}\n{}", rows.join("\n"));
    }
    all
}

/// Every key of the dashboard in Redis with its value.
async fn keys(dashboard: &Dashboard) -> String {
    let url = std::env::var("REDIS_URL").unwrap();
    let client = Builder::from_config(Config::from_url(&url).unwrap())
        .build()
        .unwrap();
    client.init().await.unwrap();
    let keys = ask_redis(&client, "KEYS", &format!("{}*", dashboard.prefix)).await;
    let mut all = String::new();
    for key in keys {
        let kind = ask_redis(&client, "TYPE", &key).await.concat();
        let value = match kind.as_str() {
            "string" => ask_redis(&client, "GET", &key).await,
            "hash" => ask_redis(&client, "HGETALL", &key).await,
            "none" => vec![],
            other => panic!("{key} is a {other}: how is it read?"),
        };
        let _ = writeln!(all, "{key} {}", value.join(" "));
    }
    client.quit().await.unwrap();
    all
}

async fn ask_redis(client: &Client, command: &'static str, about: &str) -> Vec<String> {
    let command = CustomCommand::new_static(command, ClusterHash::FirstKey, false);
    let about = vec![about.to_owned()];
    client.custom(command, about).await.unwrap()
}

/// A password with signs that are written differently in different places, around a word that is not.
fn password(word: &str) -> String {
    format!("\"{word}' \\ & <ö> %")
}

/// What was tried and typed, right or wrong, as a word that is the same however it is written.
const ACCOUNT: [&str; 5] = [
    "acctregistered0",
    "acctrefused1",
    "acctguessed2",
    "acctchanged3",
    "acctmistaken4",
];
/// Values of variables, right or wrong.
const VARIABLES: [&str; 4] = ["varrefused0", "vargiven1", "varwrong2", "varreplaced3"];
const ENVIRONMENT: [&str; 5] = [
    "envrefused0",
    "envcreated1",
    "envguessed2",
    "envchanged3",
    "envspaced4",
];

struct Story {
    dashboard: Dashboard,
    places: Places,
    /// Hashes that open environments.
    hashes: Vec<String>,
}

impl Story {
    async fn look_around(&mut self) {
        let (rows, keys) = (rows(&self.dashboard).await, keys(&self.dashboard).await);
        self.places.add("PostgreSQL", &rows);
        self.places.add("Redis", &keys);
    }

    async fn keep_hash(&mut self, made: &Made) {
        let hash = self.dashboard.column(made, "password_hash").await;
        let hash = hash.expect("the hash waits for Coolify");
        let (_, own) = hash.split_once("p=1$").unwrap();
        self.hashes.push(own.to_owned());
    }

    /// An account, with every mistake there is.
    async fn account(&mut self) -> Person {
        let [registered, refused, guessed, changed, mistaken] = ACCOUNT.map(password);
        let mut ada = self.dashboard.stranger("Ada");
        ada.password = registered.clone();
        let fields = [("name", ""), ("email", &*ada.email), ("password", &refused)];
        ada.post("/register", &fields).await.expect(422);
        ada.register().await;
        ada.elsewhere().try_password(&guessed).await.expect(422);
        let fields = [("current_password", &*mistaken), ("new_password", "short")];
        ada.post("/account/password", &fields).await.expect(422);
        let fields = [
            ("current_password", &*registered),
            ("new_password", &changed),
        ];
        ada.post("/account/password", &fields).await.expect(303);
        let wrong = [("password", &*mistaken)];
        ada.post("/account/delete", &wrong).await.expect(422);
        ada.password = changed;
        ada.post("/logout", &[]).await.expect(303);
        ada.sign_in().await.expect(303);
        ada
    }

    /// An environment from its making to its end, with every mistake there is.
    async fn environment(&mut self, ada: &Person) {
        let [refused, created, guessed, changed, spaced] = ENVIRONMENT.map(password);
        let [first, second, ..] = VARIABLES.map(|word| format!("KEY={word} \"$x\" # y"));
        let fields = [
            ("name", ""),
            ("password", &*refused),
            ("variables", &*first),
        ];
        ada.post("/environments", &fields).await.expect(422);
        let fields = [
            ("name", "Searched"),
            ("password", &*created),
            ("variables", &*second),
        ];
        ada.post("/environments", &fields).await.expect(303);
        let made = self.dashboard.made("Searched", &created).await;
        self.keep_hash(&made).await;
        self.dashboard.next_build(Outcome::FailBuild);
        ada.post(&made.at("deploy"), &[]).await.expect(303);
        self.dashboard.until_error(&made).await;
        self.look_around().await;
        ada.post(&made.at("deploy"), &[]).await.expect(303);
        self.dashboard.until_status(&made, "running").await;
        assert!(self.dashboard.lets_in(&made, &created).await);
        assert!(!self.dashboard.lets_in(&made, &guessed).await);
        self.new_variable(ada, &made).await;
        self.new_password(ada, &made, &changed, &spaced).await;
        self.visit_every_page(ada, &made).await;
        self.look_around().await;
        ada.post(&made.at("delete"), &[("confirmation", "no")])
            .await
            .expect(422);
        ada.post(&made.at("delete"), &[("confirmation", "Searched")])
            .await
            .expect(303);
        self.dashboard.until_gone(&made).await;
        self.look_around().await;
    }

    /// Another value of the variable, which waits until the next deployment.
    async fn new_variable(&mut self, ada: &Person, made: &Made) {
        let [_, _, wrong, replaced] = VARIABLES;
        let wrong = format!("{wrong}'");
        let wrong = [("variable", "KEY"), ("value", &*wrong)];
        ada.post(&made.at("variables"), &wrong).await.expect(422);
        let given = [("variable", "KEY"), ("value", replaced)];
        ada.post(&made.at("variables"), &given).await.expect(303);
    }

    /// A new password, whose first deployment is cancelled.
    async fn new_password(&mut self, ada: &Person, made: &Made, changed: &str, spaced: &str) {
        let wrong = [("password", format!("{spaced} "))];
        let wrong = wrong
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        ada.post(&made.at("password"), &wrong).await.expect(422);
        self.dashboard.next_build(Outcome::StuckInProgress);
        self.dashboard.fault_once(Call::Envs, FaultKind::HoldBefore);
        ada.post(&made.at("password"), &[("password", changed)])
            .await
            .expect(303);
        self.dashboard.until_held(Call::Envs).await;
        self.keep_hash(made).await;
        self.dashboard.simulator.release();
        self.dashboard.until_stage(made, "build").await;
        ada.post(&made.at("cancel"), &[]).await.expect(303);
        self.dashboard.until_status(made, "running").await;
        ada.post(&made.at("deploy"), &[]).await.expect(303);
        self.dashboard.until_status(made, "running").await;
        assert!(self.dashboard.lets_in(made, changed).await);
    }

    async fn visit_every_page(&self, ada: &Person, made: &Made) {
        for part in ["", "row", "changes?v=0", "log", "log.txt", "delete"] {
            ada.get(&made.at(part)).await.expect(200);
        }
        let id = self.dashboard.deployment_id(made).await;
        for part in ["", "/changes", "/log.txt", "/report.txt"] {
            let part = format!("deployments/{id}{part}");
            ada.get(&made.at(&part)).await.expect(200);
        }
        for path in ["/environments", "/environments/new", "/account"] {
            ada.get(path).await.expect(200);
        }
        ada.get("/login").await.expect(303);
    }

    fn pages(&mut self) {
        let seen = std::mem::take(&mut *self.dashboard.seen.lock().unwrap());
        assert!(seen.len() >= 25, "{}", seen.len());
        for (asked, answer) in seen {
            let page = format!("{asked}\n{:?}\n{}\n", answer.headers, answer.text);
            self.places.add("pages", &page);
        }
    }
}

#[test]
fn passwords_are_nowhere_after_a_whole_cycle() {
    let mut found = None;
    let log = overheard(async {
        let mut story = Story {
            dashboard: Dashboard::open().await,
            places: Places::default(),
            hashes: vec![],
        };
        let ada = story.account().await;
        // A failed sign-in is not in Redis for long.
        story.look_around().await;
        story.environment(&ada).await;
        let tokens = story.program().await;
        story.pages();
        story.dashboard.close().await;
        let session = ada.cookie("vps-claude").unwrap();
        found = Some((story.places, story.hashes, session, tokens));
    });
    let (mut places, hashes, session, tokens) = found.unwrap();
    places.add("log", &log.text());
    // What does lie around is found.
    assert_eq!(places.holding("Searched"), ["PostgreSQL", "pages"]);
    assert_eq!(places.holding("sign-in-account"), ["Redis"]);
    assert_eq!(places.holding("environment runs"), ["log"]);
    let words = ACCOUNT.iter().chain(&ENVIRONMENT).chain(&VARIABLES);
    let tokens = tokens.iter().map(String::as_str);
    for word in words.chain(&program::SENT).copied().chain(tokens) {
        assert_eq!(places.holding(word), [""; 0], "{word}");
    }
    assert_eq!(hashes.len(), 2);
    for hash in &hashes {
        assert_eq!(places.holding(hash), [""; 0], "the hash of an environment");
    }
    let others = ["simulated-token", "ada@example.com", &session, "$argon2id$"];
    for word in others {
        assert!(!places.holding(word).contains(&"log"), "{word} is logged");
    }
}
