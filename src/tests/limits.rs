//! Stories of people who may not have more: how they are told, and that nothing gets around it.

use super::harness::{Dashboard, Made};
use super::people::at;
use super::person::{Answer, Person};
use crate::domain::allowance::Allowance;
use crate::domain::amount::{Amount, Count};
use crate::simulator::outcomes::Outcome;

const NO_MORE: &str = "Your limit of environments is 2, and you have 2. Delete one first, or ask an administrator for more.";
const NO_DEPLOYMENT: &str = "Your limit of deployments at once is 1, and you have 1 under way. Wait until one has ended, cancel one, or ask an administrator for more.";

/// A dashboard on which everybody may have so many.
async fn with_limits(environments: Option<i32>, deployments: Option<i32>) -> Dashboard {
    Dashboard::with(|setup| {
        setup.allowance = Allowance {
            environments: environments.map(Count::of_number),
            deployments: deployments.map(Count::of_number),
            ..Allowance::default()
        }
    })
    .await
}

async fn create(person: &Person, name: &str, deploy: &str) -> Answer {
    let fields = [
        ("name", name),
        ("password", "long enough"),
        ("suffix", "x7k9"),
        ("deploy", deploy),
    ];
    person.post("/environments", &fields).await
}

async fn count(dashboard: &Dashboard, table: &str) -> i64 {
    let query = format!("select count(*) from {table}");
    let count = sqlx::query_scalar(&query).fetch_one(dashboard.pool());
    count.await.unwrap()
}

/// How many of these were accepted; the others say why not.
fn accepted(answers: &[Answer], refused: u16, why: &str) -> usize {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|one| one.status == 303);
    for one in bad {
        assert_eq!(one.status.as_u16(), refused, "{}", one.text);
        assert!(one.says(why), "{}", one.text);
    }
    good.len()
}

#[tokio::test]
async fn of_environments_made_at_once_only_as_many_are_made_as_somebody_may_have() {
    let dashboard = with_limits(Some(2), None).await;
    let ada = dashboard.person("Ada").await;
    let answers = tokio::join!(
        create(&ada, "One", "0"),
        create(&ada, "Two", "1"),
        create(&ada, "Three", "0"),
        create(&ada, "Four", "1"),
        create(&ada, "Five", "0"),
    );
    let answers: [Answer; 5] = answers.into();
    assert_eq!(accepted(&answers, 422, NO_MORE), 2);
    assert_eq!(count(&dashboard, "environments").await, 2);
    let bob = dashboard.person("Bob").await;
    create(&bob, "His own", "0").await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn somebody_sees_how_many_there_may_be_before_the_limit_and_at_it() {
    let dashboard = with_limits(Some(2), None).await;
    let ada = dashboard.person("Ada").await;
    create(&ada, "First", "0").await.leads_to("/environments");
    let says = "You have 1 of 2 environments, 0 deployments under way.";
    let page = ada.get("/environments/new").await.expect(200);
    assert!(page.says(says) && !page.says("Delete one first"));
    create(&ada, "Second", "0").await.leads_to("/environments");
    let again = create(&ada, "Second", "0").await;
    again.leads_to("/environments");
    let page = ada.get("/environments/new").await.expect(200);
    assert!(page.says(NO_MORE), "before one types");
    let refused = create(&ada, "Third", "1").await.expect(422);
    assert!(refused.says(NO_MORE));
    assert_eq!(refused.value("name"), "Third");
    let list = ada.get("/environments").await.expect(200);
    assert!(list.text.contains("<strong>2</strong> of 2 in all"));
    let found = ada.get("/environments?q=first").await.expect(200);
    assert!(found.text.contains("<strong>1</strong> found"));
    let account = ada.get("/account").await.expect(200);
    assert!(account.says("2 of 2 environments"));
    let second = dashboard.made("Second", "").await;
    let confirmation = [("confirmation", "Second")];
    ada.post(&second.at("delete"), &confirmation)
        .await
        .expect(303);
    create(&ada, "Third", "0").await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn of_deployments_asked_for_at_once_only_as_many_begin_as_somebody_may_have() {
    let dashboard = with_limits(None, Some(1)).await;
    let ada = dashboard.person("Ada").await;
    dashboard.every_build(Outcome::StuckInProgress);
    let mut all = vec![];
    for name in ["One", "Two", "Three"] {
        all.push(dashboard.make(&ada, name, false).await);
    }
    let deploy = async |made: &Made| ada.post(&made.at("deploy"), &[]).await;
    let answers = tokio::join!(deploy(&all[0]), deploy(&all[1]), deploy(&all[2]));
    let answers: [Answer; 3] = answers.into();
    assert_eq!(accepted(&answers, 409, NO_DEPLOYMENT), 1);
    assert_eq!(count(&dashboard, "deployments").await, 1);
    let refused = create(&ada, "Four", "1").await.expect(422);
    assert!(refused.says(NO_DEPLOYMENT));
    assert_eq!(count(&dashboard, "environments").await, 3);
    let first = answers.iter().position(|one| one.status == 303).unwrap();
    deploy(&all[first]).await.expect(303);
    ada.post(&all[first].at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&all[first], "pending").await;
    let next = &all[(first + 1) % 3];
    deploy(next).await.expect(303);
    ada.post(&next.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(next, "pending").await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_new_password_waits_as_long_as_another_deployment_is_all_that_there_may_be() {
    let dashboard = with_limits(None, Some(1)).await;
    let ada = dashboard.person("Ada").await;
    let runs = dashboard.running(&ada, "Runs").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let builds = dashboard.make(&ada, "Builds", true).await;
    dashboard.until_built(&builds).await;
    let new = [("password", "another one")];
    let refused = ada.post(&runs.at("password"), &new).await.expect(409);
    assert!(refused.says(NO_DEPLOYMENT));
    assert_eq!(
        dashboard.column(&runs, "password_waits").await.unwrap(),
        "false"
    );
    let page = ada.get(&runs.at("deploy")).await.expect(200);
    assert!(page.says(NO_DEPLOYMENT), "before one decides");
    ada.post(&builds.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&builds, "pending").await;
    ada.post(&runs.at("password"), &new).await.expect(303);
    dashboard.until_status(&runs, "running").await;
    dashboard.close().await;
}

#[tokio::test]
async fn an_administrator_decides_for_one_person_and_what_is_there_stays() {
    let dashboard = with_limits(Some(2), None).await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    for name in ["One", "Two"] {
        create(&bob, name, "0").await.leads_to("/environments");
    }
    let limits = at(&dashboard, &bob, "limits").await;
    ada.post(&limits, &[("environments", "unlimited")])
        .await
        .leads_to("/people");
    assert_eq!(ada.get(&limits).await.value("environments"), "unlimited");
    create(&bob, "Three", "0").await.leads_to("/environments");
    ada.post(&limits, &[("environments", "1")])
        .await
        .leads_to("/people");
    let people = ada.get("/people?q=bob").await.expect(200);
    assert!(people.says("3 of 1 environments"));
    let refused = create(&bob, "Four", "0").await.expect(422);
    assert!(refused.says("Your limit of environments is 1, and you have 3."));
    ada.post(&limits, &[]).await.leads_to("/people");
    let refused = create(&bob, "Four", "0").await.expect(422);
    assert!(refused.says("Your limit of environments is 2, and you have 3."));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_no_limit_is_a_sentence_beside_its_field_and_nobody_has_none() {
    let dashboard = with_limits(Some(2), None).await;
    let ada = dashboard.administrator("Ada").await;
    let limits = at(&dashboard, &ada, "limits").await;
    let page = ada.get(&limits).await.expect(200);
    let hint = "Nothing for what ENVIRONMENTS_PER_PERSON says: 2. Or unlimited.";
    assert_eq!(page.note("environments"), hint);
    let wrong = [("environments", "many"), ("memory", "2"), ("cpus", "1.5")];
    let refused = ada.post(&limits, &wrong).await.expect(422);
    let sentence = "This is no such number. Enter one like 3, or unlimited, or nothing.";
    assert_eq!(refused.note("environments"), sentence);
    assert_eq!(refused.value("memory"), "2");
    let note = refused.note("memory");
    assert!(note.starts_with("This is no amount of memory."), "{note}");
    let nobody = "/people/usr_01h455vb4pex5vsknk084sn02q/limits";
    ada.get(nobody).await.expect(404);
    ada.post(nobody, &[]).await.expect(404);
    dashboard.close().await;
}

#[tokio::test]
async fn whoever_is_handed_more_than_they_may_have_keeps_it_and_cannot_make_another_one() {
    let dashboard = with_limits(Some(1), None).await;
    let ada = dashboard.administrator("Ada").await;
    let (bob, eve) = (dashboard.person("Bob").await, dashboard.person("Eve").await);
    create(&bob, "His", "0").await.leads_to("/environments");
    create(&eve, "Hers", "0").await.leads_to("/environments");
    let form = [
        ("environments", "keep"),
        ("heir", eve.email.as_str()),
        ("confirmation", bob.email.as_str()),
    ];
    let delete = at(&dashboard, &bob, "delete").await;
    ada.post(&delete, &form).await.leads_to("/people");
    let refused = create(&eve, "Another", "0").await.expect(422);
    assert!(refused.says("Your limit of environments is 1, and you have 2."));
    dashboard.close().await;
}
