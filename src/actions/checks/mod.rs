//! Checks of every setting against the real thing: for the command, for the start and for the administrators' page.

mod addresses;
mod applications;
mod archive;
mod coolify;
mod finding;
mod kept;
mod postgres;
mod redis;
mod repository;
mod run;
mod setup;
mod start;

pub use finding::{Finding, Level};
pub use kept::{begin, last};
pub use run::all;
pub use setup::Setup;
pub use start::at_start;
