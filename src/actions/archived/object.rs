//! What is shown of a log that is an object, as the statements of `store::log_lines` do it in the database: the same limits,
//! the same order. No more of it is in memory than what is shown.

use crate::domain::deployment::KeptEntry;
use crate::store::log_lines::{BEFORE_MATCH, ENTRIES, Line, MATCH_CHARACTERS, Match, Section};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use time::{Duration, OffsetDateTime};

type Entry = io::Result<KeptEntry>;

/// The last entries from a position on, up to about so many bytes; of one that is longer by itself, its end.
pub fn end(entries: impl Iterator<Item = Entry>, from: i32, bytes: i32) -> io::Result<Vec<Line>> {
    let most = count(bytes);
    let (mut last, mut size) = (VecDeque::new(), 0);
    let mut began = None;
    for entry in entries {
        let entry = entry?;
        let began = *began.get_or_insert(entry.at);
        if entry.position < from {
            continue;
        }
        size += entry.output.len();
        let seconds = seconds_between(began, entry.at);
        last.push_back(line(entry, seconds));
        while last.len() > count(ENTRIES) || is_full(&last, size, most) {
            size -= last.pop_front().map_or(0, |line| line.output.len());
        }
    }
    let mut last = Vec::from(last);
    for line in &mut last {
        let length = line.output.chars().count();
        if length > most {
            line.output = line.output.chars().skip(length - most).collect();
        }
    }
    Ok(last)
}

/// Whether what comes after the first line is enough.
fn is_full(lines: &VecDeque<Line>, size: usize, most: usize) -> bool {
    let first = lines.front();
    first.is_some_and(|first| size - first.output.len() >= most)
}

fn line(entry: KeptEntry, seconds: Option<i32>) -> Line {
    Line {
        position: entry.position,
        output: entry.output,
        hidden: entry.hidden,
        seconds,
        section: entry.section,
        at: entry.at,
        is_error: entry.error,
    }
}

/// The sections, in their order.
pub fn sections(entries: impl Iterator<Item = Entry>) -> io::Result<Vec<Section>> {
    let mut found: BTreeMap<i16, Span> = BTreeMap::new();
    for entry in entries {
        let entry = entry?;
        let Some(number) = entry.section else {
            continue;
        };
        let span = found.entry(number).or_insert(Span {
            first: entry.position,
            began: entry.at,
            ended: entry.at,
        });
        span.began = span.began.into_iter().chain(entry.at).min();
        span.ended = span.ended.max(entry.at);
    }
    let next = found.values().skip(1).map(|span| span.began);
    let next = next.chain([None]);
    let sections = found
        .iter()
        .zip(next)
        .map(|((number, span), next)| Section {
            number: *number,
            first: span.first,
            seconds: seconds_between(span.began, next.or(span.ended)),
        });
    Ok(sections.collect())
}

/// Where a section begins, and the times of its first and its last entry.
struct Span {
    first: i32,
    began: Option<OffsetDateTime>,
    ended: Option<OffsetDateTime>,
}

/// The first entries from a position on, up to about so many bytes, and at least one.
pub fn part(
    entries: &mut impl Iterator<Item = Entry>,
    from: i32,
    bytes: i32,
) -> io::Result<Vec<Line>> {
    let (mut lines, mut size) = (vec![], 0);
    while size < count(bytes) {
        let Some(entry) = entries.next() else { break };
        let entry = entry?;
        if entry.position >= from {
            size += entry.output.len();
            lines.push(line(entry, None));
        }
    }
    Ok(lines)
}

/// The first lines that contain a text, compared without case.
pub fn matches(
    entries: impl Iterator<Item = Entry>,
    text: &str,
    most: i64,
) -> io::Result<Vec<Match>> {
    let wanted = lower(text);
    let (mut found, mut total) = (vec![], 0);
    for entry in entries {
        let entry = entry?;
        for line in entry.output.split('\n') {
            let line_lower = lower(line);
            let Some(at) = line_lower.find(&wanted) else {
                continue;
            };
            total += 1;
            if found.len() < count(most) {
                let at = line_lower[..at].chars().count();
                found.push((entry.position, around(line, at)));
            }
        }
    }
    let found = found.into_iter().map(|(position, text)| Match {
        position,
        text,
        total,
    });
    Ok(found.collect())
}

/// In lower case, each character by itself, as PostgreSQL does.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The part of a line around a character.
fn around(line: &str, at: usize) -> String {
    let first = at.saturating_sub(count(BEFORE_MATCH));
    let part = line.chars().skip(first).take(count(MATCH_CHARACTERS));
    part.collect()
}

fn count(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or_default()
}

/// Whole seconds, rounded as PostgreSQL does.
fn seconds_between(began: Option<OffsetDateTime>, at: Option<OffsetDateTime>) -> Option<i32> {
    let micros = (at? - began?).whole_microseconds();
    let second = Duration::SECOND.whole_microseconds();
    i32::try_from((micros + micros.signum() * second / 2) / second).ok()
}
