//! Use cases, with one transaction each: lock, decide, write, enqueue jobs, commit.

pub mod accounts;
mod calls;
mod cancelling;
mod deploying;
pub mod deployments;
mod ending;
pub mod engine;
pub mod environments;
mod failing;
pub mod hashing;
pub mod holder;
mod jobs;
pub mod known;
pub mod logs;
mod look;
pub mod records;
mod refusal;
mod removing;
mod snapshot;
mod step;
pub mod sweep;
pub mod turns;
mod watch_deployment;
mod watch_removal;
mod watch_settled;
pub mod watching;
mod writing;
