//! Stories through the real router: what people do and see, with PostgreSQL, Redis and a simulated Coolify behind it.

mod account_page;
mod accounts;
mod answers;
mod architecture;
mod busy;
mod database;
mod deployments;
mod ending;
mod environments;
mod failures;
mod faults;
mod harness;
mod log;
mod mischief;
mod outages;
mod person;
mod refusals;
mod refused_by_coolify;
mod removal;
mod rows;
mod running;
mod secrets;
mod setup;
mod sources;
mod stuck;
mod visits;
