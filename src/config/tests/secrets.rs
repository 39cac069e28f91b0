//! Secrets that are given in files.

use super::{NEEDED, checked, settings};
use crate::config::Wrong;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Each secret: its file's setting, its own, and a value.
const SECRETS: [(&str, &str, &str); 3] = [
    (
        "DATABASE_URL_FILE",
        "DATABASE_URL",
        "postgres://vps:p$w@db/vps",
    ),
    ("REDIS_URL_FILE", "REDIS_URL", "redis://:p$w@redis"),
    ("COOLIFY_API_TOKEN_FILE", "COOLIFY_API_TOKEN", "1|$ecret"),
];

/// A file that goes with the test.
struct Content(PathBuf);

impl Content {
    fn new(content: &[u8]) -> Self {
        let file = std::env::temp_dir().join(format!("secret-{}", uuid::Uuid::now_v7()));
        std::fs::write(&file, content).unwrap();
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// What is needed, with this setting given by a file, and itself like this.
fn by_file(index: usize, file: &str, own: Option<&str>) -> Result<[String; 3], Wrong> {
    let (file_name, name, _) = SECRETS[index];
    let mut values = NEEDED.to_vec();
    values.retain(|(needed, _)| *needed != name);
    values.push((file_name, file));
    values.extend(own.map(|own| (name, own)));
    let (config, _) = checked(&settings(&values))?;
    let shown = |url: SecretString| url.expose_secret().to_owned();
    Ok([
        config.database_url.map(shown).unwrap_or_default(),
        config.redis_url.map(shown).unwrap_or_default(),
        config.coolify.token.expose_secret().to_owned(),
    ])
}

#[test]
fn a_secret_is_read_from_its_file_without_the_newline_at_its_end() {
    for (index, (file_name, _, value)) in SECRETS.into_iter().enumerate() {
        for (before, after) in [("", ""), ("", "\n"), ("", "\r\n"), ("  ", " \n\n")] {
            let file = Content::new(format!("{before}{value}{after}").as_bytes());
            for own in [None, Some(""), Some(" ")] {
                let read = by_file(index, file.path(), own).unwrap();
                assert_eq!(read[index], value, "{file_name}");
            }
        }
    }
}

#[test]
fn a_secret_given_twice_or_in_a_bad_file_is_a_line_that_names_the_file_and_not_the_secret() {
    for (index, (file_name, name, value)) in SECRETS.into_iter().enumerate() {
        let says = |file: &str, own, words: &str| {
            let wrong = by_file(index, file, own).unwrap_err().to_string();
            assert!(
                wrong.starts_with(&format!("{file_name} is wrong: {words}")),
                "{wrong}"
            );
            assert!(!wrong.contains(value), "{wrong}");
        };
        let (right, empty) = (Content::new(value.as_bytes()), Content::new(b" \n"));
        says(
            right.path(),
            Some(value),
            &format!("{name} is set, too; set only one of them"),
        );
        says(
            empty.path(),
            None,
            &format!("the file {} is empty", empty.path()),
        );
        says(
            "/no/such/file",
            None,
            "the file /no/such/file cannot be read: ",
        );
        says("/tmp", None, "the file /tmp cannot be read: ");
        let odd = Content::new(b"\xff\xfe");
        says(
            odd.path(),
            None,
            &format!("the file {} cannot be read: ", odd.path()),
        );
        says("'/tmp'", None, "the quotes around it");
    }
}

#[test]
fn what_is_wrong_in_a_file_is_said_of_the_setting() {
    let file = Content::new(b"mysql://db\n");
    let wrong = by_file(0, file.path(), None).unwrap_err();
    assert!(wrong.to_string().starts_with("DATABASE_URL is wrong: "));
}
