//! The contents of the account page about tokens of the API.

use super::words::Time;
use crate::actions::api_tokens::TokenRow;
use crate::domain::api_token::Scope;
use crate::domain::id::TokenId;
use serde::{Deserialize, Serialize};

/// A token as listed.
#[derive(Debug, Serialize)]
pub struct Token {
    id: String,
    name: String,
    /// What it may do: "read, deploy".
    scopes: String,
    made: Time,
    expires: Option<Time>,
    has_expired: bool,
    used: Option<Time>,
}

/// The form for a new token.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Typed {
    pub token_name: String,
    read: String,
    deploy: String,
    write: String,
    admin: String,
    pub expires: String,
    pub until: String,
}

impl Default for Typed {
    fn default() -> Self {
        let none = String::new;
        Self {
            token_name: none(),
            read: none(),
            deploy: none(),
            write: none(),
            admin: none(),
            expires: "90".to_owned(),
            until: none(),
        }
    }
}

impl Typed {
    /// The words of the boxes that are checked.
    pub fn scopes(&self) -> Vec<String> {
        let boxes = [&self.read, &self.deploy, &self.write, &self.admin];
        let all = Scope::ALL.into_iter().zip(boxes);
        let checked = all.filter(|(_, sent)| !sent.is_empty());
        checked.map(|(scope, _)| scope.word().to_owned()).collect()
    }
}

/// A token that was just made. Nothing else knows it.
#[derive(Debug, Serialize)]
pub struct Made {
    pub name: String,
    pub token: String,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: TokenId::from(row.id).to_string(),
            name: row.name,
            scopes: row.scopes.join(", "),
            made: Time::ago(row.created_at, row.now),
            has_expired: row.expires_at.is_some_and(|at| at <= row.now),
            expires: row.expires_at.map(|at| Time::clock(at, row.now)),
            used: row.last_used_at.map(|at| Time::ago(at, row.now)),
        }
    }
}
