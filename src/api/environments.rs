//! Environments: list, create, read, wait for a change, delete, and set a password.

use super::body::Body;
use super::caller::{Deployer, Reader, Writer};
use super::environment::{Environment, answer, current, described};
use super::id::Id;
use super::idempotency::KeySuffix;
use super::list::{LAST_PAGE, MOST_ON_PAGE};
use super::new_environment::{NewEnvironment, exposed};
use super::parameters::Parameters;
use super::problem::Problem;
use super::state::{Answer, Api};
use crate::actions::creation;
use crate::actions::environments::{self, Refusal, Removal, Selection, Sort};
use crate::actions::{api_tokens, deletion, deployments, known};
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// The longest wait for a change, in seconds.
const LONGEST_WAIT: i64 = 60;

/// A page of environments.
#[derive(Serialize, ToSchema)]
pub struct Environments {
    items: Vec<Environment>,
    #[schema(minimum = 1)]
    page: i64,
    #[schema(minimum = 1, maximum = 100)]
    per_page: i64,
    /// How many there are on all pages.
    #[schema(minimum = 0)]
    total: i64,
}

/// What is listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct Listed {
    /// A part of a name or of an address.
    q: Option<String>,
    status: Option<Status>,
    #[param(inline)]
    sort: Option<Order>,
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<i64>,
    #[param(minimum = 1, maximum = 100, default = 50)]
    per_page: Option<i64>,
}

/// Newest first, by name, or those in use first and then those used last.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
enum Order {
    Created,
    Name,
    Used,
}

/// How long to wait for a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct Waiting {
    /// Answers when the version is another one than this, or after this many seconds.
    #[param(minimum = 0, maximum = 60)]
    wait: Option<i64>,
    /// The version that the caller has.
    version: Option<String>,
}

/// A new password of an environment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// 8 to 100 characters, without white space around it.
    #[schema(required, value_type = String, format = Password, min_length = 8, max_length = 100)]
    password: Option<SecretString>,
}

/// Your environments, a page at a time.
#[utoipa::path(
    get,
    path = "/environments",
    operation_id = "list_environments",
    security(("token" = ["read"])),
    tag = "environments",
    params(Listed),
    responses((status = 200, description = "A page of environments.", body = Environments))
)]
pub async fn list(
    State(api): State<Api>,
    caller: Reader,
    mut sent: Parameters,
) -> Answer<Json<Environments>> {
    let words = Status::ALL.map(Status::word);
    let selection = Selection {
        text: sent.text("q").trim().replace(char::is_control, ""),
        status: sent.word("status", &words, Status::from_word),
        sort: sent
            .word("sort", Sort::words(), |word| word.parse::<Sort>().ok())
            .unwrap_or_default(),
        shut: None,
        page: sent.number("page", 1..=LAST_PAGE).unwrap_or(1) - 1,
        rows: sent.number("per_page", 1..=MOST_ON_PAGE),
    };
    sent.check()?;
    let (found, counts) = environments::list(&api.app, caller.user(), &selection).await?;
    Ok(Json(Environments {
        items: described(&api, caller.user(), found).await?,
        page: selection.page + 1,
        per_page: selection.rows(),
        total: selection.status.map_or(counts.total, |it| counts.of(it)),
    }))
}

/// Creates an environment, and deploys it if that is wanted.
#[utoipa::path(
    post,
    path = "/environments",
    operation_id = "create_environment",
    security(("token" = ["write"])),
    tag = "environments",
    request_body = NewEnvironment,
    responses(
        (status = 201, description = "It is created.", body = Environment,
            headers(("location" = String, description = "Where it is read."))),
        (status = 409, description = "The name is taken, or not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(api): State<Api>,
    caller: Writer,
    key: Option<Extension<KeySuffix>>,
    Body(mut sent): Body<NewEnvironment>,
) -> Answer<Response> {
    sent.suffix = sent.suffix.or_else(|| key.map(|key| key.word()));
    let variables = sent.variables();
    let draft = sent.draft(&variables);
    let id = creation::create(&api.app, &caller.actor(), &draft).await?;
    let created = current(&api, caller.user(), id).await?;
    let location = [(header::LOCATION, place(id))];
    Ok((location, answer(StatusCode::CREATED, &created)).into_response())
}

fn place(id: EnvironmentId) -> String {
    format!("/api/v1/environments/{id}")
}

/// One of your environments. With `wait`, once it changed.
#[utoipa::path(
    get,
    path = "/environments/{id}",
    operation_id = "read_environment",
    security(("token" = ["read"])),
    tag = "environments",
    params(("id" = String, Path), Waiting),
    responses((status = 200, description = "The environment.", body = Environment))
)]
pub async fn read(
    State(api): State<Api>,
    caller: Reader,
    Id(id): Id<EnvironmentId>,
    mut sent: Parameters,
) -> Answer<Response> {
    let wait = sent.number("wait", 0..=LONGEST_WAIT).unwrap_or_default();
    let version = sent.text("version");
    sent.check()?;
    if wait > 0 && !version.is_empty() {
        let longest = Duration::from_secs(wait.unsigned_abs());
        tokio::select! {
            waited = known::wait(&api.app, caller.user(), id, &version) => waited?,
            () = tokio::time::sleep(longest) => {}
            () = api.stop.cancelled() => {}
        }
        api_tokens::still(&api.app, caller.holder().id).await?;
    }
    let found = current(&api, caller.user(), id).await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Deletes an environment, with every file in it. Coolify is asked to remove it, and it is gone when that is confirmed.
///
/// With its `etag` as `If-Match`, it is deleted only if it has not changed. Whether somebody began to use it meanwhile does not count.
#[utoipa::path(
    delete,
    path = "/environments/{id}",
    operation_id = "delete_environment",
    security(("token" = ["write"])),
    tag = "environments",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "It is being deleted.", body = Environment),
        (status = 204, description = "It is gone."),
        (status = 412, description = "It has changed.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(api): State<Api>,
    caller: Writer,
    Id(id): Id<EnvironmentId>,
    headers: HeaderMap,
) -> Answer<Response> {
    let version = wanted_version(&headers)?;
    let removal = deletion::delete(&api.app, &caller.actor(), id, version).await;
    let current = match removal? {
        Removal::Done => None,
        Removal::Begun => gone_or(current(&api, caller.user(), id).await)?,
    };
    Ok(match current {
        Some(environment) => answer(StatusCode::ACCEPTED, &environment),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// What is not there any more was removed meanwhile.
fn gone_or(found: Answer<Environment>) -> Answer<Option<Environment>> {
    match found {
        Err(problem) if problem.is_not_found() => Ok(None),
        found => found.map(Some),
    }
}

/// The version of `If-Match`: what its entity tag begins with. Any other tag is of no version.
fn wanted_version(headers: &HeaderMap) -> Answer<Option<i64>> {
    let Some(sent) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let sent = sent.to_str().unwrap_or_default().trim();
    if sent == "*" {
        return Ok(None);
    }
    let digits: String = sent
        .chars()
        .skip(1)
        .take_while(char::is_ascii_digit)
        .collect();
    let version = digits.parse().ok().filter(|_| sent.starts_with('"'));
    let version = version.ok_or_else(|| Problem::from(Refusal::Changed));
    version.map(Some)
}

/// Cancels the deployment under way.
#[utoipa::path(
    post,
    path = "/environments/{id}/cancel",
    operation_id = "cancel_deployment",
    security(("token" = ["deploy"])),
    tag = "environments",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "It is being cancelled, or was.", body = Environment),
        (status = 409, description = "There is nothing to cancel.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn cancel(
    State(api): State<Api>,
    caller: Deployer,
    Id(id): Id<EnvironmentId>,
) -> Answer<Response> {
    deployments::cancel(&api.app, &caller.actor(), id).await?;
    let current = current(&api, caller.user(), id).await?;
    Ok(answer(StatusCode::ACCEPTED, &current))
}

/// Sets a new password. An environment that was deployed before is deployed again with it.
#[utoipa::path(
    put,
    path = "/environments/{id}/password",
    operation_id = "set_password",
    security(("token" = ["write"])),
    tag = "environments",
    params(("id" = String, Path)),
    request_body = NewPassword,
    responses(
        (status = 202, description = "The next container takes it.", body = Environment),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn set_password(
    State(api): State<Api>,
    caller: Writer,
    Id(id): Id<EnvironmentId>,
    Body(sent): Body<NewPassword>,
) -> Answer<Response> {
    let password = exposed(sent.password.as_ref());
    deployments::set_password(&api.app, &caller.actor(), id, password).await?;
    let current = current(&api, caller.user(), id).await?;
    Ok(answer(StatusCode::ACCEPTED, &current))
}
