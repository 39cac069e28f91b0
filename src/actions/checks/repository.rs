//! The repository and the branch that environments are built from, as everybody can read them.

use super::finding::Finding;
use super::setup::Setup;
use crate::coolify::Unread;

pub const REPOSITORY: &str = "AGENT_REPOSITORY";
const BRANCH: &str = "AGENT_BRANCH";
/// How much of a commit's name tells it from others.
const SHORT: usize = 12;

/// Reads the newest commit, as git does.
pub async fn all(setup: &Setup) -> Vec<Finding> {
    let Some(branch) = &setup.branch else {
        let text = "It is not an address of the web, so it was not looked at. Coolify must be able to read it without a key.";
        return vec![Finding::warning(REPOSITORY, text)];
    };
    let name = branch.name();
    vec![match branch.read().await {
        Ok(commit) => {
            let commit: String = commit.chars().take(SHORT).collect();
            Finding::fine(REPOSITORY, format!("The branch {name} is at {commit}."))
        }
        Err(Unread::NoRepository) => Finding::wrong(
            REPOSITORY,
            "There is no such repository, or not everybody may read it. Set it to a public repository.",
        ),
        Err(Unread::NoBranch) => Finding::wrong(
            BRANCH,
            format!("The repository has no branch {name}. Set it to one that it has."),
        ),
        Err(Unread::NoGit) => Finding::wrong(
            REPOSITORY,
            "There is something else than a git repository at this address. Set it to the address that git clone takes.",
        ),
        Err(Unread::NoAddress) => unreachable("its name leads nowhere"),
        Err(Unread::Unreachable(why)) => unreachable(why),
    }]
}

fn unreachable(why: &str) -> Finding {
    Finding::warning(
        REPOSITORY,
        format!(
            "It cannot be reached from this machine: {why}. Coolify's server must be able to reach it."
        ),
    )
}
