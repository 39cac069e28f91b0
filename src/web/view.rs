//! The contents of a row and of a head: strings and flags for the templates.

use super::words::Time;
use crate::actions::environments::EnvironmentRow;
use crate::actions::known;
use crate::app::App;
use crate::domain::deployment::Stage;
use crate::domain::id::EnvironmentId;
use crate::domain::name::isolated;
use crate::domain::status::{Event, Status};
use crate::domain::workspace;
use crate::http::reason::reason;
use serde::Serialize;
use time::OffsetDateTime;
use url::form_urlencoded;

/// An environment as shown in its row and on its page.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub id: String,
    pub name: String,
    subdomain: String,
    /// Where Open leads.
    open: String,
    /// The repository to work on.
    repository: Option<String>,
    address: String,
    host: String,
    pub status: &'static str,
    group: &'static str,
    badge: Badge,
    stage: Option<Doing>,
    reason: Option<String>,
    /// Since when the status is what it is, while nothing moves.
    since: Option<Time>,
    /// Whether somebody is using it.
    in_use: bool,
    used: Option<Time>,
    created: Time,
    /// Changes when anything that the row shows does.
    pub version: String,
    arrived: bool,
    /// Coolify no longer has the application.
    vanished: bool,
    can: Can,
}

#[derive(Debug, Clone, Serialize)]
struct Badge {
    word: &'static str,
    /// Since when the status is unknown.
    since: Option<Time>,
    tone: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Doing {
    word: String,
    since: Time,
}

/// The actions allowed now, from the same table that the actions use.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a button")]
struct Can {
    open: bool,
    deploy: bool,
    rebuild: bool,
    cancel: bool,
    delete: bool,
    give_up: bool,
    retry_removal: bool,
}

/// While something moves.
const FAST: &str = "every 2s";
/// Otherwise: what changes elsewhere is seen soon, too, because an unchanged poll costs almost nothing.
const SLOW: &str = "every 5s";

/// When a page polls.
pub fn trigger(moves: bool) -> &'static str {
    if moves { FAST } else { SLOW }
}

impl Row {
    /// Builds the row; `was` is the status currently on the page.
    pub fn new(app: &App, row: &EnvironmentRow, was: Option<Status>) -> Self {
        let now = row.now;
        Self {
            subdomain: row.subdomain.clone(),
            open: opened(app, row),
            repository: row.workspace_repository.clone(),
            address: app.domain.address(&row.subdomain),
            host: app.domain.host(&row.subdomain),
            status: row.status.word(),
            group: row.group().word(),
            badge: badge(row, now),
            stage: doing(row, now),
            reason: reason(row),
            since: (!row.status.moves() && !row.unconfirmed)
                .then(|| Time::clock(row.status_since, now)),
            in_use: row.in_use && row.status == Status::Running && !row.unconfirmed,
            used: row.used_at.map(|at| Time::ago(at, now)),
            created: Time::ago(row.created_at, now),
            version: known::row_version(row.version, row.unconfirmed, row.in_use, row.used_at),
            arrived: row.status == Status::Running && was.is_some_and(|was| was != Status::Running),
            vanished: row.vanished,
            can: can(app, row),
            name: row.name.clone(),
            id: EnvironmentId::from(row.id).to_string(),
        }
    }

    /// The first label of its address.
    pub fn subdomain(&self) -> &str {
        &self.subdomain
    }

    /// The text for the live region when the status differs from the one on the page.
    pub fn announcement(&self, was: Option<Status>) -> Option<String> {
        was.filter(|was| was.word() != self.status)
            .map(|_| self.sentence())
    }

    fn sentence(&self) -> String {
        let name = isolated(&self.name);
        match (self.status, &self.reason) {
            ("deploying", _) => format!("{name} is being deployed."),
            ("deleting", _) => format!("{name} is being deleted."),
            ("error", Some(reason)) => format!("{name} has failed: {reason}"),
            ("error", None) => format!("{name} has failed."),
            ("running", Some(reason)) => format!("{name} is running. {reason}"),
            (status, _) => format!("{name} is {status}."),
        }
    }
}

/// The address with code-server's parameter for the folder to show: the one to work in, or the repository in it.
fn opened(app: &App, row: &EnvironmentRow) -> String {
    let repository = row.workspace_repository.as_deref();
    let folder = match repository.and_then(workspace::folder) {
        Some(name) => format!("{}/{name}", app.folder.trim_end_matches('/')),
        None => app.folder.clone(),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("folder", &folder).finish();
    format!("{}/?{query}", app.domain.address(&row.subdomain))
}

fn badge(row: &EnvironmentRow, now: OffsetDateTime) -> Badge {
    let tone = match row.status {
        Status::Pending => "neutral",
        Status::Deploying | Status::Deleting => "moving",
        Status::Running => "good",
        Status::Error => "bad",
    };
    match row.checked_at {
        Some(checked) if row.status == Status::Running && row.unconfirmed => Badge {
            word: "unknown since",
            since: Some(Time::clock(checked, now)),
            tone: "unknown",
        },
        _ => Badge {
            word: row.status.word(),
            since: None,
            tone,
        },
    }
}

fn doing(row: &EnvironmentRow, now: OffsetDateTime) -> Option<Doing> {
    let (word, since) = match row.status {
        Status::Deploying if row.cancelling => ("Cancelling".to_owned(), row.stage_since?),
        Status::Deploying => (stage(row)?, row.stage_since?),
        Status::Deleting => ("Removing".to_owned(), row.removal_requested_at?),
        _ => return None,
    };
    Some(Doing {
        word,
        since: Time::elapsed(since, now),
    })
}

/// "Building"; "Waiting for its turn, 3 before it".
fn stage(row: &EnvironmentRow) -> Option<String> {
    let doing = row.stage?.doing();
    Some(match row.ahead {
        Some(ahead) if ahead > 0 => format!("{doing}, {ahead} before it"),
        _ => doing.to_owned(),
    })
}

fn can(app: &App, row: &EnvironmentRow) -> Can {
    let has_unknown = row.password_unknown && !row.password_offered;
    let deployable = row.status.after(Event::DeployRequested).is_some()
        && (row.has_password || (row.has_application && !row.vanished && !has_unknown));
    let stuck = row.status == Status::Deleting && row.reason.is_some();
    let since_removal = row.removal_requested_at.map(|at| row.now - at);
    Can {
        open: row.status == Status::Running || (row.status == Status::Deploying && row.ran_before),
        deploy: deployable && row.status != Status::Running,
        rebuild: deployable && row.status == Status::Running,
        cancel: row.status == Status::Deploying
            && !row.cancelling
            && row.stage < Some(Stage::Start),
        delete: row.status != Status::Deleting,
        give_up: stuck && since_removal.is_some_and(|since| since > app.pace.give_up),
        retry_removal: stuck,
    }
}

/// Which password opens an environment.
#[derive(Debug, Serialize)]
pub struct Password {
    /// Whether the last one that was given is not in force yet.
    waits: bool,
    sentence: &'static str,
    /// When it was changed.
    since: Option<Time>,
    /// Whether a new one can be taken back.
    discard: bool,
}

impl Password {
    pub fn new(row: &EnvironmentRow) -> Self {
        let can_discard = row.password_waits && !row.password_offered && !row.vanished;
        let sentence = match (row.status, row.password_waits) {
            (_, true) if row.vanished => "The next deployment makes it anew with the new password.",
            (Status::Pending, false) => "The first deployment takes the password.",
            (Status::Deploying, true) => {
                "The deployment brings the new password. Until its container takes over, the old one opens it."
            }
            (_, true) if can_discard => {
                "A new password waits for the next deployment. Until then the old one opens it."
            }
            (_, true) => {
                "Coolify has the new password already: the next deployment takes it. Until then the old one opens it."
            }
            (_, false) if row.password_unknown => {
                "It was adopted from Coolify, and nobody here knows its password. Set a new one: it cannot be deployed again without."
            }
            (_, false) if row.password_since.is_some() => {
                "The new password is in force. It was changed"
            }
            (_, false) => "A new one takes effect with a deployment, which begins at once.",
        };
        Self {
            waits: row.password_waits,
            sentence,
            since: row
                .password_since
                .filter(|_| !row.password_waits && row.status != Status::Pending)
                .map(|at| Time::ago(at, row.now)),
            discard: can_discard && row.status != Status::Deploying,
        }
    }
}
