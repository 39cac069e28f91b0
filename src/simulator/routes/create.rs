//! `POST /applications/public` and `PATCH …/{uuid}`: judged in the order in which Coolify's refusals win, then stored.

use std::sync::LazyLock;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::api::{ApiRequest, ApiResponse, Call, Reply, State, found};
use super::request::{Errors, NOT_ALLOWED, text};
use crate::simulator::application::{Application, host};
use crate::simulator::platform::{Columns, ENVIRONMENT_UUID, Platform};
use crate::simulator::{clock::Time, ledger::Record, settings::Profile, state::new_uuid};

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let text = include_str!("../data/fields.json");
    serde_json::from_str(text).expect("the fields are well formed")
});

#[derive(Deserialize)]
struct Fields {
    /// A value of the type that each must have; null for those that are judged later or never.
    accepted: Columns,
    /// Refused before 4.2.0, not judged since.
    since_4_2: Vec<String>,
}

/// How no branch may end.
const LOCKED: &str = ".lock";
const UNCHOSEN: &str = "Server has multiple destinations and you do not set destination_uuid.";
const BUILD_PACKS: [&str; 4] = ["nixpacks", "static", "dockerfile", "dockercompose"];
/// Fields that are not stored as they are.
const INSTRUCTIONS: &str = "domains instant_deploy force_domain_override autogenerate_domain use_build_server type tags \
    environment_name environment_uuid project_uuid server_uuid destination_uuid private_key_uuid github_app_uuid";

/// Signs that no address may contain.
const REFUSED: &str = "`$;&|<>()\\\r\n";

pub fn create(state: &mut State, request: &ApiRequest) -> Reply {
    let (fields, old) = (request.fields()?, state.settings.profile == Profile::V4_0_0);
    check_types(&fields, old, true)?;
    check_places(state, &fields)?;
    check_source(&fields, old)?;
    let domains = normalised(text(&fields, "domains").unwrap_or_default(), old)?;
    if fields.get("force_domain_override") != Some(&json!(true)) {
        refuse_taken(state, &domains)?;
    }
    Ok(insert(state, request.now, fields, domains))
}

/// Changes columns, and what they hold counts from the next container on. Places are not accepted, and addresses not here.
pub fn update(state: &mut State, request: &ApiRequest) -> Reply {
    let (fields, old) = (request.fields()?, state.settings.profile == Profile::V4_0_0);
    let row = found(state.applications.get_mut(request.uuid()), Call::Update)?;
    check_types(&fields, old, false)?;
    row.columns.extend(fields);
    row.updated_at = request.now;
    Ok(ApiResponse::ok(json!({ "uuid": row.uuid })))
}

fn is_instruction(key: &str) -> bool {
    INSTRUCTIONS.split(' ').any(|name| name == key)
}

/// The first validator: types, and every key that this version does not accept.
fn check_types(fields: &Columns, old: bool, new: bool) -> Result<(), ApiResponse> {
    let mut errors = Errors::default();
    for key in ["project_uuid", "server_uuid"] {
        if new && fields.get(key).is_none_or(Value::is_null) {
            errors.add(key, "This field is required.");
        }
    }
    let is_absent = |key: &str, value: &Value| key.ends_with("_uuid") && value.is_null();
    for (key, value) in fields.iter().filter(|(key, value)| !is_absent(key, value)) {
        match FIELDS.accepted.get(key) {
            _ if !new && is_instruction(key) => errors.add(key, NOT_ALLOWED),
            Some(Value::String(_)) if !value.is_string() => errors.wrong(key, "must be a string"),
            Some(Value::Bool(_)) if !value.is_boolean() => {
                errors.wrong(key, "must be true or false");
            }
            Some(Value::Number(_)) if !value.is_number() => errors.wrong(key, "must be a number"),
            None if old || !FIELDS.since_4_2.contains(key) => errors.add(key, NOT_ALLOWED),
            _ => {}
        }
    }
    errors.refuse()
}

fn check_places(state: &State, fields: &Columns) -> Result<(), ApiResponse> {
    let given = |key| text(fields, key);
    let is = |key, wanted: &str| (given(key) == Some(wanted)).then_some(());
    let platform = &state.platform;
    if given("environment_name").is_none() && given("environment_uuid").is_none() {
        let message = "You need to provide at least one of environment_name or environment_uuid.";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(ApiResponse::message(status, message));
    }
    let by_name = is("environment_name", &platform.environment);
    let here = by_name.or(is("environment_uuid", ENVIRONMENT_UUID));
    found(is("project_uuid", &platform.project), Call::Project)?;
    found(here, Call::Find)?;
    found(is("server_uuid", &platform.server), Call::Server)?;
    if state.settings.is_build_server {
        let sentence = "The server is a build server and cannot run applications.";
        return Err(ApiResponse::invalid(json!({ "server_uuid": [sentence] })));
    }
    check_destination(state, given("destination_uuid"))
}

/// With a single destination the one asked for is not even looked at.
fn check_destination(state: &State, wanted: Option<&str>) -> Result<(), ApiResponse> {
    let all = state.settings.destinations;
    let known = |uuid: &str| (0..all).any(|number| Platform::destination_uuid(number) == uuid);
    match (all, wanted) {
        (0, _) => Err(ApiResponse::bad_request("Server has no destinations.")),
        (1, _) => Ok(()),
        (_, None) => Err(ApiResponse::bad_request(UNCHOSEN)),
        (_, Some(uuid)) if known(uuid) => Ok(()),
        _ => {
            let sentence = "Provided destination_uuid does not belong to the specified server.";
            let errors = json!({ "destination_uuid": sentence });
            Err(ApiResponse::invalid(errors))
        }
    }
}

/// The second validator.
fn check_source(fields: &Columns, old: bool) -> Result<(), ApiResponse> {
    let mut errors = Errors::default();
    errors.require(fields, "git_repository", is_repository);
    errors.require(fields, "git_branch", is_branch);
    errors.require(fields, "build_pack", |pack| BUILD_PACKS.contains(&pack));
    if old || fields.contains_key("ports_exposes") {
        errors.require(fields, "ports_exposes", |ports| {
            ports.split(',').all(|port| port.parse::<u16>().is_ok())
        });
    }
    errors.refuse()
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
    let host = url.domain().unwrap_or_default();
    let public = host.contains('.') && !host.ends_with(".internal");
    known && public && url.path().len() > 1 && !text.contains(refused)
}

/// The stored form of a comma-separated list of addresses, or the 422, whose errors are a bare array before 4.2.0.
fn normalised(domains: &str, old: bool) -> Result<String, ApiResponse> {
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
        wrong if old => Err(ApiResponse::invalid(wrong)),
        wrong => Err(ApiResponse::invalid(json!({ "domains": wrong }))),
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
fn refuse_taken(state: &State, domains: &str) -> Result<(), ApiResponse> {
    let bare = |url: &str| url.trim_end_matches('/').to_owned();
    let mut conflicts = Vec::new();
    for wanted in domains.split(',') {
        let host = host(wanted).unwrap_or_default();
        for row in state.applications_at(&host) {
            let (name, mut held) = (row.name(), row.text("fqdn").split(','));
            let same = held.find(|url| bare(url) == bare(wanted));
            conflicts.extend(same.map(|url| {
                json!({
                    "domain": url, "resource_name": name, "resource_uuid": row.uuid,
                    "resource_type": "application",
                    "message": format!("Domain {url} is already in use by application '{name}'"),
                })
            }));
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
    Err(ApiResponse::json(StatusCode::CONFLICT, body))
}

/// Stores the application and answers 201.
fn insert(state: &mut State, now: Time, mut columns: Columns, domains: String) -> ApiResponse {
    let uuid = new_uuid();
    let fqdn = match domains.as_str() {
        "" => format!("http://{uuid}.127.0.0.1.sslip.io"),
        _ => domains,
    };
    columns.retain(|key, _| !is_instruction(key));
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
        created_at: now,
        updated_at: now,
        ..Application::default()
    };
    state.records.push(Record {
        uuid: uuid.clone(),
        name: row.name().to_owned(),
        fqdn: fqdn.clone(),
        description: row.column("description").as_str().map(str::to_owned),
        created_at: row.created_at.column(),
        ..Record::default()
    });
    state.applications.insert(uuid.clone(), row);
    let body = json!({ "uuid": uuid, "domains": fqdn });
    ApiResponse::json(StatusCode::CREATED, body)
}
