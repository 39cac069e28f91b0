//! Stories of programs that send a request again because they do not know whether it arrived.

use super::harness::Dashboard;
use super::program::{Program, Reply, named};
use serde_json::{Value, json};

const UNDER_WAY: &str = "The same request is still under way. Send it again in a moment.";

impl Program {
    /// Sends JSON that may be sent again with the same key.
    pub async fn keyed(&self, path: &str, key: &str, body: Value) -> Reply {
        let key = [("idempotency-key", key)];
        self.send_json("POST", path, &key, body).await
    }
}

async fn execute(dashboard: &Dashboard, statement: &str) {
    let done = sqlx::query(statement).execute(dashboard.pool()).await;
    done.unwrap();
}

#[tokio::test]
async fn the_same_request_is_carried_out_once_and_answered_alike() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let first = program.keyed("/environments", "one", named("Once")).await;
    let first = first.expect(201);
    let path = format!("/environments/{}", first.text("id"));
    program.send("DELETE", &path, &[], "").await.expect(204);
    let again = program.keyed("/environments", "\"one\"", named("Once"));
    let again = again.await.expect(201);
    assert_eq!(again.answer.text, first.answer.text, "even when it is gone");
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.answer.header(header), first.answer.header(header));
    }
    program.get(&path).await.expect(404);
    let other = program.keyed("/environments", "one", named("Another"));
    other
        .await
        .expect(422)
        .says("Another request had this Idempotency-Key. Use a new key for each request that is not a repetition.");
    let new = program.keyed("/environments", "two", named("Another"));
    new.await.expect(201);
    let taken = program.keyed("/environments", "three", named("ANOTHER"));
    let taken = taken.await.expect(409);
    assert_eq!(taken.wrong().0, "name", "it stands beside its field");
    let list = program.get("/environments").await.expect(200);
    assert_eq!(list.json["total"], 1);
    dashboard.close().await;
}

#[tokio::test]
async fn a_key_counts_for_its_token_and_a_refusal_is_not_kept() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let wrong = json!({ "name": "Mended", "password": "short" });
    program.keyed("/environments", "k", wrong).await.expect(422);
    let mended = program.keyed("/environments", "k", named("Mended"));
    let mended = mended.await.expect(201);
    let second = Program::of(&dashboard, &ada, &["write"]).await;
    let path = format!("/environments/{}/deployments", mended.text("id"));
    let deployed = second.keyed(&path, "k", json!({})).await.expect(202);
    let again = second.keyed(&path, "k", json!({})).await.expect(202);
    assert_eq!(again.answer.text, deployed.answer.text);
    for key in ["", "two words", "\"open"] {
        program
            .keyed("/environments", key, named("No"))
            .await
            .expect(400)
            .says("The header Idempotency-Key needs 1 to 255 visible characters, such as a UUID.");
    }
    let reader = Program::of(&dashboard, &ada, &["read"]).await;
    reader.keyed(&path, "k", json!({})).await.expect(403);
    dashboard.close().await;
}

#[tokio::test]
async fn ten_at_once_make_one_environment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let body = json!({ "name": "One", "password": "opens One", "deploy": true });
    let all = (0..10).map(|_| program.keyed("/environments", "k", body.clone()));
    let all = futures_util::future::join_all(all).await;
    let (made, waiting): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|reply| reply.answer.status == 201);
    assert!(!made.is_empty());
    for reply in &made {
        assert_eq!(reply.text("id"), made[0].text("id"));
    }
    for reply in waiting {
        reply.expect(409).says(UNDER_WAY);
    }
    let list = program.get("/environments").await.expect(200);
    assert_eq!(list.json["total"], 1);
    dashboard.close().await;
}

/// As if the process had been killed after it made the environment and before it kept the answer.
#[tokio::test]
async fn what_was_done_before_a_crash_is_found_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let first = program.keyed("/environments", "k", named("Once")).await;
    let first = first.expect(201);
    let lost = "update api_requests set answer = null";
    execute(&dashboard, lost).await;
    let same = program.keyed("/environments", "k", named("Once")).await;
    assert_eq!(same.answer.header("retry-after"), "2");
    same.expect(409).says(UNDER_WAY);
    for later in [
        "update api_requests set began_at = began_at - interval '23 hours'",
        "update environments set created_at = created_at - interval '23 hours'",
    ] {
        execute(&dashboard, later).await;
    }
    let other = json!({ "name": "Once", "password": "another password" });
    let other = program.keyed("/environments", "k", other).await;
    other.expect(422);
    let found = program.keyed("/environments", "k", named("Once")).await;
    assert_eq!(found.expect(201).text("id"), first.text("id"));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_kept_tells_nobody_anything_and_is_gone_after_a_day() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    program
        .keyed("/environments", "the key", named("Secret"))
        .await
        .expect(400);
    program
        .keyed("/environments", "the-key", named("Secret"))
        .await
        .expect(201);
    let kept =
        "select string_agg(encode(key || fingerprint || answer, 'escape'), ' ') from api_requests";
    let kept: String = sqlx::query_scalar(kept)
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    for word in ["the-key", "Secret", "status", "location"] {
        assert!(!kept.contains(word), "{word} in {kept}");
    }
    let later = "update api_requests set began_at = began_at - interval '25 hours'";
    execute(&dashboard, later).await;
    crate::actions::sweep::sweep(&dashboard.app).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from api_requests")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    dashboard.close().await;
}
