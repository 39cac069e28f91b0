//! The dashboard as a person has it: the real executable, before a real browser.

mod accessible;
mod administration;
mod builds;
mod chromium;
mod colours;
mod complaints;
mod contrast;
mod copying;
mod forms;
mod history;
mod kept;
mod keyboard;
mod log;
mod lost;
mod neighbour;
mod nginx;
mod noticed;
mod person;
mod pictures;
mod polls;
mod proxy;
mod refusing;
mod remembered;
mod scene;
mod selected;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod tabs;
mod tour;
mod unseen;
mod walk;
mod widths;
