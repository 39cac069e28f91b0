//! Stories of variables that people give to their environments: where they are, and where they are not.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use super::visits::{variable, variables};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::removal::Change;

const PASSWORD: &str = "opens with variables";

/// Sends the form for a new environment with these lines of variables.
pub async fn create(person: &Person, name: &str, variables: &str, deploy: &str) -> Answer {
    let fields = [
        ("name", name),
        ("password", PASSWORD),
        ("variables", variables),
        ("deploy", deploy),
    ];
    person.post("/environments", &fields).await
}

/// Gives a variable on the page of its environment.
pub async fn give(person: &Person, made: &Made, name: &str, value: &str) -> Answer {
    let fields = [("variable", name), ("value", value)];
    person.post(&made.at("variables"), &fields).await
}

/// Removes a variable, or takes back what waits.
pub async fn change(person: &Person, made: &Made, how: &str, name: &str) -> Answer {
    let path = made.at(&format!("variables/{how}"));
    person.post(&path, &[("name", name)]).await
}

/// Deploys an environment again.
pub async fn deploy(dashboard: &Dashboard, person: &Person, made: &Made) {
    person.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(made, "running").await;
}

/// What the page says of a variable.
pub async fn said(person: &Person, made: &Made, name: &str) -> String {
    let page = person.get(&made.at("")).await.expect(200);
    let mut items = page.text.split("<li class=\"variable\"");
    let item = items.find(|item| item.contains(&format!("<code>{name}</code>")));
    let item = item.map(|item| item.split("</li>").next().unwrap().to_owned());
    item.unwrap_or_default()
}

/// What the audit tells of variables.
pub async fn audit(dashboard: &Dashboard) -> Vec<String> {
    let told = "select concat_ws(' ', action, detail) from audit where action like 'environment.variable%' order by id";
    let told = sqlx::query_scalar(told).fetch_all(dashboard.pool());
    told.await.unwrap()
}

/// How many values wait in the database.
async fn waiting(dashboard: &Dashboard) -> i64 {
    sqlx::query_scalar("select count(*) from variable_values")
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn variables_given_at_the_beginning_go_to_coolify_and_only_their_names_stay() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let lines = "ANTHROPIC_API_KEY=sk-ant-first\r\n# a comment\r\nREGION = here\r\n";
    create(&ada, "Given", lines, "0").await.expect(303);
    let made = dashboard.made("Given", PASSWORD).await;
    assert_eq!(waiting(&dashboard).await, 2);
    let item = said(&ada, &made, "REGION").await;
    assert!(item.contains("It waits for the next deployment."), "{item}");
    deploy(&dashboard, &ada, &made).await;
    for (name, value) in [("ANTHROPIC_API_KEY", "sk-ant-first"), ("REGION", "here")] {
        let all = variables(&dashboard, &made).await;
        let own = all
            .iter()
            .find(|it| it["key"] == name && it["is_preview"] == false);
        let own = own.expect("it is there");
        assert_eq!(
            (&own["value"], &own["is_literal"]),
            (&value.into(), &true.into())
        );
        assert_eq!(
            (&own["is_buildtime"], &own["is_runtime"]),
            (&false.into(), &true.into())
        );
        let item = said(&ada, &made, name).await;
        assert!(
            item.contains("In Coolify, given") && item.contains("just now"),
            "{item}"
        );
        assert!(!item.contains("variables/discard"));
    }
    assert_eq!(waiting(&dashboard).await, 0);
    assert_eq!(dashboard.calls("envs", "201"), 1, "with everything else");
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(!page.text.contains("sk-ant-first"));
    dashboard.close().await;
}

/// Values that are written differently in different places.
const ODD: [&str; 7] = [
    "$HOME ${HOME} $(id) `id`",
    "a \"quoted\" # word",
    "a\\nb = c",
    "-----BEGIN KEY-----\nAB+/==\n-----END KEY-----",
    "{\"a\": [1, \"b c\"]}",
    "ünïcödé 🦀",
    "%PATH% !x! ~",
];

#[tokio::test]
async fn odd_values_arrive_as_they_are() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Odd", false).await;
    let long = "x".repeat(8 * 1024);
    for (number, value) in ODD.iter().chain([&&*long]).enumerate() {
        let typed = format!(" {}\r\n", value.replace('\n', "\r\n"));
        give(&ada, &made, &format!("ODD_{number}"), &typed)
            .await
            .leads_to(&made.at(""));
    }
    deploy(&dashboard, &ada, &made).await;
    for (number, value) in ODD.iter().chain([&&*long]).enumerate() {
        let sent = variable(&dashboard, &made, &format!("ODD_{number}")).await;
        assert_eq!(sent.as_deref(), Some(*value));
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_variable_is_replaced_and_removed_by_the_next_deployment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    create(&ada, "Changed", "KEY=old\nGONE=soon\nSAME=same", "1")
        .await
        .expect(303);
    let made = dashboard.made("Changed", PASSWORD).await;
    dashboard.until_status(&made, "running").await;
    give(&ada, &made, "KEY", "new").await.leads_to(&made.at(""));
    change(&ada, &made, "remove", "GONE")
        .await
        .leads_to(&made.at(""));
    let before = variable(&dashboard, &made, "KEY").await;
    assert_eq!(before.as_deref(), Some("old"));
    for (name, words) in [
        ("KEY", "A new value waits"),
        ("GONE", "It is removed by the next"),
    ] {
        assert!(said(&ada, &made, name).await.contains(words));
    }
    deploy(&dashboard, &ada, &made).await;
    for (name, value) in [("KEY", "new"), ("SAME", "same")] {
        let sent = variable(&dashboard, &made, name).await;
        assert_eq!(sent.as_deref(), Some(value));
    }
    let all = variables(&dashboard, &made).await;
    assert!(
        all.iter().all(|it| it["key"] != "GONE"),
        "not of previews either"
    );
    assert_eq!(said(&ada, &made, "GONE").await, "");
    let told = [
        "environment.variable_given KEY",
        "environment.variable_removed GONE",
    ];
    assert_eq!(audit(&dashboard).await, told);
    change(&ada, &made, "remove", "GONE").await.expect(303);
    dashboard.close().await;
}

#[tokio::test]
async fn many_are_removed_a_few_at_a_time() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let names: Vec<String> = (0..12).map(|number| format!("MANY_{number}")).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("{name}=1")).collect();
    create(&ada, "Many", &lines.join("\n"), "1")
        .await
        .expect(303);
    let made = dashboard.made("Many", PASSWORD).await;
    dashboard.until_status(&made, "running").await;
    for name in &names {
        change(&ada, &made, "remove", name).await.expect(303);
    }
    // An answer is lost in between.
    dashboard.fault_once(Call::EnvsDelete, FaultKind::ResetAfter);
    deploy(&dashboard, &ada, &made).await;
    let all = variables(&dashboard, &made).await;
    let left = all
        .iter()
        .filter(|it| it["key"].as_str().unwrap().starts_with("MANY_"));
    assert_eq!(left.count(), 0);
    assert!(!ada.get(&made.at("")).await.says("MANY_"));
    dashboard.close().await;
}

#[tokio::test]
async fn what_waits_can_be_taken_back_until_coolify_was_asked_for_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    create(&ada, "Undecided", "KEY=old", "1").await.expect(303);
    let made = dashboard.made("Undecided", PASSWORD).await;
    dashboard.until_status(&made, "running").await;
    give(&ada, &made, "KEY", "new").await.expect(303);
    give(&ada, &made, "OTHER", "new").await.expect(303);
    for name in ["KEY", "OTHER"] {
        change(&ada, &made, "discard", name)
            .await
            .leads_to(&made.at(""));
    }
    assert!(said(&ada, &made, "KEY").await.contains("In Coolify, given"));
    assert_eq!(said(&ada, &made, "OTHER").await, "");
    change(&ada, &made, "remove", "KEY").await.expect(303);
    assert!(said(&ada, &made, "KEY").await.contains(">Keep<"));
    change(&ada, &made, "discard", "KEY").await.expect(303);
    change(&ada, &made, "discard", "KEY").await.expect(303);
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("Nothing of this variable was waiting."));
    dashboard.close().await;
}

#[tokio::test]
async fn a_value_that_is_given_while_another_is_sent_waits_for_the_deployment_after_that() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Twice").await;
    give(&ada, &made, "KEY", "newer").await.expect(303);
    dashboard.fault_once(Call::Envs, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Envs).await;
    let refused = change(&ada, &made, "discard", "KEY").await.expect(409);
    assert!(refused.says("Coolify was asked for it already"));
    give(&ada, &made, "KEY", "newest").await.expect(303);
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    assert_eq!(
        variable(&dashboard, &made, "KEY").await.as_deref(),
        Some("newer")
    );
    assert_eq!(waiting(&dashboard).await, 1);
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(
        variable(&dashboard, &made, "KEY").await.as_deref(),
        Some("newest")
    );
    assert_eq!(waiting(&dashboard).await, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn values_that_went_with_the_application_must_be_given_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    create(&ada, "Anew", "KEY=lost\nAGAIN=lost\nUNWANTED=lost", "1")
        .await
        .expect(303);
    let made = dashboard.made("Anew", PASSWORD).await;
    dashboard.until_status(&made, "running").await;
    change(&ada, &made, "remove", "UNWANTED").await.expect(303);
    dashboard.tamper(&made, &Change::Vanish);
    dashboard.until_error(&made).await;
    assert!(
        said(&ada, &made, "KEY")
            .await
            .contains("Give its value again")
    );
    give(&ada, &made, "AGAIN", "found").await.expect(303);
    ada.post(&made.at("password"), &[("password", PASSWORD)])
        .await
        .expect(303);
    dashboard.until_status(&made, "running").await;
    let found = variable(&dashboard, &made, "AGAIN").await;
    assert_eq!(found.as_deref(), Some("found"));
    for name in ["KEY", "UNWANTED"] {
        assert_eq!(variable(&dashboard, &made, name).await, None);
    }
    assert!(
        said(&ada, &made, "KEY")
            .await
            .contains("Give its value again")
    );
    assert!(
        said(&ada, &made, "AGAIN")
            .await
            .contains("In Coolify, given")
    );
    assert_eq!(said(&ada, &made, "UNWANTED").await, "");
    dashboard.close().await;
}

#[tokio::test]
async fn values_go_with_an_environment_that_is_deleted() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Deleted").await;
    give(&ada, &made, "KEY", "secret").await.expect(303);
    dashboard.fault_once(Call::Delete, FaultKind::HoldBefore);
    ada.post(&made.at("delete"), &[("confirmation", "Deleted")])
        .await
        .expect(303);
    dashboard.until_held(Call::Delete).await;
    assert_eq!(waiting(&dashboard).await, 0);
    let page = give(&ada, &made, "KEY", "secret").await.expect(409);
    assert!(page.says("This environment is being deleted"));
    change(&ada, &made, "remove", "KEY").await.expect(409);
    dashboard.simulator.release();
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}
