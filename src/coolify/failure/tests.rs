//! Logs as Coolify 4.3.11 ends them, and what is made of each.

use super::*;

fn entry(output: &str, hidden: bool, error: bool) -> LogEntry {
    LogEntry {
        position: 0,
        output: output.to_owned(),
        hidden,
        error,
        at: None,
    }
}

fn rule(of: &str) -> LogEntry {
    entry(&of.repeat(40), false, true)
}

fn beginning() -> Vec<LogEntry> {
    vec![
        entry(
            "Starting deployment of grmkris/agent:main to localhost.",
            false,
            false,
        ),
        entry("", true, false),
        entry("#5 [2/9] RUN apt-get update\n#5 DONE 2.1s", true, true),
    ]
}

/// What follows an exception, whatever it was.
fn ended_by(explanation: &str) -> Vec<LogEntry> {
    let mut log = beginning();
    log.extend([
        rule("="),
        entry(&format!("Deployment failed: {explanation}"), false, true),
        entry("Error type: RuntimeException\nError code: 0\nLocation: /app/Traits/ExecuteRemoteCommand.php:240\n#0 a\n#1 b", true, true),
        rule("="),
        entry("Deployment failed. Removing the new version of your application.", false, true),
        entry("Gracefully shutting down build container: d1", false, false),
        entry("d1", true, false),
    ]);
    log
}

/// As `executeRemoteCommand` words it: the command is long and full of misleading words.
fn failed_command(code: u8, error: &str) -> Vec<LogEntry> {
    let command =
        "docker exec d1 bash -c 'echo \"fatal: no space left on device\" | base64 -d' ".repeat(40);
    ended_by(&format!(
        "Command execution failed (exit code {code}): {command}\nError: {error}"
    ))
}

fn sentence(log: &[LogEntry]) -> String {
    cause(log).unwrap().sentence
}

const SOLVE: &str = "ERROR: failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code:";

/// Each log's sentence begins so, ends with what to do, and has nothing of the command in it.
fn assert_sentences(cases: &[(Vec<LogEntry>, &str)]) {
    for (log, expected) in cases {
        let sentence = sentence(log);
        assert!(sentence.starts_with(expected), "{sentence}\n{expected}");
        assert!(sentence.ends_with("deploy again."), "{sentence}");
        assert!(!sentence.contains("base64"), "{sentence}");
    }
}

fn build_error(code: u8) -> String {
    format!("#9 ERROR\n------\n > [5/9] RUN npm ci:\n------\nDockerfile:5\n{SOLVE} {code}\n")
}

#[test]
fn a_repository_that_cannot_be_fetched_is_named_with_gits_own_words() {
    let cloning =
        |error: &str| failed_command(128, &format!("Cloning into '/artifacts/d1'...\n{error}\n"));
    let name = "fatal: could not read Username for 'https://github.com': No such device or address";
    let key = "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.";
    let host =
        "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com";
    let branch = "warning: Could not find remote branch nope to clone.\nfatal: Remote branch nope not found in upstream origin";
    assert_sentences(&[
        (
            cloning(name),
            "The repository could not be fetched: fatal: could not read Username for 'https://github.com': No such device or address. Check that AGENT_REPOSITORY",
        ),
        (
            cloning(key),
            "The repository could not be fetched: fatal: Could not read from remote repository. Check",
        ),
        (
            cloning(host),
            "The repository could not be fetched: fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com. Check",
        ),
        (
            cloning(branch),
            "The repository has no such branch: fatal: Remote branch nope not found in upstream origin. Set AGENT_BRANCH",
        ),
    ]);
}

#[test]
fn a_build_that_broke_is_told_from_a_server_that_is_full() {
    let full = "ERROR: failed to solve: write /var/lib/docker/x: no space left on device";
    assert_sentences(&[
        (
            failed_command(1, &build_error(1)),
            "The build failed: ERROR: failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 1. Read its log",
        ),
        (failed_command(1, &build_error(13)), "The build failed: "),
        (
            failed_command(
                1,
                &format!("#9 fatal: repository 'x' not found\n{SOLVE} 128"),
            ),
            "The build failed: ERROR: failed to solve",
        ),
        (
            failed_command(1, &format!("#9 extracting\n{full}")),
            "The server's disk is full: ERROR: failed to solve: write /var/lib/docker/x: no space left on device. Free space",
        ),
        (
            failed_command(1, &format!("#9 no space left on device\n{SOLVE} 1")),
            "The server's disk is full: ERROR: failed to solve",
        ),
        (
            failed_command(1, &build_error(137)),
            "The server ran out of memory: ERROR: failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 137. Give",
        ),
        (
            failed_command(1, &format!("#9 12.5 Killed\n{SOLVE} 1")),
            "The server ran out of memory: ",
        ),
        (failed_command(137, ""), "The server ran out of memory: "),
        (
            failed_command(1, "skilled npm notice Killed2\nit broke"),
            "The deployment failed: it broke. Read its log",
        ),
    ]);
}

#[test]
fn a_server_that_is_off_says_so_and_what_is_new_is_said_as_it_is() {
    assert_sentences(&[
        (
            ended_by("Server is not functional."),
            "Coolify cannot work on its server: Server is not functional. Check in Coolify that the server is on",
        ),
        (
            failed_command(
                255,
                "ssh: connect to host 10.0.0.1 port 22: Connection refused",
            ),
            "Coolify cannot work on its server: ssh: connect to host 10.0.0.1 port 22: Connection refused. Check",
        ),
        (
            ended_by("Something new."),
            "The deployment failed: Something new. Read its log",
        ),
    ]);
}

/// As `query_logs` ends the log of a container that never became healthy.
fn unhealthy(container_log: &[&str]) -> Vec<LogEntry> {
    let mut log = beginning();
    log.extend([
        entry("Attempt 1 of 12 | Healthcheck status: \"starting\"", false, false),
        entry("Attempt 12 of 12 | Healthcheck status: \"unhealthy\"\nHealthcheck logs: curl: (7) Failed | Return code: 1", false, false),
        rule("-"),
        entry("Container logs:", false, false),
    ]);
    log.extend(
        container_log
            .iter()
            .map(|output| entry(output, false, true)),
    );
    log.extend([
        rule("-"),
        entry("WARNING: Dockerfile or Docker Image based deployment detected. The healthcheck needs a curl or wget command to check the health of the application.", false, true),
        entry("New container is not healthy, rolling back to the old container.", false, false),
        entry("Gracefully shutting down build container: d1", false, false),
    ]);
    log
}

#[test]
fn an_unhealthy_container_says_its_own_last_words() {
    let log = unhealthy(&[
        "[info] starting\nError: listen EADDRINUSE 0.0.0.0:8080",
        "  at Server.listen\n\n",
    ]);
    let found = cause(&log).unwrap();
    assert_eq!(
        found.sentence,
        "The new container did not become healthy: at Server.listen. Read the container's log, mend what keeps it from answering, and deploy again."
    );
    assert_eq!(
        found.lines,
        ["[info] starting", "Error: listen EADDRINUSE 0.0.0.0:8080"]
    );
    let silent = cause(&unhealthy(&[])).unwrap();
    assert!(
        silent
            .sentence
            .starts_with("The new container did not become healthy. Read"),
        "{silent:?}"
    );
    assert_eq!(silent.lines, Vec::<String>::new());
}

#[test]
fn the_lines_before_the_cause_are_the_last_few_of_the_build() {
    let lines: Vec<String> = (0..20).map(|n| format!("   {n} | RUN step")).collect();
    let found = cause(&failed_command(
        1,
        &format!("{}\n{SOLVE} 1", lines.join("\n")),
    ))
    .unwrap();
    assert_eq!(found.lines, lines[12..]);
    let short = cause(&failed_command(1, &format!("#5 DONE 2.1s\n{SOLVE} 1"))).unwrap();
    let before = [
        "Starting deployment of grmkris/agent:main to localhost.",
        "#5 [2/9] RUN apt-get update",
        "#5 DONE 2.1s",
    ];
    assert_eq!(
        short.lines, before,
        "what the build said already is not said twice"
    );
}

#[test]
fn an_explanation_of_which_only_the_end_was_kept_is_still_the_cause() {
    let mut log = failed_command(1, "");
    log[4].output = format!("… the build said\n{SOLVE} 1");
    assert!(sentence(&log).starts_with("The build failed: ERROR: failed to solve"));
}

#[test]
fn a_command_that_said_nothing_leaves_what_was_said_before() {
    assert_eq!(
        sentence(&failed_command(3, " \n")),
        "The deployment failed: #5 DONE 2.1s. Read its log, mend what it says, and deploy again."
    );
    let alone = [entry(
        "Deployment failed: Command execution failed (exit code 3): ls",
        false,
        true,
    )];
    assert!(
        sentence(&alone).starts_with(
            "The deployment failed: a command ended with exit code 3 and said nothing. "
        )
    );
}

#[test]
fn a_log_in_another_shape_says_its_last_error_or_nothing() {
    let odd = [
        entry("fine", false, false),
        entry("it broke\n", false, true),
        rule("="),
    ];
    assert!(sentence(&odd).starts_with("The deployment failed: it broke. "));
    for nothing in [
        vec![],
        vec![entry("fine", false, false)],
        vec![rule("="), entry(" \n", false, true)],
    ] {
        assert_eq!(cause(&nothing), None, "{nothing:?}");
    }
}

#[test]
fn no_word_is_cut_and_no_terminals_escape_is_in_a_sentence() {
    let words: Vec<String> = (0..400).map(|n| format!("word{n}")).collect();
    let error = format!(
        "\u{1b}[31mstep\u{1b}[0m\r\u{1b}[2K{}\n\u{1b}[1mERROR:\u{1b}[0m {} \u{7}end.",
        words.join(" "),
        words.join(" ")
    );
    let found = cause(&failed_command(1, &error)).unwrap();
    for text in found.lines.iter().chain([&found.sentence]) {
        assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
        assert!(text.chars().count() < 500, "{text}");
        let numbers = text
            .split_whitespace()
            .filter(|word| word.starts_with("word"));
        let whole = |word: &str| words.iter().any(|one| one == word);
        assert!(
            numbers.map(|word| word.trim_end_matches('.')).all(whole),
            "{text}"
        );
    }
    assert!(found.sentence.contains("ERROR: word0 word1") && found.sentence.contains("… word"));
    assert!(
        found.sentence.contains("word399 end. Read its log"),
        "{}",
        found.sentence
    );
}
