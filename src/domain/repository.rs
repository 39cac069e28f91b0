//! The repository that environments are built from, at a host whose addresses are known.

use url::Url;

/// A host of repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    GitHub,
    GitLab,
    /// Codeberg runs Forgejo.
    Codeberg,
}

impl Host {
    /// The host of a repository, if it is known.
    pub fn of(repository: &Url) -> Option<Self> {
        match repository.host_str()? {
            "github.com" => Some(Self::GitHub),
            "gitlab.com" => Some(Self::GitLab),
            "codeberg.org" => Some(Self::Codeberg),
            _ => None,
        }
    }

    /// The address of its API.
    pub fn api(self) -> &'static str {
        match self {
            Self::GitHub => "https://api.github.com/",
            Self::GitLab => "https://gitlab.com/api/v4/",
            Self::Codeberg => "https://codeberg.org/api/v1/",
        }
    }

    /// The address, below its API, that lists the commits after one up to another. All three answer with `commits`.
    pub fn comparison(self, path: &str, after: &str, to: &str) -> String {
        match self {
            Self::GitHub | Self::Codeberg => format!("repos/{path}/compare/{after}...{to}"),
            Self::GitLab => {
                let path = path.replace('/', "%2F");
                format!("projects/{path}/repository/compare?from={after}&to={to}")
            }
        }
    }

    /// What it puts between a repository's path and a commit.
    fn commit(self) -> &'static str {
        match self {
            Self::GitHub | Self::Codeberg => "commit",
            Self::GitLab => "-/commit",
        }
    }
}

/// The page of a commit, if the host is known.
pub fn commit_page(repository: &str, commit: &str) -> Option<String> {
    let url = Url::parse(repository).ok()?;
    let host = Host::of(&url)?;
    let path = url.path().trim_matches('/').trim_end_matches(".git");
    let name = url.host_str()?;
    Some(format!("https://{name}/{path}/{}/{commit}", host.commit()))
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
                "http://codeberg.org/a/b",
                Some("https://codeberg.org/a/b/commit/0a1b"),
            ),
            ("https://git.example.com/a/b", None),
            ("git@github.com:a/b", None),
            ("", None),
        ] {
            let found = commit_page(repository, "0a1b");
            assert_eq!(found.as_deref(), page, "{repository}");
        }
    }

    #[test]
    fn commits_are_compared_as_each_host_wants_it() {
        let compare = |host: Host| format!("{}{}", host.api(), host.comparison("a/b", "1", "2"));
        for (host, address) in [
            (
                Host::GitHub,
                "https://api.github.com/repos/a/b/compare/1...2",
            ),
            (
                Host::GitLab,
                "https://gitlab.com/api/v4/projects/a%2Fb/repository/compare?from=1&to=2",
            ),
            (
                Host::Codeberg,
                "https://codeberg.org/api/v1/repos/a/b/compare/1...2",
            ),
        ] {
            assert_eq!(compare(host), address);
        }
    }
}
