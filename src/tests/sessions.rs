//! Stories of sessions that expire: whoever has one is signed out, and nothing of it is kept.

use super::harness::Dashboard;
use super::person::Person;

/// Lets the time of this person's session be over.
async fn expire(dashboard: &Dashboard, person: &Person) {
    let id = person.cookie("session").unwrap();
    let over =
        "update tower_sessions.session set expiry_date = now() - interval '1 second' where id = $1";
    let hit = sqlx::query(over).bind(id).execute(dashboard.pool()).await;
    assert_eq!(hit.unwrap().rows_affected(), 1);
}

/// The sessions that are stored, and those that are noted as somebody's.
async fn kept(dashboard: &Dashboard) -> (i64, i64) {
    let count = "select (select count(*) from tower_sessions.session), (select count(*) from user_sessions)";
    sqlx::query_as(count)
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_has_an_expired_session_is_signed_out_before_anything_is_swept() {
    let dashboard =
        Dashboard::with(|setup| setup.pace.sweep = std::time::Duration::from_hours(1)).await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    expire(&dashboard, &ada).await;
    ada.get("/environments").await.leads_to("/login");
    let poll = ada.fetch("/environments/changes").await;
    assert_eq!(poll.header("hx-redirect"), "/login");
    let fields = [("name", "Too late"), ("password", "long enough")];
    ada.post("/environments", &fields).await.leads_to("/login");
    assert_eq!(kept(&dashboard).await, (2, 2), "nothing is swept yet");
    bob.get("/environments").await.expect(200);
    ada.sign_in().await.leads_to("/environments");
    assert!(!ada.get("/environments").await.expect(200).says("Too late"));
    dashboard.close().await;
}

#[tokio::test]
async fn expired_sessions_are_swept_and_the_others_stay() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    assert_eq!(kept(&dashboard).await, (2, 2));
    expire(&dashboard, &ada).await;
    dashboard
        .until("the expired session is swept", async || {
            (kept(&dashboard).await == (1, 1)).then_some(())
        })
        .await;
    bob.get("/environments").await.expect(200);
    ada.get("/environments").await.leads_to("/login");
    dashboard.close().await;
}
