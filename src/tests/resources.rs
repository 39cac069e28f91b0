//! Stories of the memory and the CPUs that an environment's container gets.

use super::harness::{Dashboard, Made};
use super::people::at;
use super::person::{Answer, Person};
use crate::domain::allowance::Allowance;
use crate::domain::resources::Resources;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;

/// What Coolify has: memory and CPUs of the environment's application.
async fn limits(dashboard: &Dashboard, made: &Made) -> (String, String) {
    let uuid = dashboard.column(made, "application_uuid").await.unwrap();
    let state = dashboard.simulator.state();
    let row = state.applications.get(&uuid).unwrap();
    let text = |column| row.text(column).to_owned();
    (text("limits_memory"), text("limits_cpus"))
}

fn these(memory: &str, cpus: &str) -> (String, String) {
    (memory.to_owned(), cpus.to_owned())
}

async fn choose(person: &Person, made: &Made, memory: &str, cpus: &str) {
    let fields = [("memory", memory), ("cpus", cpus)];
    let saved = person.post(&made.at("resources"), &fields).await;
    saved.leads_to(&made.at(""));
}

async fn deploy(dashboard: &Dashboard, person: &Person, made: &Made) {
    let version = dashboard.deployment_id(made).await;
    person.post(&made.at("deploy"), &[]).await.expect(303);
    assert_ne!(dashboard.deployment_id(made).await, version);
    dashboard.until_status(made, "running").await;
}

/// Where everybody may have 2 GB of memory and one and a half CPUs.
pub async fn two_gigabytes() -> Dashboard {
    Dashboard::with(|setup| {
        setup.allowance = Allowance {
            resources: Resources::of_numbers(Some(2_048), Some(150)),
            ..Allowance::default()
        }
    })
    .await
}

#[tokio::test]
async fn an_environment_gets_what_is_allowed_or_less_if_its_owner_chose_less() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Whole").await;
    assert_eq!(limits(&dashboard, &made).await, these("2g", "1.5"));
    let fields = [
        ("name", "Small"),
        ("password", "long enough"),
        ("memory", "0.5 GB"),
        ("deploy", "1"),
    ];
    ada.post("/environments", &fields)
        .await
        .leads_to("/environments");
    let small = dashboard.made("Small", "long enough").await;
    dashboard.until_status(&small, "running").await;
    assert_eq!(limits(&dashboard, &small).await, these("512m", "1.5"));
    assert_eq!(
        dashboard.calls("update", "200"),
        0,
        "they came with the creation"
    );
    let page = ada.get(&small.at("")).await.expect(200);
    assert!(page.says("It has 512m of memory and 1.5 CPUs."));
    assert_eq!((page.value("memory"), page.value("cpus")), ("512m", ""));
    dashboard.close().await;
}

#[tokio::test]
async fn a_change_reaches_coolify_with_the_next_deployment_and_once() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Changed").await;
    choose(&ada, &made, "1g", "0.25").await;
    assert_eq!(limits(&dashboard, &made).await, these("2g", "1.5"));
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("From its next deployment on it has 1g of memory and 0.25 CPUs."));
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(limits(&dashboard, &made).await, these("1g", "0.25"));
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(dashboard.calls("update", "200"), 1);
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("It has 1g of memory and 0.25 CPUs."));
    dashboard.close().await;
}

/// What an open page is told when it polls next, as it was when it was loaded.
async fn polled(person: &Person, page: &Answer) -> Answer {
    let (_, poll) = page.text.split_once("id=\"poll\" hx-get=\"").unwrap();
    let poll = poll.split_once('"').unwrap().0.replace("&amp;", "&");
    person.fetch(&poll).await
}

#[tokio::test]
async fn an_open_page_follows_what_the_container_gets_while_it_is_deployed_from_elsewhere() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Open").await;
    choose(&ada, &made, "1g", "0.25").await;
    let open = ada.get(&made.at("")).await.expect(200);
    assert!(open.says("From its next deployment on it has 1g of memory and 0.25 CPUs."));
    dashboard.fault_once(Call::Update, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Update).await;
    let changed = polled(&ada, &open).await.expect(200);
    let gets = "With the deployment that is under way it gets 1g of memory and 0.25 CPUs.";
    assert!(changed.says(gets), "{}", changed.text);
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    let changed = polled(&ada, &open).await.expect(200);
    let has = "It has 1g of memory and 0.25 CPUs.";
    assert!(changed.says(has), "{}", changed.text);
    dashboard.close().await;
}

/// Waits until the deployment has failed.
pub async fn until_failed(dashboard: &Dashboard, made: &Made) {
    dashboard
        .until("the deployment has failed", async || {
            let outcome = dashboard.deployment(made, "outcome").await;
            (outcome.as_deref() == Some("failed")).then_some(())
        })
        .await;
}

#[tokio::test]
async fn what_a_container_has_is_said_only_after_a_deployment_with_it_has_succeeded() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Later").await;
    choose(&ada, &made, "1g", "").await;
    let waits = "Its next container gets 1g of memory and 1.5 CPUs.";
    for outcome in [Outcome::FailBuild, Outcome::StuckInProgress] {
        dashboard.next_build(outcome);
        ada.post(&made.at("deploy"), &[]).await.expect(303);
        match outcome {
            Outcome::FailBuild => until_failed(&dashboard, &made).await,
            _ => dashboard.until_built(&made).await,
        }
        assert_eq!(limits(&dashboard, &made).await, these("1g", "1.5"));
        let page = ada.get(&made.at("")).await.expect(200);
        assert!(page.says(waits), "{outcome:?}: {}", page.text);
    }
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(waits), "{}", page.text);
    deploy(&dashboard, &ada, &made).await;
    let page = ada.get(&made.at("")).await.expect(200);
    let has = "It has 1g of memory and 1.5 CPUs.";
    assert!(page.says(has), "{}", page.text);
    dashboard.close().await;
}

#[tokio::test]
async fn an_open_page_follows_what_administrators_decide_about_its_owner() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "His").await;
    let open = bob.get(&made.at("")).await.expect(200);
    assert!(open.says("It has 2g of memory and 1.5 CPUs."));
    let form = at(&dashboard, &bob, "limits").await;
    let decide = async |memory, environments| {
        let fields = [("memory", memory), ("environments", environments)];
        ada.post(&form, &fields).await.leads_to("/people");
    };
    let version = dashboard.column(&made, "version").await;
    decide("", "7").await;
    assert_eq!(dashboard.column(&made, "version").await, version);
    decide("1g", "7").await;
    let gets = "From its next deployment on it has 1g of memory and 1.5 CPUs.";
    dashboard
        .until("the open page says what is decided", async || {
            polled(&bob, &open).await.says(gets).then_some(())
        })
        .await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_or_refused_for_a_while_is_made_all_the_same() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Lost").await;
    for (fault, memory) in [
        (FaultKind::ResetAfter, "1g"),
        (FaultKind::ResetBefore, "1536m"),
        (FaultKind::TooManyRequests, "512m"),
    ] {
        choose(&ada, &made, memory, "").await;
        dashboard.fault_once(Call::Update, fault);
        deploy(&dashboard, &ada, &made).await;
        assert_eq!(
            limits(&dashboard, &made).await,
            these(memory, "1.5"),
            "{fault:?}"
        );
        assert_eq!(
            dashboard
                .column(&made, "memory_given = memory_chosen")
                .await
                .unwrap(),
            "true"
        );
    }
    dashboard.close().await;
}

#[tokio::test]
async fn an_application_whose_creation_was_not_answered_has_its_limits() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    dashboard.fault_once(Call::Create, FaultKind::ResetAfter);
    let made = dashboard.running(&ada, "Found").await;
    assert_eq!(limits(&dashboard, &made).await, these("2g", "1.5"));
    assert_eq!(
        dashboard.calls("update", "200"),
        1,
        "it was not known what it took"
    );
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(dashboard.calls("update", "200"), 1);
    dashboard.close().await;
}

/// What is refused as memory and CPUs, and the sentence beside which field.
const REFUSED: [(&str, &str, &str, &str); 4] = [
    (
        "3g",
        "",
        "memory",
        "You may use at most 2g. Enter that or less.",
    ),
    (
        "",
        "1.51",
        "cpus",
        "You may use at most 1.5. Enter that or less.",
    ),
    (
        "much",
        "",
        "memory",
        "This is no amount of memory. Enter one like 512m or 2g, at least 64m.",
    ),
    (
        "",
        "-1",
        "cpus",
        "This is no number of CPUs. Enter one like 2 or 1.5, at least 0.1.",
    ),
];

#[tokio::test]
async fn more_than_is_allowed_is_refused_beside_its_field_and_what_was_typed_stays() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Hers", false).await;
    for (memory, cpus, field, sentence) in REFUSED {
        let chosen = [("memory", memory), ("cpus", cpus)];
        let name = [("name", "New"), ("password", "long enough")];
        let new = [name, chosen].concat();
        for (path, fields) in [
            (made.at("resources"), &chosen[..]),
            ("/environments".into(), &new),
        ] {
            let refused = ada.post(&path, fields).await.expect(422);
            assert_eq!(refused.note(field), sentence);
            let typed = (refused.value("memory"), refused.value("cpus"));
            assert_eq!(typed, (memory, cpus));
        }
    }
    dashboard.close().await;
}

#[tokio::test]
async fn what_was_chosen_holds_only_within_what_is_allowed_later() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "His").await;
    let stranger = ada.post(&made.at("resources"), &[("memory", "1g")]).await;
    stranger.expect(404);
    choose(&bob, &made, "2g", "1").await;
    let decided = [("memory", "1g"), ("cpus", "unlimited")];
    let form = at(&dashboard, &bob, "limits").await;
    ada.post(&form, &decided).await.leads_to("/people");
    deploy(&dashboard, &bob, &made).await;
    assert_eq!(limits(&dashboard, &made).await, these("1g", "1"));
    dashboard.close().await;
}

#[tokio::test]
async fn without_a_limit_coolify_is_told_of_none_until_there_is_one_and_when_it_ends() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let made = dashboard.running(&ada, "Free").await;
    assert_eq!(limits(&dashboard, &made).await, these("0", "0"));
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(dashboard.calls("update", "200"), 0);
    let form = at(&dashboard, &ada, "limits").await;
    ada.post(&form, &[("memory", "4g")])
        .await
        .leads_to("/people");
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(limits(&dashboard, &made).await, these("4g", "0"));
    ada.post(&form, &[]).await.leads_to("/people");
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(limits(&dashboard, &made).await, these("0", "0"));
    assert_eq!(dashboard.calls("update", "200"), 2);
    dashboard.close().await;
}
