//! The queue of deployments that wait for their turn, and moving one to its front.

use crate::actions::turn_queue::{self, Room, Waiting};
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::web::administrator::Administrator;
use crate::web::error::PageError;
use crate::web::fields::Id;
use crate::web::page::{Page, html};
use crate::web::state::{Tone, Web};
use crate::web::words::Time;
use axum::extract::State;
use axum::response::{Redirect, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Show {
    page: Page,
    queue: Queue,
}

#[derive(Serialize)]
struct Queue {
    capacity: i32,
    under_way: i64,
    waiting: i64,
    /// Whether Coolify's own queue was full a moment ago.
    closed: bool,
    rows: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    environment: String,
    name: String,
    owner: String,
    /// Its place, counted from 1.
    place: i64,
    moved_up: bool,
    rollout: bool,
    since: Time,
}

/// The queue.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Response, PageError> {
    let (waiting, room) = turn_queue::read(&web.app).await?;
    let moves = room.waiting > 0 || room.under_way > 0;
    let page = Page::new(&me.visitor, "Queue").await.moving(moves);
    let queue = Queue::new(waiting, &room);
    Ok(html("admin/queue.html", Show { page, queue }))
}

/// Redirects to the page.
pub async fn page() -> Redirect {
    Redirect::to("/admin/queue")
}

/// Moves a deployment to the front.
pub async fn move_up(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<DeploymentId>,
) -> Result<Redirect, PageError> {
    let said = if turn_queue::move_up(&web.app, &me.actor(), id).await? {
        "It is the next one to get its turn."
    } else {
        "It is the next one already, or does not wait any more."
    };
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to("/admin/queue"))
}

impl Queue {
    fn new(waiting: Vec<Waiting>, room: &Room) -> Self {
        Self {
            capacity: room.capacity,
            under_way: room.under_way,
            waiting: room.waiting,
            closed: room.closed_until.is_some(),
            rows: waiting.into_iter().map(Shown::from).collect(),
        }
    }
}

impl From<Waiting> for Shown {
    fn from(one: Waiting) -> Self {
        Self {
            id: DeploymentId::from(one.id).to_string(),
            environment: EnvironmentId::from(one.environment_id).to_string(),
            name: one.name,
            owner: one.owner,
            place: one.ahead + 1,
            moved_up: one.moved_up,
            rollout: one.rollout,
            since: Time::ago(one.since, one.now),
        }
    }
}
