//! All checks at once.

use super::finding::Finding;
use super::setup::Setup;
use super::{addresses, archive, coolify, postgres, redis, repository};
use crate::app::App;
use crate::coolify::Visitor;
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

/// How long the checks of one service may take. They run at once.
const LIMIT: Duration = Duration::from_secs(55);
/// How long all of them may take, and saving what they found.
pub const LONGEST: Duration = Duration::from_secs(70);

/// Runs all checks at once; what they found is in a fixed order. Nothing is changed.
pub async fn all(app: &App, setup: &Setup) -> Vec<Finding> {
    let visitor = Visitor::new().expect("other clients have been built in the same way");
    let found = tokio::join!(
        within(postgres::DATABASE, Box::pin(postgres::all(app, setup))),
        within(redis::URL, Box::pin(redis::all(setup))),
        within(archive::URL, Box::pin(archive::all(app))),
        within(coolify::URL, Box::pin(coolify::all(app, setup))),
        within(repository::REPOSITORY, Box::pin(repository::all(setup))),
        within(
            addresses::DOMAIN,
            Box::pin(addresses::of_environments(app, setup, &visitor))
        ),
        within(
            addresses::PUBLIC,
            Box::pin(addresses::of_people(setup, &visitor))
        ),
    );
    let (database, redis, archive, coolify, repository, domain, public) = found;
    let misspelled = setup.misspelled.iter();
    let misspelled = misspelled.map(|text| Finding::warning("settings", text));
    let found = [
        database, redis, archive, coolify, repository, domain, public,
    ];
    found.into_iter().flatten().chain(misspelled).collect()
}

async fn within(check: &'static str, findings: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let found = timeout(LIMIT, findings).await;
    found.unwrap_or_else(|_| {
        let seconds = LIMIT.as_secs();
        let text = format!("This took longer than {seconds} seconds and was given up. Check again, and look at what it leads to.");
        vec![Finding::wrong(check, text)]
    })
}
