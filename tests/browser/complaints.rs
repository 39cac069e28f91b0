//! What a browser complains of: errors and warnings on its console, and requests that failed. A story names those that
//! belong to it. It must not know what any story is about.

use crate::chromium::noted;
use crate::person::Person;
use serde_json::Value;
use std::collections::HashMap;

/// A complaint that belongs to a story: `404 /nowhere`, or words of a line on the console.
#[derive(Debug)]
pub struct Named {
    pub words: String,
    /// Whether it must come.
    pub must: bool,
}

impl Named {
    fn is(&self, complaint: &str) -> bool {
        let on_console = complaint.starts_with("console") && complaint.contains(&self.words);
        on_console || complaint == self.words
    }
}

/// Fails unless there was exactly what the story named, and nothing was asked of anybody else.
pub async fn only_those_named(person: &Person) {
    let events = network(person).await;
    let asked = requests(&events);
    assert!(!asked.is_empty(), "the network is not noted");
    let elsewhere: Vec<_> = asked.values().filter(|url| !person.is_ours(url)).collect();
    assert!(elsewhere.is_empty(), "asked elsewhere: {elsewhere:#?}");
    let mut complaints = failures(person, &events, &asked);
    complaints.extend(console(person).await);
    let named = person.named.borrow();
    let unnamed: Vec<_> = complaints
        .iter()
        .filter(|complaint| !named.iter().any(|named| named.is(complaint)))
        .collect();
    assert!(unnamed.is_empty(), "the browser complains: {unnamed:#?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|named| named.must && !complaints.iter().any(|complaint| named.is(complaint)))
        .collect();
    assert!(missing.is_empty(), "it never came: {missing:#?}");
}

/// Everything since it was last asked for.
pub async fn of(person: &Person) -> Vec<String> {
    let events = network(person).await;
    let mut complaints = failures(person, &events, &requests(&events));
    complaints.extend(console(person).await);
    complaints
}

/// Errors and warnings. What the console says of the network is left to the network's own record.
async fn console(person: &Person) -> Vec<String> {
    let entries = noted(&person.client, "browser").await;
    let spoken = entries.iter().filter(|entry| {
        let loud = ["SEVERE", "WARNING"]
            .iter()
            .any(|level| entry["level"] == *level);
        loud && entry["source"] != "network"
    });
    spoken
        .map(|entry| format!("console {}", entry["message"].as_str().unwrap_or_default()))
        .collect()
}

/// What happened on the network: the method of each event with what it carries.
async fn network(person: &Person) -> Vec<(String, Value)> {
    let entries = noted(&person.client, "performance").await;
    let event = |entry: &Value| {
        let mut message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
        let event = message["message"].take();
        Some((
            event["method"].as_str()?.to_owned(),
            event["params"].clone(),
        ))
    };
    entries.iter().filter_map(event).collect()
}

/// The address of each request, by its id.
fn requests(events: &[(String, Value)]) -> HashMap<String, String> {
    let sent = events
        .iter()
        .filter(|(method, _)| method == "Network.requestWillBeSent");
    let request = |event: &Value| {
        let url = event["request"]["url"].as_str()?;
        let id = event["requestId"].as_str()?.to_owned();
        url.starts_with("http").then(|| (id, url.to_owned()))
    };
    sent.filter_map(|(_, event)| request(event)).collect()
}

/// Answers of 400 and above, and requests without an answer but those that the browser itself called off.
fn failures(
    person: &Person,
    events: &[(String, Value)],
    asked: &HashMap<String, String>,
) -> Vec<String> {
    let failure = |(method, event): &(String, Value)| match method.as_str() {
        "Network.responseReceived" => {
            let status = event["response"]["status"].as_u64()?;
            let url = event["response"]["url"].as_str()?;
            (status >= 400).then(|| format!("{status} {}", place(person, url)))
        }
        "Network.loadingFailed" if event["canceled"] != true => {
            // What the browser asks for on its own account is nobody's.
            let url = asked.get(event["requestId"].as_str()?)?;
            let why = event["blockedReason"]
                .as_str()
                .or(event["errorText"].as_str());
            Some(format!(
                "{} {}",
                why.unwrap_or("failed"),
                place(person, url)
            ))
        }
        _ => None,
    };
    events.iter().filter_map(failure).collect()
}

/// The path of an address of the dashboard; any other as it is. Both without what is asked there.
fn place<'a>(person: &Person, url: &'a str) -> &'a str {
    let url = url.split('?').next().unwrap_or(url);
    person.path_of(url).unwrap_or(url)
}
