//! The dashboard as a person has it: the real executable, before a real browser.

mod chromium;
mod person;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod walk;
