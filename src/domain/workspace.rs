//! The repository that somebody works on in an environment. The container gets its address; its image may clone it.

use super::invalid::Invalid;
use url::Url;

const LIMIT: usize = 500;

/// The https address of a repository that is fetched without a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRepository(String);

impl WorkspaceRepository {
    /// Parses what was typed; `None` when nothing was.
    ///
    /// # Errors
    /// When it is no address of a repository, or contains a name or a password, which pages would show.
    pub fn parse(typed: &str) -> Result<Option<Self>, Invalid> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(typed).map_err(|_| Invalid::Repository)?;
        let is_plain = url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "https" || !is_plain || typed.len() > LIMIT {
            return Err(Invalid::Repository);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::RepositorySecret);
        }
        folder_of(&url).ok_or(Invalid::Repository)?;
        Ok(Some(Self(url.into())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The folder that `git clone` makes for a repository: the last part of its address without `.git`.
pub fn folder(repository: &str) -> Option<String> {
    folder_of(&Url::parse(repository).ok()?)
}

fn folder_of(url: &Url) -> Option<String> {
    let last = url.path_segments()?.rfind(|part| !part.is_empty())?;
    let name = last.strip_suffix(".git").unwrap_or(last);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_name = !name.is_empty() && name.chars().all(fits) && !name.starts_with('.');
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_an_https_address_without_a_secret() {
        let long = format!("https://a.b/{}", "x".repeat(LIMIT));
        let cases: [(&str, Result<Option<&str>, Invalid>); 15] = [
            ("", Ok(None)),
            (" \n", Ok(None)),
            (
                " https://GitHub.com/ada/engine.git ",
                Ok(Some("https://github.com/ada/engine.git")),
            ),
            ("https://a.b:8443/c/", Ok(Some("https://a.b:8443/c/"))),
            ("https://ada@a.b/c", Err(Invalid::RepositorySecret)),
            ("https://:key@a.b/c", Err(Invalid::RepositorySecret)),
            ("http://a.b/c", Err(Invalid::Repository)),
            ("git@github.com:ada/engine", Err(Invalid::Repository)),
            ("https://a.b", Err(Invalid::Repository)),
            ("https://a.b/c?d", Err(Invalid::Repository)),
            ("https://a.b/c#d", Err(Invalid::Repository)),
            ("https://a.b/.git", Err(Invalid::Repository)),
            ("https://a.b/c%20d", Err(Invalid::Repository)),
            ("engine", Err(Invalid::Repository)),
            (&long, Err(Invalid::Repository)),
        ];
        for (typed, parsed) in cases {
            let found = WorkspaceRepository::parse(typed);
            let text = found.map(|it| it.map(|WorkspaceRepository(text)| text));
            assert_eq!(text, parsed.map(|it| it.map(str::to_owned)), "{typed:?}");
        }
    }

    #[test]
    fn the_folder_is_the_one_that_git_makes() {
        for (repository, name) in [
            ("https://github.com/ada/engine", Some("engine")),
            ("https://github.com/ada/engine.git/", Some("engine")),
            ("https://github.com/ada/a_b-c.d", Some("a_b-c.d")),
            ("https://github.com/", None),
            ("", None),
        ] {
            assert_eq!(folder(repository).as_deref(), name, "{repository}");
        }
    }
}
