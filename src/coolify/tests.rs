//! Stories of the client and of the prober over HTTP: what they make of the answers that Coolify, a proxy in front of it, or
//! somebody else gives.

mod addresses;
mod answers;
mod lists;
mod mutations;
pub mod server;
