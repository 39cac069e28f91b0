//! What is looked for in the list of environments, as its address says it.

use super::groups::{self, Heading, Shut, count};
use crate::actions::environments::{Counts, EnvironmentRow, LAST_PAGE, Selection, Sort};
use crate::domain::status::Status;
use serde::Deserialize;

/// What is looked for, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    pub q: String,
    pub status: String,
    pub sort: String,
    pub page: String,
    /// Whether the only environment that is found is to be opened.
    pub open: String,
    /// "no" when the reader stopped the page from loading itself again.
    pub refresh: String,
    /// In a poll, whether the page has headings of groups.
    pub headings: String,
}

impl Search {
    /// What it selects. An unknown status or order, or a page that is no number, counts as not given. Only the list of
    /// all, newest first, has groups.
    pub fn selection(&self, shut: Shut) -> Selection {
        let page: i64 = self.page.parse().unwrap_or(1);
        let text = self.q.trim().replace(char::is_control, "");
        let status = Status::from_word(&self.status);
        let sort: Sort = self.sort.parse().unwrap_or_default();
        let has_groups = text.is_empty() && status.is_none() && sort == Sort::Created;
        Selection {
            text,
            status,
            sort,
            shut: has_groups.then_some(shut.0),
            page: page.clamp(1, LAST_PAGE) - 1,
            rows: None,
        }
    }

    /// The headings of the groups, if there are several groups, or the page has headings already.
    pub fn headings(
        &self,
        selection: &Selection,
        counts: &Counts,
        rows: &[EnvironmentRow],
    ) -> Option<Vec<Heading>> {
        let shut = selection.shut.as_ref()?;
        let is_any_shut = shut.iter().any(|group| count(*group, counts) > 0);
        let wanted = is_any_shut || groups::are_several(counts) || !self.headings.is_empty();
        wanted.then(|| Heading::all(counts, shut, rows, selection.page))
    }
}
