//! `POST /applications/public`: the input is judged in the order in which Coolify's refusals win, then stored.

use std::sync::LazyLock;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use super::api::{Answer, Call, Input, Reply, State};
use super::domains;
use super::input::{Errors, spoken, text};
use crate::simulator::application::{Application, host};
use crate::simulator::platform::{ENVIRONMENT_UUID, Platform};
use crate::simulator::{ledger::Record, platform::Columns, settings::Profile, state::new_uuid};

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let text = include_str!("../data/fields.json");
    serde_json::from_str(text).expect("the fields are well formed")
});

/// The fields that are accepted.
#[derive(Deserialize)]
struct Fields {
    /// A value of the type that each must have; null for those that are judged later or never.
    accepted: Columns,
    /// Refused before 4.2.0, not judged since.
    since_4_2: Vec<String>,
}

/// How no branch may end.
const LOCKED: &str = ".lock";
const BUILD_PACKS: [&str; 4] = ["nixpacks", "static", "dockerfile", "dockercompose"];
/// Fields that are not stored as they are.
const INSTRUCTIONS: &str = "domains instant_deploy force_domain_override autogenerate_domain use_build_server type tags \
    environment_name environment_uuid project_uuid server_uuid destination_uuid private_key_uuid github_app_uuid";

/// Creates an application from a public repository.
pub fn create(state: &mut State, input: &Input) -> Reply {
    let fields = input.strict()?;
    let old = state.settings.profile == Profile::V4_0_0;
    check_types(&fields, old)?;
    check_places(state, &fields)?;
    check_source(&fields, old)?;
    let domains = text(&fields, "domains").unwrap_or_default();
    let domains = domains::normalised(domains, old)?;
    if fields.get("force_domain_override") != Some(&json!(true)) {
        domains::refuse_taken(state, &domains)?;
    }
    Ok(insert(state, input, fields, domains))
}

/// The first validator: types, and every key that this version does not accept.
fn check_types(fields: &Columns, old: bool) -> Result<(), Answer> {
    let mut errors = Errors::default();
    for key in ["project_uuid", "server_uuid"] {
        if fields.get(key).is_none_or(Value::is_null) {
            errors.add(key, "This field is required.");
        }
    }
    let is_absent = |key: &str, value: &Value| key.ends_with("_uuid") && value.is_null();
    for (key, value) in fields.iter().filter(|(key, value)| !is_absent(key, value)) {
        let wrong = match FIELDS.accepted.get(key) {
            Some(Value::String(_)) if !value.is_string() => "must be a string",
            Some(Value::Bool(_)) if !value.is_boolean() => "must be true or false",
            Some(Value::Number(_)) if !value.is_number() => "must be a number",
            None if old || !FIELDS.since_4_2.contains(key) => {
                errors.add(key, "This field is not allowed.");
                continue;
            }
            _ => continue,
        };
        errors.add(key, format!("The {} field {wrong}.", spoken(key)));
    }
    errors.refuse()
}

/// Project, environment, server and destination.
fn check_places(state: &State, fields: &Columns) -> Result<(), Answer> {
    let given = |key| text(fields, key);
    let (name, uuid) = (given("environment_name"), given("environment_uuid"));
    let platform = &state.platform;
    if name.is_none() && uuid.is_none() {
        let message = "You need to provide at least one of environment_name or environment_uuid.";
        return Err(Answer::message(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let project = given("project_uuid") == Some(&platform.project);
    let environment = name == Some(&platform.environment) || uuid == Some(ENVIRONMENT_UUID);
    let server = given("server_uuid") == Some(&platform.server);
    let found = [
        (Call::Project, project),
        (Call::Find, environment),
        (Call::Server, server),
    ];
    if let Some((call, _)) = found.iter().find(|(_, found)| !found) {
        return Err(Answer::missing(call.not_found()));
    }
    if state.settings.is_build_server {
        let sentence = "The server is a build server and cannot run applications.";
        return Err(Answer::invalid(json!({ "server_uuid": [sentence] })));
    }
    check_destination(state, given("destination_uuid"))
}

/// With a single destination the one asked for is not even looked at.
fn check_destination(state: &State, wanted: Option<&str>) -> Result<(), Answer> {
    let all = state.settings.destinations;
    let known = |uuid: &str| (0..all).any(|number| Platform::destination_uuid(number) == uuid);
    match (all, wanted) {
        (0, _) => Err(Answer::bad_request("Server has no destinations.")),
        (1, _) => Ok(()),
        (_, None) => Err(Answer::bad_request(
            "Server has multiple destinations and you do not set destination_uuid.",
        )),
        (_, Some(uuid)) if known(uuid) => Ok(()),
        _ => {
            let sentence = "Provided destination_uuid does not belong to the specified server.";
            Err(Answer::invalid(json!({ "destination_uuid": sentence })))
        }
    }
}

/// The second validator.
fn check_source(fields: &Columns, old: bool) -> Result<(), Answer> {
    let mut errors = Errors::default();
    let known = |pack: &str| BUILD_PACKS.contains(&pack) || !old && pack == "railpack";
    errors.require(fields, "git_repository", is_repository);
    errors.require(fields, "git_branch", is_branch);
    errors.require(fields, "build_pack", known);
    if old || fields.contains_key("ports_exposes") {
        errors.require(fields, "ports_exposes", is_ports);
    }
    if fields
        .get("domains")
        .is_some_and(|domains| !domains.is_null())
    {
        errors.require(fields, "domains", |_| true);
    }
    errors.refuse()
}

/// Numbers, separated by commas.
fn is_ports(text: &str) -> bool {
    text.split(',').all(|port| port.parse::<u16>().is_ok())
}

/// The name of a branch, and nothing that a shell could misread.
fn is_branch(text: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_/.".contains(sign);
    let twice = text.contains("..") || text.contains("//");
    let edged = text.starts_with(['/', '.']) || text.ends_with(['/', '.']);
    text != "HEAD" && !text.ends_with(LOCKED) && !twice && !edged && text.chars().all(plain)
}

/// The address of a repository on a public host.
fn is_repository(text: &str) -> bool {
    let refused = |sign: char| " `$;&|<>()\\'\"?#".contains(sign) || sign.is_control();
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let known = ["http", "https", "git", "ssh"].contains(&url.scheme());
    let public = match url.host() {
        Some(Host::Domain(host)) => host.contains('.') && !host.ends_with(".internal"),
        _ => false,
    };
    known && public && url.path().len() > 1 && !text.contains(refused)
}

/// Stores the application and answers 201.
fn insert(state: &mut State, input: &Input, mut columns: Columns, domains: String) -> Answer {
    let uuid = new_uuid();
    let fqdn = match domains.as_str() {
        "" => format!("http://{uuid}.127.0.0.1.sslip.io"),
        _ => domains,
    };
    columns.retain(|key, _| INSTRUCTIONS.split(' ').all(|name| name != key));
    let repository = text(&columns, "git_repository").unwrap_or_default();
    let short = repository.trim_start_matches("https://github.com/");
    columns.insert("git_repository".into(), short.into());
    columns.insert("fqdn".into(), fqdn.clone().into());
    let row = Application {
        id: state.next_id(),
        uuid: uuid.clone(),
        columns,
        hosts: fqdn.split(',').filter_map(host).collect(),
        status: "exited:unhealthy".to_owned(),
        created_at: input.now,
        updated_at: input.now,
        ..Application::default()
    };
    state.records.0.push(Record {
        uuid: uuid.clone(),
        name: row.name().to_owned(),
        fqdn: fqdn.clone(),
        description: row.column("description").as_str().map(str::to_owned),
        created_at: row.created_at.column(),
        ..Record::default()
    });
    state.applications.insert(uuid.clone(), row);
    let body = json!({ "uuid": uuid, "domains": fqdn });
    Answer::json(StatusCode::CREATED, body)
}
