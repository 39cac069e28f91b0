//! Demo data: two users and a dozen environments in every state.

use crate::actions::accounts::Refusal;
use crate::actions::creation::{self, Draft};
use crate::actions::environments::{self, Selection};
use crate::actions::registration::{self, Registration};
use crate::actions::{deployments, hashing, invitations, turns};
use crate::app::{App, Pace};
use crate::config::Config;
use crate::domain::actor::Actor;
use crate::domain::deployment::BuildKind;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::judge::Patience;
use crate::redis::calls::CallRates;
use crate::redis::schedule::Rate;
use crate::simulator::Simulator;
use crate::worker;
use anyhow::Context;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The password of both users and of every environment.
const PASSWORD: &str = "demo-password";
/// The two users.
const PEOPLE: [(&str, &str); 2] = [("Ada", "ada@example.com"), ("Bob", "bob@example.com")];
/// Existing environments: name, owner, and whether it was deployed. The first words determine how that ended.
const MADE: [(&str, usize, bool); 9] = [
    ("Atlas", 0, true),
    ("Research", 0, true),
    ("Blog engine", 0, true),
    ("Old notes", 0, true),
    ("Failing tests", 0, true),
    ("Exit interview", 0, true),
    ("Sketch", 0, false),
    ("Harbour", 1, true),
    ("Workshop", 1, false),
];
/// Deployments that run or wait for a turn when the demo opens.
const MOVING: [(&str, usize); 4] = [
    ("Slow research", 0),
    ("Silent film", 0),
    ("Telescope", 0),
    ("Lighthouse", 1),
];
/// The environment that is being removed when the demo opens.
const REMOVED: &str = "Old notes";
/// How long Coolify takes to remove it, in simulated seconds.
const REMOVAL_SECONDS: f64 = 90.0;
/// The simulator's speed while the data is created, and its concurrent builds.
const HURRY: (f64, usize) = (300.0, 20);
/// The timeout of creating the data.
const LIMIT: Duration = Duration::from_mins(2);

/// Fills the database, unless the two users exist already.
///
/// # Errors
/// When the database fails, or creating the data times out.
pub async fn fill(config: &Config, simulator: &Simulator) -> anyhow::Result<()> {
    let app = crate::build(config, "vps-claude:demo:", pace())?;
    crate::migrate(&app, config).await?;
    hashing::warm_up();
    if let Some(people) = register(&app).await? {
        past(&app, simulator, &people).await?;
        present(&app, simulator, &people).await?;
    }
    app.pool.close().await;
    let _ = writeln!(
        std::io::stdout(),
        "\n  Sign in as {} or {} with the password {PASSWORD}",
        PEOPLE[0].1,
        PEOPLE[1].1
    );
    Ok(())
}

/// Short intervals, and no limit on calls to Coolify.
fn pace() -> Pace {
    let plenty = Rate {
        per_minute: 60_000,
        burst: 10_000,
    };
    let soon = Duration::from_millis(100);
    Pace {
        look_every: soon,
        retry: soon,
        log: soon,
        limits: soon,
        tick: Duration::from_millis(50),
        patience: Patience {
            trailing_log: soon,
            start: soon * 20,
            ..Patience::default()
        },
        rates: CallRates {
            common: plenty,
            looks: plenty,
            removals: plenty,
        },
        ..Pace::default()
    }
}

/// Registers both users; `None` when they exist already.
async fn register(app: &App) -> anyhow::Result<Option<Vec<UserId>>> {
    let mut people = vec![];
    for (name, email) in PEOPLE {
        // The first one is the administrator.
        let link = invitations::set_up(app).await?.unwrap_or_default();
        let form = Registration {
            name,
            email,
            password: PASSWORD,
            link: &link,
        };
        match registration::register(app, &IpAddr::V4(Ipv4Addr::LOCALHOST).into(), &form).await {
            Ok(proved) => people.push(proved.id),
            Err(Refusal::Wrong(_)) => return Ok(None),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(Some(people))
}

/// Creates the existing environments and waits for their deployments.
async fn past(app: &App, simulator: &Simulator, people: &[UserId]) -> anyhow::Result<()> {
    let usual = simulator.state().settings.clone();
    simulator.settings(|settings| {
        (settings.speed, settings.concurrent_builds) = HURRY;
        settings.rate_limit_per_minute = u32::MAX;
    });
    let stop = CancellationToken::new();
    let worker = tokio::spawn(worker::run(app.clone(), stop.clone()));
    for (name, person, deploy) in MADE {
        make(app, people[person], name, deploy).await?;
    }
    let settled = tokio::time::timeout(LIMIT, settle(app, people)).await;
    stop.cancel();
    worker.await?;
    simulator.settings(|settings| *settings = usual);
    // What it allowed meanwhile does not hold any more.
    turns::read_limits(app).await?;
    settled.context("the demo's environments did not come to their ends in time")?
}

async fn settle(app: &App, people: &[UserId]) -> anyhow::Result<()> {
    for person in people {
        loop {
            let (_, counts) = environments::list(app, *person, &Selection::default()).await?;
            if counts.deploying + counts.deleting == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// Starts the deployments and the removal that are under way when the demo opens.
async fn present(app: &App, simulator: &Simulator, people: &[UserId]) -> anyhow::Result<()> {
    simulator.settings(|settings| settings.delete_seconds = Some(REMOVAL_SECONDS));
    let (rows, _) = environments::list(app, people[0], &Selection::default()).await?;
    for row in rows {
        if row.name == REMOVED {
            environments::delete(app, &made_by(people[0]), row.id.into(), REMOVED).await?;
        }
    }
    for (name, person) in MOVING {
        let id = make(app, people[person], name, false).await?;
        deployments::deploy(app, &made_by(people[person]), id, BuildKind::Reuse).await?;
    }
    Ok(())
}

async fn make(app: &App, owner: UserId, name: &str, deploy: bool) -> anyhow::Result<EnvironmentId> {
    let draft = Draft {
        name,
        password: PASSWORD,
        suffix: "",
        repository: "",
        source_repository: "",
        source_branch: "",
        variables: &[],
        memory: "",
        cpus: "",
        deploy,
    };
    Ok(creation::create(app, &made_by(owner), &draft).await?)
}

/// The process does it in the name of somebody.
fn made_by(owner: UserId) -> Actor {
    Actor::process_for(Some(owner))
}
