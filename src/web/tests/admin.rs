//! What only the administrators' pages are given.

use super::time;
use serde_json::{Value, json};

/// Adds it to a sample: with everything there, or with as little as there can be.
pub fn add(sample: &mut Value, status: &str, full: bool) {
    let some = |value: Value| if full { value } else { Value::Null };
    let many = |value: Value| if full { json!([value]) } else { json!([]) };
    let row = json!({ "id": "env_1", "name": "Sample <&>", "host": "sample-x7k9.example.com", "owner": "Ada <&>", "email": "ada@example.com", "word": status, "tone": "moving", "reason": some(json!("So <&>.")), "in_use": full, "used": some(time("ago")) });
    let application = json!({ "uuid": "abc", "name": "sample <&>", "since": time("ago") });
    sample["rows"] = json!([row]);
    sample["everybodys"] = json!({
        "query": if full { "a" } else { "" }, "statuses": [{ "word": "running", "chosen": full }], "total": 1, "rows": many(row.clone()),
        "range": some(json!("51 to 100 of 120")), "previous": some(json!("/admin/environments?page=1")), "next": some(json!("/admin/environments?page=3")),
    });
    sample["owner"] = json!({ "name": "Ada <&>", "email": "ada@example.com", "own": full });
    let waits = json!({ "id": "dep_1", "environment": "env_1", "name": "Sample <&>", "owner": "Ada <&>", "place": 2, "moved_up": true, "rollout": true, "since": time("ago") });
    sample["queue"] = json!({ "capacity": 4, "under_way": 1, "waiting": i32::from(full), "closed": full, "rows": many(waits) });
    sample["orphans"] = json!({ "unknown": (status == "error").then_some("So <&>."), "found": many(application.clone()), "more": if full { 7 } else { 0 }, "ignored": many(application.clone()), "gone": many(row), "gone_total": 60 });
    sample["orphan"] = application;
    let entry = json!({ "when": time("clock"), "who": "Ada <&>", "who_address": some(json!("/admin/audit?who=usr_1")), "way": "on a page", "address": some(json!("203.0.113.7")), "title": "person renamed", "subject": "Sample <&>", "subject_address": some(json!("/admin/audit?subject=env_1")), "detail": some(json!("So <&>")) });
    sample["audit"] = json!({
        "who": "a", "subject": "b", "from": "2026-01-02", "until": "", "actions": [{ "word": "person.renamed", "title": "person renamed", "chosen": full }],
        "filtered": full, "rows": many(entry), "newest": some(json!("/admin/audit")), "older": some(json!("/admin/audit?before=7")), "file": "/admin/audit.csv",
    });
    sample["settings"] =
        many(json!({ "name": "AGENT_BRANCH", "value": "main <&>", "origin": ".env" }));
}
