//! Times and durations in words.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// "1m 42s", "12s".
pub fn elapsed(from: OffsetDateTime, to: OffsetDateTime) -> String {
    let seconds = (to - from).whole_seconds().max(0);
    if seconds < 60 {
        format!("{seconds}s")
    } else {
        format!("{}m {}s", seconds / 60, seconds % 60)
    }
}

/// "3 days", "1 minute", "less than a minute".
pub fn age(from: OffsetDateTime, now: OffsetDateTime) -> String {
    let minutes = (now - from).whole_minutes();
    match minutes {
        ..1 => "less than a minute".to_owned(),
        1..60 => counted(minutes, "minute"),
        60..1_440 => counted(minutes / 60, "hour"),
        1_440..525_600 => counted(minutes / 1_440, "day"),
        _ => counted(minutes / 525_600, "year"),
    }
}

/// "12 seconds", "1 minute", "3 days".
pub fn since(from: OffsetDateTime, now: OffsetDateTime) -> String {
    let seconds = (now - from).whole_seconds().max(0);
    if seconds < 60 {
        counted(seconds, "second")
    } else {
        age(from, now)
    }
}

fn counted(count: i64, unit: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{ending}")
}

/// "14:02 UTC", with the date unless it is today.
pub fn clock(at: OffsetDateTime, now: OffsetDateTime) -> String {
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
pub fn machine(at: OffsetDateTime) -> String {
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
        assert_eq!(age(NOON, NOON + Duration::minutes(1)), "1 minute");
        assert_eq!(age(NOON, NOON + Duration::days(3)), "3 days");
        assert_eq!(since(NOON, NOON + Duration::seconds(1)), "1 second");
        assert_eq!(clock(NOON, NOON + Duration::minutes(1)), "12:00 UTC");
        assert_eq!(
            clock(NOON, NOON + Duration::days(1)),
            "2026-01-02 12:00 UTC"
        );
        assert_eq!(machine(NOON), "2026-01-02T12:00:00Z");
    }
}
