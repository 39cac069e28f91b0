//! The floors: which file may import which, who may name which crate, and how long things may be. It reads the sources as
//! text; it must not know what any of them does.

use super::sources::{Source, functions, imports, names};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file, in lines.
const FILE: usize = 350;
/// The longest function, in lines, its signature with it.
const FUNCTION: usize = 40;

/// Each floor and what it may import, besides itself. What is not listed here is the ground floor of `main`, which may
/// import everything and be imported by nobody.
const FLOORS: [(&str, &[&str]); 17] = [
    ("cli", &["domain"]),
    ("web", &["http", "actions", "app", "domain", "metrics"]),
    ("api", &["http", "actions", "app", "domain"]),
    ("http", &["actions", "domain", "metrics"]),
    ("worker", &["actions", "app", "crash", "domain", "queue"]),
    (
        "actions",
        &[
            "app", "store", "queue", "coolify", "redis", "archive", "crash", "domain",
        ],
    ),
    ("app", &["coolify", "redis", "archive", "domain", "metrics"]),
    ("store", &["domain"]),
    ("queue", &["domain"]),
    ("coolify", &["domain", "metrics"]),
    ("redis", &["domain"]),
    ("archive", &["domain"]),
    ("crash", &[]),
    ("domain", &[]),
    ("metrics", &[]),
    ("private_postgres", &[]),
    ("simulator", &[]),
];

/// What only these files of the ground floor may import, beside tests.
const SIMULATED: [&str; 2] = ["main", "demo"];
/// What only these files of the ground floor may import, beside tests: nothing of the server knows its client.
const CLIENTS: [&str; 2] = ["main", "config"];

/// Words that only some files may hold: crates that belong to one floor, SQL, and the clock of this machine.
const OWNED: [(&str, &[&str]); 9] = [
    ("axum", &["web", "api", "http", "router", "simulator"]),
    ("minijinja", &["web"]),
    ("reqwest", &["cli", "coolify", "telemetry"]),
    ("fred", &["redis"]),
    ("object_store", &["archive"]),
    ("sqlxmq", &["worker", "queue"]),
    ("sqlx::query", &["store", "queue"]),
    // Use `store::begin`, which may be cancelled.
    ("pool.begin", &["store"]),
    // Times of the database are compared with the database's clock.
    ("now_utc", &["coolify", "simulator"]),
];

/// What nobody may write, outside tests at least.
const FORBIDDEN: [&str; 6] = [
    ".unwrap()",
    ".unwrap_err()",
    "todo!",
    "dbg!",
    "println!",
    "unimplemented!",
];

/// A file, what stands in it, and the breach it is.
const PLANTED: [(&str, &str, &str); 24] = [
    (
        "actions/a",
        "//! A.\nfn a() { app.pool.begin() }",
        "says pool.begin",
    ),
    ("web/a", "//! A.\nuse crate::store::users;", "imports store"),
    (
        "web/a",
        "//! A.\nuse crate::{app::App, worker};",
        "imports worker",
    ),
    (
        "worker",
        "//! A.\nfn a() { crate::web::serve() }",
        "imports web",
    ),
    (
        "store/a",
        "//! A.\nuse crate::{\n    redis::A,\n    domain::{a, b},\n};",
        "imports redis",
    ),
    ("domain/a", "//! A.\nuse crate::config;", "imports config"),
    ("crash", "//! A.\nuse super::redis;", "climbs"),
    (
        "simulator/a",
        "//! A.\nuse crate::domain::a;",
        "imports domain",
    ),
    (
        "worker",
        "//! A.\nuse crate::simulator::Options;",
        "imports simulator",
    ),
    (
        "doctor",
        "//! A.\nuse crate::simulator::Options;",
        "imports simulator",
    ),
    ("cli/a", "//! A.\nuse crate::actions::a;", "imports actions"),
    ("user", "//! A.\nuse crate::cli::run;", "imports cli"),
    ("actions/a", "//! A.\nuse axum::Router;", "says axum"),
    ("coolify/mod", "//! A.\nuse axum::Router;", "says axum"),
    ("worker", "//! A.\nuse reqwest::Client;", "says reqwest"),
    (
        "actions/a",
        "//! A.\nlet a = fred::prelude::Client;",
        "says fred",
    ),
    (
        "actions/a",
        "//! A.\nuse object_store::path::Path;",
        "says object_store",
    ),
    ("main", "//! A.\nuse sqlxmq::CurrentJob;", "says sqlxmq"),
    (
        "actions/a",
        "//! A.\nsqlx::query!(\"select 1\")",
        "says sqlx::query",
    ),
    (
        "domain/a",
        "//! A.\nlet a = OffsetDateTime::now_utc();",
        "says now_utc",
    ),
    ("store/a", "//! A.\nlet a = b.unwrap();", "says .unwrap()"),
    ("store/a", "//! A.\n#[allow(dead_code)]", "says #[allow"),
    (
        "tests/a",
        "//! A.\nuse super::super::a;",
        "says super::super",
    ),
    ("store/a", "use std::fmt;", "does not say what it is"),
];

/// What a pure floor may not know: clocks, chance, pools, tasks, files.
const IMPURE: [&str; 6] = [
    "Instant",
    "SystemTime",
    "rand",
    "PgPool",
    "tokio",
    "std::fs",
];

fn floor_breaches(source: &Source) -> Vec<String> {
    let floor = source.floor();
    let mut imported = imports(source);
    let known = FLOORS.iter().find(|(name, _)| *name == floor);
    let Some((_, allowed)) = known.filter(|_| !source.is_test()) else {
        let known_by = [("simulator", SIMULATED), ("cli", CLIENTS)];
        imported.retain(|name| {
            let of = known_by.iter().find(|(floor, _)| floor == name);
            of.is_some_and(|(_, files)| !source.is_test() && !files.contains(&floor))
        });
        let breach = |name: &String| format!("{} imports {name}", source.name);
        return imported.iter().map(breach).collect();
    };
    imported.retain(|name| name != floor && !allowed.contains(&name.as_str()));
    let mut breaches: Vec<String> = imported
        .iter()
        .map(|name| format!("{} imports {name}, which is not below {floor}", source.name))
        .collect();
    if !source.name.contains('/') && source.code().any(|line| line.contains("super::")) {
        breaches.push(format!("{} climbs to the crate with super", source.name));
    }
    breaches
}

fn word_breaches(source: &Source) -> Vec<String> {
    if source.is_test() {
        return vec![];
    }
    let mut breaches = vec![];
    for line in source.code() {
        let foreign = OWNED.iter().filter(|(_, places)| !source.is_of(places));
        let owned = foreign
            .map(|(word, _)| word)
            .filter(|word| names(&line, word));
        let forbidden = FORBIDDEN.iter().filter(|word| line.contains(**word));
        let impure = IMPURE
            .iter()
            .filter(|word| source.is_of(&["domain"]) && names(&line, word));
        for word in owned.chain(forbidden).chain(impure) {
            breaches.push(format!("{} says {word}: {}", source.name, line.trim()));
        }
    }
    breaches
}

fn form_breaches(source: &Source) -> Vec<String> {
    let mut breaches = vec![];
    let mut breach = |what: String| breaches.push(format!("{} {what}", source.name));
    if !source.text.starts_with("//!") {
        breach("does not say what it is".to_owned());
    }
    let lines = source.text.lines().count();
    if lines > FILE {
        breach(format!("has {lines} lines"));
    }
    for (number, line) in (1..).zip(source.text.lines()) {
        let own = source.name == "tests/architecture";
        for word in ["super::super", "#[allow", "#![allow"] {
            if !own && line.contains(word) {
                breach(format!("says {word} in line {number}"));
            }
        }
    }
    for (name, lines) in functions(&source.text) {
        if lines > FUNCTION {
            breach(format!("has a function {name} of {lines} lines"));
        }
    }
    breaches
}

fn breaches(source: &Source) -> Vec<String> {
    let rules = [floor_breaches, word_breaches, form_breaches];
    rules.iter().flat_map(|rule| rule(source)).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

#[test]
fn every_file_keeps_to_its_floor() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files(&folder);
    assert!(files.len() > 60, "{} files", files.len());
    let source = |path: &PathBuf| {
        let name = path.strip_prefix(&folder).unwrap().with_extension("");
        Source::new(&name.to_string_lossy(), &fs::read_to_string(path).unwrap())
    };
    let found: Vec<String> = files
        .iter()
        .map(source)
        .flat_map(|one| breaches(&one))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_breach_is_noticed() {
    for (name, text, breach) in PLANTED {
        assert_breach(name, text, breach);
    }
    let long = format!("//! A.\nfn long() {{\n{}}}\n", "    a();\n".repeat(39));
    assert_breach("store/a", &long, "has a function long of 41 lines");
    let long = format!("//! A.\n{}", "\n".repeat(350));
    assert_breach("store/a", &long, "has 351 lines");
}

fn assert_breach(name: &str, text: &str, breach: &str) {
    let found = breaches(&Source::new(name, text));
    assert!(
        found.len() == 1 && found[0].contains(breach),
        "{breach} in {name}: {found:?}"
    );
}

#[test]
fn what_is_allowed_is_no_breach() {
    let fine = [
        ("main", "//! A.\nuse crate::store;\nuse crate::web;"),
        ("demo", "//! A.\nuse crate::simulator::Options;"),
        (
            "simulator/access",
            "//! A.\nuse axum::Router;\nuse super::clock;",
        ),
        (
            "worker",
            "//! A.\nuse crate::queue::Job;\nuse sqlxmq::CurrentJob;",
        ),
        (
            "store/a",
            "//! A.\n/// As `crate::web` shows it; never `unwrap()`.\nuse crate::domain::id;",
        ),
        (
            "crash",
            "//! A.\n#[cfg(test)]\nmod tests {\n    use super::*;\n    a.unwrap();\n}",
        ),
        ("web/a", "//! A.\nuse tower_axum::a;\nuse crate::web::page;"),
    ];
    for (name, text) in fine {
        let found = breaches(&Source::new(name, text));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
