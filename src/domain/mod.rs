//! The domain: pure values and decisions. No clock, no pool, no HTTP, no template.

pub mod actor;
pub mod agents_domain;
pub mod allowance;
pub mod amount;
pub mod api_token;
pub mod application_uuid;
pub mod audit;
pub mod call;
pub mod deployment;
pub mod environment;
pub mod event;
pub mod group;
pub mod id;
pub mod invalid;
pub mod judge;
pub mod log_section;
pub mod name;
pub mod network;
pub mod password;
pub mod repository;
pub mod resources;
pub mod source;
pub mod status;
pub mod user;
pub mod variable;
pub mod workspace;
