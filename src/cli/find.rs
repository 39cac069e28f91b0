//! Environments by what people call them.

use super::failure::{Exit, Failure};
use super::http::{Client, Request};
use super::wire::{Environment, Page, parse};
use crate::domain::name::compared;
use serde_json::Value;

const PREFIX: &str = "env_";
/// The most environments on a page.
const ON_PAGE: usize = 100;

/// The environment with this id, name or subdomain, and the API's own words for it.
///
/// # Errors
/// When there is none, or several.
pub async fn find(client: &Client, called: &str) -> Result<(Environment, Value), Failure> {
    let called = called.trim();
    if is_id(called) {
        let reply = client
            .send(&Request::get(&["environments", called]))
            .await?;
        return Ok((parse(&reply.json)?, reply.json));
    }
    let found = list(client, None, Some(called)).await?;
    choose(called, found)
}

/// Every environment with this status and with this text in its name or address, from all pages.
///
/// # Errors
/// When they cannot be read.
pub async fn list(
    client: &Client,
    status: Option<&str>,
    text: Option<&str>,
) -> Result<Vec<Value>, Failure> {
    let mut all = vec![];
    for page in 1.. {
        let mut request = Request::get(&["environments"])
            .asking("sort", "name")
            .asking("per_page", ON_PAGE.to_string())
            .asking("page", page.to_string());
        for (name, value) in [("status", status), ("q", text)] {
            if let Some(value) = value {
                request = request.asking(name, value);
            }
        }
        let found: Page = parse(&client.send(&request).await?.json)?;
        let is_last = found.items.is_empty() || page * ON_PAGE >= found.total;
        all.extend(found.items);
        if is_last {
            break;
        }
    }
    Ok(all)
}

fn is_id(called: &str) -> bool {
    let rest = called.strip_prefix(PREFIX);
    rest.is_some_and(|rest| rest.len() == 26 && rest.bytes().all(|it| it.is_ascii_alphanumeric()))
}

/// Names are compared as everywhere.
fn choose(called: &str, found: Vec<Value>) -> Result<(Environment, Value), Failure> {
    let mut exact = vec![];
    for json in found {
        let one: Environment = parse(&json)?;
        if compared(&one.name) == compared(called) || one.subdomain == called {
            exact.push((one, json));
        }
    }
    match exact.len() {
        0 => {
            let sentence = format!("You have no environment called {called}.");
            Err(Failure::new(Exit::NotFound, sentence))
        }
        1 => Ok(exact.remove(0)),
        _ => {
            let ids: Vec<&str> = exact.iter().map(|(one, _)| one.id.as_str()).collect();
            let ids = ids.join(" or ");
            let sentence = format!("Several environments are called {called}. Use an id: {ids}.");
            Err(Failure::usage(sentence))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chosen(called: &str) -> Result<String, Exit> {
        let one = |id: &str, name: &str, subdomain: &str| json!({ "id": id, "name": name, "subdomain": subdomain, "status": "pending" });
        let found = vec![
            one("env_1", "Test", "test-aaaa"),
            one("env_2", "Test 2", "test-2-aaaa"),
            one("env_3", "TEST-2-aaaa", "test-2-aaaa-bbbb"),
            one("env_4", "Größe", "groesse-aaaa"),
        ];
        let chosen = choose(called, found);
        chosen
            .map(|(one, _)| one.id)
            .map_err(|failure| failure.exit)
    }

    #[test]
    fn an_environment_is_found_by_its_whole_name_or_subdomain() {
        for (called, id) in [
            ("Test", Ok("env_1")),
            ("tESt 2", Ok("env_2")),
            ("test-aaaa", Ok("env_1")),
            ("test-2-aaaa-bbbb", Ok("env_3")),
            ("test-2-aaaa", Err(Exit::Usage)),
            ("Gro\u{308}ße", Ok("env_4")),
            ("GRÖSSE", Ok("env_4")),
            ("Tes", Err(Exit::NotFound)),
            ("", Err(Exit::NotFound)),
        ] {
            assert_eq!(chosen(called), id.map(str::to_owned), "{called}");
        }
    }

    #[test]
    fn an_id_is_told_from_a_name() {
        assert!(is_id("env_01h455vb4pex5vsknk084sn02q"));
        for name in ["env_1", "env_", "Test", "env_01h455vb4pex5vsknk084sn0/q"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn names_are_the_same_in_any_case_and_form() {
        for (one, other) in [
            ("Größe", "GRO\u{308}SSE"),
            ("straße", "STRASSE"),
            ("Test 2", "ｔｅｓｔ  ２"),
            ("ΣΑΣ", "σας"),
            ("❤\u{fe0f}", "❤"),
        ] {
            assert_eq!(compared(one), compared(other));
        }
        assert_ne!(compared("Test"), compared("Test 2"));
    }
}
