//! Durations and places in a line, as people type and read them.

use std::time::Duration;

/// A duration as typed: `90s`, `20m`, `2h`, or a number of seconds.
///
/// # Errors
/// When it is not a duration, or zero.
pub fn duration(typed: &str) -> Result<Duration, &'static str> {
    let wrong = "write a duration like 90s, 20m or 2h, longer than 0";
    let (number, unit) = match typed.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &typed[number.len()..]),
        None => (typed, "s"),
    };
    let number: u32 = number.parse().map_err(|_| wrong)?;
    let seconds = match unit {
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    };
    match u64::from(number) * seconds {
        0 => Err(wrong),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

/// A duration in words: `42s`, `1m 42s`, `2h 5m`.
pub fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match minutes {
        0 => format!("{seconds}s"),
        1..60 => format!("{minutes}m {rest}s"),
        _ => format!("{}h {}m", minutes / 60, minutes % 60),
    }
}

/// The place of whoever has so many before them: `next in line`, `3rd in line`.
pub fn place(ahead: u32) -> String {
    let number = u64::from(ahead) + 1;
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    if ahead == 0 {
        "next in line".to_owned()
    } else {
        format!("{number}{ending} in line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_people_type_it() {
        for (typed, seconds) in [
            ("90s", Some(90)),
            ("90", Some(90)),
            ("20m", Some(1_200)),
            ("2h", Some(7_200)),
            ("4294967295h", Some(15_461_882_262_000)),
            ("0s", None),
            ("", None),
            ("m", None),
            ("-1s", None),
            ("1d", None),
            ("1.5h", None),
            ("5µ", None),
        ] {
            let read = duration(typed).ok().map(|it| it.as_secs());
            assert_eq!(read, seconds, "{typed}");
        }
    }

    #[test]
    fn a_duration_is_said_in_two_units_at_most() {
        for (seconds, said) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 0s"),
            (102, "1m 42s"),
            (3_599, "59m 59s"),
            (3_600, "1h 0m"),
            (90_061, "25h 1m"),
        ] {
            assert_eq!(words(Duration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn a_place_in_a_line_has_its_ending() {
        for (ahead, said) in [
            (0, "next in line"),
            (1, "2nd in line"),
            (2, "3rd in line"),
            (3, "4th in line"),
            (10, "11th in line"),
            (11, "12th in line"),
            (12, "13th in line"),
            (20, "21st in line"),
            (111, "112th in line"),
        ] {
            assert_eq!(place(ahead), said);
        }
    }
}
