//! Environments in the statuses a story needs. It must not know what is looked at in them.

use crate::person::{Person, until};
use serde::Deserialize;
use serde_json::json;

/// A row of the table.
#[derive(Debug, Deserialize)]
pub struct Row {
    pub id: String,
    /// The first label of the address.
    pub subdomain: String,
}

/// Makes an environment and returns its row, with the table on the screen.
pub async fn environment(person: &Person, name: &str) -> Row {
    let fields =
        json!({ "name": name, "password": "let me in, please", "suffix": "", "deploy": "0" });
    person.post("/environments", fields).await;
    person.visit("/environments").await;
    let find = format!(
        "[...document.querySelectorAll('#rows tr[id^=env_]')]
           .filter((row) => row.querySelector('.name a').textContent === {name:?})
           .map((row) => ({{ id: row.id, subdomain: row.querySelector('.host').textContent.split('.')[0] }}))[0] ?? null"
    );
    until(&format!("the row of {name}"), async || {
        person.ask(&find).await
    })
    .await
}

/// The id of the only environment there is, with the table on the screen.
pub async fn row(person: &Person) -> String {
    let find = "document.querySelector('#rows tr:only-child')?.id ?? null";
    until("the only row", async || person.ask(find).await).await
}

/// Builds go on for longer than it takes to do something meanwhile.
pub async fn slow_builds(person: &Person) {
    person
        .product
        .tell("settings", json!({ "speed": 0.2 }))
        .await;
}

/// Builds take a second or two; one that is under way goes on so.
pub async fn fast_builds(person: &Person) {
    person
        .product
        .tell("settings", json!({ "speed": 10 }))
        .await;
}

/// Deploys it with this outcome.
pub async fn deploy(person: &Person, row: &Row, outcome: &str) {
    let plan = json!({ "application": row.subdomain, "outcome": outcome });
    person.product.tell("outcomes", plan).await;
    let path = format!("/environments/{}/deploy", row.id);
    person.post(&path, json!({})).await;
}

/// One environment in each status, the table on the screen.
pub struct Each {
    pub pending: Row,
    pub deploying: Row,
    pub running: Row,
    pub failed: Row,
    pub deleting: Row,
}

impl Each {
    /// Brings them about. What moves goes on moving for as long as the story lasts.
    pub async fn new(person: &Person) -> Self {
        let settings = json!({ "concurrent_builds": 5, "delete_seconds": 36_000 });
        person.product.tell("settings", settings).await;
        let each = Self {
            deleting: environment(person, "Old prototype").await,
            failed: environment(person, "Data pipeline").await,
            running: environment(person, "Research").await,
            deploying: environment(person, "Payments API").await,
            pending: environment(person, "Landing page").await,
        };
        deploy(person, &each.running, "finish").await;
        deploy(person, &each.failed, "fail_build").await;
        deploy(person, &each.deleting, "finish").await;
        person.visit("/environments").await;
        for (row, word) in [
            (&each.running, "running"),
            (&each.failed, "error"),
            (&each.deleting, "running"),
        ] {
            person.read(&format!("#{} .badge", row.id), word).await;
        }
        deploy(person, &each.deploying, "stuck_in_progress").await;
        let path = format!("/environments/{}/delete", each.deleting.id);
        let confirmation = json!({ "confirmation": "Old prototype" });
        person.post(&path, confirmation).await;
        person.visit("/environments").await;
        let moving = format!("#{}", each.deploying.id);
        person.read(&format!("{moving} .stage"), "Building").await;
        person.see_no(&format!("{moving} .reason")).await;
        each
    }

    /// Lets time have passed, so that there are ages and durations to look at, and shows the table.
    pub async fn grow_old(&self, person: &Person) {
        for (name, age) in [
            ("Old prototype", "40 days"),
            ("Data pipeline", "6 days"),
            ("Research", "23 hours"),
            ("Payments API", "2 hours"),
            ("Landing page", "12 minutes"),
        ] {
            let older = format!(
                "update environments set created_at = now() - interval '{age}' where name = '{name}'"
            );
            person.product.sql(&older).await;
        }
        let building = "update deployments set stage_since = now() - interval '102 s', created_at = now() - interval '108 s'
                        where finished_at is null and stage = 'build';
                        update deployment_stages set began_at = began_at - interval '102 s'
                        where deployment_id in (select id from deployments where finished_at is null)";
        person.product.sql(building).await;
        person.visit("/environments").await;
    }
}
