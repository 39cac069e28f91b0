//! Registration: by everybody, or with the link of an invitation.

use super::accounts::{Proved, Refusal, limited, log};
use super::attempts::Attempt;
use super::browsers::Sender;
use super::{hashing, token};
use crate::app::App;
use crate::domain::id::UserId;
use crate::domain::invalid::{Invalid, Wrongs, check};
use crate::domain::password::Password;
use crate::domain::user::{Email, Role, UserName, WhoRegisters};
use crate::store::links;
use crate::store::users::{self, Inserted};
use crate::store::{self, Tx};
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
    let role = entry.map_or(Role::Member, |entry| entry.role);
    let hash = hashing::hash(&app.hash_slots, fields.password).await?;
    let mut tx = store::begin(&app.pool).await?;
    if !form.link.is_empty() && !links::use_up(&mut tx, &token::hash(form.link)).await? {
        return Err(Refusal::Link);
    }
    insert(tx, (&fields.email, &fields.name), hash, role).await
}

/// Creates an account for somebody else, whoever may register.
///
/// # Errors
/// When a field is invalid.
pub async fn add(app: &App, form: &Registration<'_>, role: Role) -> Result<Proved, Refusal> {
    let fields = Fields::parse(form, None)?;
    let hash = hashing::hash(&app.hash_slots, fields.password).await?;
    let tx = store::begin(&app.pool).await?;
    insert(tx, (&fields.email, &fields.name), hash, role).await
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

/// Adds the account and commits; with a taken address nothing is committed, so the link can be used again.
async fn insert(
    mut tx: Tx,
    who: (&Email, &UserName),
    hash: SecretString,
    role: Role,
) -> Result<Proved, Refusal> {
    let id = UserId::new();
    match users::insert(&mut tx, id, who, hash.expose_secret(), role).await? {
        Inserted::Done => {
            tx.commit().await?;
            Ok(Proved { id, hash })
        }
        Inserted::EmailTaken => Err(Refusal::wrong("email", Invalid::EmailTaken)),
    }
}
