//! The settings of what everybody may have.

use super::wrong::Wrong;
use crate::domain::allowance::{Allowance, Limit};
use crate::domain::amount::{Amount, Count, Cpus, Memory};
use crate::domain::invalid::Invalid;
use crate::domain::resources::Resources;
use clap::Args;

type Checked<T> = Result<Option<T>, Wrong>;

const COUNT: &str = "a number like 3 is needed; without it there is no limit";
const MEMORY: &str =
    "memory like 512m or 2g is needed, from 64m to 1024g; without it there is no limit";
const CPUS: &str =
    "a number like 2 or 1.5 is needed, from 0.1 to 1000; without it there is no limit";

/// As given; not yet validated.
#[derive(Debug, Args)]
pub struct Limits {
    /// How many environments a person may have, unless an administrator decides otherwise; without it any number.
    #[arg(long, env, global = true)]
    environments_per_person: Option<String>,
    /// How many deployments of a person may be under way or wait at once, unless an administrator decides otherwise; without it
    /// any number.
    #[arg(long, env, global = true)]
    deployments_per_person: Option<String>,
    /// The memory of an environment's container, like 2g or 512m: the most, and what it gets if nothing less is chosen; without
    /// it there is no limit.
    #[arg(long, env, global = true)]
    agent_memory: Option<String>,
    /// The CPUs of an environment's container, like 1.5: the most, and what it gets if nothing less is chosen; without it there
    /// is no limit.
    #[arg(long, env, global = true)]
    agent_cpus: Option<String>,
}

impl Limits {
    /// All of them, validated.
    ///
    /// # Errors
    /// The first one that is wrong.
    pub fn allowance(&self) -> Result<Allowance, Wrong> {
        Ok(Allowance {
            environments: self.environments()?,
            deployments: self.deployments()?,
            resources: Resources {
                memory: self.memory()?,
                cpus: self.cpus()?,
            },
        })
    }

    pub(super) fn environments(&self) -> Checked<Count> {
        let typed = self.environments_per_person.as_ref();
        limit("ENVIRONMENTS_PER_PERSON", typed, COUNT)
    }

    pub(super) fn deployments(&self) -> Checked<Count> {
        let typed = self.deployments_per_person.as_ref();
        limit("DEPLOYMENTS_PER_PERSON", typed, COUNT)
    }

    pub(super) fn memory(&self) -> Checked<Memory> {
        limit("AGENT_MEMORY", self.agent_memory.as_ref(), MEMORY)
    }

    pub(super) fn cpus(&self) -> Checked<Cpus> {
        limit("AGENT_CPUS", self.agent_cpus.as_ref(), CPUS)
    }

    /// Every one as given.
    pub(super) fn values(&self) -> [(&'static str, Option<&str>); 4] {
        let (environments, deployments) =
            (&self.environments_per_person, &self.deployments_per_person);
        [
            ("ENVIRONMENTS_PER_PERSON", environments.as_deref()),
            ("DEPLOYMENTS_PER_PERSON", deployments.as_deref()),
            ("AGENT_MEMORY", self.agent_memory.as_deref()),
            ("AGENT_CPUS", self.agent_cpus.as_deref()),
        ]
    }
}

fn limit<T: Amount>(name: &'static str, typed: Option<&String>, hint: &str) -> Checked<T> {
    let typed = typed.map(String::as_str).unwrap_or_default();
    match Limit::parse(typed, Invalid::Count) {
        Ok(limit) => Ok(limit.or(None)),
        Err(_) => Err(Wrong::Invalid(name, hint.to_owned())),
    }
}
