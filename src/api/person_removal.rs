//! Deleting somebody's account, with what becomes of their environments.

use super::caller::Administrator;
use super::heir;
use super::id::Id;
use super::parameters::Parameters;
use super::problem::{FieldError, Problem};
use super::state::{Answer, Api};
use crate::actions::account_removal::{self, Estate, Refusal};
use crate::domain::id::UserId;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::{IntoParams, ToSchema};

const WORDS: [&str; 2] = ["hand_over", "delete"];
const OWN: &str =
    "This is your own account. You delete it on its page, after its environments are gone.";
const UNSAID: &str = "They have environments: send environments=hand_over together with heir, or environments=delete.";
const NO_HEIR: &str =
    "An heir gets the environments only with environments=hand_over. Send that, or leave heir out.";

/// What becomes of their environments.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct Left {
    /// Needed if they have any. Until Coolify has confirmed that they are deleted, they are yours.
    #[param(inline)]
    environments: Option<Fate>,
    /// Who gets them: `usr_…`; only together with `hand_over`.
    heir: Option<String>,
}

/// Somebody else gets them, or they are deleted with every file.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
enum Fate {
    HandOver,
    Delete,
}

/// Deletes somebody else's account.
#[utoipa::path(
    delete,
    path = "/people/{id}",
    operation_id = "delete_person",
    security(("token" = ["admin"])),
    tag = "people",
    params(("id" = String, Path), Left),
    responses(
        (status = 204, description = "It is deleted."),
        (status = 409, description = "It is your own, or it has environments and nothing is said of them.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(api): State<Api>,
    caller: Administrator,
    Id(id): Id<UserId>,
    mut sent: Parameters,
) -> Answer<StatusCode> {
    let removes = sent.word("environments", &WORDS, |word| {
        WORDS.contains(&word).then_some(word == "delete")
    });
    let wanted = sent.text("heir");
    sent.check()?;
    if removes != Some(false) && !wanted.is_empty() {
        return Err(wrong("heir", NO_HEIR));
    }
    if id == caller.user() {
        return Err(Problem::new(StatusCode::CONFLICT, OWN));
    }
    let leaving = account_removal::read(&api.app, id).await?;
    let own = &caller.holder().user.email;
    let heir = match removes {
        Some(false) => heir::email(&api, "heir", &wanted).await?,
        Some(true) => own.clone(),
        None if leaving.environments > 0 => return Err(unsaid()),
        None => String::new(),
    };
    let estate = Estate {
        heir: &heir,
        removes: removes.unwrap_or_default(),
    };
    let actor = caller.actor();
    match account_removal::delete(&api.app, &actor, id, &leaving.email, estate).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(Refusal::Wrong(_)) if removes.is_none() => Err(unsaid()),
        Err(Refusal::Wrong(wrongs)) => Err(heir::wrong(&wrongs, "heir")),
        Err(Refusal::People(refusal)) => Err(refusal.into()),
        Err(Refusal::Environments(refusal)) => Err(refusal.into()),
    }
}

fn unsaid() -> Problem {
    wrong("environments", UNSAID).of_others()
}

fn wrong(field: &str, detail: &str) -> Problem {
    Problem::wrong(vec![FieldError {
        field: field.to_owned(),
        detail: detail.to_owned(),
    }])
}
