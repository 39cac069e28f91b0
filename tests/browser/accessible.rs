//! No page shuts anybody out: axe-core finds nothing on any of them, in light and in dark.

use crate::chromium::{self, Look};
use crate::person::Person;
use crate::{stage, tour};
use serde_json::Value;
use std::cell::RefCell;
use std::io::Write;

const RUN: &str = "const done = arguments[arguments.length - 1];
                   axe.run().then((found) => done(found.passes.length ? found.violations : [{ id: 'nothing' }]), (error) => done([{ id: String(error) }]));";

#[tokio::test]
async fn axe_finds_no_violation_on_any_page_in_light_and_in_dark() {
    let Ok(path) = std::env::var("AXE") else {
        return not_checked();
    };
    let axe = std::fs::read_to_string(path).unwrap();
    stage::person(Look::DESKTOP, async |person| {
        let found = RefCell::new(vec![]);
        tour::every_page(person, async |name| {
            for dark in [false, true] {
                let look = Look {
                    dark,
                    ..Look::DESKTOP
                };
                chromium::look(&person.client, look).await;
                let violations = violations(person, &axe).await;
                found.borrow_mut().extend(told(name, dark, &violations));
            }
        })
        .await;
        let found = found.into_inner();
        assert!(found.is_empty(), "{}", found.join("\n"));
    })
    .await;
}

/// On a computer without npm this test checks nothing, and says so; where `CI` is set it may not pass so.
fn not_checked() {
    let sentence = "NOT CHECKED: AXE does not say where axe-core is.";
    assert!(std::env::var_os("CI").is_none(), "{sentence}");
    // Past the test's own output, which nobody sees when it succeeds.
    let said = writeln!(std::io::stderr(), "{sentence}");
    said.unwrap();
}

async fn violations(person: &Person, axe: &str) -> Vec<Value> {
    person.run(axe).await;
    let found = person.client.execute_async(RUN, vec![]).await.unwrap();
    serde_json::from_value(found).unwrap()
}

/// Each violation on a line, with what it is about.
fn told(page: &str, dark: bool, violations: &[Value]) -> Vec<String> {
    let colours = if dark { "dark" } else { "light" };
    let line = |violation: &Value| {
        let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
        let about: Vec<_> = nodes
            .iter()
            .map(|node| format!("{}: {}", node["target"], node["failureSummary"]))
            .collect();
        let (id, help) = (&violation["id"], &violation["help"]);
        format!("{page} {colours} {id} {help}\n  {}", about.join("\n  "))
    };
    violations.iter().map(line).collect()
}
