//! What administrators decide about an orphan: it becomes somebody's environment, it is removed, or it is ignored. Coolify is
//! asked before the transaction that decides; an application that an environment has by then has been decided about.

use super::administration::enabled;
use super::orphans::{self, Orphan};
use super::refusal::{Refusal, owner};
use super::{creation, jobs};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::application_uuid::ApplicationUuid;
use crate::domain::audit::{Action, Entry};
use crate::domain::environment::{EnvironmentName, Subdomain};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::invalid::{Invalid, Wrong, Wrongs, check};
use crate::domain::name;
use crate::domain::source::BuiltFrom;
use crate::domain::status::Status;
use crate::domain::user::Email;
use crate::store::adoption::{self, Known, New};
use crate::store::{self, Tx, audit, watches};
use std::time::Duration;

pub use adoption::Ignored;

/// How much of an application's name the row of its removal has at most, in characters.
const NAME: usize = 40;

/// Until the watcher has looked at it.
const UNSEEN: &str = "It was adopted from Coolify, and has not answered here yet.";

/// The fields of the form for an adoption.
pub struct Draft<'a> {
    pub name: &'a str,
    /// The e-mail address of whose it becomes.
    pub heir: &'a str,
}

/// Why nothing was decided about an orphan.
#[derive(Debug)]
pub struct Refused {
    pub why: Refusal,
    /// The orphan, once Coolify has said what it is, so that it need not be asked again.
    pub orphan: Option<Orphan>,
}

impl<E: Into<Refusal>> From<E> for Refused {
    fn from(why: E) -> Self {
        Self {
            why: why.into(),
            orphan: None,
        }
    }
}

/// Makes an environment of an orphan, which is looked at right away. Twice is the same as once.
///
/// # Errors
/// `NotFound`, wrong fields, or a message when it cannot be adopted.
pub async fn adopt(
    app: &App,
    by: &Actor,
    uuid: &ApplicationUuid,
    draft: &Draft<'_>,
) -> Result<EnvironmentId, Refused> {
    if let Some(known) = known(app, uuid).await? {
        return Ok(same(&known, draft)?);
    }
    let orphan = orphans::get(app, uuid).await?;
    let adopted = adopt_found(app, by, &orphan, draft).await;
    adopted.map_err(|why| Refused {
        why,
        orphan: Some(orphan),
    })
}

async fn adopt_found(
    app: &App,
    by: &Actor,
    orphan: &Orphan,
    draft: &Draft<'_>,
) -> Result<EnvironmentId, Refusal> {
    let (name, subdomain) = parse(app, orphan, draft)?;
    let built_from = built_from(app, orphan)?;
    let mut tx = store::begin(&app.pool).await?;
    let (owner, email) = enabled(&mut tx, draft.heir, Invalid::OwnerUnknown).await?;
    let new = New {
        id: orphan.environment.unwrap_or_else(EnvironmentId::new),
        owner,
        name: name.as_str(),
        key: &name.key(),
        subdomain: subdomain.as_str(),
        application: &orphan.uuid,
        built_from: built_from.as_ref(),
        status: Status::Error,
        reason: Some(UNSEEN),
    };
    if let Some(known) = insert(&mut tx, &new).await? {
        return same(&known, draft);
    }
    watches::watch_application(&mut tx, new.id, Duration::ZERO).await?;
    let detail = format!("for {}, application {}", email.as_str(), orphan.uuid);
    let adopted = Entry::of(Action::EnvironmentAdopted, new.id.uuid(), new.name);
    audit::add(&mut tx, by, &adopted.with(&detail)).await?;
    tx.commit().await?;
    Ok(new.id)
}

/// What Coolify builds it from; `None` for what is standard. Coolify goes on building that, so nothing else is stored.
fn built_from(app: &App, orphan: &Orphan) -> Result<Option<BuiltFrom>, Refusal> {
    let said = orphan.built_from.as_ref().ok_or(Refusal::NotNow(
        "Coolify does not say what it is built from, so it cannot be adopted. Delete or ignore it.",
    ))?;
    let chosen = app.repositories.choices();
    let chosen = chosen.choose(&said.repository, &said.branch);
    chosen.map_err(|wrongs| {
        let repository = said.repository_without_login();
        let what = if wrongs
            .iter()
            .any(|wrong| wrong.field == "source_repository")
        {
            repository
        } else {
            format!("the branch {} of {repository}", said.branch)
        };
        Refusal::BuiltFrom(format!(
            "It is built from {what}, which may not be chosen here. Delete or ignore it."
        ))
    })
}

fn parse(
    app: &App,
    orphan: &Orphan,
    draft: &Draft<'_>,
) -> Result<(EnvironmentName, Subdomain), Refusal> {
    let mut wrongs = Wrongs::new();
    let name = check(&mut wrongs, "name", EnvironmentName::parse(draft.name));
    let email = check(&mut wrongs, "heir", Email::parse(draft.heir));
    let (Some(name), Some(_)) = (name, email) else {
        return Err(Refusal::Wrong(wrongs));
    };
    Ok((name, subdomain(app, orphan)?))
}

/// The subdomain that its name in Coolify says, if it is one of ours and Coolify serves its address.
fn subdomain(app: &App, orphan: &Orphan) -> Result<Subdomain, Refusal> {
    let subdomain = Subdomain::parse(&orphan.name).ok_or(Refusal::NotNow(
        "Its name in Coolify is not one that vps-claude gives, so it cannot be adopted. Delete or ignore it.",
    ))?;
    let host = app.domain.host_alone(subdomain.as_str());
    if orphan.hosts.contains(&host) {
        return Ok(subdomain);
    }
    Err(Refusal::NotNow(if orphan.hosts.is_empty() {
        "It has no address in Coolify that leads to it, so it cannot be adopted. Delete or ignore it."
    } else {
        "Its address in Coolify is not the one that belongs to its name, so it cannot be adopted. Delete or ignore it."
    }))
}

async fn known(app: &App, uuid: &ApplicationUuid) -> sqlx::Result<Option<Known>> {
    let mut connection = app.pool.acquire().await?;
    adoption::environment_of(&mut connection, uuid).await
}

/// The environment that the same form made before.
fn same(known: &Known, draft: &Draft<'_>) -> Result<EnvironmentId, Refusal> {
    let name = EnvironmentName::parse(draft.name);
    let is_same = known.status != Status::Deleting
        && name.is_ok_and(|name| name.key() == known.key)
        && known.email == draft.heir.trim().to_lowercase();
    is_same.then(|| known.id.into()).ok_or(Refusal::NotFound)
}

/// Inserts the row of an adoption, unless the application got another one meanwhile.
async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<Option<Known>, Refusal> {
    adoption::lock(tx, new.application).await?;
    if let Some(known) = adoption::environment_of(tx, new.application).await? {
        return Ok(Some(known));
    }
    if adoption::insert(tx, new).await? {
        return Ok(None);
    }
    match adoption::taken(tx, new.key, new.subdomain).await? {
        (true, _) => Err(wrong("name", Invalid::NameTaken)),
        (false, true) => Err(Refusal::NotNow(
            "Another environment has its address, so it cannot be adopted. Delete or ignore it.",
        )),
        (false, false) => Err(Refusal::NotFound),
    }
}

/// Has an orphan removed from Coolify with everything in it. Until that is confirmed, it is an environment that is being
/// deleted, in the administrator's list: the removal goes on whatever happens to this process. Twice is the same as once.
///
/// # Errors
/// `NotFound`, a wrong confirmation, or a message when Coolify cannot be asked.
pub async fn delete(
    app: &App,
    by: &Actor,
    uuid: &ApplicationUuid,
    confirmation: &str,
) -> Result<(), Refused> {
    let owner = owner(by)?;
    if let Some(known) = known(app, uuid).await? {
        return Ok(leaves(&known)?);
    }
    let orphan = orphans::get(app, uuid).await?;
    if !name::look_alike(confirmation, &orphan.name) {
        return Err(Refused {
            why: wrong("confirmation", Invalid::Confirmation),
            orphan: Some(orphan),
        });
    }
    Ok(delete_found(app, (owner, by), &orphan).await?)
}

async fn delete_found(
    app: &App,
    (owner, by): (UserId, &Actor),
    orphan: &Orphan,
) -> Result<(), Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    adoption::lock(&mut tx, &orphan.uuid).await?;
    if let Some(known) = adoption::environment_of(&mut tx, &orphan.uuid).await? {
        return leaves(&known);
    }
    let id = insert_leaving(&mut tx, owner, orphan).await?;
    note_orphan(&mut tx, by, Action::ApplicationDeleted, orphan).await?;
    jobs::remove(app, &mut tx, id, Duration::ZERO).await?;
    Ok(tx.commit().await?)
}

/// What the same form said before; nothing else takes an environment away here.
fn leaves(known: &Known) -> Result<(), Refusal> {
    match known.status {
        Status::Deleting => Ok(()),
        _ => Err(Refusal::NotFound),
    }
}

/// Inserts the row of a removal: with the application's name, or, where that is taken, with four more characters.
async fn insert_leaving(
    tx: &mut Tx,
    owner: UserId,
    orphan: &Orphan,
) -> Result<EnvironmentId, Refusal> {
    let cut: String = orphan.name.chars().take(NAME).collect();
    let name = EnvironmentName::parse(&cut);
    let name = name.or_else(|_| EnvironmentName::parse(orphan.uuid.as_str()));
    let name = name.map_err(|invalid| wrong("form", invalid))?;
    let free = Subdomain::new(&name, &creation::suffix());
    let own = Subdomain::parse(&orphan.name).unwrap_or_else(|| free.clone());
    let second = EnvironmentName::parse(free.as_str());
    let second = second.unwrap_or_else(|_| name.clone());
    let id = orphan.environment.unwrap_or_else(EnvironmentId::new);
    for (name, subdomain) in [(&name, &own), (&second, &free)] {
        let new = New {
            id,
            owner,
            name: name.as_str(),
            key: &name.key(),
            subdomain: subdomain.as_str(),
            application: &orphan.uuid,
            built_from: None,
            status: Status::Deleting,
            reason: None,
        };
        if adoption::insert(tx, &new).await? {
            return Ok(id);
        }
    }
    Err(Refusal::NotNow(
        "It could not be noted down for its removal. Try again.",
    ))
}

/// Ignores an orphan: it is neither listed nor reported any more.
///
/// # Errors
/// `NotFound`, or a message when Coolify cannot be asked.
pub async fn ignore(app: &App, by: &Actor, uuid: &ApplicationUuid) -> Result<(), Refusal> {
    if adoption::is_ignored(&app.pool, uuid).await? {
        return Ok(());
    }
    let orphan = orphans::get(app, uuid).await?;
    let mut tx = store::begin(&app.pool).await?;
    if adoption::ignore(&mut tx, uuid, &orphan.name).await? {
        note_orphan(&mut tx, by, Action::ApplicationIgnored, &orphan).await?;
    }
    Ok(tx.commit().await?)
}

/// The ignored ones.
pub async fn ignored(app: &App) -> sqlx::Result<Vec<Ignored>> {
    adoption::ignored(&app.pool).await
}

/// Ignores an application no longer; `false` when it was not ignored.
pub async fn list_again(app: &App, by: &Actor, uuid: &ApplicationUuid) -> sqlx::Result<bool> {
    let mut tx = store::begin(&app.pool).await?;
    let Some(name) = adoption::list_again(&mut tx, uuid).await? else {
        return Ok(false);
    };
    let again = Action::ApplicationListedAgain;
    note(&mut tx, by, again, (&name, uuid)).await?;
    tx.commit().await?;
    Ok(true)
}

async fn note_orphan(tx: &mut Tx, by: &Actor, action: Action, orphan: &Orphan) -> sqlx::Result<()> {
    note(tx, by, action, (&orphan.name, &orphan.uuid)).await
}

/// Coolify's uuid is none of ours, so it is the detail.
async fn note(
    tx: &mut Tx,
    by: &Actor,
    action: Action,
    (name, uuid): (&str, &ApplicationUuid),
) -> sqlx::Result<()> {
    let detail = format!("application {uuid}");
    let entry = Entry {
        action,
        subject_id: None,
        subject: Some(name),
        detail: Some(&detail),
    };
    audit::add(tx, by, &entry).await
}

fn wrong(field: &'static str, invalid: Invalid) -> Refusal {
    Refusal::Wrong(vec![Wrong { field, invalid }])
}
