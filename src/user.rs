//! The command for the owner of the machine: who has an account, and what they may do.

use crate::actions::account_removal::{self, Estate};
use crate::actions::accounts::Refusal;
use crate::actions::registration::{self, Registration};
use crate::actions::{allowances, invitations, people};
use crate::app::{App, Pace};
use crate::config::{Config, UserCommand};
use crate::domain::actor::Actor;
use crate::domain::allowance::TypedLimits;
use crate::domain::invalid::Wrongs;
use crate::domain::user::Role;
use anyhow::anyhow;
use secrecy::{ExposeSecret, SecretString};
use std::io::{self, IsTerminal, Write};

/// The word for what the settings say.
const DEFAULT: &str = "default";

/// Carries out the command.
///
/// # Errors
/// When there is no such person, what is typed is wrong, or the database fails.
pub async fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    let app = crate::build(config, crate::PREFIX, Pace::default())?;
    crate::migrate(&app, config).await?;
    match command {
        UserCommand::List { search } => list(&app, &search).await,
        UserCommand::Add {
            email,
            link: true,
            role,
            ..
        } => invite(&app, config, &email, &role).await,
        UserCommand::Add {
            email, name, role, ..
        } => add(&app, &name.unwrap_or_default(), &email, &role).await,
        UserCommand::ResetPassword { email, link: true } => reset_link(&app, config, &email).await,
        UserCommand::ResetPassword { email, .. } => reset_password(&app, &email).await,
        UserCommand::SetRole { email, role } => set_role(&app, &email, &role).await,
        UserCommand::SetLimits {
            email,
            environments,
            deployments,
            memory,
            cpus,
        } => set_limits(&app, &email, [environments, deployments, memory, cpus]).await,
        UserCommand::Disable { email } => set_disabled(&app, &email, true).await,
        UserCommand::Enable { email } => set_disabled(&app, &email, false).await,
        UserCommand::Delete {
            email,
            hand_over_to,
            remove_environments,
        } => delete(&app, &email, (&hand_over_to, remove_environments)).await,
    }
}

async fn invite(app: &App, config: &Config, email: &str, role: &str) -> anyhow::Result<()> {
    let invited = invitations::invite(app, &Actor::COMMAND, email, Role::of_word(role)).await;
    say_link(config, "register", &invited.map_err(said)?.token);
    Ok(())
}

async fn reset_link(app: &App, config: &Config, email: &str) -> anyhow::Result<()> {
    let id = people::of_email(app, email).await?;
    let token = people::reset_link(app, &Actor::COMMAND, id).await?;
    say_link(config, "reset", &token);
    Ok(())
}

async fn add(app: &App, name: &str, email: &str, role: &str) -> anyhow::Result<()> {
    let password = tokio::task::spawn_blocking(password).await??;
    let form = Registration {
        name,
        email,
        password: password.expose_secret(),
        link: "",
    };
    let added = registration::add(app, &Actor::COMMAND, &form, Role::of_word(role)).await;
    added.map_err(said)?;
    say("The account is made.");
    Ok(())
}

async fn reset_password(app: &App, email: &str) -> anyhow::Result<()> {
    let id = people::of_email(app, email).await?;
    let password = tokio::task::spawn_blocking(password).await??;
    let set = people::set_password(app, &Actor::COMMAND, id, password.expose_secret()).await;
    set.map_err(said)?;
    say("The password is set, and all sessions have ended.");
    Ok(())
}

async fn set_role(app: &App, email: &str, role: &str) -> anyhow::Result<()> {
    let id = people::of_email(app, email).await?;
    people::set_role(app, &Actor::COMMAND, id, Role::of_word(role)).await?;
    say(&format!("{email} is {role} now."));
    Ok(())
}

/// Changes those limits that are given, in the order of their declaration.
async fn set_limits(app: &App, email: &str, given: [Option<String>; 4]) -> anyhow::Result<()> {
    let id = people::of_email(app, email).await?;
    let now = allowances::of(app, id).await?.limits;
    let [environments, deployments, memory, cpus] = given;
    let typed = |given: Option<String>, now: String| match given.as_deref() {
        None => now,
        Some(DEFAULT) => String::new(),
        Some(given) => given.to_owned(),
    };
    let limits = TypedLimits {
        environments: &typed(environments, now.environments.to_string()),
        deployments: &typed(deployments, now.deployments.to_string()),
        memory: &typed(memory, now.memory.to_string()),
        cpus: &typed(cpus, now.cpus.to_string()),
    };
    let limits = limits.parse().map_err(|wrongs| first(&wrongs))?;
    allowances::set(app, &Actor::COMMAND, id, &limits).await?;
    let has = allowances::of(app, id).await?;
    let (environments, deployments) = (has.environments, has.deployments);
    say(&format!(
        "The limits are saved. {email} has {environments} environments and {deployments} deployments under way."
    ));
    Ok(())
}

async fn set_disabled(app: &App, email: &str, disabled: bool) -> anyhow::Result<()> {
    let id = people::of_email(app, email).await?;
    people::set_disabled(app, &Actor::COMMAND, id, disabled).await?;
    let is = if disabled {
        "cannot sign in any more, and all sessions have ended"
    } else {
        "can sign in"
    };
    say(&format!("{email} {is}."));
    Ok(())
}

async fn delete(app: &App, email: &str, (heir, removes): (&str, bool)) -> anyhow::Result<()> {
    let id = people::of_email(app, email).await?;
    let estate = Estate { heir, removes };
    match account_removal::delete(app, &Actor::COMMAND, id, email, estate).await {
        Ok(0) => say("The account is deleted."),
        Ok(_) if removes => say(&format!(
            "The account is deleted. Its environments are being removed, and are {heir}'s until then."
        )),
        Ok(_) => say(&format!(
            "The account is deleted; {heir} has its environments now."
        )),
        Err(account_removal::Refusal::Wrong(_)) if !heir.is_empty() => {
            return Err(anyhow!(
                "nobody else who can sign in has the address {heir}"
            ));
        }
        Err(account_removal::Refusal::Wrong(_)) => {
            return Err(anyhow!(
                "it has environments: name another account with --hand-over-to"
            ));
        }
        Err(refusal) => return Err(refusal.into()),
    }
    Ok(())
}

async fn list(app: &App, search: &str) -> anyhow::Result<()> {
    for person in people::list(app, search).await? {
        let state = if person.disabled {
            "disabled"
        } else {
            "enabled"
        };
        let (email, role, count) = (person.email, person.role, person.environments);
        say(&format!(
            "{email}  {role}  {state}  {count}  {}",
            person.name
        ));
    }
    Ok(())
}

/// A password, asked for without showing it, or the first line of what is piped in. It is never an argument: other users
/// of the machine see those.
fn password() -> io::Result<SecretString> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("New password: ").map(SecretString::from);
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

/// A refusal in the words of the pages.
fn said(refusal: Refusal) -> anyhow::Error {
    match &refusal {
        Refusal::Wrong(wrongs) if !wrongs.is_empty() => first(wrongs),
        _ => refusal.into(),
    }
}

/// The first sentence about a field.
fn first(wrongs: &Wrongs) -> anyhow::Error {
    let invalid = wrongs.first().map(|wrong| wrong.invalid);
    invalid.map_or_else(|| anyhow!("it is refused"), |invalid| anyhow!("{invalid}"))
}

fn say_link(config: &Config, path: &str, token: &str) {
    let base = crate::base(config, config.listen);
    say(&format!("{base}/{path}?link={token}"));
}

fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
