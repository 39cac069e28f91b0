//! What polls are answered with: kept in the process while it hears of every change, otherwise read from PostgreSQL.

use crate::app::{App, PageVersion};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::user::User;
use crate::store::changes::{Change, Changes};
use crate::store::{environment_rows, sessions};
use std::pin::pin;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::timeout;

/// How long a version is kept while a status is unconfirmed, because it is not announced that it is confirmed again.
const UNCONFIRMED: Duration = Duration::from_secs(2);
/// How long a version is kept in which no status can become unconfirmed.
const LONG: Duration = Duration::from_hours(1);
/// How often a version is read by whoever waits for another one and hears of no change.
const UNHEARD: Duration = Duration::from_secs(2);
/// The name of the loop that listens.
pub const LISTENER: &str = "changes";

/// Listens to changes until the connection is lost.
pub async fn listen(app: &App) -> sqlx::Result<()> {
    let mut changes = Changes::listen(&app.pool).await?;
    app.polls.listening();
    // Changes before this were not heard.
    app.changed.notify_one();
    let _listening = Listening(app);
    loop {
        match changes.next().await? {
            Some(Change::Session(id)) => app.polls.session_ended(&id),
            Some(Change::Environments(owner)) => {
                app.polls.list_changed(owner);
                app.changed.notify_one();
            }
            Some(Change::Environment(id)) => app.polls.page_changed(id),
            None => {}
        }
        app.loops.ended_round(LISTENER);
    }
}

/// Ends the trust in what is kept, however listening ends.
struct Listening<'a>(&'a App);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.polls.not_listening();
    }
}

/// Who is signed in with a session.
pub async fn person(app: &App, session: &str) -> sqlx::Result<Option<User>> {
    let before = app.polls.sessions.before();
    let Some(found) = sessions::signed_in(&app.pool, session).await? else {
        return Ok(None);
    };
    app.polls.note_used(session);
    let (key, user) = (session.to_owned(), found.user.id);
    app.polls.sessions.keep(before, &key, user, found.lives);
    Ok(Some(found.user))
}

/// The user of a session, for a request that needs nothing else of them.
pub async fn user(app: &App, session: &str) -> sqlx::Result<Option<UserId>> {
    if let Some(user) = app.polls.sessions.get(session) {
        app.polls.note_used(session);
        return Ok(Some(user));
    }
    Ok(person(app, session).await?.map(|user| user.id))
}

/// The version of the list of an owner's environments: it changes when anything shown of any of them does.
pub async fn list_version(app: &App, owner: UserId) -> sqlx::Result<String> {
    if let Some(version) = app.polls.lists.get(&owner) {
        return Ok(version);
    }
    let before = app.polls.lists.before();
    let read = environment_rows::list_version(&app.pool, owner, app.pace.unconfirmed).await?;
    let lives = lifetime(read.any_unconfirmed, read.confirmed_seconds);
    let version = read.version;
    app.polls.lists.keep(before, &owner, version.clone(), lives);
    Ok(version)
}

/// The version of the page of the owner's environment; `None` when it does not exist or is not theirs.
pub async fn page_version(
    app: &App,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<PageVersion>> {
    if let Some(version) = app.polls.pages.get(&id) {
        return Ok((version.owner == owner).then_some(version));
    }
    let before = app.polls.pages.before();
    let read = environment_rows::page_version(&app.pool, owner, id, app.pace.unconfirmed).await?;
    let Some(read) = read else {
        return Ok(None);
    };
    let version = PageVersion {
        owner,
        row: row_version(read.version, read.unconfirmed, read.in_use, read.used_at),
        log: read.deployment.map(|id| (id.into(), read.log_end)),
        log_grows: read.log_grows,
    };
    let lives = lifetime(read.unconfirmed, read.confirmed_seconds);
    app.polls.pages.keep(before, &id, version.clone(), lives);
    Ok(Some(version))
}

/// Waits until the page of the owner's environment has not this version, or is gone. Meanwhile that costs PostgreSQL
/// nothing, unless changes are not heard.
pub async fn wait(app: &App, owner: UserId, id: EnvironmentId, version: &str) -> sqlx::Result<()> {
    loop {
        let mut heard = pin!(app.polls.heard.notified());
        // What is heard from now on is not missed while the version is read.
        heard.as_mut().enable();
        match page_version(app, owner, id).await? {
            Some(current) if current.row == version => {}
            _ => return Ok(()),
        }
        // That a status became unconfirmed is not announced.
        let _: Result<(), _> = timeout(UNHEARD, heard).await;
    }
}

/// The version of a row: it changes when anything the row shows does.
pub fn row_version(
    version: i64,
    unconfirmed: bool,
    in_use: bool,
    used_at: Option<OffsetDateTime>,
) -> String {
    let unconfirmed = if unconfirmed { "u" } else { "" };
    let used = match used_at.filter(|_| !in_use) {
        Some(at) => format!("@{}", at.unix_timestamp()),
        None => String::new(),
    };
    let in_use = if in_use { "n" } else { "" };
    format!("{version}{unconfirmed}{in_use}{used}")
}

fn lifetime(any_unconfirmed: bool, confirmed_seconds: Option<f64>) -> Duration {
    let confirmed = confirmed_seconds.map(Duration::try_from_secs_f64);
    let confirmed = confirmed.map_or(LONG, Result::unwrap_or_default);
    confirmed.min(if any_unconfirmed { UNCONFIRMED } else { LONG })
}

/// Records which sessions were in use.
pub async fn note_used(app: &App) -> sqlx::Result<()> {
    let used = app.polls.take_used();
    if used.is_empty() {
        return Ok(());
    }
    sessions::note_used(&app.pool, &used).await
}
