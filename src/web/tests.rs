//! Every template with a sample of what it is given. What is not there is an error, here as in the product; the stories
//! render the same templates with what handlers really give them.

mod admin;

use super::page::{render, templates};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Pieces that are only ever included; they are rendered as parts of the others, and alone with the same sample.
const MACROS: &str = "_ui.html";

fn page(user: &Value, theme: &str) -> Value {
    json!({
        "title": "Sample", "user": user, "theme": theme, "url": "/environments?q=a", "build": "0123",
        "refresh": theme == "dark", "refresh_switch": "/environments?refresh=no",
        "notices": [{ "tone": "good", "text": "Done <b>well</b>.", "accepted": "env_1" }, { "tone": "bad", "text": "Not done.", "accepted": null }],
    })
}

fn errors(sentence: &Value) -> Value {
    json!({
        "form": sentence, "name": sentence, "email": sentence, "password": sentence, "repository": sentence, "source_repository": sentence, "source_branch": sentence, "variables": sentence, "variable": sentence, "value": sentence, "heir": sentence, "environments": sentence, "deployments": sentence, "memory": sentence, "cpus": sentence,
        "current_password": sentence, "new_password": sentence, "token_name": sentence, "scopes": sentence, "expires": sentence, "confirmation": sentence,
        "first": if sentence.is_null() { Value::Null } else { json!("name") },
    })
}

fn time(kind: &str) -> Value {
    json!({ "kind": kind, "at": "2026-01-02T12:00:00Z", "age_seconds": 12, "words": "12s" })
}

/// A row with everything a row can show, or with as little as it can.
fn row(status: &str, full: bool) -> Value {
    let some = |value: Value| if full { value } else { Value::Null };
    json!({
        "id": "env_1", "name": "Sample <&>", "subdomain": "sample-x7k9", "address": "https://sample-x7k9.example.com", "open": "https://sample-x7k9.example.com/?folder=%2F",
        "host": "sample-x7k9.example.com", "repository": some(json!("https://example.com/a")), "status": status, "group": "moving", "badge": { "word": status, "tone": "moving", "since": some(time("clock")) },
        "stage": some(json!({ "word": "Building", "since": time("elapsed") })),
        "reason": some(json!("It is so.")),
        "since": some(time("clock")), "in_use": full, "vanished": full, "used": some(time("ago")), "created": time("ago"), "version": "1u", "arrived": full,
        "can": { "open": full, "deploy": full, "rebuild": full, "cancel": full, "delete": full, "give_up": full, "retry_removal": full },
    })
}

/// What somebody has of what they may have.
fn allowed(full: bool) -> Value {
    let some = |value: &str| if full { json!(value) } else { Value::Null };
    json!({
        "environments": "2 of 3 environments", "deployments": "0 of 1 deployments under way", "memory": some("2g"), "cpus": some("1.5"),
        "limited": full, "no_more": some("So."), "no_deployment": some("So."),
    })
}

fn heading(count: usize) -> Value {
    json!({ "word": "moving", "title": "Moving", "count": count, "shut": count == 0, "hidden": count == 3 })
}

fn parts(status: &str, full: bool) -> Value {
    let heading = if full { heading(1) } else { Value::Null };
    json!([{ "heading": heading, "rows": [row(status, full)] }])
}

fn list(full: bool) -> Value {
    let some = |value: &str| if full { json!(value) } else { Value::Null };
    json!({
        "query": if full { "sample" } else { "" }, "status": some("running"), "total": usize::from(full),
        "most": some("5"), "filters": [{ "word": "in all", "count": 4, "url": "/environments", "current": full }],
        "sort": if full { "used" } else { "created" }, "orders": { "created": "/environments", "name": "/environments?sort=name", "used": "/environments?sort=used" }, "range": some("51 to 100 of 120"), "previous": some("/environments"), "next": some("/environments?page=3"),
        "poll": "/environments/changes?v=1", "trigger": "every 2s", "moves": full,
    })
}

fn log(full: bool) -> Value {
    let some = |value: &str| if full { json!(value) } else { Value::Null };
    json!({
        "deployment": "dep_1", "after": 2, "live": full, "clipped": full,
        "missing": if full { json!("It is not shown.") } else { Value::Null },
        "lines": [{ "position": 1, "text": "A line.", "hidden": full, "time": some("1:02"), "section": if full { json!(1) } else { Value::Null }, "heading": if full { json!({ "title": "Sample <&>", "took": "12s", "open": true }) } else { Value::Null } }, { "position": null, "text": "Left out.", "hidden": false, "time": null, "section": null, "heading": null }],
        "all": full, "replaces": full, "cause": if full { json!(1) } else { Value::Null },
        "ended": if full { json!({ "number": 1, "took": "12s" }) } else { Value::Null },
    })
}

fn deployments() -> Value {
    let outcomes = ["succeeded", "failed", "cancelled", "moving"].into_iter();
    let deployment = |outcome: &str| {
        json!({
            "id": "dep_1", "when": time("ago"), "who": "Ada", "outcome": outcome,
            "duration": time(if outcome == "moving" { "elapsed" } else { "took" }), "kind": "deployment", "ended": (outcome == "cancelled").then_some("before the build"), "commit_page": (outcome == "failed").then_some("https://example.com/0a1b2c3"), "rebuilt": outcome == "failed", "commit": (outcome == "failed").then_some("0a1b2c3"), "reason": (outcome == "failed").then_some("So."), "lines": (outcome == "failed").then_some("a\nb"), "lines_title": "Before", "kept": outcome != "cancelled",
        })
    };
    outcomes.map(deployment).collect()
}

fn history(full: bool) -> Value {
    let some = |value: &str| if full { json!(value) } else { Value::Null };
    let event = json!({ "kind": "event", "word": "stopped", "tone": "bad", "when": time("clock"), "by": some("Ada"), "reason": some("So."), "lines": some("a\nb") });
    let mut all = if full { deployments() } else { json!([]) };
    all.as_array_mut().unwrap().push(event);
    all
}

/// What only the page of one deployment shows.
fn add_deployment(sample: &mut Value, full: bool) {
    let call = json!({ "at": time("second"), "name": "GET <&>", "answer": "500", "is_bad": true, "took": "3 ms" });
    let line = json!({ "position": 1, "number": 2, "text": "npm <&>", "is_on_page": full });
    let found = |text: &str| if full { json!(text) } else { Value::Null };
    sample["environment"] = json!("env_1");
    sample["deployment"] = deployments()[if full { 1 } else { 2 }].clone();
    sample["calls"] = if full { json!([call]) } else { json!([]) };
    sample["search"] = json!({ "query": "npm", "found": found("1 line contains it."), "more": found("More."), "matches": [line] });
    sample["more"] = json!(full);
    sample["report"] = json!("Sample <&>");
}

fn stages() -> Value {
    let states = ["done", "current", "failed", "cancelled", "todo"].into_iter();
    states
        .map(|state| json!({ "word": "Build", "state": state, "duration": (state != "todo").then(|| time(if state == "current" { "elapsed" } else { "took" })) }))
        .collect()
}

/// What any handler gives to its template, all of it together: with everything there, or with as little as there can be.
fn sample(status: &str, full: bool) -> Value {
    let user = json!({ "name": "Ada", "email": "ada@example.com", "administrator": full });
    let user = if full { user } else { Value::Null };
    let sentence = if full {
        json!("This is wrong.")
    } else {
        Value::Null
    };
    let rule = json!({ "min": 8, "max": 100, "short": "Short.", "long": "Long.", "edge": null });
    json!({
        "page": page(&user, if full { "dark" } else { "system" }), "row": row(status, full), "parts": parts(status, full),
        "form": { "name": "a", "email": "b", "suffix": "x7k9", "repository": "", "source_repository": "", "source_branch": "", "variables": "A=\n", "variable": "A", "environments": "3", "deployments": "1", "memory": "2g", "cpus": "1.5", "confirmation": "c", "heir": "b", "removes": full, "back": "/environments", "next": "/account", "link": "0a", "administrator": full, "errors": errors(&sentence) },
        "rules": { "account_password": rule, "environment_password": rule },
        "variables": if full { json!([{ "name": "A", "sentence": "So.", "since": time("ago"), "lost": false, "remove": true, "discard": "Discard" }, { "name": "B", "sentence": "So.", "since": null, "lost": true, "remove": false, "discard": null }]) } else { json!([]) },
        "chosen": { "sentence": "So <&>.", "bad": full }, "source": { "repository": "https://example.com/a", "branch": "main" },
        "preview": { "host": "sample-x7k9.example.com", "problem": sentence },
        "list": list(full), "poll": { "url": "/environments/env_1/changes?v=1", "trigger": "every 2s", "moves": full }, "back": sentence, "oob": full,
        "changed": [row(status, full)], "placed": [{ "after": if full { json!("group-moving") } else { Value::Null }, "row": row(status, full) }], "gone": ["env_2"],
        "group": heading(3), "headings": if full { json!([heading(0), heading(3)]) } else { Value::Null }, "first_visit": false, "demo": full, "way_in": if full { "link" } else { "invite" },
        "log": if full { log(true) } else { Value::Null }, "stages": if full { stages() } else { json!([]) },
        "query": if full { "npm" } else { "" }, "lines": ["npm <&>"], "missing": if full { Value::Null } else { sentence.clone() }, "found": sentence,
        "password": { "waits": full, "sentence": "So.", "since": if full { time("ago") } else { Value::Null }, "discard": full },
        "history": history(full), "update": if full { json!({ "commit": "0a1b2c3", "commit_page": "https://example.com/0a1b2c3", "titles": ["Change <&>"] }) } else { Value::Null }, "cause": if full { json!({ "title": "Before", "lines": "a\nb" }) } else { Value::Null }, "announcement": sentence,
        "sessions": [{ "id": "ses_1", "device": "Firefox", "address": "203.0.113.7", "created": time("clock"), "last_used": time("ago"), "current": full }, { "id": "ses_2", "device": "Edge", "address": null, "created": null, "last_used": time("ago"), "current": false }],
        "environment_count": usize::from(full), "allowed": allowed(full), "resources": "So.", "heading": "Not found", "sentence": "There is nothing here.",
    })
}

/// What only the page of updates shows.
fn add_updates(sample: &mut Value, status: &str, full: bool) {
    let behind = json!([{ "name": "Sample <&>", "owner": "Ada <&>", "source": "a <&>", "in_use": true, "waits": true }]);
    let last = json!({ "sentence": "So.", "failed": true, "reason": "So.", "when": time("ago") });
    sample["repository"] = json!("https://example.com/a");
    sample["branch"] = json!("main");
    sample["watched"] = json!(full);
    sample["waiting"] = json!(usize::from(status == "deploying"));
    sample["ready"] = json!(usize::from(status == "running"));
    sample["moving"] = json!(full);
    sample["behind"] = if full { behind } else { json!([]) };
    sample["last"] = if full { last } else { Value::Null };
}

/// What only the page of the doctor shows.
fn add_findings(sample: &mut Value, status: &str, full: bool) {
    let finding = json!({ "check": "A", "word": "wrong", "tone": "bad", "sentence": "So <&>.", "remedy": "Do <&>." });
    sample["runs"] = json!(status == "deploying");
    sample["ended"] = if full { time("ago") } else { Value::Null };
    sample["wrong"] = json!(usize::from(status == "error"));
    sample["warnings"] = json!(usize::from(status == "running"));
    sample["findings"] = json!([finding]);
}

/// What only the page of people shows.
fn add_people(sample: &mut Value, full: bool) {
    let invited = json!({ "id": "lnk_1", "email": "a@example.com", "role": "member", "by": "Ada <&>", "until": time("clock") });
    let link = json!({ "title": "So", "sentence": "So.", "address": "https://example.com/register?link=0a" });
    sample["link"] = if full { link } else { Value::Null };
    let person = json!({ "id": "usr_1", "name": "Ada <&>", "email": "a@example.com", "role": "administrator", "disabled": true, "environments": "2 of 3 environments", "last_used": time("ago") });
    sample["has"] = allowed(full);
    sample["defaults"] =
        json!({ "environments": "3", "deployments": "unlimited", "memory": "2g", "cpus": "1.5" });
    sample["id"] = json!("usr_1");
    sample["name"] = json!("Ada <&>");
    sample["email"] = json!("a@example.com");
    sample["environments"] = json!(i32::from(full) * 2);
    sample["people"] = if full { json!([person]) } else { json!([]) };
    sample["limit"] = if full { json!(200) } else { Value::Null };
    sample["invites"] = json!(full);
    sample["invitations"] = if full { json!([invited]) } else { json!([]) };
}

/// What only the account page shows.
fn add_tokens(sample: &mut Value, status: &str, full: bool) {
    let token = json!({ "id": "tok_1", "name": "a <&>", "scopes": "read", "made": time("ago"), "expires": time("clock"), "has_expired": status == "error", "used": time("ago") });
    let bare = json!({ "id": "tok_2", "name": "b", "scopes": "read", "made": time("ago"), "expires": null, "has_expired": false, "used": null });
    let made = json!({ "name": "a <&>", "token": "vpsc_0a" });
    sample["form"]["token"] = json!({ "token_name": "a", "read": "1", "deploy": "", "write": "", "admin": "", "expires": "90", "until": "" });
    sample["made"] = if full { made } else { Value::Null };
    sample["tokens"] = if full {
        json!([token, bare])
    } else {
        json!([])
    };
}

/// What only the page of the API shows.
fn add_reference(sample: &mut Value, full: bool) {
    let some = |value: Value| if full { value } else { Value::Null };
    let many = |value: Value| if full { json!([value]) } else { json!([]) };
    let kind = json!({ "words": "list of <&>", "of": some(json!("A")) });
    let field = json!({ "name": if full { "a <&>" } else { "" }, "place": some(json!("query")), "kind": kind, "required": full, "words": "So `<&>`." });
    let answer = json!({ "status": "200", "words": "So <&>.", "kind": some(kind.clone()) });
    let operation = json!({ "id": "a", "method": "GET", "path": "/a/<&>", "words": "With `<&>`.", "scope": some(json!("read")), "fields": many(field.clone()), "answers": [answer] });
    sample["base"] = json!("http://<&>");
    sample["reference"] = json!({
        "sections": [{ "name": "a", "words": "So <&>.", "operations": many(operation) }], "common": { "400": "So <&>." },
        "types": [{ "name": "A", "words": "So <&>.", "sent": full, "among": many(json!("<&>")), "fields": many(field) }],
    });
}

/// Pages that only people who are signed in are given.
fn needs_user(template: &str) -> bool {
    ["accounts/show.html", "environments/index.html"].contains(&template)
}

/// Parts that are never made without a log.
fn needs_log(template: &str) -> bool {
    ["environments/_log", "deployments/"]
        .iter()
        .any(|part| template.starts_with(part))
}

fn fitted(template: &str, status: &str, full: bool) -> Value {
    let mut sample = sample(status, full);
    add_deployment(&mut sample, full);
    add_updates(&mut sample, status, full);
    add_people(&mut sample, full);
    add_findings(&mut sample, status, full);
    add_reference(&mut sample, full);
    admin::add(&mut sample, status, full);
    add_tokens(&mut sample, status, full);
    if needs_user(template) {
        sample["page"]["user"] =
            json!({ "name": "Ada", "email": "ada@example.com", "administrator": false });
    }
    if needs_log(template) {
        sample["log"] = log(full);
    }
    if template == "environments/_changes.html" && !full {
        sample["parts"] = Value::Null;
        sample["headings"] = json!([heading(3)]);
    }
    sample
}

#[test]
fn every_template_renders_a_sample_in_which_nothing_is_missing() {
    let names: BTreeSet<String> = templates();
    assert!(names.len() > 20, "{names:?}");
    for name in names.iter().filter(|name| *name != MACROS) {
        for status in ["pending", "deploying", "running", "error", "deleting"] {
            for full in [true, false] {
                let text = render(name, fitted(name, status, full));
                let text =
                    text.unwrap_or_else(|error| panic!("{name}, {status}, {full}: {error:?}"));
                assert!(
                    !text.contains("<&>") && !text.contains("<b>well"),
                    "{name}: {text}"
                );
            }
        }
    }
}

#[test]
fn what_a_template_asks_for_and_is_not_given_is_an_error() {
    for (template, missing) in [
        ("environments/_row.html", "row"),
        ("environments/new.html", "rules"),
        ("accounts/login.html", "form"),
        ("environments/_log.html", "log"),
        ("environments/_list_poll.html", "list"),
        ("error.html", "sentence"),
    ] {
        let mut sample = fitted(template, "pending", true);
        sample.as_object_mut().unwrap().remove(missing).unwrap();
        assert!(
            render(template, sample).is_err(),
            "{template} without {missing}"
        );
    }
    let mut sample = fitted("environments/new.html", "pending", true);
    let errors = sample["form"]["errors"].as_object_mut().unwrap();
    errors.remove("form").unwrap();
    assert!(
        render("environments/new.html", sample).is_err(),
        "a field without its place for a sentence"
    );
}
