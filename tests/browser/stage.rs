//! One test: the product, a browser, a person before it. What the test leaves behind is cleared away in any case, and a
//! test that ends well has upset nobody: no error in the console, no request to elsewhere.

use crate::chromium::{self, Browser, Look, noted};
use crate::person::Person;
use crate::support::Product;
use futures_util::FutureExt;
use serde_json::Value;
use std::panic::AssertUnwindSafe;

/// Lets a person with an empty browser use an empty dashboard.
pub async fn person(look: Look, story: impl AsyncFnOnce(&Person)) {
    let product = Product::start().await;
    let browser = Browser::open(look.script).await;
    let person = Person::new(browser.client.clone(), product);
    let whole = async {
        chromium::look(&person.client, look).await;
        story(&person).await;
        upset_nobody(&person).await;
    };
    let ended = AssertUnwindSafe(whole).catch_unwind().await;
    if ended.is_err() {
        tell_the_scene(&person).await;
    }
    browser.close().await;
    person.product.stop().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

async fn upset_nobody(person: &Person) {
    let errors: Vec<_> = noted(&person.client, "browser").await;
    let errors: Vec<_> = errors
        .iter()
        .filter(|entry| is_error(person, entry))
        .collect();
    assert!(errors.is_empty(), "the console says {errors:#?}");
    let requests = requests(&noted(&person.client, "performance").await);
    assert!(!requests.is_empty(), "the network is not noted");
    let elsewhere: Vec<_> = requests.iter().filter(|url| !person.is_ours(url)).collect();
    assert!(elsewhere.is_empty(), "asked elsewhere: {elsewhere:#?}");
}

/// An error on a page of the dashboard. A browser notes every answer of 400 and above, and so does htmx: that is how a
/// form says what is wrong with it and how a row learns that it is to leave.
fn is_error(person: &Person, entry: &Value) -> bool {
    let message = entry["message"].as_str().unwrap_or_default();
    let of_environment = message.contains(&person.product.agents_domain);
    let noted = message.contains("Failed to load resource");
    let leaves = message.contains("Response Status Error Code 404 from /environments/env_");
    entry["level"] == "SEVERE" && !of_environment && !noted && !leaves
}

/// The addresses that were asked for.
fn requests(entries: &[Value]) -> Vec<String> {
    let events = entries.iter().filter_map(|entry| {
        let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
        let event = &message["message"];
        let sent = event["method"] == "Network.requestWillBeSent";
        let url = event["params"]["request"]["url"].as_str()?;
        (sent && url.starts_with("http")).then(|| url.to_owned())
    });
    events.collect()
}

/// For whoever reads the failure: what was on the screen, and what was said behind it.
async fn tell_the_scene(person: &Person) {
    let url = person.client.current_url().await;
    println!("at {:?}", url.map(|url| url.to_string()));
    println!("{}", person.client.source().await.unwrap_or_default());
    for entry in noted(&person.client, "browser").await {
        println!("console: {entry}");
    }
    println!("{}", person.product.log());
}
