//! Whether the branches that environments are built from have moved on.

use crate::app::App;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::source::BuiltFrom;
use crate::store::updates;
use futures_util::future::join_all;

pub use updates::Update;

/// How many branches are read at a time; the others follow in the next rounds.
const AT_A_TIME: i64 = 8;

/// Reads the newest commits of the branches that nobody read lately, and the titles of what is new. That one cannot be read
/// is no error: nobody is told of an update then.
pub async fn read(app: &App) -> sqlx::Result<()> {
    let Some(branch) = &app.branch else {
        return Ok(());
    };
    let standard = branch.source();
    let due = updates::claim(&app.pool, &standard, app.pace.branch, AT_A_TIME).await?;
    let reading = due.iter().map(|source| read_one(app, &standard, source));
    join_all(reading).await.into_iter().collect()
}

async fn read_one(app: &App, standard: &BuiltFrom, source: &BuiltFrom) -> sqlx::Result<()> {
    let branch = if source == standard {
        app.branch.clone()
    } else {
        app.repositories.branch(source)
    };
    let Some(branch) = branch else {
        return Ok(());
    };
    let Some(newest) = branch.head().await else {
        tracing::debug!(repository = source.repository, "a branch cannot be read");
        return Ok(());
    };
    updates::save_head(&app.pool, source, &newest).await?;
    for deployed in updates::untold(&app.pool, standard, source, &newest).await? {
        if let Some(titles) = branch.titles(&deployed, &newest).await {
            updates::save_titles(&app.pool, &deployed, &newest, &titles).await?;
        }
    }
    Ok(())
}

/// What is new for the owner's environment.
pub async fn of(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Option<Update>> {
    let Some(branch) = &app.branch else {
        return Ok(None);
    };
    updates::of(&app.pool, owner, id, &branch.source()).await
}
