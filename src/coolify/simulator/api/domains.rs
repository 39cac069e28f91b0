//! An application's addresses: which are taken as they are, which are refused, and which collide.
//!
//! It knows Coolify's treatment of domains; it must not know DNS or the proxy.

use axum::http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::fields::On;
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::settings::Profile;
use crate::coolify::simulator::world::World;

/// Signs that no address may contain.
const REFUSED: &str = "`$;&|<>()\\\r\n";

/// The stored form of a comma-separated list of addresses.
///
/// # Errors
/// The 422, whose errors are a bare array when an application is changed and, before 4.2.0, always.
pub fn normalised(domains: &str, on: On, profile: Profile) -> Result<String, Answer> {
    let pieces = domains
        .split(',')
        .map(str::trim)
        .filter(|piece| !piece.is_empty());
    let judged: Vec<Result<String, String>> = pieces.map(one).collect();
    let mut wrong: Vec<&String> = judged.iter().filter_map(|one| one.as_ref().err()).collect();
    let long = "The domains may not be greater than 2048 characters.".to_owned();
    if domains.len() > 2_048 {
        wrong.push(&long);
    }
    if wrong.is_empty() {
        let good: Vec<String> = judged.into_iter().filter_map(Result::ok).collect();
        return Ok(good.join(","));
    }
    let bare = on == On::Update || profile == Profile::V4_0_0;
    Err(Answer::invalid(if bare {
        json!(wrong)
    } else {
        json!({ "domains": wrong })
    }))
}

/// Refuses addresses that another application of the team holds, one that is being deleted included.
///
/// # Errors
/// The 409 with every conflict.
pub fn refuse_taken(world: &World, domains: &str, own: Option<&str>) -> Result<(), Answer> {
    if world.settings.proxy_type == "NONE" {
        return Ok(());
    }
    let wanted: Vec<&str> = domains
        .split(',')
        .map(bare)
        .filter(|url| !url.is_empty())
        .collect();
    let others = world
        .applications
        .iter()
        .filter(|row| Some(row.uuid.as_str()) != own);
    let conflicts: Vec<Value> = others
        .flat_map(|row| row.addresses().map(move |url| (row, url)))
        .filter(|(_, url)| wanted.contains(&bare(url)))
        .map(|(row, url)| conflict(url, row.name(), &row.uuid))
        .collect();
    if conflicts.is_empty() {
        return Ok(());
    }
    Err(Answer::json(
        StatusCode::CONFLICT,
        &json!({
            "message": "Domain conflicts detected. Use force_domain_override=true to proceed.",
            "conflicts": conflicts,
            "warning": "Two resources with one domain get each other's requests.",
        }),
    ))
}

fn conflict(url: &str, name: &str, uuid: &str) -> Value {
    json!({
        "domain": url,
        "resource_name": name,
        "resource_uuid": uuid,
        "resource_type": "application",
        "message": format!("Domain {url} is already in use by application '{name}'"),
    })
}

fn one(piece: &str) -> Result<String, String> {
    let refusal = || format!("Invalid URL: {piece}");
    if piece.contains(|sign| REFUSED.contains(sign)) {
        return Err(refusal());
    }
    let (scheme, rest) = piece.split_once("://").ok_or_else(refusal)?;
    let scheme = scheme.to_ascii_lowercase();
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    let url = format!("{scheme}://{}{tail}", host.to_ascii_lowercase());
    let known = scheme == "http" || scheme == "https";
    if !known || host.is_empty() || Url::parse(&url).is_err() {
        return Err(refusal());
    }
    Ok(url)
}

/// An address without one trailing slash.
fn bare(url: &str) -> &str {
    let url = url.trim();
    url.strip_suffix('/').unwrap_or(url)
}
