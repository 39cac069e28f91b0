//! `vps-claude config`: every setting, where it comes from, and what is wrong with it, without secrets.

use crate::program::{Ended, Program};

/// The line of a setting.
#[track_caller]
fn line_of(ended: &Ended, name: &str) -> String {
    let mut lines = ended.text.lines().map(|line| line.split_once("  "));
    let found = lines.find_map(|parts| parts.filter(|(first, _)| *first == name));
    let (_, rest) = found.unwrap_or_else(|| panic!("{name} in\n{}", ended.text));
    rest.trim_start().to_owned()
}

#[test]
fn each_setting_is_shown_with_where_it_comes_from() {
    let ended = Program::new(&["config", "--turn-timeout-hours", "3"])
        .able_to_serve("vps")
        .with("COOLIFY_API_TOKEN", "")
        .with("COOLIFY_API_TOKEN_FILE", "token")
        .with("REGISTRATION", " ")
        .with(
            "DATABASE_URL",
            "postgres://vps:hidden@db/vps?sslmode=disable&password=hidden",
        )
        .dotenv("COOLIFY_API_TOKEN=1|other\nAGENT_BRANCH=next\nLISTEN=127.0.0.1:1\n")
        .file("token", "1|hidden\n")
        .run()
        .with(0)
        .says_nothing_of("hidden")
        .says_nothing_of("1|");
    for (name, line) in [
        (
            "DATABASE_URL",
            "postgres://vps:***@db/vps?sslmode=disable&password=***  (environment)",
        ),
        ("COOLIFY_API_TOKEN", "***  (file token)"),
        ("COOLIFY_API_TOKEN_FILE", "token  (environment)"),
        ("AGENT_BRANCH", "next  (.env)"),
        ("LISTEN", "127.0.0.1:0  (environment)"),
        ("TURN_TIMEOUT_HOURS", "3  (command line)"),
        ("REGISTRATION", "invite  (default)"),
        ("REDIS_URL", "not set  (default)"),
        ("LOG_FORMAT", "text  (default)"),
    ] {
        assert_eq!(line_of(&ended, name), line);
    }
    assert_eq!(ended.text.lines().count(), 39, "{}", ended.text);
}

#[test]
fn what_is_wrong_stands_beside_it_and_the_rest_is_shown_all_the_same() {
    let ended = Program::new(&["config"])
        .able_to_serve("vps")
        .with("DATABASE_URL", "postgres://vps:hid#den@db/vps")
        .with("AGENT_REPOSITORY", "https://hidden@github.com/a/b")
        .with("LOG_FORMAT", "xml")
        .with("COOLIFY_PROJECT_UUID", "")
        .run()
        .with(2)
        .says_nothing_of("hid#den")
        .says_nothing_of("hidden");
    for (name, words) in [
        (
            "DATABASE_URL",
            "***  (environment)  WRONG: DATABASE_URL is wrong: its user or password",
        ),
        (
            "AGENT_REPOSITORY",
            "https://***  (environment)  WRONG: AGENT_REPOSITORY is wrong: ",
        ),
        (
            "LOG_FORMAT",
            "xml  (environment)  WRONG: LOG_FORMAT is wrong: text or json",
        ),
        (
            "COOLIFY_PROJECT_UUID",
            "not set  (default)  WRONG: COOLIFY_PROJECT_UUID is missing: ",
        ),
        ("AGENTS_DOMAIN", "agents.example.com  (environment)"),
    ] {
        let line = line_of(&ended, name);
        assert!(line.starts_with(words), "{name}: {line}");
    }
    assert!(
        ended.text.contains("vps-claude: DATABASE_URL is wrong: "),
        "{}",
        ended.text
    );
}

#[test]
fn a_variable_that_looks_like_a_setting_is_named() {
    Program::new(&["config"])
        .able_to_serve("vps")
        .with("COOLIFY_TOKEN", "1|hidden")
        .with("COOLIFY_URL", "https://set.by.coolify")
        .dotenv("AGENT_DOMAIN=agents.example.com")
        .run()
        .with(0)
        .says("warning: COOLIFY_TOKEN is no setting; is COOLIFY_API_TOKEN meant?")
        .says("warning: AGENT_DOMAIN is no setting; is AGENTS_DOMAIN meant?")
        .says_nothing_of("COOLIFY_URL")
        .says_nothing_of("hidden");
}

#[test]
fn a_value_that_is_no_text_is_named() {
    Program::new(&["config"])
        .with_bytes("LISTEN", b"\xff")
        .run()
        .with(2)
        .says_only("the environment is wrong: the value of LISTEN is not UTF-8");
}
