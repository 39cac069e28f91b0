//! Answers of Coolify with something in them dropped, null, of another type, deeper or larger: no call may panic, and
//! what is around the odd value is still read.

use super::server::{client_of, every_call, serve};
use axum::body::Body;
use axum::http::Response;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How many answers are changed, each by a number that repeats it.
const ANSWERS: u64 = 60;
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn entry(order: u32) -> Value {
    json!({"command": null, "output": "text \"x\"\n", "type": "stderr", "timestamp": "2026-08-22T15:20:06.120394Z",
        "hidden": false, "batch": 1, "order": order})
}

fn build(uuid: &str) -> Value {
    let log = json!([entry(1), entry(2), entry(3)]).to_string();
    json!({"id": 7, "deployment_uuid": uuid, "status": "in_progress", "commit": "0123456789abcdef", "logs": log,
        "application_id": "3", "pull_request_id": 0, "application": application(), "finished_at": null})
}

fn application() -> Value {
    let server = json!({"uuid": "server", "settings": {"concurrent_builds": 2, "deployment_queue_limit": "25"}});
    json!({"uuid": "a", "name": "name-x7k9", "description": "vps-claude env_1", "status": "running:healthy",
        "environment": {"uuid": "e", "name": "production", "project": {"uuid": "project"}},
        "destination": {"server": server}})
}

/// An answer to every call in one: what each reads of it is where that call's answer has it.
fn answers() -> [Value; 4] {
    let mut all = build("d");
    let more = json!({"uuid": "a", "name": "production", "applications": [application(), application()],
        "deployments": [build("d"), build("e")], "persistent_storages": [{"mount_path": "/a"}],
        "settings": {"concurrent_builds": 2, "deployment_queue_limit": 25}, "message": "queued."});
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    [
        all,
        application(),
        json!([build("d"), build("e")]),
        json!({"1": build("d"), "3": build("e")}),
    ]
}

/// Changes something in it, or it as a whole.
fn mutate(value: &mut Value, random: &mut StdRng) {
    let inside = random.random_bool(0.85);
    match value {
        Value::Object(object) if inside && !object.is_empty() => {
            let at = random.random_range(0..object.len());
            let key = object.keys().nth(at).unwrap().clone();
            if random.random_bool(0.2) {
                object.remove(&key);
            } else {
                mutate(&mut object[&key], random);
            }
        }
        Value::Array(array) if inside && !array.is_empty() => {
            let at = random.random_range(0..array.len());
            mutate(&mut array[at], random);
        }
        Value::String(text) if inside && text.starts_with('[') => {
            let mut log = serde_json::from_str(text).unwrap_or_default();
            mutate(&mut log, random);
            *text = log.to_string();
            let cut = text.floor_char_boundary(random.random_range(0..=2 * text.len()));
            text.truncate(cut);
        }
        other => *other = odd(other, random),
    }
}

fn odd(value: &Value, random: &mut StdRng) -> Value {
    let deep = (0..300).fold(value.clone(), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{1b}[31m"),
        json!("7"),
        json!("x".repeat(20_000)),
        json!([]),
        json!({}),
        json!({"1": value}),
        Value::Array(vec![value.clone(); 20]),
        Value::String(value.to_string()),
        deep,
    ];
    values[random.random_range(0..values.len())].clone()
}

#[tokio::test]
async fn no_answer_makes_a_call_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(panic);
    }));
    let body = Arc::new(Mutex::new(String::new()));
    let sent = Arc::clone(&body);
    let (address, _) = serve(move || Response::new(Body::from(sent.lock().unwrap().clone()))).await;
    let client = client_of(address);
    for seed in 0..ANSWERS {
        let mut random = StdRng::seed_from_u64(seed);
        let mut answer = answers()[random.random_range(0..4)].clone();
        for _ in 0..random.random_range(1..5) {
            mutate(&mut answer, &mut random);
        }
        *body.lock().unwrap() = answer.to_string();
        let followed = HashSet::from(["d".to_owned()]);
        let _ = client.builds_in_flight(&followed).await;
        every_call(&client).await;
        assert_eq!(
            PANICS.load(Ordering::Relaxed),
            0,
            "seed {seed}: {answer:.2000}"
        );
    }
}

#[tokio::test]
async fn an_odd_build_in_flight_costs_no_other() {
    for seed in 0..ANSWERS {
        let mut random = StdRng::seed_from_u64(seed);
        let mut stranger = build("stranger");
        mutate(&mut stranger, &mut random);
        let (first, last) = (build("d"), build("e"));
        let body = match seed % 2 {
            0 => json!([first, stranger, last]),
            _ => json!({"1": first, "2": stranger, "5": last}),
        };
        let body = body.to_string();
        let (address, _) = serve(move || Response::new(Body::from(body.clone()))).await;
        let followed = HashSet::from(["d".to_owned(), "e".to_owned()]);
        let rows = client_of(address)
            .builds_in_flight(&followed)
            .await
            .unwrap();
        for uuid in ["d", "e"] {
            let row = rows.iter().find(|row| row.deployment_uuid == uuid);
            let log = row.and_then(|row| row.log());
            assert_eq!(
                log.map(<[_]>::len),
                Some(3),
                "seed {seed}: {stranger:.2000}"
            );
        }
    }
}
