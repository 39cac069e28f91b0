//! A point in time as the simulator keeps it: microseconds since the Unix epoch.
//!
//! It knows how Coolify writes times; it must not know what happens at them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// ISO 8601 in UTC with six fractional digits, as every timestamp of Coolify's API.
const WRITTEN: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(i64);

impl Moment {
    /// The present, by the wall clock.
    pub fn now() -> Self {
        let nanos = OffsetDateTime::now_utc().unix_timestamp_nanos();
        Self(i64::try_from(nanos / 1_000).unwrap_or(i64::MAX))
    }

    /// This moment and `wait` more.
    pub fn after(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// The time from this moment to a later one; nothing when it is not later.
    pub fn until(self, later: Self) -> Duration {
        let micros = later.0.saturating_sub(self.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Milliseconds since the Unix epoch.
    pub fn unix_millis(self) -> i64 {
        self.0 / 1_000
    }

    /// Whole seconds since the Unix epoch.
    pub fn unix_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// The text of a database column: whole seconds, yet six fractional digits.
    pub fn column(self) -> String {
        Self(self.0 - self.0.rem_euclid(1_000_000)).precise()
    }

    /// The text of a log entry: to the microsecond.
    pub fn precise(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|moment| moment.format(WRITTEN).ok())
            .unwrap_or_default()
    }
}
