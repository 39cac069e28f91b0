//! What all lists have in common.

pub use crate::actions::environments::LAST_PAGE;

/// How many a page may have.
pub const MOST_ON_PAGE: i64 = 100;
/// How many a page has, if nothing else is asked for.
pub const USUAL_ON_PAGE: i64 = 50;
