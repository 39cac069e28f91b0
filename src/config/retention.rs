//! For how many days something is kept.

use super::parse::{or, parsed};
use super::wrong::Wrong;
use super::{AUDIT_RETENTION, LOG_RETENTION, Settings};
use std::time::Duration;

/// The longest time, in days; 0 is for ever.
const DAYS: u16 = 36_500;

type Checked<T> = Result<T, Wrong>;

impl Settings {
    /// How long logs are kept; `None` is for ever.
    pub(super) fn log_retention(&self) -> Checked<Option<Duration>> {
        let typed = or(&self.log_retention_days, LOG_RETENTION);
        days("LOG_RETENTION_DAYS", typed)
    }

    /// How long the audit is kept; `None` is for ever.
    pub(super) fn audit_retention(&self) -> Checked<Option<Duration>> {
        let typed = or(&self.audit_retention_days, AUDIT_RETENTION);
        days("AUDIT_RETENTION_DAYS", typed)
    }
}

fn days(name: &'static str, typed: &str) -> Checked<Option<Duration>> {
    let hint = "a number of days up to 36500 is needed; 0 is for ever";
    let days: u16 = parsed(name, typed, hint)?;
    match days {
        0 => Ok(None),
        days if days <= DAYS => Ok(Some(Duration::from_hours(24 * u64::from(days)))),
        _ => Err(Wrong::Invalid(name, hint.to_owned())),
    }
}
