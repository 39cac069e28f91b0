//! Making an environment, and the preview of its name.

use super::allowances;
use super::deployments::{self, Request};
use super::environments;
use super::hashing;
use super::refusal::{Refusal, owner};
use super::sources;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::allowance::Reached;
use crate::domain::audit::{Action, Entry};
use crate::domain::deployment::BuildKind;
use crate::domain::environment::{EnvironmentName, Subdomain, Suffix};
use crate::domain::id::EnvironmentId;
use crate::domain::invalid::{Invalid, Wrong, Wrongs, check};
use crate::domain::password::Password;
use crate::domain::resources::Resources;
use crate::domain::source::{BuiltFrom, Choices};
use crate::domain::status::Status;
use crate::domain::variable::{Typed, Variable};
use crate::domain::workspace::WorkspaceRepository;
use crate::store::environments::{self as rows, Inserted, New};
use crate::store::{self, Tx, audit, variables};
use secrecy::ExposeSecret;

/// The fields of the form for a new environment.
pub struct Draft<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// Four characters; empty for random ones.
    pub suffix: &'a str,
    /// The address of the repository to work on; empty for none.
    pub repository: &'a str,
    /// What it is built from; empty for what is standard.
    pub source_repository: &'a str,
    pub source_branch: &'a str,
    pub variables: &'a [Typed<'a>],
    /// The memory and the CPUs of its container; empty for as much as is allowed.
    pub memory: &'a str,
    pub cpus: &'a str,
    /// Whether to deploy at once.
    pub deploy: bool,
}

/// Four random characters for a subdomain.
pub fn suffix() -> Suffix {
    Suffix::from_random(rand::random())
}

fn wanted_suffix(typed: &str) -> Result<Suffix, Invalid> {
    match typed {
        "" => Ok(suffix()),
        typed => Suffix::parse(typed).ok_or(Invalid::Suffix),
    }
}

/// A draft of which every field is right.
struct Parsed {
    name: EnvironmentName,
    suffix: Suffix,
    password: Password,
    workspace: Option<WorkspaceRepository>,
    source: Option<BuiltFrom>,
    variables: Vec<Variable>,
    chosen: Resources,
}

impl Parsed {
    fn of(draft: &Draft<'_>, choices: &Choices) -> Result<Self, Refusal> {
        let mut wrongs = Wrongs::new();
        let name = check(&mut wrongs, "name", EnvironmentName::parse(draft.name));
        let suffix = check(&mut wrongs, "suffix", wanted_suffix(draft.suffix));
        let password = Password::for_environment(draft.password);
        let password = check(&mut wrongs, "password", password);
        let workspace = WorkspaceRepository::parse(draft.repository);
        let workspace = check(&mut wrongs, "repository", workspace);
        let source = choices.choose(draft.source_repository, draft.source_branch);
        let source = source.map_err(|errors| wrongs.extend(errors)).ok();
        let variables = Variable::parse_all(draft.variables);
        let variables = variables.map_err(|(number, unfit)| Invalid::Variables(number, unfit));
        let variables = check(&mut wrongs, "variables", variables);
        let chosen = allowances::chosen(&mut wrongs, draft.memory, draft.cpus);
        let all = (name, suffix, password, workspace, source, variables, chosen);
        let (
            Some(name),
            Some(suffix),
            Some(password),
            Some(workspace),
            Some(source),
            Some(variables),
            Some(chosen),
        ) = all
        else {
            return Err(Refusal::Wrong(wrongs));
        };
        Ok(Self {
            name,
            suffix,
            password,
            workspace,
            source,
            variables,
            chosen,
        })
    }
}

/// Creates an environment, and its first deployment if requested. The same form twice is one environment: its name and
/// its suffix say that it is the same.
///
/// # Errors
/// When a field is invalid, what is chosen to build from cannot be read, or the owner has as many as they may have. A name or
/// subdomain that was taken concurrently is an invalid field.
pub async fn create(app: &App, by: &Actor, draft: &Draft<'_>) -> Result<EnvironmentId, Refusal> {
    let owner = owner(by)?;
    let parsed = Parsed::of(draft, app.repositories.choices())?;
    sources::check(app, owner, parsed.source.as_ref()).await?;
    let password_hash = hashing::hash(&app.hash_slots, parsed.password).await?;
    let subdomain = Subdomain::new(&parsed.name, &parsed.suffix);
    let new = New {
        id: EnvironmentId::new(),
        owner,
        name: &parsed.name,
        subdomain: &subdomain,
        password_hash: password_hash.expose_secret(),
        workspace: parsed.workspace.as_ref(),
        source: parsed.source.as_ref(),
        chosen: parsed.chosen,
    };
    let with = (parsed.variables.as_slice(), draft.deploy);
    let refusal = match insert(app, by, &new, with).await {
        Ok(Inserted::Done) => return Ok(new.id),
        Ok(inserted) => taken(&inserted),
        Err(full @ Refusal::Limit(Reached::Environments(_))) => full,
        Err(refusal) => return Err(refusal),
    };
    // What is in the way may be what the same form has made.
    let same = rows::same(&app.pool, owner, &parsed.name, &subdomain).await?;
    let id = EnvironmentId::from(same.ok_or(refusal)?);
    repeated(app, by, id, draft.deploy).await
}

/// Adds it, if its owner may have another one. Nothing is added when its name or its subdomain is taken.
async fn insert(
    app: &App,
    by: &Actor,
    new: &New<'_>,
    (given, deploy): (&[Variable], bool),
) -> Result<Inserted, Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    let standing = allowances::locked(app, &mut tx, new.owner).await?;
    standing.may_create()?;
    let within = new.chosen.check_within(standing.allowance.resources);
    within.map_err(|wrong| Refusal::Wrong(vec![wrong]))?;
    let inserted = rows::insert(&mut tx, new).await?;
    if inserted != Inserted::Done {
        return Ok(inserted);
    }
    for variable in given {
        variables::give(&mut tx, new.id, variable).await?;
    }
    begin(app, &mut tx, by, new, deploy).await?;
    tx.commit().await?;
    Ok(inserted)
}

/// What follows in the same transaction.
async fn begin(
    app: &App,
    tx: &mut Tx,
    by: &Actor,
    new: &New<'_>,
    deploy: bool,
) -> Result<(), Refusal> {
    let created = Entry::of(Action::EnvironmentCreated, new.id.uuid(), new.name.as_str());
    audit::add(tx, by, &created).await?;
    if deploy {
        let request = Request::of(by, BuildKind::Reuse);
        deployments::begin(app, tx, new.owner, new.id, request).await?;
    }
    Ok(())
}

/// The answer to the same form a second time. If it asks for a deployment and the first one did not, it is deployed.
async fn repeated(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    deploy: bool,
) -> Result<EnvironmentId, Refusal> {
    if deploy && environments::get(app, owner(by)?, id).await?.status == Status::Pending {
        deployments::deploy(app, by, id, BuildKind::Reuse).await?;
    }
    Ok(id)
}

fn taken(inserted: &Inserted) -> Refusal {
    if *inserted == Inserted::SubdomainTaken {
        return Refusal::NotNow(
            "The address was taken a moment ago. Send the form again to get another one.",
        );
    }
    Refusal::Wrong(vec![Wrong {
        field: "name",
        invalid: Invalid::NameTaken,
    }])
}

/// Previews a name: the resulting host, and what is wrong with the name.
pub async fn preview(
    app: &App,
    typed: &str,
    suffix: &Suffix,
) -> sqlx::Result<(Option<String>, Option<Invalid>)> {
    let name = match EnvironmentName::parse(typed) {
        Ok(name) => name,
        Err(Invalid::NameMissing) => return Ok((None, None)),
        Err(invalid) => return Ok((None, Some(invalid))),
    };
    let taken = rows::name_taken(&app.pool, &name).await?;
    let host = app.domain.host(Subdomain::new(&name, suffix).as_str());
    Ok((Some(host), taken.then_some(Invalid::NameTaken)))
}
