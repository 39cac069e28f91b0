//! Somebody who gets what is nobody's or somebody else's. The actions know them by their e-mail address, programs by their id.

use super::problem::{FieldError, Problem};
use super::state::{Answer, Api};
use crate::actions::people::{self, Refusal};
use crate::domain::id::UserId;
use crate::domain::invalid::Wrong;

const UNKNOWN: &str =
    "Nobody who can sign in, and could get it, has this id. Send that of an account: usr_….";

/// The e-mail address of whoever has this id, which was sent in this field.
pub async fn email(api: &Api, field: &str, id: &str) -> Answer<String> {
    let Ok(id) = id.parse::<UserId>() else {
        return Err(Problem::wrong(vec![unknown(field)]));
    };
    match people::get(&api.app, id).await {
        Ok(person) => Ok(person.email),
        Err(Refusal::NotFound) => Err(Problem::wrong(vec![unknown(field)])),
        Err(refusal) => Err(refusal.into()),
    }
}

/// What is wrong with the fields, of which the heir's has this name.
pub fn wrong(wrongs: &[Wrong], field: &str) -> Problem {
    let told = |wrong: &Wrong| match wrong.field {
        "heir" => unknown(field),
        _ => FieldError::from(wrong),
    };
    Problem::wrong(wrongs.iter().map(told).collect())
}

fn unknown(field: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        detail: UNKNOWN.to_owned(),
    }
}
