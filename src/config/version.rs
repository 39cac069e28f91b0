//! What this executable calls itself: its version, and the commit it is built from if build.rs knew it.

use std::sync::LazyLock;
use time::OffsetDateTime;

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let commit = env!("BUILT_FROM_VPS_CLAUDE_COMMIT");
    worded(commit, env!("BUILT_FROM_SOURCE_DATE_EPOCH"))
});

/// The version, and in brackets the commit and its date.
pub fn version() -> &'static str {
    &VERSION
}

/// The date of `seconds` since 1970 is that of UTC.
fn worded(commit: &str, seconds: &str) -> String {
    let date = seconds
        .parse()
        .ok()
        .map(OffsetDateTime::from_unix_timestamp);
    let date = date
        .and_then(Result::ok)
        .map(|time| time.date().to_string());
    let known: Vec<&str> = [Some(commit), date.as_deref()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let number = env!("CARGO_PKG_VERSION");
    match known.as_slice() {
        [] => number.to_owned(),
        known => format!("{number} ({})", known.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_names_the_commit_and_its_date_as_far_as_they_are_known() {
        for (commit, seconds, expected) in [
            ("cbf0ff5", "1764374400", " (cbf0ff5 2025-11-29)"),
            ("cbf0ff5", "", " (cbf0ff5)"),
            ("cbf0ff5", "99999999999999999", " (cbf0ff5)"),
            ("", "0", " (1970-01-01)"),
            ("", "", ""),
        ] {
            let expected = format!("{}{expected}", env!("CARGO_PKG_VERSION"));
            assert_eq!(worded(commit, seconds), expected);
        }
    }
}
