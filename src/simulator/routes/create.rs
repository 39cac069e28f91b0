//! `POST /applications/public`: the input is judged in the order in which Coolify's refusals win, then stored.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::api::{Answer, Api, Call, Input, Reply, State};
use super::input::{Errors, boolean, flag, require, spoken, text};
use super::{domains, fields};
use crate::simulator::platform::{ENVIRONMENT_UUID, Platform};
use crate::simulator::{
    application::Application, ledger::Record, settings::Profile, state::new_uuid,
};

/// How no branch may end.
const LOCKED: &str = ".lock";
const BUILD_PACKS: [&str; 4] = ["nixpacks", "static", "dockerfile", "dockercompose"];
/// Fields that are not stored as they are.
const INSTRUCTIONS: &str = "domains instant_deploy force_domain_override autogenerate_domain use_build_server type tags \
    environment_name environment_uuid project_uuid server_uuid destination_uuid private_key_uuid github_app_uuid";

pub fn routes(api: Api) -> Api {
    api.call(Call::Create, "POST", "/v1/applications/public", create)
}

/// Creates an application from a public repository.
fn create(state: &mut State, input: &Input) -> Reply {
    let fields = input.strict()?;
    let profile = state.settings.profile;
    check_types(&fields, profile)?;
    check_places(state, &fields)?;
    check_source(&fields, profile)?;
    let domains = text(&fields, "domains").unwrap_or_default();
    let domains = domains::normalised(domains, profile)?;
    if flag(&fields, "force_domain_override") != Some(true) {
        domains::refuse_taken(state, &domains)?;
    }
    Ok(insert(state, input, &fields, domains))
}

/// The first validator.
fn check_types(fields: &Map<String, Value>, profile: Profile) -> Result<(), Answer> {
    let mut errors = Errors::default();
    for key in ["project_uuid", "server_uuid"] {
        if fields.get(key).is_none_or(Value::is_null) {
            errors.add(key, "This field is required.");
        }
    }
    let mut present = fields.clone();
    present.retain(|key, value| !(key.ends_with("_uuid") && value.is_null()));
    fields::check(&present, profile, &mut errors);
    if text(fields, "name").is_some_and(|name| name.chars().count() > 255) {
        errors.add(
            "name",
            "The name field must not be greater than 255 characters.",
        );
    }
    for key in ["health_check_path", "base_directory", "dockerfile_location"] {
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "/-_.~%,;@+".contains(sign);
        let good = |path: &str| path.starts_with('/') && path.chars().all(plain);
        if text(fields, key).is_some_and(|path| !good(path)) {
            errors.add(key, format!("The {} field format is invalid.", spoken(key)));
        }
    }
    errors.refuse()
}

/// Project, environment, server and destination.
fn check_places(state: &State, fields: &Map<String, Value>) -> Result<(), Answer> {
    let (name, uuid) = (
        text(fields, "environment_name"),
        text(fields, "environment_uuid"),
    );
    let platform = &state.platform;
    if name.is_none() && uuid.is_none() {
        let message = "You need to provide at least one of environment_name or environment_uuid.";
        return Err(Answer::message(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let here = name == Some(&platform.environment) || uuid == Some(ENVIRONMENT_UUID);
    for (found, call) in [
        (
            text(fields, "project_uuid") == Some(&platform.project),
            Call::Project,
        ),
        (here, Call::Find),
        (
            text(fields, "server_uuid") == Some(&platform.server),
            Call::Server,
        ),
    ] {
        if !found {
            return Err(Answer::missing(call.not_found()));
        }
    }
    if state.settings.is_build_server && state.settings.profile != Profile::V4_0_0 {
        let sentence = "The server is a build server and cannot run applications.";
        return Err(Answer::invalid(json!({ "server_uuid": [sentence] })));
    }
    check_destination(state, text(fields, "destination_uuid"))
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
fn check_source(fields: &Map<String, Value>, profile: Profile) -> Result<(), Answer> {
    let mut errors = Errors::default();
    let old = profile == Profile::V4_0_0;
    let known = |pack: &str| BUILD_PACKS.contains(&pack) || !old && pack == "railpack";
    require(fields, "git_repository", &mut errors, is_repository);
    require(fields, "git_branch", &mut errors, is_branch);
    require(fields, "build_pack", &mut errors, known);
    if old || fields.contains_key("ports_exposes") {
        require(fields, "ports_exposes", &mut errors, is_ports);
    }
    if fields
        .get("domains")
        .is_some_and(|domains| !domains.is_null())
    {
        require(fields, "domains", &mut errors, |_| true);
    }
    errors.refuse()
}

/// Digits, separated by commas.
fn is_ports(text: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.chars().all(|sign| sign.is_ascii_digit());
    text.split(',').all(digits)
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

/// Stores the application and answers 201.
fn insert(
    state: &mut State,
    input: &Input,
    fields: &Map<String, Value>,
    domains: String,
) -> Answer {
    let uuid = new_uuid();
    let fqdn = address(&uuid, fields, domains);
    let mut row = Application {
        id: state.next_id(),
        uuid: uuid.clone(),
        status: "exited:unhealthy".to_owned(),
        created_at: input.now,
        updated_at: input.now,
        ..Application::default()
    };
    store(&mut row, fields);
    row.columns.insert("fqdn".into(), fqdn.clone());
    state.records.0.push(Record {
        uuid: uuid.clone(),
        name: row.name().to_owned(),
        fqdn: row.text("fqdn").to_owned(),
        description: row.column("description").as_str().map(str::to_owned),
        created_at: row.created_at.column(),
        ..Record::default()
    });
    state.add_application(row);
    let body = json!({ "uuid": uuid, "domains": fqdn });
    Answer::json(StatusCode::CREATED, &body)
}

/// The addresses given, or one that Coolify makes up unless it must not.
fn address(uuid: &str, fields: &Map<String, Value>, domains: String) -> Value {
    match flag(fields, "autogenerate_domain") {
        _ if !domains.is_empty() => domains.into(),
        Some(false) => Value::Null,
        _ => format!("http://{uuid}.127.0.0.1.sslip.io").into(),
    }
}

/// Writes the accepted fields into the row, each where it belongs. Without a name Coolify makes one up.
fn store(row: &mut Application, fields: &Map<String, Value>) {
    let instruction = |key: &str| INSTRUCTIONS.split(' ').any(|name| name == key);
    for (key, value) in fields.iter().filter(|(key, _)| !instruction(key)) {
        let switch = key.starts_with("is_") || key.ends_with("_enabled");
        let truth = boolean(value).filter(|_| switch);
        let value = truth.map_or_else(|| value.clone(), Value::Bool);
        if fields::is_setting(key) {
            row.settings.insert(key.clone(), value);
        } else {
            row.columns.insert(key.clone(), value);
        }
    }
    let repository = row.text("git_repository");
    let short = repository
        .split_once("://github.com/")
        .map_or(repository, |(_, path)| path);
    let short = short.to_owned();
    if row.name().is_empty() {
        let name = format!(
            "{}-{}-{}",
            short.replace('/', "-"),
            row.text("git_branch"),
            row.uuid
        );
        row.columns
            .insert("name".into(), name.to_lowercase().into());
    }
    row.columns.insert("git_repository".into(), short.into());
}
