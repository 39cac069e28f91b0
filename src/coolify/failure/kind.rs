//! The kinds of failed deployments: how to recognize each, and what to do about it. It must not know where in a log the
//! lines are.

use super::quote::{Cause, quote};

/// How many of the error's last lines determine its kind.
const TELLING: usize = 20;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Disk,
    Memory,
    Branch,
    Repository,
    Server,
    Build,
    Unhealthy,
    Other,
}

impl Kind {
    /// Determines the kind from the error's lines and the exit code of the failed command.
    pub fn of(lines: &[String], exit_code: Option<&str>) -> Self {
        let last = lines.last().map_or("", String::as_str).to_lowercase();
        let first = lines.len().saturating_sub(TELLING);
        let telling = lines[first..].join("\n");
        let text = telling.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let ends = |words: &[&str]| words.iter().any(|word| last.contains(word));
        if says(&["no space left on device", "disk quota exceeded"]) {
            Self::Disk
        } else if exit_code == Some("137") || is_out_of_memory(&telling) {
            Self::Memory
        } else if ends(&["failed to solve", "did not complete", "failed to build"]) {
            // Earlier output of git or ssh comes from a step of the build.
            Self::Build
        } else if says(&[
            "remote branch",
            "couldn't find remote ref",
            "did not match any file(s) known to git",
        ]) {
            Self::Branch
        } else if says(REPOSITORY) {
            Self::Repository
        } else if says(SERVER) {
            Self::Server
        } else if says(&["failed to solve", "did not complete", "dockerfile"]) {
            Self::Build
        } else {
            Self::Other
        }
    }

    /// The cause for this kind; the last line becomes the quoted reason.
    pub fn cause(self, lines: &[String]) -> Cause {
        let (cause, lines) = quote(lines);
        let what = self.what();
        let sentence = if cause.is_empty() {
            format!("{what}. {}.", self.remedy())
        } else {
            format!("{what}: {cause}. {}.", self.remedy())
        };
        Cause { sentence, lines }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Disk => "The server's disk is full",
            Self::Memory => "The server ran out of memory",
            Self::Branch => "The repository has no such branch",
            Self::Repository => "The repository could not be fetched",
            Self::Server => "Coolify cannot work on its server",
            Self::Build => "The build failed",
            Self::Unhealthy => "The new container did not become healthy",
            Self::Other => "The deployment failed",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Disk => {
                "Free space on the server, for instance with the Docker clean-up in Coolify, and deploy again"
            }
            Self::Memory => {
                "Give the server more memory or let it build fewer at once, and deploy again"
            }
            Self::Branch => "Set AGENT_BRANCH to a branch of the repository, and deploy again",
            Self::Repository => {
                "Check that AGENT_REPOSITORY is there and public and that the server can reach it, and deploy again"
            }
            Self::Server => {
                "Check in Coolify that the server is on and reachable, and deploy again"
            }
            Self::Unhealthy => {
                "Read the container's log, mend what keeps it from answering, and deploy again"
            }
            Self::Build | Self::Other => "Read its log, mend what it says, and deploy again",
        }
    }
}

const REPOSITORY: &[&str] = &[
    "could not read username",
    "could not read password",
    "repository not found",
    "fatal: repository",
    "authentication failed for",
    "could not read from remote repository",
    "unable to access",
    "does not appear to be a git repository",
    "terminal prompts disabled",
];

const SERVER: &[&str] = &[
    "server is not functional",
    "server is not reachable",
    "server is not usable",
    "server is disabled",
    "ssh: connect to host",
    "no route to host",
    "host key verification failed",
    "permission denied (publickey",
    "cannot connect to the docker daemon",
];

fn is_out_of_memory(text: &str) -> bool {
    let lower = text.to_lowercase();
    let codes = ["exit code: 137", "exit code 137", "exit status 137"];
    let says_code = codes.iter().any(|code| {
        let mut after = lower
            .match_indices(code)
            .map(|(at, _)| &lower[at + code.len()..]);
        after.any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    let words = ["out of memory", "cannot allocate memory", "signal: killed"];
    // The shell's own message, with its capital letter.
    let is_killed = text
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| word == "Killed");
    says_code || is_killed || words.iter().any(|words| lower.contains(words))
}
