//! Times and durations in words.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A time on a page: the server's words, and what the script needs to keep them right.
#[derive(Debug, Clone, Serialize)]
pub struct Time {
    kind: Kind,
    /// Machine-readable.
    at: String,
    /// How long ago it was when the page was made.
    age_seconds: i64,
    pub words: String,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Elapsed,
    Took,
    Ago,
    Clock,
    Second,
}

impl Time {
    /// The time since then, while something goes on: "1m 42s".
    pub fn elapsed(at: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self::new(Kind::Elapsed, at, now, elapsed(at, now))
    }

    /// How long something took, or goes on until now. What has ended is words alone, and does not count on.
    pub fn duration(
        from: OffsetDateTime,
        ended: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Self {
        match ended {
            Some(ended) => Self::new(Kind::Took, from, ended, elapsed(from, ended)),
            None => Self::elapsed(from, now),
        }
    }

    /// "just now", "1 minute ago", "3 days ago".
    pub fn ago(at: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self::new(Kind::Ago, at, now, ago(at, now))
    }

    /// "14:02 UTC", with the date unless it is today.
    pub fn clock(at: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self::new(Kind::Clock, at, now, clock(at, now))
    }

    /// "14:02:31 UTC": a moment among others of the same few minutes.
    pub fn second(at: OffsetDateTime, now: OffsetDateTime) -> Self {
        let time = format_description!("[hour]:[minute]:[second] UTC");
        Self::new(Kind::Second, at, now, at.format(time).unwrap_or_default())
    }

    /// Machine-readable.
    pub fn machine(&self) -> &str {
        &self.at
    }

    fn new(kind: Kind, at: OffsetDateTime, now: OffsetDateTime, words: String) -> Self {
        Self {
            kind,
            at: machine(at),
            age_seconds: (now - at).whole_seconds().max(0),
            words,
        }
    }
}

/// "12s", "1m 42s", "2h 5m".
fn elapsed(from: OffsetDateTime, to: OffsetDateTime) -> String {
    duration((to - from).whole_seconds().max(0))
}

/// So many seconds: "12s", "1m 42s", "2h 5m".
pub fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn ago(from: OffsetDateTime, now: OffsetDateTime) -> String {
    let minutes = (now - from).whole_minutes();
    let (count, unit) = match minutes {
        ..1 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1_440 => (minutes / 60, "hour"),
        1_440..525_600 => (minutes / 1_440, "day"),
        _ => (minutes / 525_600, "year"),
    };
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{ending} ago")
}

fn clock(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let time = format_description!("[hour]:[minute] UTC");
    let day = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let written = if at.date() == now.date() {
        at.format(time)
    } else {
        at.format(day)
    };
    written.unwrap_or_default()
}

/// The machine-readable format.
fn machine(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0)
        .unwrap_or(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-01-02 12:00 UTC);

    #[test]
    fn times_are_said_as_people_say_them() {
        assert_eq!(elapsed(NOON, NOON + Duration::seconds(102)), "1m 42s");
        assert_eq!(elapsed(NOON, NOON - Duration::seconds(5)), "0s");
        assert_eq!(elapsed(NOON, NOON + Duration::minutes(125)), "2h 5m");
        assert_eq!(ago(NOON, NOON + Duration::seconds(59)), "just now");
        assert_eq!(ago(NOON, NOON - Duration::seconds(5)), "just now");
        assert_eq!(ago(NOON, NOON + Duration::minutes(1)), "1 minute ago");
        assert_eq!(ago(NOON, NOON + Duration::hours(23)), "23 hours ago");
        assert_eq!(ago(NOON, NOON + Duration::days(3)), "3 days ago");
        assert_eq!(ago(NOON, NOON + Duration::days(800)), "2 years ago");
        assert_eq!(clock(NOON, NOON + Duration::minutes(1)), "12:00 UTC");
        assert_eq!(
            clock(NOON, NOON + Duration::days(1)),
            "2026-01-02 12:00 UTC"
        );
        assert_eq!(Time::second(NOON, NOON).words, "12:00:00 UTC");
        assert_eq!(machine(NOON), "2026-01-02T12:00:00Z");
    }
}
