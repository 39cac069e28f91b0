//! Two people and a dozen environments in every state, for a demo that has something to show from the beginning.

use crate::actions::accounts::{self, Registration};
use crate::actions::environments::{self, Draft};
use crate::actions::{deployments, hashing};
use crate::app::{App, Pace};
use crate::config::Config;
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

/// The password of both, and of every environment.
const PASSWORD: &str = "demo-password";
/// The two people.
const PEOPLE: [(&str, &str); 2] = [("Ada", "ada@example.com"), ("Bob", "bob@example.com")];
/// What each has already: a name, by whom, and whether it was deployed. The beginnings say how that ended.
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
/// What is deployed while one looks, and what waits for its turn behind it.
const MOVING: [(&str, usize); 4] = [
    ("Slow research", 0),
    ("Silent film", 0),
    ("Telescope", 0),
    ("Lighthouse", 1),
];
/// What is being removed while one looks.
const REMOVED: &str = "Old notes";
/// How long Coolify takes to remove it, in simulated seconds.
const REMOVAL_SECONDS: f64 = 90.0;
/// How fast Coolify builds while the past is made, and how many builds at once.
const HURRY: (f64, usize) = (300.0, 20);
/// How long that may take.
const LIMIT: Duration = Duration::from_mins(2);

/// Fills the database, unless the two people are there already.
///
/// # Errors
/// When the database fails, or the past takes too long.
pub async fn fill(config: &Config, simulator: &Simulator) -> anyhow::Result<()> {
    let app = crate::build(config, "vps-claude:demo:", pace())?;
    crate::migrate(&app).await?;
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

/// Everything in a hurry; Coolify's limit on calls does not hold meanwhile.
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

/// Both people; nothing when they are there already.
async fn register(app: &App) -> anyhow::Result<Option<Vec<UserId>>> {
    let mut people = vec![];
    for (name, email) in PEOPLE {
        let form = Registration {
            name,
            email,
            password: PASSWORD,
        };
        match accounts::register(app, IpAddr::V4(Ipv4Addr::LOCALHOST), &form).await {
            Ok(id) => people.push(id),
            Err(accounts::Refusal::Wrong(_)) => return Ok(None),
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(Some(people))
}

/// What was made and deployed before one came.
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
    settled.context("the demo's environments did not come to their ends in time")?
}

async fn settle(app: &App, people: &[UserId]) -> anyhow::Result<()> {
    for person in people {
        while environments::list(app, *person, "")
            .await?
            .iter()
            .any(|row| row.status.moves())
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// What goes on while one looks.
async fn present(app: &App, simulator: &Simulator, people: &[UserId]) -> anyhow::Result<()> {
    simulator.settings(|settings| settings.delete_seconds = Some(REMOVAL_SECONDS));
    for row in environments::list(app, people[0], "").await? {
        if row.name == REMOVED {
            environments::delete(app, people[0], row.id.into(), REMOVED).await?;
        }
    }
    for (name, person) in MOVING {
        let id = make(app, people[person], name, false).await?;
        deployments::deploy(app, people[person], id).await?;
    }
    Ok(())
}

async fn make(app: &App, owner: UserId, name: &str, deploy: bool) -> anyhow::Result<EnvironmentId> {
    let draft = Draft {
        name,
        password: PASSWORD,
        suffix: "",
        deploy,
    };
    Ok(environments::create(app, owner, &draft).await?)
}
