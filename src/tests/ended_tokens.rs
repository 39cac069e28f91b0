//! Stories of tokens that are made in the very moment in which all tokens of their maker end.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::program::Program;
use crate::actions::people;
use crate::domain::actor::Actor;
use crate::domain::id::UserId;
use sqlx::{Postgres, Transaction};

/// Makes a token.
async fn make(person: &Person) -> Answer {
    let fields = [("token_name", "quick"), ("read", "1"), ("expires", "30")];
    person.post("/account/tokens", &fields).await
}

/// Holds somebody's row, so that whoever changes it, or makes a token, waits.
async fn hold(dashboard: &Dashboard, id: UserId) -> Transaction<'static, Postgres> {
    let mut held = dashboard.pool().begin().await.unwrap();
    sqlx::query("select from users where id = $1 for no key update")
        .bind(id.uuid())
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

/// Waits until so many transactions wait for another one.
pub async fn until_waiting(dashboard: &Dashboard, count: i64) {
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    dashboard
        .until("transactions wait", async || {
            let found: i64 = sqlx::query_scalar(waiting)
                .fetch_one(dashboard.pool())
                .await
                .unwrap();
            (found == count).then_some(())
        })
        .await;
}

/// Lets two changes of somebody's row happen one after the other, both of which have begun before either is done.
pub async fn one_after_the_other<T, U>(
    dashboard: &Dashboard,
    id: UserId,
    first: impl Future<Output = T>,
    second: impl Future<Output = U>,
) -> (T, U) {
    let held = hold(dashboard, id).await;
    let second = async {
        until_waiting(dashboard, 1).await;
        second.await
    };
    let release = async {
        until_waiting(dashboard, 2).await;
        held.rollback().await.unwrap();
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    (first, second)
}

/// How all tokens of a person end.
#[derive(Debug, Clone, Copy)]
enum How {
    PasswordSet,
    Disabled,
}

async fn end(dashboard: &Dashboard, id: UserId, how: How) {
    let (app, by) = (&dashboard.app, &Actor::COMMAND);
    match how {
        How::PasswordSet => {
            let set = people::set_password(app, by, id, "another password").await;
            set.unwrap();
        }
        How::Disabled => people::set_disabled(app, by, id, true).await.unwrap(),
    }
}

async fn tokens(dashboard: &Dashboard) -> i64 {
    sqlx::query_scalar("select count(*) from tokens")
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn no_token_is_made_by_whoever_waited_until_the_password_was_set_or_the_account_disabled() {
    for how in [How::PasswordSet, How::Disabled] {
        let dashboard = Dashboard::open().await;
        let ada = dashboard.person("Ada").await;
        let id = people::of_email(&dashboard.app, &ada.email).await.unwrap();
        let ending = end(&dashboard, id, how);
        let ((), answer) = one_after_the_other(&dashboard, id, ending, make(&ada)).await;
        answer.leads_to("/login");
        assert_eq!(tokens(&dashboard).await, 0, "{how:?}");
        dashboard.close().await;
    }
}

#[tokio::test]
async fn a_token_made_just_before_the_password_is_set_or_the_account_disabled_ends_with_the_others()
{
    for how in [How::PasswordSet, How::Disabled] {
        let dashboard = Dashboard::open().await;
        let ada = dashboard.person("Ada").await;
        let id = people::of_email(&dashboard.app, &ada.email).await.unwrap();
        let ending = end(&dashboard, id, how);
        let (answer, ()) = one_after_the_other(&dashboard, id, make(&ada), ending).await;
        // Its page is made after the commit, and may find that the session has ended by then.
        let token = answer.value("token").to_owned();
        let program = Program::with(&dashboard, &token);
        program.get("/account").await.expect(401);
        assert_eq!(tokens(&dashboard).await, 0, "{how:?}");
        dashboard.close().await;
    }
}
