//! The repository that environments are built from.

use url::Url;

/// Hosts, and what they put between a repository's path and a commit.
const HOSTS: [(&str, &str); 4] = [
    ("github.com", "commit"),
    ("gitlab.com", "-/commit"),
    ("codeberg.org", "commit"),
    ("bitbucket.org", "commits"),
];

/// The page of a commit, if the host is one whose addresses are known.
pub fn commit_page(repository: &str, commit: &str) -> Option<String> {
    let url = Url::parse(repository).ok()?;
    let host = url.host_str()?;
    let (_, between) = HOSTS.iter().find(|(known, _)| *known == host)?;
    let path = url.path().trim_matches('/').trim_end_matches(".git");
    Some(format!("https://{host}/{path}/{between}/{commit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_has_a_page_where_the_host_is_known() {
        for (repository, page) in [
            (
                "https://github.com/grmkris/agent",
                Some("https://github.com/grmkris/agent/commit/0a1b"),
            ),
            (
                "https://user@gitlab.com/a/b/c.git/",
                Some("https://gitlab.com/a/b/c/-/commit/0a1b"),
            ),
            (
                "https://bitbucket.org/a/b",
                Some("https://bitbucket.org/a/b/commits/0a1b"),
            ),
            ("https://git.example.com/a/b", None),
            ("git@github.com:a/b", None),
            ("", None),
        ] {
            assert_eq!(
                commit_page(repository, "0a1b").as_deref(),
                page,
                "{repository}"
            );
        }
    }
}
