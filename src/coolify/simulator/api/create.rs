//! `POST /applications/public`: judging the input in the order in which Coolify's refusals win.
//!
//! It knows the two validators and what stands between them; it must not know how rows are stored.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::Ask;
use super::fields::{self, On};
use super::input::{self, Errors, spoken};
use super::places::is_destination;
use super::{domains, insert};
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::settings::Profile;
use crate::coolify::simulator::site::Site;
use crate::coolify::simulator::world::World;

/// How no branch may end.
const LOCKED: &str = ".lock";
const BUILD_PACKS: [&str; 4] = ["nixpacks", "static", "dockerfile", "dockercompose"];

/// Creates an application from a public repository.
pub fn create(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let fields = input::strict(ask)?;
    first_validator(&fields, world.settings.profile)?;
    resolve_places(world, &fields)?;
    second_validator(&fields, world.settings.profile)?;
    let domains = match text(&fields, "domains") {
        Some(domains) => domains::normalised(domains, On::Create, world.settings.profile)?,
        None => String::new(),
    };
    let forced = fields.get("force_domain_override").and_then(input::boolean);
    if forced != Some(true) {
        domains::refuse_taken(world, &domains, None)?;
    }
    Ok(insert::application(world, ask, &fields, domains))
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key).and_then(Value::as_str)
}

fn first_validator(fields: &Map<String, Value>, profile: Profile) -> Result<(), Answer> {
    let mut errors = Errors::default();
    for key in ["project_uuid", "server_uuid"] {
        if fields.get(key).is_none_or(Value::is_null) {
            errors.add(key, "This field is required.");
        }
    }
    let mut present = fields.clone();
    present.retain(|key, value| !(key.ends_with("_uuid") && value.is_null()));
    fields::check(&present, On::Create, profile, &mut errors);
    check_lengths(fields, &mut errors);
    errors.refuse()
}

fn check_lengths(fields: &Map<String, Value>, errors: &mut Errors) {
    if text(fields, "name").is_some_and(|name| name.chars().count() > 255) {
        errors.add(
            "name",
            "The name field must not be greater than 255 characters.",
        );
    }
    for key in ["health_check_path", "base_directory", "dockerfile_location"] {
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "/-_.~%,;@+".contains(sign);
        if text(fields, key).is_some_and(|path| !path.starts_with('/') || !path.chars().all(plain))
        {
            errors.add(key, format!("The {} field format is invalid.", spoken(key)));
        }
    }
}

fn resolve_places(world: &World, fields: &Map<String, Value>) -> Result<(), Answer> {
    let name = text(fields, "environment_name");
    let uuid = text(fields, "environment_uuid");
    if name.is_none() && uuid.is_none() {
        return Err(Answer::refusal(
            StatusCode::UNPROCESSABLE_ENTITY,
            "You need to provide at least one of environment_name or environment_uuid.",
        ));
    }
    let site = &world.site;
    if text(fields, "project_uuid") != Some(&site.project) {
        return Err(Answer::missing("Project not found."));
    }
    if name != Some(&site.environment) && uuid != Some(Site::environment_uuid()) {
        return Err(Answer::missing("Environment not found."));
    }
    if text(fields, "server_uuid") != Some(&site.server) {
        return Err(Answer::missing("Server not found."));
    }
    resolve_destination(world, text(fields, "destination_uuid"))
}

/// With a single destination the one asked for is not even looked at.
fn resolve_destination(world: &World, wanted: Option<&str>) -> Result<(), Answer> {
    let refused = |message| Err(Answer::refusal(StatusCode::BAD_REQUEST, message));
    match (world.settings.destinations, wanted) {
        (0, _) => refused("Server has no destinations."),
        (1, _) => Ok(()),
        (_, None) => {
            refused("Server has multiple destinations and you do not set destination_uuid.")
        }
        (_, Some(uuid)) if is_destination(world, uuid) => Ok(()),
        _ => Err(Answer::invalid(json!({
            "destination_uuid": "Provided destination_uuid does not belong to the specified server.",
        }))),
    }
}

fn second_validator(fields: &Map<String, Value>, profile: Profile) -> Result<(), Answer> {
    let mut errors = Errors::default();
    require(fields, "git_repository", &mut errors, is_repository);
    require(fields, "git_branch", &mut errors, is_branch);
    let rail = profile != Profile::V4_0_0;
    require(fields, "build_pack", &mut errors, |pack| {
        BUILD_PACKS.contains(&pack) || rail && pack == "railpack"
    });
    if profile == Profile::V4_0_0 || fields.contains_key("ports_exposes") {
        require(fields, "ports_exposes", &mut errors, is_ports);
    }
    if fields
        .get("domains")
        .is_some_and(|domains| !domains.is_string() && !domains.is_null())
    {
        errors.add("domains", "The domains field must be a string.");
    }
    errors.refuse()
}

/// Judges one field of the second stage: there, a text, and well formed.
pub fn require(
    fields: &Map<String, Value>,
    key: &str,
    errors: &mut Errors,
    good: impl Fn(&str) -> bool,
) {
    let name = spoken(key);
    match fields.get(key) {
        None | Some(Value::Null) => errors.add(key, format!("The {name} field is required.")),
        Some(Value::String(text)) if good(text) => {}
        Some(Value::String(_)) => errors.add(key, format!("The {name} field format is invalid.")),
        Some(_) => errors.add(key, format!("The {name} field must be a string.")),
    }
}

/// Digits, separated by commas.
pub fn is_ports(text: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.chars().all(|sign| sign.is_ascii_digit());
    text.split(',').all(digits)
}

/// The name of a branch, and nothing that a shell could misread.
pub fn is_branch(text: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_/.".contains(sign);
    let edge = |sign: char| sign == '/' || sign == '.';
    let twice = text.contains("..") || text.contains("//");
    let edged = text.starts_with(edge) || text.ends_with(edge);
    text != "HEAD" && !text.ends_with(LOCKED) && !twice && !edged && text.chars().all(plain)
}

/// The address of a repository on a public host.
pub fn is_repository(text: &str) -> bool {
    if text.starts_with("git@") {
        return text.contains(':') && !text.contains(char::is_whitespace);
    }
    let refused = |sign: char| " `$;&|<>()\\'\"?#".contains(sign) || sign.is_control();
    let Some(url) = Url::parse(text).ok().filter(|_| !text.contains(refused)) else {
        return false;
    };
    let known = ["http", "https", "git", "ssh"].contains(&url.scheme());
    let public = match url.host() {
        Some(Host::Domain(host)) => host.contains('.') && !host.ends_with(".internal"),
        _ => false,
    };
    known && public && url.path().len() > 1
}
