//! The client without a dashboard: it starts nothing of the server, and whatever the server's settings are does not matter.

use crate::program::{NOBODY, Program};

/// In a folder where no command of the server can run.
fn where_nothing_can_be_served(words: &[&str]) -> Program {
    Program::new(words)
        .dotenv_that_is_a_folder()
        .with("DATABASE_URL", "nonsense")
        .with("LOG_FORMAT", "nonsense")
        .with_bytes("COOLIFY_API_TOKEN", b"\xff")
        .with("HOME", "/nowhere")
}

#[test]
fn a_client_command_reads_no_setting_of_the_server() {
    where_nothing_can_be_served(&["config"]).run().with(2);
    where_nothing_can_be_served(&["env", "list"])
        .run()
        .with(3)
        .says_only("You are not signed in. Run vps-claude login");
    let url = format!("http://{NOBODY}");
    where_nothing_can_be_served(&["env", "list"])
        .with("VPS_CLAUDE_URL", &url)
        .with("VPS_CLAUDE_TOKEN", "vpsc_hidden")
        .run()
        .with(6)
        .says_only(&format!("{url} cannot be reached: Connection refused"))
        .says_nothing_of("hidden");
    where_nothing_can_be_served(&["login", "http://vps.example.com"])
        .run_reading("vpsc_hidden")
        .with(2)
        .says_only("Use https")
        .says_nothing_of("hidden");
}

#[test]
fn client_commands_have_help_without_the_servers_settings() {
    for words in [
        &["login"][..],
        &["logout"],
        &["env"],
        &["env", "list"],
        &["env", "create"],
        &["env", "deploy"],
        &["env", "delete"],
    ] {
        where_nothing_can_be_served(&[words, &["--help"]].concat())
            .with("VPS_CLAUDE_TOKEN", "vpsc_hidden")
            .run()
            .with(0)
            .says(&format!("Usage: vps-claude {}", words.join(" ")))
            .says_nothing_of("DATABASE_URL")
            .says_nothing_of("database-url")
            .says_nothing_of("hidden");
    }
    Program::new(&["env", "--help"])
        .run()
        .with(0)
        .says("Exit codes:")
        .says("VPS_CLAUDE_TOKEN");
}

#[test]
fn what_is_typed_wrong_is_said_before_anything_is_asked() {
    for words in [
        &["env"][..],
        &["env", "list", "--status", "sleeping"],
        &["env", "create", "A", "--password", "secret"],
        &["env", "create", "A", "--password-stdin", "--wait"],
        &[
            "env",
            "create",
            "A",
            "--password-stdin",
            "--variable",
            "NOT_SET",
        ],
        &[
            "env",
            "create",
            "A",
            "--password-stdin",
            "--variable",
            "A=1",
            "--variable",
            "A=2",
        ],
        &["env", "deploy", "A", "--timeout", "5m"],
        &["env", "deploy", "A", "--wait", "--timeout", "soon"],
        &["login"],
    ] {
        where_nothing_can_be_served(words).run().with(2);
    }
}

#[test]
fn a_client_command_after_an_option_of_the_server_starts_no_server() {
    for (words, command) in [
        (
            &["--log-format", "text", "env", "delete", "A", "--yes"][..],
            "env",
        ),
        (&["--log-format=text", "env", "list"], "env"),
        (
            &["--listen", NOBODY, "login", "https://vps.example.com"],
            "login",
        ),
        (&["--listen", NOBODY, "logout"], "logout"),
    ] {
        Program::new(words).run().with(2).says_only(&format!(
            "the command line is wrong: settings of the server are no options of {command}: \
            write vps-claude {command} first"
        ));
    }
}

#[test]
fn a_command_that_reads_a_password_is_interrupted_at_once() {
    let read = "exec 3<>p; \"$0\" login https://vps.example.com <p & id=$!";
    // Before it handles SIGINT (bit 2 of the caught signals), it would end without a word.
    let handles = "grep -q '^SigCgt:.*[2367abef]$' /proc/$id/status";
    let interrupt = format!(
        "(until {handles} || ! kill -0 $id; do :; done; while kill -s INT $id; do sleep 0.1; done) 2>/dev/null &"
    );
    Program::shell(&format!(
        "mkfifo p; {read}; {interrupt} wait $id; echo code $?"
    ))
    .with("HOME", "/nowhere")
    .with("PATH", "/usr/bin:/bin")
    .run()
    .with(0)
    .says("vps-claude: It was interrupted.")
    .says("code 130");
}
