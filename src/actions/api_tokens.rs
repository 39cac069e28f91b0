//! Tokens with which programs use the API in somebody's name. They end one by one, and all of them with the account, when
//! that is disabled, and when its password is reset by somebody who need not know the old one. Who changes their own
//! password keeps their tokens.

use super::accounts::Refusal;
use super::token;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::api_token::Draft;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::{TokenId, UserId};
use crate::domain::invalid::Invalid;
use crate::domain::user::User;
use crate::redis::limits;
use crate::store::{self, Tx, audit, sessions, tokens, users};
use std::net::IpAddr;
use std::time::Duration;

pub use tokens::{Holder, TokenRow};

/// Begins every token, so that whoever searches for secrets finds them.
const PREFIX: &str = "vpsc_";

/// Makes a token in this session, which is returned once and kept nowhere.
///
/// # Errors
/// When a field is wrong, somebody has too many, or the session has ended meanwhile.
pub async fn make(
    app: &App,
    by: &Actor,
    (user, session_id): (&User, &str),
    draft: &Draft<'_>,
) -> Result<String, Refusal> {
    let now = store::now(&app.pool).await?;
    let wanted = draft.parse(user.is_administrator, now);
    let wanted = wanted.map_err(Refusal::Wrong)?;
    let made = format!("{PREFIX}{}", hex::encode(rand::random::<[u8; 32]>()));
    let (id, hash) = (TokenId::new(), token::hash(&made));
    let mut tx = store::begin(&app.pool).await?;
    lock(&mut tx, user.id, session_id).await?;
    tokens::delete_expired(&mut tx, user.id).await?;
    if !tokens::insert(&mut tx, (user.id, id), &hash, &wanted).await? {
        return Err(Refusal::wrong("token_name", Invalid::TokensMany));
    }
    let scopes = wanted.scopes.words().join(" ");
    let entry = Entry::of(Action::TokenMade, id.uuid(), &wanted.name).with(&scopes);
    audit::add(&mut tx, by, &entry).await?;
    tx.commit().await?;
    Ok(made)
}

/// Locks the user, as whoever ends all of their tokens does. Whoever did that before has ended this session too, which is
/// looked for in a statement of its own: it sees what was committed while the lock was waited for.
async fn lock(tx: &mut Tx, user: UserId, session_id: &str) -> Result<(), Refusal> {
    let locked = users::lock(tx, user).await?;
    let is_enabled = locked.is_some_and(|user| !user.disabled);
    if is_enabled && sessions::is_theirs(tx, user, session_id).await? {
        Ok(())
    } else {
        Err(Refusal::SignedOut)
    }
}

/// The user's tokens, newest first.
pub async fn list(app: &App, user: UserId) -> sqlx::Result<Vec<TokenRow>> {
    tokens::list(&app.pool, user).await
}

/// Revokes one of the user's tokens; `false` when it is not theirs or is not there any more.
pub async fn revoke(app: &App, by: &Actor, user: UserId, id: TokenId) -> sqlx::Result<bool> {
    let mut tx = store::begin(&app.pool).await?;
    let Some(name) = tokens::end(&mut tx, user, id).await? else {
        return Ok(false);
    };
    let entry = Entry::of(Action::TokenRevoked, id.uuid(), &name);
    audit::add(&mut tx, by, &entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// Why nobody may use the API with what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// It is no token, or not any more.
    #[error("no such token")]
    Token,
    /// Too many wrong ones came from the same network: how long to wait.
    #[error("too many wrong tokens")]
    TooMany(Duration),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Whose token it is. That costs one statement, and nothing of it is kept, so a token that ended is not taken again.
///
/// # Errors
/// When it is none, or has ended.
pub async fn holder(app: &App, from: IpAddr, sent: &str) -> Result<Holder, Unknown> {
    let found = match sent.strip_prefix(PREFIX) {
        Some(_) => tokens::holder(&app.pool, &token::hash(sent)).await?,
        None => None,
    };
    let Some(holder) = found else {
        let network = crate::domain::network::network_of(from).to_string();
        let taken = app.limits.take(&limits::TOKEN_BY_ADDRESS, &network).await;
        tracing::warn!(address = %from, "token failed");
        return Err(taken.map_or_else(Unknown::TooMany, |_| Unknown::Token));
    };
    if holder.is_to_be_noted
        && let Err(error) = tokens::note_used(&app.pool, holder.id).await
    {
        tracing::debug!(%error, "the use of a token is not noted");
    }
    Ok(holder)
}

/// Whether a token is still valid, for whoever waited with it.
///
/// # Errors
/// When it has ended.
pub async fn still(app: &App, id: TokenId) -> Result<(), Unknown> {
    let is_valid = tokens::is_valid(&app.pool, id).await?;
    is_valid.then_some(()).ok_or(Unknown::Token)
}

/// How much of what a token may ask for is left.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub limit: u32,
    pub remaining: u32,
    /// The time until all of it is there again.
    pub reset: Duration,
}

/// Takes one request from what all tokens of a person together may ask for.
///
/// # Errors
/// The time until it may ask again.
pub async fn take(app: &App, user: UserId) -> Result<Quota, Duration> {
    let bucket = &limits::API_BY_USER;
    let remaining = app.limits.take(bucket, &user.to_string()).await?;
    Ok(quota(remaining))
}

/// What is left when so many requests are.
pub fn quota(remaining: u32) -> Quota {
    let bucket = &limits::API_BY_USER;
    Quota {
        limit: bucket.capacity,
        remaining,
        reset: bucket.refill * bucket.capacity.saturating_sub(remaining),
    }
}
