//! An application's addresses: which are taken as they are, which are refused, and which collide.

use axum::http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::api::{Answer, State};
use crate::simulator::application::{Application, host};

/// Signs that no address may contain.
const REFUSED: &str = "`$;&|<>()\\\r\n";

/// The stored form of a comma-separated list of addresses, or the 422, whose errors are a bare array before 4.2.0.
pub fn normalised(domains: &str, old: bool) -> Result<String, Answer> {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    let pieces = domains.split(',').map(str::trim);
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        match address(piece) {
            Some(url) => good.push(url),
            None => wrong.push(format!("Invalid URL: {piece}")),
        }
    }
    match wrong {
        wrong if wrong.is_empty() => Ok(good.join(",")),
        wrong if old => Err(Answer::invalid(wrong)),
        wrong => Err(Answer::invalid(json!({ "domains": wrong }))),
    }
}

/// An address with scheme and host in lower case.
fn address(piece: &str) -> Option<String> {
    let (scheme, rest) = piece.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    let url = format!("{scheme}://{}{tail}", host.to_ascii_lowercase());
    let known = scheme == "http" || scheme == "https";
    let clean = !piece.contains(|sign| REFUSED.contains(sign)) && !host.is_empty();
    (known && clean && Url::parse(&url).is_ok()).then_some(url)
}

/// Refuses addresses that another application of the team holds, one that is being deleted included.
pub fn refuse_taken(state: &State, domains: &str) -> Result<(), Answer> {
    let bare = |url: &str| url.trim_end_matches('/').to_owned();
    let mut conflicts = Vec::new();
    for wanted in domains.split(',') {
        let host = host(wanted).unwrap_or_default();
        for row in state.applications_at(&host) {
            let held = row.addresses().find(|url| bare(url) == bare(wanted));
            conflicts.extend(held.map(|url| conflict(url, row)));
        }
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    let body = json!({
        "message": "Domain conflicts detected. Use force_domain_override=true to proceed.",
        "conflicts": conflicts,
        "warning": "Two resources with one domain get each other's requests.",
    });
    Err(Answer::json(StatusCode::CONFLICT, body))
}

fn conflict(url: &str, row: &Application) -> Value {
    let name = row.name();
    json!({
        "domain": url, "resource_name": name, "resource_uuid": row.uuid, "resource_type": "application",
        "message": format!("Domain {url} is already in use by application '{name}'"),
    })
}
