//! Applications in Coolify that carry our mark and belong to no environment: left over by a crash, or made since a backup
//! that was restored. They are reported and never removed, because somebody may still need what is in them.

use super::calls::Calls;
use crate::app::App;
use crate::coolify::{Application, Client};
use crate::redis::calls::Lane;
use crate::store::environments;
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// How long a search waits for its call.
const WAIT: Duration = Duration::from_secs(20);

/// Such an application, as Coolify names it.
#[derive(Debug)]
pub struct Orphan {
    pub name: String,
    pub uuid: String,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Coolify has the application {} ({}), which vps-claude made and no environment here knows. Remove it there if nobody needs it.",
            self.name, self.uuid
        )
    }
}

/// Searches within the budget of calls; finds nothing where there is no call for it now, or Coolify does not answer.
pub async fn search(app: &App) -> sqlx::Result<Vec<Orphan>> {
    let calls = Calls::reserve_within(app, Lane::Log, WAIT).await;
    match calls.one().await {
        Ok(client) => Ok(find(app, client).await?.unwrap_or_default()),
        Err(_) => Ok(vec![]),
    }
}

/// Searches with one call to Coolify; `None` when it does not answer.
pub async fn find(app: &App, client: &Client) -> sqlx::Result<Option<Vec<Orphan>>> {
    match client.applications().await {
        Ok(listed) => among(app, listed).await.map(Some),
        Err(_) => Ok(None),
    }
}

/// Those of the applications that Coolify has.
pub async fn among(app: &App, mut listed: Vec<Application>) -> sqlx::Result<Vec<Orphan>> {
    listed.retain(Application::is_marked);
    let ids = listed.iter().filter_map(Application::environment);
    let ids: Vec<Uuid> = ids.map(|id| id.uuid()).collect();
    let known = environments::known(&app.pool, &ids).await?;
    let is_known = |one: &Application| {
        let id = one.environment();
        id.is_some_and(|id| known.contains(&id.uuid()))
    };
    listed.retain(|one| !is_known(one));
    let orphans = listed.into_iter().map(|one| Orphan {
        name: one.name,
        uuid: one.uuid,
    });
    Ok(orphans.collect())
}
