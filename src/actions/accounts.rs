//! Accounts: sign-in, profile changes, deletion.

use super::attempts::{Attempt, account_of};
use super::browsers::{self, Sender};
use super::hashing::{self, Busy, Verdict};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::{SessionId, UserId};
use crate::domain::invalid::{Invalid, Wrong, Wrongs};
use crate::domain::password::Password;
use crate::domain::user::{Email, User, UserName};
use crate::store::{self, Tx, audit, people, sessions, tokens, users};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use std::time::Duration;

pub use sessions::{Place, SessionRow, Sessions};

/// Whose password was checked, and against which hash: a session begins only while that hash is still the account's.
pub struct Proved {
    pub id: UserId,
    pub(super) hash: SecretString,
}

/// Why an account action was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Fields are wrong.
    #[error("wrong fields")]
    Wrong(Wrongs),
    /// Rate limited: how long to wait.
    #[error("too many attempts")]
    TooMany(Duration),
    /// Nobody may register, or not without an invitation.
    #[error("registration is closed")]
    Closed,
    /// The link was used already, has expired, was revoked or never was one.
    #[error("the link is not valid")]
    Link,
    /// The session has ended meanwhile.
    #[error("the session has ended")]
    SignedOut,
    /// The account still owns environments.
    #[error("the account owns environments")]
    OwnsEnvironments,
    /// Nobody would be left to decide who has an account.
    #[error("the last administrator stays")]
    LastAdministrator,
    /// Whoever does it administers no longer.
    #[error("only administrators may do this")]
    NotAdministrator,
    /// Too many password hashes are pending.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Refusal {
    /// The address and the password do not match.
    pub fn credentials() -> Self {
        Self::wrong("form", Invalid::Credentials)
    }

    pub(super) fn wrong(field: &'static str, invalid: Invalid) -> Self {
        Self::Wrong(vec![Wrong { field, invalid }])
    }
}

/// Finds the account of an address and a password. An unknown address takes as long and fails as a wrong password does.
///
/// # Errors
/// When rate limited, or the two do not match.
pub async fn sign_in(
    app: &App,
    from: &Sender,
    email: &str,
    password: &str,
) -> Result<Proved, Refusal> {
    let attempt = Attempt::to_sign_in(app, from, email);
    limited(app, from, attempt, "sign-in", find(app, email, password)).await
}

async fn find(app: &App, email: &str, password: &str) -> Result<Proved, Refusal> {
    let found = match Email::parse(email) {
        Ok(email) => users::credentials(&app.pool, &email).await?,
        Err(_) => None,
    };
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let attempt = Password::attempt(password);
    let verdict = hashing::verify(&app.hash_slots, attempt, hash).await?;
    let Some(found) = found else {
        return Err(Refusal::credentials());
    };
    let (id, hash) = (found.id, found.password_hash);
    match verdict {
        Verdict::Right | Verdict::RightAsTyped if found.is_disabled => {
            Err(Refusal::wrong("form", Invalid::Disabled))
        }
        Verdict::Right => Ok(Proved { id, hash }),
        Verdict::RightAsTyped => renewed(app, Proved { id, hash }, password).await,
        Verdict::Wrong => Err(Refusal::credentials()),
    }
}

/// Stores the hash of the one form that passwords have in place of an older one, unless the password changed meanwhile or
/// too many hashes are pending: it will be done at another sign-in.
async fn renewed(app: &App, proved: Proved, password: &str) -> Result<Proved, Refusal> {
    let (id, password) = (proved.id, Password::attempt(password).password);
    let Ok(hash) = hashing::hash(&app.hash_slots, password).await else {
        return Ok(proved);
    };
    let (old, new) = (proved.hash.expose_secret(), hash.expose_secret());
    let is_stored = users::renew_password_hash(&app.pool, id, old, new).await?;
    Ok(if is_stored {
        Proved { id, hash }
    } else {
        proved
    })
}

/// Compares a password or the token of a link within the limits, and logs what fails.
pub(super) async fn limited<T>(
    app: &App,
    from: &Sender,
    attempt: impl Future<Output = Result<Attempt, Duration>>,
    form: &str,
    compared: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let attempt = match attempt.await {
        Ok(attempt) => attempt,
        Err(wait) => {
            log(from, form, "limited");
            return Err(Refusal::TooMany(wait));
        }
    };
    let compared = compared.await;
    if let Err(Refusal::Wrong(_) | Refusal::Link) = &compared {
        log(from, form, "failed");
    } else {
        attempt.give_back(app).await;
    }
    compared
}

/// A line of the log that programs such as fail2ban read, so its words stay.
pub(super) fn log(from: &Sender, form: &str, how: &str) {
    tracing::warn!(address = %from.address, "{form} {how}");
}

/// The mark that makes this browser known for the account from now on.
pub async fn mark(app: &App, from: &Sender, email: &str) -> Option<String> {
    browsers::mark(app, from, &account_of(email)).await
}

/// Changes a user's display name.
///
/// # Errors
/// When the name is invalid.
pub async fn rename(app: &App, by: &Actor, id: UserId, typed: &str) -> Result<(), Refusal> {
    let name = UserName::parse(typed).map_err(|invalid| Refusal::wrong("name", invalid))?;
    let mut tx = store::begin(&app.pool).await?;
    if let Some(former) = users::set_name(&mut tx, id, &name).await? {
        let detail = format!("was {former}");
        let renamed = Entry::of_person(Action::PersonRenamed, id).with(&detail);
        audit::add(&mut tx, by, &renamed).await?;
    }
    Ok(tx.commit().await?)
}

/// Changes the password and ends all other sessions.
///
/// # Errors
/// When the current password is wrong, the new one is too short or long, or the rate limit is hit.
pub async fn change_password(
    app: &App,
    from: &Sender,
    (by, user): (&Actor, &User),
    session_id: &str,
    (current, new): (&str, &str),
) -> Result<Proved, Refusal> {
    let new =
        Password::for_account(new).map_err(|invalid| Refusal::wrong("new_password", invalid))?;
    prove(app, from, user, current, "current_password").await?;
    let id = user.id;
    let hash = hashing::hash(&app.hash_slots, new).await?;
    let mut tx = store::begin(&app.pool).await?;
    replace_password(&mut tx, id, &hash, Some(session_id)).await?;
    let changed = Entry::of_person(Action::PersonPasswordChanged, id);
    audit::add(&mut tx, by, &changed).await?;
    tx.commit().await?;
    Ok(Proved { id, hash })
}

/// Stores the hash of another password, and ends the sessions that began with the old one, but for one of them. Without
/// one, whoever does it need not know the old password, and the tokens end too. The change locks the user first: a token
/// is either made before, and ends, or its maker waits and finds that the session has ended.
pub(super) async fn replace_password(
    tx: &mut Tx,
    id: UserId,
    hash: &SecretString,
    except: Option<&str>,
) -> sqlx::Result<()> {
    users::set_password_hash(tx, id, hash.expose_secret()).await?;
    if except.is_none() {
        tokens::end_all(&mut **tx, id).await?;
    }
    sessions::end_all(tx, id, except).await.map(drop)
}

/// Deletes the account, which must own no environments.
///
/// # Errors
/// When the password is wrong, environments exist, or it is the last administrator's.
pub async fn delete(
    app: &App,
    from: &Sender,
    (by, user): (&Actor, &User),
    password: &str,
) -> Result<(), Refusal> {
    prove(app, from, user, password, "password").await?;
    let mut tx = store::begin(&app.pool).await?;
    if people::is_last_administrator(&mut tx, user.id).await? {
        return Err(Refusal::LastAdministrator);
    }
    let deleted = Entry::of_person(Action::PersonDeleted, user.id);
    audit::add(&mut tx, by, &deleted).await?;
    if !users::delete(&mut tx, user.id).await? {
        return Err(Refusal::OwnsEnvironments);
    }
    Ok(tx.commit().await?)
}

async fn prove(
    app: &App,
    from: &Sender,
    user: &User,
    password: &str,
    field: &'static str,
) -> Result<(), Refusal> {
    let compared = async {
        let hash = users::password_hash(&app.pool, user.id).await?;
        let attempt = Password::attempt(password);
        let hash = hash.map(Into::into);
        match hashing::verify(&app.hash_slots, attempt, hash).await? {
            Verdict::Wrong => Err(Refusal::wrong(field, Invalid::PasswordWrong)),
            Verdict::Right | Verdict::RightAsTyped => Ok(()),
        }
    };
    let attempt = Attempt::to_prove(app, from, user.id);
    limited(app, from, attempt, "password prompt", compared).await
}

/// Begins a session of the user, which must be stored already; `false` when the password changed, or the account was
/// deleted, since it was proved.
pub async fn begin_session(
    app: &App,
    session_id: &str,
    proved: &Proved,
    place: &Place<'_>,
) -> sqlx::Result<bool> {
    let by = Actor::on_page(proved.id, place.address);
    let mut tx = store::begin(&app.pool).await?;
    let begun = begin_in(&mut tx, session_id, proved, place).await?;
    if begun {
        let signed_in = Entry::of_person(Action::PersonSignedIn, proved.id);
        audit::add(&mut tx, &by, &signed_in).await?;
    }
    tx.commit().await?;
    Ok(begun)
}

/// The same for somebody who is signed in already, and whose session gets another id.
pub async fn go_on_in_session(
    app: &App,
    session_id: &str,
    proved: &Proved,
    place: &Place<'_>,
) -> sqlx::Result<bool> {
    let mut connection = app.pool.acquire().await?;
    begin_in(&mut connection, session_id, proved, place).await
}

async fn begin_in(
    conn: &mut PgConnection,
    session_id: &str,
    proved: &Proved,
    place: &Place<'_>,
) -> sqlx::Result<bool> {
    let hash = proved.hash.expose_secret();
    sessions::begin(conn, session_id, proved.id, hash, place).await
}

/// Ends the session in which somebody signs out.
pub async fn sign_out(app: &App, by: &Actor, user: UserId, session_id: &str) -> sqlx::Result<()> {
    let mut tx = store::begin(&app.pool).await?;
    if sessions::end_one(&mut tx, user, session_id).await? {
        let signed_out = Entry::of_person(Action::PersonSignedOut, user);
        audit::add(&mut tx, by, &signed_out).await?;
    }
    tx.commit().await
}

/// The user's sessions, newest first.
pub async fn list_sessions(app: &App, user: UserId) -> sqlx::Result<Vec<SessionRow>> {
    sessions::list(&app.pool, user).await
}

/// Ends one of the user's sessions; `false` when it is not theirs or has ended.
pub async fn end_session(app: &App, by: &Actor, user: UserId, id: SessionId) -> sqlx::Result<bool> {
    let mut tx = store::begin(&app.pool).await?;
    let ended = sessions::end(&mut tx, user, id).await?;
    add_ended(&mut tx, by, user, ended.into()).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends all of the user's sessions except this one; returns how many.
pub async fn end_other_sessions(
    app: &App,
    by: &Actor,
    user: UserId,
    session_id: &str,
) -> sqlx::Result<u64> {
    let mut tx = store::begin(&app.pool).await?;
    let ended = sessions::end_all(&mut tx, user, Some(session_id)).await?;
    add_ended(&mut tx, by, user, ended).await?;
    tx.commit().await?;
    Ok(ended)
}

async fn add_ended(
    conn: &mut PgConnection,
    by: &Actor,
    user: UserId,
    ended: u64,
) -> sqlx::Result<()> {
    let detail = match ended {
        0 => return Ok(()),
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    };
    let ended = Entry::of_person(Action::PersonSessionsEnded, user).with(&detail);
    audit::add(conn, by, &ended).await
}
