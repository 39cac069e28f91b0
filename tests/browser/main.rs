//! The dashboard as a person has it: the real executable, before a real browser.

mod accessible;
mod chromium;
mod colours;
mod history;
mod keyboard;
mod person;
mod pictures;
mod remembered;
mod scene;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod tabs;
mod tour;
mod walk;
mod widths;
