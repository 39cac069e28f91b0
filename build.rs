//! Tells the executable from which commit it is built and of when that is: from the environment, else from git, else it
//! stays unknown.

use std::path::Path;
use std::process::Command;

/// The folder is looked for here, because an archive may be unpacked inside another repository.
const REPOSITORY: &str = ".git";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for file in changed_by_commits() {
        println!("cargo::rerun-if-changed={file}");
    }
    tell("VPS_CLAUDE_COMMIT", &["rev-parse", "--short=12", "HEAD"]);
    // Seconds since 1970 (reproducible-builds.org/docs/source-date-epoch).
    tell(
        "SOURCE_DATE_EPOCH",
        &["show", "--no-patch", "--format=%ct", "HEAD"],
    );
}

/// Passes on a variable, or in its place what git answers.
fn tell(variable: &str, question: &[&str]) {
    println!("cargo::rerun-if-env-changed={variable}");
    let given = std::env::var(variable)
        .ok()
        .filter(|value| !value.trim().is_empty());
    let value = given.or_else(|| git(question)).unwrap_or_default();
    println!("cargo::rustc-env=BUILT_FROM_{variable}={}", value.trim());
}

/// What git writes on every commit and checkout. Cargo would run this every time for a file that is not there, and for
/// the index or the whole folder at every `git status`.
fn changed_by_commits() -> Vec<String> {
    let files = ["logs/HEAD", "HEAD", "refs/heads"].into_iter();
    let paths = files.filter_map(|file| git(&["rev-parse", "--git-path", file]));
    let mut present = paths.filter(|path| Path::new(path).exists());
    match present.next() {
        Some(log) if log.ends_with("logs/HEAD") => vec![log],
        first => first.into_iter().chain(present).collect(),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    if !Path::new(REPOSITORY).exists() {
        return None;
    }
    let answer = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    answer.status.success().then(|| text.trim().to_owned())
}
