//! Stories through the real router: what people do and see, with PostgreSQL, Redis and a simulated Coolify behind it.

mod account_page;
mod accounts;
mod database;
mod ending;
mod harness;
mod person;
mod refusals;
mod setup;
