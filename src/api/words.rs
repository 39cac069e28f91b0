//! Times as answers say them.

use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;

/// A time (RFC 3339, in UTC).
pub fn at(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    time.format(&Rfc3339).unwrap_or_default()
}

/// The same, if there is one.
pub fn time(time: Option<OffsetDateTime>) -> Option<String> {
    time.map(at)
}
