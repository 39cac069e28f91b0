//! The sweep: finds rows that should have a job and have neither job nor lease, and asks again.

use crate::app::{App, Urgency};
use crate::domain::status::Status;
use crate::queue::{self, Job};
use crate::store::looks::{self, Stray};
use crate::store::{environments, users};
use std::collections::HashSet;
use std::time::Duration;

/// Asks for work for every row that nobody has; says how many. Two sweeps at once ask twice, which is harmless.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App) -> sqlx::Result<usize> {
    let spent = queue::drop_spent(&app.pool).await?;
    if spent > 0 {
        tracing::warn!(
            jobs = spent,
            "jobs had used up their attempts and are asked for again"
        );
    }
    users::delete_expired_sessions(&app.pool).await?;
    let strays = looks::strays(&app.pool).await?;
    if strays.is_empty() {
        return Ok(0);
    }
    let asked = queue::asked(&app.pool).await?;
    let jobs: HashSet<Job> = strays
        .iter()
        .filter_map(job)
        .filter(|job| !asked.contains(job))
        .collect();
    let mut conn = app.pool.acquire().await?;
    for job in &jobs {
        tracing::info!(?job, "nobody had this work, it is asked for again");
        queue::ask(&mut conn, *job, Duration::ZERO).await?;
    }
    Ok(jobs.len())
}

fn job(stray: &Stray) -> Option<Job> {
    match stray.status {
        Status::Deleting => Some(Job::Remove(stray.environment_id.into())),
        _ => stray.deployment_id.map(|id| Job::Advance(id.into())),
    }
}

/// Names the applications that Coolify has under our mark and we do not know: made by a crash, or left by a restored backup.
///
/// # Errors
/// When the database fails.
pub async fn orphans(app: &App) -> sqlx::Result<Vec<String>> {
    let listed = match app.coolify(Urgency::Log).await {
        Ok(client) => client.applications().await,
        Err(error) => Err(error),
    };
    let Ok(listed) = listed else {
        return Ok(vec![]);
    };
    let marked: Vec<String> = listed
        .into_iter()
        .filter(crate::coolify::Application::is_marked)
        .map(|one| one.name)
        .collect();
    environments::unknown(&app.pool, &marked).await
}
