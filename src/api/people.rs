//! People, for administrators: who has an account, what they may do, and what they may have.

use super::body::{Body, given, nested};
use super::caller::Administrator;
use super::id::Id;
use super::list::{LAST_PAGE, MOST_ON_PAGE, USUAL_ON_PAGE};
use super::parameters::Parameters;
use super::person_removal;
use super::problem::{FieldError, Problem};
use super::state::{Answer, Api};
use super::words::{at, time};
use crate::actions::people::{self, PersonRow};
use crate::actions::person::{self, Decision};
use crate::domain::allowance::Limit;
use crate::domain::amount::{Amount, Count, Cpus, Memory};
use crate::domain::id::UserId;
use crate::domain::user::Role;
use crate::http::error::RequestError;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use utoipa::{IntoParams, ToSchema};

/// Somebody with an account.
#[derive(Serialize, ToSchema)]
pub struct Person {
    /// `usr_…`
    id: String,
    name: String,
    email: String,
    role: Role,
    /// Whether they are kept from signing in.
    disabled: bool,
    #[schema(format = DateTime)]
    created_at: String,
    /// When one of their sessions was last used; not known of those who are signed out everywhere.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// How many environments they have.
    #[schema(minimum = 0)]
    environments: i64,
    limits: Limits,
}

/// What was decided for a person: `null` is as the settings say, `unlimited` is no limit.
#[derive(Serialize, ToSchema)]
pub struct Limits {
    /// How many environments they may have.
    environments: Option<String>,
    /// How many deployments of theirs may be under way at once.
    deployments: Option<String>,
    /// The memory of each of their environments, such as `2g`.
    memory: Option<String>,
    /// The CPUs of each of their environments, such as `1.5`.
    cpus: Option<String>,
}

/// A page of people.
#[derive(Serialize, ToSchema)]
pub struct People {
    items: Vec<Person>,
    #[schema(minimum = 1)]
    page: i64,
    #[schema(minimum = 1, maximum = 100)]
    per_page: i64,
    /// How many there are on all pages.
    #[schema(minimum = 0)]
    total: i64,
}

/// Who is listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct ListedPeople {
    /// A part of a name or of an e-mail address.
    q: Option<String>,
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<i64>,
    #[param(minimum = 1, maximum = 100, default = 50)]
    per_page: Option<i64>,
}

/// What is changed of a person; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// Who becomes a member loses the links that they made.
    role: Option<Role>,
    /// Whether they are kept from signing in. It ends their sessions, their tokens and the links that they made.
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "nested")]
    limits: Option<LimitsChange>,
}

/// What is decided for a person; what is left out stays, and `null` is as the settings say.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsChange {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    environments: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    deployments: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    memory: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    cpus: Option<String>,
}

/// The addresses.
pub fn routes() -> Router<Api> {
    Router::new().route("/api/v1/people", get(list)).route(
        "/api/v1/people/{id}",
        get(read).patch(change).delete(person_removal::delete),
    )
}

/// People, by name, a page at a time.
#[utoipa::path(
    get,
    path = "/people",
    operation_id = "list_people",
    security(("token" = ["admin"])),
    tag = "people",
    params(ListedPeople),
    responses((status = 200, description = "A page of people.", body = People))
)]
pub async fn list(
    State(api): State<Api>,
    _: Administrator,
    mut sent: Parameters,
) -> Answer<Json<People>> {
    let text = sent.text("q").replace(char::is_control, "");
    let page = sent.number("page", 1..=LAST_PAGE).unwrap_or(1);
    let rows = sent.number("per_page", 1..=MOST_ON_PAGE);
    sent.check()?;
    let per_page = rows.unwrap_or(USUAL_ON_PAGE);
    let (found, total) = people::page(&api.app, &text, (page - 1, per_page)).await?;
    Ok(Json(People {
        items: found.into_iter().map(Person::from).collect(),
        page,
        per_page,
        total,
    }))
}

/// Somebody with an account.
#[utoipa::path(
    get,
    path = "/people/{id}",
    operation_id = "read_person",
    security(("token" = ["admin"])),
    tag = "people",
    params(("id" = String, Path)),
    responses((status = 200, description = "The person.", body = Person))
)]
pub async fn read(
    State(api): State<Api>,
    _: Administrator,
    Id(id): Id<UserId>,
) -> Answer<Json<Person>> {
    Ok(Json(people::get(&api.app, id).await?.into()))
}

/// Changes what somebody may do and have: all that is sent, or nothing.
#[utoipa::path(
    patch,
    path = "/people/{id}",
    operation_id = "change_person",
    security(("token" = ["admin"])),
    tag = "people",
    params(("id" = String, Path)),
    request_body = PersonChange,
    responses(
        (status = 200, description = "It is changed.", body = Person),
        (status = 409, description = "Nobody would be left to administer.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    State(api): State<Api>,
    caller: Administrator,
    Id(id): Id<UserId>,
    Body(sent): Body<PersonChange>,
) -> Answer<Json<Person>> {
    let decision = Decision {
        role: sent.role,
        disabled: sent.disabled,
        limits: sent.limits.as_ref().map(typed).unwrap_or_default(),
    };
    person::change(&api.app, &caller.actor(), id, &decision).await?;
    Ok(Json(people::get(&api.app, id).await?.into()))
}

fn typed(sent: &LimitsChange) -> person::Limits<'_> {
    person::Limits {
        environments: sent.environments.as_deref(),
        deployments: sent.deployments.as_deref(),
        memory: sent.memory.as_deref(),
        cpus: sent.cpus.as_deref(),
    }
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self {
            id: UserId::from(row.id).to_string(),
            role: row.role,
            disabled: row.disabled,
            created_at: at(row.created_at),
            last_used_at: time(row.last_used_at),
            environments: row.environments,
            limits: Limits {
                environments: decided::<Count>(row.environments_limit),
                deployments: decided::<Count>(row.deployments_limit),
                memory: decided::<Memory>(row.memory_limit),
                cpus: decided::<Cpus>(row.cpus_limit),
            },
            name: row.name,
            email: row.email,
        }
    }
}

fn decided<T: Amount + Display>(stored: Option<i32>) -> Option<String> {
    stored.map(|number| Limit::<T>::of_stored(Some(number)).to_string())
}

impl From<people::Refusal> for Problem {
    fn from(refusal: people::Refusal) -> Self {
        RequestError::from(refusal).into()
    }
}

impl From<person::Refusal> for Problem {
    fn from(refusal: person::Refusal) -> Self {
        match refusal {
            person::Refusal::Wrong(wrongs) => {
                let wrongs = wrongs.iter().map(|wrong| FieldError {
                    field: format!("limits.{}", wrong.field),
                    ..FieldError::from(wrong)
                });
                Self::wrong(wrongs.collect())
            }
            person::Refusal::People(refusal) => refusal.into(),
        }
    }
}
