//! The sections of a log on a page: each has a heading that folds it and says how long it took.

use super::words;
use crate::actions::records::Section;
use crate::domain::log_section::LogSection;
use serde::Serialize;

/// A heading before the first line of a section.
#[derive(Debug, Serialize)]
pub struct Heading {
    title: &'static str,
    /// How long the section took.
    took: Option<String>,
    /// Whether its lines are shown.
    open: bool,
}

/// The section that the one before it has ended.
#[derive(Debug, Serialize)]
pub struct Ended {
    number: i16,
    took: Option<String>,
}

/// Which sections of a log are open.
#[derive(Debug, Clone, Copy)]
pub enum Open {
    /// The one with the entry at this position, or the last.
    At(Option<i32>),
    All,
    None,
}

/// The heading before a line; none unless it is the first line of its section that the page shows.
pub fn heading(
    sections: &[Section],
    open: Open,
    position: i32,
    is_first_shown: bool,
) -> Option<Heading> {
    let section = of(sections, position).filter(|one| one.first == position || is_first_shown)?;
    let is_last = sections
        .last()
        .is_some_and(|last| last.number == section.number);
    let is_open = match open {
        Open::At(Some(at)) => of(sections, at).is_some_and(|one| one.number == section.number),
        Open::At(None) => is_last,
        Open::All => true,
        Open::None => false,
    };
    Some(Heading {
        title: LogSection::from_number(section.number)?.title(),
        took: took(section).filter(|_| !(is_last && matches!(open, Open::All))),
        open: is_open,
    })
}

/// The section that had ended when the entry at this position came, if that began another.
pub fn ended(sections: &[Section], position: i32) -> Option<Ended> {
    let begun = sections.iter().position(|one| one.first == position)?;
    let before = sections.get(begun.checked_sub(1)?)?;
    Some(Ended {
        number: before.number,
        took: took(before),
    })
}

fn of(sections: &[Section], position: i32) -> Option<&Section> {
    sections.iter().rfind(|one| one.first <= position)
}

fn took(section: &Section) -> Option<String> {
    let seconds = section.seconds.filter(|seconds| *seconds >= 0)?;
    Some(words::duration(seconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTIONS: [Section; 2] = [
        Section {
            number: 0,
            first: 0,
            seconds: Some(2),
        },
        Section {
            number: 2,
            first: 5,
            seconds: Some(75),
        },
    ];

    #[test]
    fn a_section_has_its_heading_before_the_first_line_that_is_shown() {
        let title = |position, is_first| {
            heading(&SECTIONS, Open::None, position, is_first).map(|heading| heading.title)
        };
        assert_eq!(title(0, true), Some("Beginning"));
        assert_eq!(title(1, false), None);
        assert_eq!(title(5, false), Some("Building the image"));
        assert_eq!(title(7, true), Some("Building the image"));
        assert!(heading(&[], Open::All, 0, true).is_none());
    }

    #[test]
    fn the_section_with_the_cause_is_open_or_else_the_last_one() {
        let are_open = |open| [0, 5].map(|at| heading(&SECTIONS, open, at, true).unwrap().open);
        assert_eq!(are_open(Open::At(Some(3))), [true, false]);
        assert_eq!(are_open(Open::At(Some(9))), [false, true]);
        assert_eq!(are_open(Open::At(None)), [false, true]);
        assert_eq!(are_open(Open::All), [true, true]);
        assert_eq!(are_open(Open::None), [false, false]);
    }

    #[test]
    fn a_section_says_how_long_it_took_when_the_next_one_begins() {
        let took = |open, at| heading(&SECTIONS, open, at, true).unwrap().took;
        assert_eq!(took(Open::None, 5).as_deref(), Some("1m 15s"));
        assert_eq!(took(Open::All, 5), None);
        let before = ended(&SECTIONS, 5).unwrap();
        assert_eq!((before.number, before.took.as_deref()), (0, Some("2s")));
        assert!(ended(&SECTIONS, 0).is_none() && ended(&SECTIONS, 4).is_none());
    }
}
