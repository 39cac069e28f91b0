//! `--help` is the manual: every setting, every command, and no secret. The manual page and the completions
//! say the same.

use crate::program::Program;
use std::process::Command;

const COMMANDS: [&str; 11] = [
    "serve",
    "demo",
    "doctor",
    "backup",
    "restore",
    "status",
    "config",
    "simulate-coolify",
    "login",
    "logout",
    "env",
];

/// Every setting; a test beside the settings holds the example against them.
fn settings() -> Vec<&'static str> {
    let lines = include_str!("../../.env.example").lines();
    let assignments = lines.filter(|line| !line.starts_with('#'));
    let names = assignments.filter_map(|line| Some(line.split_once('=')?.0));
    names.filter(|name| *name != "SQLX_OFFLINE").collect()
}

#[test]
fn help_names_every_setting_and_every_command_and_shows_no_secret() {
    let help = Program::new(&["--help"])
        .with("DATABASE_URL", "postgres://vps:hidden@db/vps")
        .with("REDIS_URL", "redis://:hidden@redis")
        .with("COOLIFY_API_TOKEN", "1|hidden")
        .run()
        .with(0)
        .says_nothing_of("hidden");
    let settings = settings();
    assert!(settings.len() >= 16, "{settings:?}");
    for setting in settings {
        assert!(
            help.text.contains(&format!("[env: {setting}")),
            "{setting} in\n{}",
            help.text
        );
    }
    for command in COMMANDS {
        let explained = |line: &str| {
            let words = line.trim().strip_prefix(command);
            words.is_some_and(|words| words.starts_with("  ") && words.trim().len() > 10)
        };
        assert!(
            help.text.lines().any(explained),
            "{command} in\n{}",
            help.text
        );
        Program::new(&[command, "--help"])
            .run()
            .with(0)
            .says("Usage: vps-claude");
    }
}

/// What git says about the last commit; nothing where the sources are not a repository.
fn git(arguments: &[&str]) -> String {
    let answer = Command::new("git")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TZ", "UTC")
        .output();
    let text = answer.map(|answer| String::from_utf8(answer.stdout).unwrap());
    text.unwrap_or_default().trim().to_owned()
}

#[test]
fn version_says_from_which_commit_it_is_and_of_when() {
    let said = Program::new(&["--version"]).run().with(0).text;
    let number = format!("vps-claude {}", env!("CARGO_PKG_VERSION"));
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let date = [
        "show",
        "--no-patch",
        "--date=format-local:%F",
        "--format=%cd",
    ];
    let expected = match commit.as_str() {
        "" => number,
        commit => format!("{number} ({commit} {})", git(&date)),
    };
    assert_eq!(said, expected);
}

#[test]
fn every_shell_gets_its_completions_and_bash_takes_them() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        Program::new(&["completions", shell])
            .with("COOLIFY_API_TOKEN", "1|hidden")
            .run()
            .with(0)
            .says("simulate-coolify")
            .says("database-url")
            .says_nothing_of("hidden");
    }
    for (typed, completed) in [
        ("doc", "doctor"),
        ("env cr", "create"),
        ("env list --s", "--status --search"),
        // Its settings are not the client's.
        ("env show --d", ""),
        ("doctor --database-url-", "--database-url-file"),
    ] {
        assert_completed(typed, completed);
    }
}

/// Fails unless bash offers this when a person types the words after `vps-claude`, and the tabulator.
fn assert_completed(typed: &str, expected: &str) {
    let script = Program::new(&["completions", "bash"]).run().with(0).text;
    let words = typed.split(' ').count();
    let last = typed.rsplit(' ').next().unwrap();
    let completed = format!(
        "complete=($(complete -p vps-claude)); COMP_WORDS=(vps-claude {typed}) COMP_CWORD={words}; \
        ${{complete[-2]}} vps-claude {last} vps-claude; echo ${{COMPREPLY[@]}}"
    );
    // It is longer than an argument may be.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("completed");
    std::fs::write(&file, format!("{script}\n{completed}")).unwrap();
    let bash = Command::new("bash").arg("--norc").arg(&file).output();
    let bash = bash.unwrap();
    let complaints = String::from_utf8_lossy(&bash.stderr);
    let answer = String::from_utf8_lossy(&bash.stdout);
    assert_eq!(answer.trim(), expected, "{typed}: {complaints}");
}

#[test]
fn the_manual_page_names_every_setting_and_shows_no_secret() {
    let page = Program::new(&["man"])
        .with("DATABASE_URL", "postgres://vps:hidden@db/vps")
        .with("COOLIFY_API_TOKEN", "1|hidden")
        .run()
        .with(0)
        .says(".TH vps-claude 1")
        .says(".SH VPS-CLAUDE ENV CREATE")
        .says("Exit codes")
        .says("password\\-stdin")
        .says_nothing_of("hidden");
    for setting in settings() {
        let page = &page.text;
        assert!(page.contains(setting), "{setting} in\n{page}");
    }
}
