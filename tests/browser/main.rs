//! The dashboard as a person has it: the real executable, before a real browser.

mod accessible;
mod chromium;
mod colours;
mod complaints;
mod copying;
mod history;
mod keyboard;
mod log;
mod lost;
mod noticed;
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
