//! Time as the simulator keeps it, and the events that are due.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// ISO 8601 in UTC with six fractional digits, as every timestamp of Coolify's API.
const WRITTEN: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Time(i64);

impl Time {
    pub fn now() -> Self {
        let nanos = OffsetDateTime::now_utc().unix_timestamp_nanos();
        Self(i64::try_from(nanos / 1_000).unwrap_or(i64::MAX))
    }

    pub fn after(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// From this time to a later one; zero when it is not later.
    pub fn until(self, later: Self) -> Duration {
        let micros = later.0.saturating_sub(self.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    pub fn unix_millis(self) -> i64 {
        self.0 / 1_000
    }

    /// The text of a database column: whole seconds, yet six fractional digits.
    pub fn column(self) -> String {
        Self(self.0 - self.0.rem_euclid(1_000_000)).precise()
    }

    /// The text of a log entry: to the microsecond.
    pub fn precise(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|time| time.format(WRITTEN).ok())
            .unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Event {
    /// The next step of the deployment with this number, if it still follows that script.
    Step(u64, u32),
    /// A stop or a deletion removes the containers of an application.
    StopContainers(String),
    /// A deletion removes an application's rows, and the volumes if they were meant too.
    RemoveRows(String, bool),
}

/// The events that are due, the earliest first; those due at once in the order they were scheduled.
#[derive(Default, Serialize, Deserialize)]
pub struct Clock {
    scheduled: u64,
    due: BTreeSet<(Time, u64, Event)>,
}

impl Clock {
    pub fn schedule(&mut self, at: Time, event: Event) {
        self.scheduled += 1;
        self.due.insert((at, self.scheduled, event));
    }

    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(at, ..)| *at)
    }

    /// Takes the next event that is due by `now`, with the time it was due at.
    pub fn take_due(&mut self, now: Time) -> Option<(Time, Event)> {
        self.next_due().filter(|at| *at <= now)?;
        self.due.pop_first().map(|(at, _, event)| (at, event))
    }
}
