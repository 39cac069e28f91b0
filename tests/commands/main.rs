//! The commands as whoever runs the dashboard has them: the real executable, its exit codes, what it reads and prints.

mod archive;
mod backup;
mod certificates;
mod client;
mod config;
mod damage;
#[path = "../support/database.rs"]
mod database;
mod demo;
mod doctor;
mod dotenv;
mod ends;
mod health;
mod installation;
mod manual;
mod metrics;
mod pgbouncer;
mod postgres;
mod private;
#[path = "../support/process.rs"]
mod process;
mod program;
mod proxies;
mod redis;
mod relay;
mod server;
mod status;
#[cfg(feature = "otlp")]
mod traces;
mod unread;
mod user;
mod visitor;
