//! What needs real processes: killing them, running several, taking PostgreSQL and Redis away. It knows the dashboard
//! from outside only: its pages, its tables, and what Coolify's simulator wrote down.

#![cfg(feature = "failpoints")]

mod copies;
mod crash;
mod crowd;
mod footprint;
mod memory;
mod migrations;
mod outages;
mod process;
mod scale;
mod settled;
mod speed;
mod upgrade;

/// The dashboard's allocator: the baselines of speed are served by this executable.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Each of these wants the whole computer: they take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
