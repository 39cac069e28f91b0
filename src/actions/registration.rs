//! Registration: by everybody, or with the link of an invitation.

use super::accounts::{Proved, Refusal, limited, log};
use super::attempts::Attempt;
use super::browsers::Sender;
use super::{hashing, invitations, token};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry as AuditEntry};
use crate::domain::id::{LinkId, UserId};
use crate::domain::invalid::{Invalid, Wrongs, check};
use crate::domain::password::Password;
use crate::domain::user::{Email, Role, UserName, WhoRegisters};
use crate::store::users::{self, Inserted};
use crate::store::{self, Tx};
use crate::store::{audit, links};
use secrecy::{ExposeSecret, SecretString};

pub use links::Entry;

/// The fields of the registration form.
pub struct Registration<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub password: &'a str,
    /// The token of the link that it was opened with; empty without one.
    pub link: &'a str,
}

/// What a link lets do.
///
/// # Errors
/// When it is not valid, or too many were tried.
pub async fn open_link(app: &App, from: &Sender, link: &str) -> Result<Entry, Refusal> {
    let attempt = Attempt::to_open_link(app, from);
    limited(app, from, attempt, "registration", entry(app, link)).await
}

/// What the link of a form lets do.
async fn invited(app: &App, from: &Sender, link: &str) -> Result<Entry, Refusal> {
    let found = entry(app, link).await;
    if let Err(Refusal::Link) = &found {
        log(from, "registration", "failed");
    }
    found
}

async fn entry(app: &App, link: &str) -> Result<Entry, Refusal> {
    let found = links::entry(&app.pool, &token::hash(link)).await?;
    let may = |entry: &Entry| entry.is_set_up || app.registration != WhoRegisters::Nobody;
    found.filter(may).ok_or(Refusal::Link)
}

/// Creates an account.
///
/// # Errors
/// When there is no way in for this person, registration is rate limited, or a field is invalid; a taken address is an
/// invalid field.
pub async fn register(
    app: &App,
    from: &Sender,
    form: &Registration<'_>,
) -> Result<Proved, Refusal> {
    if form.link.is_empty() && app.registration != WhoRegisters::Everybody {
        return Err(Refusal::Closed);
    }
    if let Err(wait) = Attempt::to_register(app, from, form.email).await {
        log(from, "registration", "limited");
        return Err(Refusal::TooMany(wait));
    }
    let entry = match form.link {
        "" => None,
        link => Some(invited(app, from, link).await?),
    };
    let fields = Fields::parse(form, entry.as_ref())?;
    let role = entry.as_ref().map_or(Role::Member, |entry| entry.role);
    let hash = hashing::hash(&app.hash_slots, fields.password).await?;
    let mut tx = store::begin(&app.pool).await?;
    let link = match &entry {
        None => None,
        Some(_) => Some(use_up(&mut tx, form.link).await?),
    };
    let proved = insert(&mut tx, (&fields.email, &fields.name), hash, role).await?;
    let by = Actor::on_page(proved.id, from.address);
    if let Some((entry, link)) = entry.zip(link).filter(|(entry, _)| !entry.is_set_up) {
        let used = invitations::entry(Action::InvitationUsed, link, entry.email.as_deref());
        audit::add(&mut tx, &by, &used).await?;
    }
    let role = role.to_string();
    let registered = AuditEntry::of_person(Action::PersonRegistered, proved.id).with(&role);
    audit::add(&mut tx, &by, &registered).await?;
    tx.commit().await?;
    Ok(proved)
}

async fn use_up(tx: &mut Tx, link: &str) -> Result<LinkId, Refusal> {
    let used = links::use_up(tx, &token::hash(link)).await?;
    used.ok_or(Refusal::Link)
}

/// Creates an account for somebody else, whoever may register.
///
/// # Errors
/// When a field is invalid.
pub async fn add(
    app: &App,
    by: &Actor,
    form: &Registration<'_>,
    role: Role,
) -> Result<Proved, Refusal> {
    let fields = Fields::parse(form, None)?;
    let hash = hashing::hash(&app.hash_slots, fields.password).await?;
    let mut tx = store::begin(&app.pool).await?;
    let proved = insert(&mut tx, (&fields.email, &fields.name), hash, role).await?;
    let role = role.to_string();
    let added = AuditEntry::of_person(Action::PersonAdded, proved.id).with(&role);
    audit::add(&mut tx, by, &added).await?;
    tx.commit().await?;
    Ok(proved)
}

/// The fields, read.
struct Fields {
    name: UserName,
    email: Email,
    password: Password,
}

impl Fields {
    fn parse(form: &Registration<'_>, entry: Option<&Entry>) -> Result<Self, Refusal> {
        let mut wrongs = Wrongs::new();
        let name = check(&mut wrongs, "name", UserName::parse(form.name));
        let invited = entry.and_then(|entry| entry.email.as_deref());
        let email = Email::parse(form.email).and_then(|email| match invited {
            Some(invited) if invited != email.as_str() => Err(Invalid::EmailNotInvited),
            _ => Ok(email),
        });
        let email = check(&mut wrongs, "email", email);
        let password = Password::for_account(form.password);
        let password = check(&mut wrongs, "password", password);
        match (name, email, password) {
            (Some(name), Some(email), Some(password)) => Ok(Self {
                name,
                email,
                password,
            }),
            _ => Err(Refusal::Wrong(wrongs)),
        }
    }
}

/// Adds the account; with a taken address nothing may be committed, so that the link can be used again.
async fn insert(
    tx: &mut Tx,
    who: (&Email, &UserName),
    hash: SecretString,
    role: Role,
) -> Result<Proved, Refusal> {
    let id = UserId::new();
    match users::insert(tx, id, who, hash.expose_secret(), role).await? {
        Inserted::Done => Ok(Proved { id, hash }),
        Inserted::EmailTaken => Err(Refusal::wrong("email", Invalid::EmailTaken)),
    }
}
