//! Polls a removal until Coolify confirms that the application is gone.

use super::calls::Calls;
use super::writing::{Writing, again_one};
use super::{ending, jobs, look};
use crate::app::App;
use crate::domain::judge::{Container, Sighting};
use crate::domain::status::Status;
use crate::redis::calls::Lane;
use crate::store::environments;
use crate::store::watches::{self, Again, Due};
use std::time::Duration;

/// The removal is requested again on every n-th poll.
const ASK_AGAIN: i32 = 15;
/// The polling interval grows up to this multiple of the usual one.
const RAREST: i32 = 5;

/// Polls one removal and writes the result.
pub async fn look(app: App, due: Due) -> sqlx::Result<()> {
    let app = &app;
    let calls = Calls::singly(app, Lane::Look);
    let seen = look::container(app, &calls, due.application_uuid.as_deref()).await;
    let note = match &seen {
        Err(Sighting::Refused(sentence)) => Some(sentence.clone()),
        Err(Sighting::Unreachable(why)) => Some(format!(
            "Coolify cannot be reached: {why}. The removal goes on when it can."
        )),
        Err(_) => due.reason.clone(),
        Ok(_) => overdue(app, &due),
    };
    let is_gone = seen == Ok(Container::Missing);
    let asks_again = due.looks % ASK_AGAIN == 0;
    if !is_gone && !asks_again && note == due.reason {
        let after = later(app, &due);
        return again_one(app, due, after, false, 0).await;
    }
    let Some(mut writing) = Writing::begin(app, &due, Status::Deleting).await? else {
        return Ok(());
    };
    let environment = due.environment_id.into();
    if is_gone {
        ending::leave(&mut writing.tx, environment).await?;
    } else {
        environments::explain(&mut writing.tx, environment, note.as_deref()).await?;
        if asks_again {
            watches::stop(&mut writing.tx, environment).await?;
            jobs::remove(app, &mut writing.tx, environment, Duration::ZERO).await?;
        } else {
            let again = Again::one(&due, later(app, &due), false, 0);
            watches::again(&mut *writing.tx, &again).await?;
        }
    }
    writing.commit(app, &due).await
}

fn later(app: &App, due: &Due) -> Duration {
    let times = (1 + due.looks / ASK_AGAIN * 2).clamp(1, RAREST);
    app.pace.look_every * u32::try_from(times).unwrap_or(1)
}

/// The message for a slow removal.
fn overdue(app: &App, due: &Due) -> Option<String> {
    let seconds = due.removal_seconds.unwrap_or_default().max(0.0);
    let is_long = Duration::from_secs_f64(seconds) > app.pace.removal;
    is_long.then(|| "Coolify has not confirmed the removal yet. It is asked again; check that its server is reachable.".to_owned())
}
