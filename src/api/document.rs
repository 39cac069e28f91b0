//! The description of the API (`OpenAPI` 3.1), made of the handlers and of what they take and answer.

use super::patterns;
use super::problem::{self, Problem};
use super::{
    account, audit, deployments, environments, invitations, log, orphans, people, person_removal,
    resources, variables,
};
use axum::Json;
use std::sync::LazyLock;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Content, Object, OpenApi as Document, PathItem, Ref, RefOr, Required, Response, Server, Type,
};
use utoipa::{Modify, OpenApi};

/// Schemas of what requests bring; all others are of answers, which have every field.
const SENT: [&str; 9] = [
    "NewEnvironment",
    "NewPassword",
    "NewDeployment",
    "NewValue",
    "ResourcesChange",
    "PersonChange",
    "LimitsChange",
    "NewInvitation",
    "Adoption",
];

/// What any request with a token may be answered with.
const ANY: [(u16, &str); 9] = [
    (400, "The request cannot be read."),
    (401, "There is no token, or not any more."),
    (
        403,
        "The token has not the scope that is needed, or its owner is no administrator.",
    ),
    (406, "The client does not take JSON."),
    (
        429,
        "All tokens of its owner together, or a network with wrong ones, asked too often. Of wrong ones there is no ratelimit.",
    ),
    (500, "This is our fault; the log says more."),
    (503, "The database or a store does not answer."),
    (414, "The address is too long."),
    (431, "The headers are too large."),
];
/// What any request for something that may not be there may be answered with.
const FOUND: [(u16, &str); 1] = [(404, "There is nothing here, or it is not yours.")];
/// What any request that brings something may be answered with.
const BROUGHT: [(u16, &str); 3] = [
    (408, "It did not arrive in time."),
    (413, "It is too large."),
    (415, "It is not JSON."),
];
/// Answers that may be given before the request is counted.
const BEFORE_COUNTED: [&str; 8] = ["400", "401", "408", "413", "414", "431", "500", "503"];
const WRONG: (u16, &str) = (
    422,
    "Fields or parameters are wrong; each has its sentence.",
);

/// What a request that may be sent again may be answered with.
const REPEATED: [(&str, &str); 2] = [
    (
        "409",
        "Where a request with this key is still under way, send it again after the seconds of `retry-after`.",
    ),
    (
        "422",
        "Something is wrong; each field has its sentence. Or another request had this key.",
    ),
];
/// Operations for which nothing need be sent.
const WITHOUT_BODY: [&str; 4] = ["deploy", "invite", "change_person", "choose_resources"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "vps-claude",
        description = "What programs do with environments and deployments, in the name of whoever made their token."
    ),
    tags(
        (name = "account", description = "Whose token it is."),
        (name = "environments", description = "Make, watch and delete environments."),
        (name = "deployments", description = "Bring environments up, and read how that goes."),
        (name = "people", description = "Who has an account; for administrators."),
        (name = "invitations", description = "Who may make an account; for administrators."),
        (name = "audit", description = "Who did what; for administrators."),
        (name = "orphans", description = "What does not belong together any more; for administrators.")
    ),
    paths(
        account::read,
        environments::list,
        environments::create,
        environments::read,
        environments::delete,
        environments::cancel,
        environments::set_password,
        deployments::list,
        deployments::deploy,
        deployments::read,
        log::read,
        variables::list,
        variables::give,
        variables::remove,
        resources::read,
        resources::choose,
        people::list,
        people::read,
        people::change,
        person_removal::delete,
        invitations::list,
        invitations::invite,
        invitations::revoke,
        audit::list,
        orphans::list,
        orphans::adopt,
        orphans::delete,
        orphans::ignore,
        orphans::list_again,
    ),
    components(schemas(Problem)),
    modifiers(&Common)
)]
struct Described;

static DOCUMENT: LazyLock<Document> = LazyLock::new(Described::openapi);

/// The document.
pub async fn serve() -> Json<&'static Document> {
    Json(&DOCUMENT)
}

/// The document as a value, for whoever shows or checks it.
pub fn value() -> serde_json::Value {
    serde_json::to_value(&*DOCUMENT).unwrap_or_default()
}

/// What all operations have in common.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut Document) {
        document.servers = Some(vec![Server::new("/api/v1")]);
        let components = document.components.get_or_insert_default();
        let bearer = Http::new(HttpAuthScheme::Bearer);
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        for (name, schema) in &mut components.schemas {
            close(schema, SENT.contains(&name.as_str()));
            if let RefOr::T(Schema::Object(object)) = schema {
                patterns::add_to_schema(name, object);
            }
        }
        for (path, item) in &mut document.paths.paths {
            if let Some(operation) = &mut item.post {
                add_key(operation);
            }
            for (is_read, operation) in operations(item) {
                complete(path, is_read, operation);
            }
        }
    }
}

/// What can be done at an address, and whether it is a read.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let all = [
        (true, &mut item.get),
        (false, &mut item.post),
        (false, &mut item.put),
        (false, &mut item.patch),
        (false, &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(is_read, one)| Some((is_read, one.as_mut()?)))
}

/// No object has other fields than these, and one that is answered has all of them.
fn close(schema: &mut RefOr<Schema>, is_sent: bool) {
    let RefOr::T(Schema::Object(object)) = schema else {
        return;
    };
    if object.properties.is_empty() {
        return;
    }
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    if !is_sent {
        let all = object.properties.keys().cloned();
        object.required = all.filter(|name| name != "errors").collect();
    }
}

/// Adds what the handler does not say of itself.
fn complete(path: &str, is_read: bool, operation: &mut Operation) {
    complete_sent(operation);
    let is_brought = operation.request_body.is_some();
    let has_parameters = operation.parameters.iter().flatten().count() > 0;
    let mut refusals = ANY.to_vec();
    if path.contains('{') {
        refusals.extend(FOUND);
    }
    if is_brought {
        refusals.extend(BROUGHT);
    }
    if is_brought || has_parameters {
        refusals.push(WRONG);
    }
    let responses = &mut operation.responses.responses;
    if is_read && responses.contains_key("200") {
        let unchanged = Response::new("The client has it already.");
        responses.insert("304".to_owned(), unchanged.into());
    }
    for (status, words) in refusals {
        let refusal = || refusal(words).into();
        responses.entry(status.to_string()).or_insert_with(refusal);
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            add_headers(status, is_read, response);
        }
    }
}

/// Adds how parameters are written, and whether a body is needed.
fn complete_sent(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            patterns::add_to_parameter(parameter);
        }
    }
    if let (Some(RefOr::T(body)), Some(id)) = (&mut operation.request_body, &operation.operation_id)
    {
        let is_needed = !WITHOUT_BODY.contains(&id.as_str());
        body.required = Some(if is_needed {
            Required::True
        } else {
            Required::False
        });
    }
}

/// Says how a POST may be sent again.
fn add_key(operation: &mut Operation) {
    let words = operation.description.get_or_insert_default();
    words.push_str("\n\nWith an `Idempotency-Key`, such as a UUID, it may be sent again: for a day, a success is answered as the first time, to the same token.");
    let responses = &mut operation.responses.responses;
    for (status, words) in REPEATED {
        let refusal = || refusal("").into();
        let answer = responses.entry(status.to_owned()).or_insert_with(refusal);
        if let RefOr::T(answer) = answer {
            let all = [answer.description.as_str(), words].join(" ");
            all.trim().clone_into(&mut answer.description);
        }
    }
}

fn refusal(words: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(words)
        .content(problem::MEDIA_TYPE, Content::new(Some(schema)))
        .build()
}

fn add_headers(status: &str, is_read: bool, response: &mut Response) {
    let number = || Object::with_type(Type::Integer);
    let mut add = |name: &str, words: &str, schema: Object| {
        let header = HeaderBuilder::new().schema(Some(schema));
        let header = header.description(Some(words)).build();
        response.headers.insert(name.to_owned(), header.into());
    };
    if !BEFORE_COUNTED.contains(&status) {
        add(
            "ratelimit-limit",
            "How often all tokens of its owner together may ask in a row.",
            number(),
        );
        add("ratelimit-remaining", "How often they still may.", number());
        add(
            "ratelimit-reset",
            "The seconds until they may as often again.",
            number(),
        );
    }
    match status {
        "200" | "304" if is_read => add(
            "etag",
            "Send it as If-None-Match to be answered 304 while nothing changes.",
            Object::with_type(Type::String),
        ),
        "401" => add(
            "www-authenticate",
            "How to say who calls.",
            Object::with_type(Type::String),
        ),
        "429" | "503" => add("retry-after", "The seconds to wait.", number()),
        _ => {}
    }
}
