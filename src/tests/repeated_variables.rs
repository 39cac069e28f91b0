//! Stories of variables whose forms are sent twice, or while a deployment sends them, and of values that a restored backup does
//! not have.

use super::ended_tokens::until_waiting;
use super::harness::{Dashboard, Made};
use super::person::Person;
use super::variables::{audit, change, create, deploy, give, said};
use super::visits::variable;

/// An environment that runs with the variable KEY.
async fn with_key(dashboard: &Dashboard, person: &Person) -> Made {
    create(person, "Twice", "KEY=old", "1").await.expect(303);
    let made = dashboard.made("Twice", "opens with variables").await;
    dashboard.until_status(&made, "running").await;
    made
}

#[tokio::test]
async fn a_removal_that_is_asked_for_twice_is_one_and_has_the_same_answer() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = with_key(&dashboard, &ada).await;
    give(&ada, &made, "NEVER_SENT", "1").await.expect(303);
    for name in ["KEY", "NEVER_SENT"] {
        for _ in 0..2 {
            change(&ada, &made, "remove", name)
                .await
                .leads_to(&made.at(""));
        }
    }
    assert!(said(&ada, &made, "KEY").await.contains(">Keep<"));
    assert_eq!(said(&ada, &made, "NEVER_SENT").await, "");
    let told = [
        "environment.variable_given NEVER_SENT",
        "environment.variable_removed KEY",
        "environment.variable_removed NEVER_SENT",
    ];
    assert_eq!(audit(&dashboard).await, told);
    dashboard.close().await;
}

#[tokio::test]
async fn a_value_that_is_given_twice_is_given_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = with_key(&dashboard, &ada).await;
    for value in ["new", "new", "newer", "newer"] {
        give(&ada, &made, "KEY", value).await.leads_to(&made.at(""));
    }
    assert_eq!(audit(&dashboard).await.len(), 2);
    change(&ada, &made, "remove", "KEY").await.expect(303);
    give(&ada, &made, "KEY", "newer").await.expect(303);
    assert_eq!(audit(&dashboard).await.len(), 4, "it was to be removed");
    deploy(&dashboard, &ada, &made).await;
    let sent = variable(&dashboard, &made, "KEY").await;
    assert_eq!(sent.as_deref(), Some("newer"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_value_that_was_lost_with_a_restored_backup_is_told_until_it_is_given_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = with_key(&dashboard, &ada).await;
    give(&ada, &made, "KEY", "new").await.expect(303);
    give(&ada, &made, "NEVER_SENT", "1").await.expect(303);
    // As a backup leaves them: every row, but no value. Rows that are deleted would be noted.
    sqlx::query("truncate variable_values")
        .execute(dashboard.pool())
        .await
        .unwrap();
    let lost = "value was lost when a backup was restored";
    for name in ["KEY", "NEVER_SENT"] {
        assert!(said(&ada, &made, name).await.contains(lost), "{name}");
    }
    deploy(&dashboard, &ada, &made).await;
    assert!(said(&ada, &made, "KEY").await.contains(lost), "still");
    change(&ada, &made, "discard", "KEY").await.expect(303);
    let item = said(&ada, &made, "KEY").await;
    assert!(item.contains("In Coolify, given"), "{item}");
    give(&ada, &made, "NEVER_SENT", "2").await.expect(303);
    let item = said(&ada, &made, "NEVER_SENT").await;
    assert!(item.contains("It waits for the next deployment."), "{item}");
    deploy(&dashboard, &ada, &made).await;
    let sent = variable(&dashboard, &made, "NEVER_SENT").await;
    assert_eq!(sent.as_deref(), Some("2"));
    let item = said(&ada, &made, "NEVER_SENT").await;
    assert!(item.contains("In Coolify, given"), "{item}");
    dashboard.close().await;
}

#[tokio::test]
async fn a_variable_is_removed_while_its_value_is_accepted() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = with_key(&dashboard, &ada).await;
    give(&ada, &made, "KEY", "second").await.expect(303);
    // In the order in which a step that has sent it does.
    let mut accepting = dashboard.pool().begin().await.unwrap();
    let value = "select from variable_values where environment_id = $1 for update";
    let value = sqlx::query(value).bind(made.id.uuid());
    value.execute(&mut *accepting).await.unwrap();
    let accepted = async {
        until_waiting(&dashboard, 1).await;
        let sent = "update environment_variables set sent_at = now() where environment_id = $1";
        let sent = sqlx::query(sent).bind(made.id.uuid());
        sent.execute(&mut *accepting).await.unwrap();
        accepting.commit().await.unwrap();
    };
    let (removed, ()) = tokio::join!(change(&ada, &made, "remove", "KEY"), accepted);
    removed.expect(303);
    let left = "select count(*) from variable_values where environment_id = $1";
    let left: i64 = sqlx::query_scalar(left)
        .bind(made.id.uuid())
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    dashboard.close().await;
}
