//! What can be done: one story, one transaction each. Lock, decide, write, ask for work, commit.

pub mod accounts;
pub mod advance;
pub mod deployments;
pub mod environments;
pub mod hashing;
pub mod logs;
pub mod looks;
pub mod removal;
mod steps;
pub mod sweep;
mod verdicts;

use crate::domain::id::EnvironmentId;
use crate::store::Tx;

/// What a job ends with: a transaction that holds all it wrote, for the worker to commit together with the job's completion,
/// and the environment whose row changed.
pub struct Ended {
    pub tx: Tx,
    pub environment: Option<EnvironmentId>,
}
