//! While an upgrade goes on, copies of the previous release work with the tables of the new one. So what is released is
//! never changed, and what is new only adds. `.ci/previous-release` names the commit and its migrations.

use regex::{Captures, Regex};
use ring::digest::{SHA256, digest};
use std::fs;
use std::path::Path;

/// Before a statement, it says why the previous release does not need what is taken away.
const CONTRACT: &str = "-- contract: ";

/// What a statement may not say, and why. `\w+ ` stands for names.
const RULES: [(&str, &str); 12] = [
    (r"\bdrop (table|view|schema|type)\b", "takes a table away"),
    (r"\bdrop column\b", "takes a column away"),
    (
        r"\bdrop (function|trigger)\b",
        "takes away what others call",
    ),
    (r"\brename\b", "renames"),
    (
        r"\balter column \w+ (set data )?type\b",
        "rewrites a column",
    ),
    (r"\bset not null\b", "needs a column that others leave out"),
    (r"\bdrop default\b", "needs a column that others leave out"),
    (
        r"\badd (column )?(if not exists )?\w+ [^,]*\bgenerated always as \(",
        "rewrites a table",
    ),
    (
        r"\badd (constraint \w+ )?(check|foreign key|unique|primary key)\b",
        "refuses rows of others, and reads the whole table",
    ),
    (
        r"\bcreate unique index\b",
        "refuses rows of others, and stops them meanwhile",
    ),
    (
        r"\b(update|delete from) (deployment_log|deployment_calls|deployments)\b",
        "takes long, and locks rows meanwhile",
    ),
    (
        r"\b(truncate|lock table|vacuum full|cluster)\b",
        "stops others",
    ),
];

/// A new migration and the breach that it is.
const PLANTED: [(&str, &str); 13] = [
    ("alter table users drop column name;", "takes a column away"),
    (
        "ALTER TABLE users\n  DROP COLUMN name;",
        "takes a column away",
    ),
    ("drop table links;", "takes a table away"),
    ("drop function announce();", "takes away what others call"),
    ("alter table users rename to people;", "renames"),
    (
        "alter table users alter column name type varchar;",
        "rewrites a column",
    ),
    (
        "alter table users alter column name set not null;",
        "needs a column",
    ),
    (
        "alter table users add column age integer not null;",
        "needs a column",
    ),
    (
        "alter table users add column a text, add column b text not null, add column c text not null default '';",
        "needs a column",
    ),
    (
        "alter table users add constraint users_named check (name <> '');",
        "refuses rows",
    ),
    (
        "create unique index users_names on users (name);",
        "refuses rows",
    ),
    ("update deployments set note = '';", "takes long"),
    (
        "-- contract: for another one\nselect 1;\ndrop table links;",
        "takes a table away",
    ),
];

/// New migrations that are fine.
const FINE: [&str; 5] = [
    "alter table users add column age integer not null default 0, add column note text;",
    "create table pets (id uuid primary key, name text not null, constraint pets_named unique (name));",
    "create table pets (id uuid primary key); create unique index pets_ids on pets (id);",
    "-- contract: nobody reads it; 1.4 was the last\nalter table users drop column name;",
    "alter table users add constraint users_named check (name <> '') not valid; -- drop table users;",
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The migrations of the previous release: checksum and file.
fn released() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder().join(".ci/previous-release")).unwrap();
    let lines = text.lines().skip(1);
    let parts = lines.map(|line| line.split_once("  ").unwrap());
    parts
        .map(|(sum, file)| (sum.to_owned(), file.to_owned()))
        .collect()
}

/// The statements of a migration, each with the comments before it. Bodies of functions are not looked into.
fn statements(migration: &str) -> Vec<String> {
    let bodies = Regex::new(r"(?s)\$\$.*?\$\$").unwrap();
    let migration = bodies.replace_all(migration, "''").to_lowercase();
    let comments = Regex::new(r"--.*").unwrap();
    let migration = comments.replace_all(&migration, |it: &Captures| it[0].replace(';', ","));
    migration.split_inclusive(';').map(str::to_owned).collect()
}

/// A statement in one line, without comments.
fn plain(statement: &str) -> String {
    let lines = statement
        .lines()
        .map(|line| line.split("--").next().unwrap());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

fn breaches(migration: &str) -> Vec<String> {
    let created = Regex::new(r"\bcreate table (\w+)").unwrap();
    let all: Vec<String> = statements(migration);
    let new: Vec<String> = all
        .iter()
        .filter_map(|one| Some(created.captures(&plain(one))?[1].to_owned()))
        .collect();
    let old = |one: &&String| {
        let about = Regex::new(r"\b(on|table) (\w+)").unwrap();
        let plain = plain(one);
        let named = about.captures(&plain).map(|found| found[2].to_owned());
        !one.contains(CONTRACT) && !named.is_some_and(|name| new.contains(&name))
    };
    let asked = all.iter().filter(old).map(|one| plain(one));
    asked.flat_map(|one| breaches_of(&one)).collect()
}

fn breaches_of(statement: &str) -> Vec<String> {
    let mut found: Vec<String> = RULES
        .iter()
        .filter(|(words, _)| Regex::new(words).unwrap().is_match(statement))
        .filter(|_| !statement.ends_with("not valid;"))
        .map(|(_, why)| format!("{why}: {statement}"))
        .collect();
    let parts = Regex::new(r"\badd column ").unwrap();
    let needs = |part: &str| part.contains("not null") && !part.contains("default");
    if parts.split(statement).skip(1).any(needs) {
        found.push(format!("needs a column that others leave out: {statement}"));
    }
    found
}

#[test]
fn a_released_migration_is_never_changed() {
    let released = released();
    assert!(released.len() >= 27, "{released:?}");
    for (sum, file) in released {
        let text = fs::read(folder().join(&file)).unwrap_or_default();
        assert_eq!(hex::encode(digest(&SHA256, &text)), sum, "{file}");
    }
}

#[test]
fn a_new_migration_only_adds() {
    let released = released();
    for entry in fs::read_dir(folder().join("migrations")).unwrap() {
        let path = entry.unwrap().path();
        let file = format!("migrations/{}", path.file_name().unwrap().to_string_lossy());
        if !released.iter().any(|(_, known)| *known == file) {
            let found = breaches(&fs::read_to_string(&path).unwrap());
            assert!(found.is_empty(), "{file}: {found:#?}");
        }
    }
}

#[test]
fn what_takes_something_away_is_noticed() {
    for (migration, why) in PLANTED {
        let found = breaches(migration);
        assert!(
            found.len() == 1 && found[0].starts_with(why),
            "{migration}: {found:?}"
        );
    }
    for migration in FINE {
        let found = breaches(migration);
        assert!(found.is_empty(), "{migration}: {found:?}");
    }
}
