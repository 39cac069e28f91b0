//! What is printed: results on standard output, everything else on standard error.

use super::failure::{Exit, Failure};
use super::plain;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// For people, or for programs.
#[derive(Clone)]
pub struct Output {
    /// A program reads it.
    pub json: bool,
    sees_interrupts: Arc<AtomicBool>,
}

impl Output {
    /// For programs, or else for people.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            sees_interrupts: Arc::default(),
        }
    }

    /// Says whether the command ends by itself when it is interrupted from now on, because it has something left to do.
    pub fn see_interrupts(&self, sees: bool) {
        self.sees_interrupts.store(sees, Ordering::SeqCst);
    }

    /// Whether the command ends by itself when it is interrupted.
    pub fn sees_interrupts(&self) -> bool {
        self.sees_interrupts.load(Ordering::SeqCst)
    }

    /// Prints what the API answered for programs, and these lines for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn result(&self, json: &Value, lines: &str) -> Result<(), Failure> {
        if self.json {
            let text = serde_json::to_string_pretty(json).unwrap_or_default();
            print(&unambiguous(&text))
        } else {
            print(lines)
        }
    }

    /// Prints a value in a single line for programs, and this text for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn entry(&self, json: &Value, text: &str) -> Result<(), Failure> {
        if self.json {
            print(&unambiguous(&json.to_string()))
        } else {
            print(text)
        }
    }

    /// Tells people something beside the result.
    pub fn note(&self, sentence: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", plain::text(sentence));
        }
    }

    /// Says why it did not succeed.
    pub fn failure(&self, failure: &Failure) {
        let text = match failure.exit {
            Exit::Unread => return,
            _ if self.json => unambiguous(&failure.json().to_string()),
            _ => format!("vps-claude: {}", plain::text(&failure.sentence)),
        };
        let _ = writeln!(io::stderr(), "{text}");
    }
}

fn print(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::new(Exit::Unread, ""),
        _ => Failure::failed(format!("Standard output cannot be written: {error}.")),
    })
}

/// JSON escapes only some of the control characters. In JSON, all others are in texts, and may be escaped, too.
fn unambiguous(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_control() && character != '\n' {
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_in_json_and_it_stays_the_same() {
        let value = serde_json::json!({ "name": "a\u{9b}2J\u{1b}[2J\n\u{7f}é" });
        for text in [
            value.to_string(),
            serde_json::to_string_pretty(&value).unwrap(),
        ] {
            let printed = unambiguous(&text);
            let is_control = |it: char| it.is_control() && it != '\n';
            assert!(!printed.contains(is_control), "{printed:?}");
            assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
        }
    }
}
