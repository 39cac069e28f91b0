//! The branch that environments are built from: its newest commit, asked for as git does (smart HTTP, gitprotocol-http),
//! and the titles of new commits where the host's API tells them. It is here because only this floor speaks HTTP to others;
//! it knows nothing of Coolify.

use super::error::transport_words;
use super::http::beginning;
use crate::domain::repository::Host;
use crate::domain::source::BuiltFrom;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How a list of references ends.
const END: &[u8] = b"0000";
/// How much of the list of references is read: branches come before what is many, such as pull requests.
const REFERENCES_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// How much of a comparison is read: it may list every changed file.
const COMPARISON_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// How many titles are kept.
const TITLES: usize = 20;
/// The longest title, in characters.
const TITLE_LIMIT: usize = 120;

/// A branch of a public repository.
#[derive(Clone)]
pub struct Branch {
    http: reqwest::Client,
    repository: Url,
    name: String,
    /// The API of its host, if that is known.
    host: Option<(Host, Url)>,
}

/// Why a branch cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// There is none, or it is not public.
    NoRepository,
    /// There is something else.
    NoGit,
    NoBranch,
    /// Its name leads nowhere, or only where the dashboard does not go for people.
    NoAddress,
    /// As the end of a sentence.
    Unreachable(&'static str),
}

impl Branch {
    /// `None` when the repository's address is not of the web.
    ///
    /// # Errors
    /// When TLS cannot be configured.
    pub fn new(repository: &str, branch: &str) -> Result<Option<Self>, reqwest::Error> {
        let Some(url) = Url::parse(repository)
            .ok()
            .filter(|url| url.scheme().starts_with("http"))
        else {
            return Ok(None);
        };
        let host = host_of(&url);
        Self::at(url, branch, host).map(Some)
    }

    /// A branch that is read with this client.
    pub(super) fn over(http: reqwest::Client, repository: Url, branch: &str) -> Self {
        Self {
            http,
            host: host_of(&repository),
            repository,
            name: branch.to_owned(),
        }
    }

    /// A branch whose host's API is at this address.
    pub fn at(
        repository: Url,
        branch: &str,
        host: Option<(Host, Url)>,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            repository,
            name: branch.to_owned(),
            host,
        })
    }

    /// Its newest commit; `None` when it cannot be read.
    pub async fn head(&self) -> Option<String> {
        self.read().await.ok()
    }

    /// Its newest commit.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn read(&self) -> Result<String, Unread> {
        let mut url = self.repository.clone();
        url.set_path(&format!("{}/info/refs", url.path().trim_end_matches('/')));
        let request = self.http.get(url).query(&[("service", "git-upload-pack")]);
        let answer = request.send().await;
        let answer = answer.map_err(|error| Unread::Unreachable(transport_words(&error)))?;
        match answer.status().as_u16() {
            200..300 => {}
            // Hosts that do not tell what is private ask for a password where there is nothing.
            401 | 403 | 404 | 410 => return Err(Unread::NoRepository),
            _ => return Err(Unread::Unreachable("its host answers with an error")),
        }
        let body = beginning(answer, REFERENCES_LIMIT_BYTES).await;
        if !is_list(&body) {
            return Err(Unread::NoGit);
        }
        let commit = commit_of(&body, &format!("refs/heads/{}", self.name));
        commit.ok_or_else(|| {
            if body.ends_with(END) {
                Unread::NoBranch
            } else {
                Unread::Unreachable("its list of branches did not arrive whole")
            }
        })
    }

    /// The branch without its repository.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The repository and the branch.
    pub fn source(&self) -> BuiltFrom {
        BuiltFrom {
            repository: self.repository.to_string(),
            branch: self.name.clone(),
        }
    }

    /// The titles of the commits after one up to another, newest first; `None` when they cannot be read now.
    pub async fn titles(&self, after: &str, to: &str) -> Option<Vec<String>> {
        let Some((host, api)) = &self.host else {
            return Some(vec![]);
        };
        let path = self
            .repository
            .path()
            .trim_matches('/')
            .trim_end_matches(".git");
        let url = api.join(&host.comparison(path, after, to)).ok()?;
        let answer = self
            .http
            .get(url)
            .send()
            .await
            .ok()?
            .error_for_status()
            .ok()?;
        let body = beginning(answer, COMPARISON_LIMIT_BYTES).await;
        let body: Value = serde_json::from_slice(&body).ok()?;
        let commits = body["commits"].as_array()?.iter().rev();
        Some(commits.filter_map(title).take(TITLES).collect())
    }
}

/// The host of a repository, and its API, if it is known.
fn host_of(repository: &Url) -> Option<(Host, Url)> {
    let host = Host::of(repository)?;
    Some((host, Url::parse(host.api()).ok()?))
}

/// The first line of a commit's message, wherever the host has it.
fn title(commit: &Value) -> Option<String> {
    let message = commit["commit"]["message"]
        .as_str()
        .or(commit["message"].as_str())?;
    let line = message.lines().next()?.trim();
    let shown: String = line
        .chars()
        .filter(|c| !c.is_control())
        .take(TITLE_LIMIT)
        .collect();
    (!shown.is_empty()).then_some(shown)
}

/// Whether it begins as a list of references does, with a length.
fn is_list(list: &[u8]) -> bool {
    let length = list.get(..4);
    length.is_some_and(|length| length.iter().all(u8::is_ascii_hexdigit))
}

/// The commit of a reference in a list of them: lines that begin with their length in four hexadecimal digits.
fn commit_of(mut list: &[u8], reference: &str) -> Option<String> {
    while let Some(length) = list.get(..4) {
        let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok()?;
        if length < 4 {
            list = &list[4..];
            continue;
        }
        let line = std::str::from_utf8(list.get(4..length)?).unwrap_or_default();
        let line = line.split(['\0', '\n']).next().unwrap_or_default();
        if let Some((commit, name)) = line.split_once(' ')
            && name == reference
        {
            let is_commit = commit.len() >= 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            return is_commit.then(|| commit.to_owned());
        }
        list = &list[length..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coolify::tests::server::{answer, serve};

    const OLD: &str = "1111111111111111111111111111111111111111";
    const NEW: &str = "2222222222222222222222222222222222222222";

    fn line(text: &str) -> String {
        format!("{:04x}{text}", text.len() + 4)
    }

    /// What a server of git lists.
    fn references() -> String {
        let lines = [
            line("# service=git-upload-pack\n"),
            "0000".to_owned(),
            line(&format!(
                "{OLD} HEAD\0multi_ack symref=HEAD:refs/heads/dev\n"
            )),
            line(&format!("{OLD} refs/heads/dev\n")),
            line(&format!("{NEW} refs/heads/main\n")),
            line(&format!("{OLD} refs/heads/main-2\n")),
            "0000".to_owned(),
        ];
        lines.concat()
    }

    #[test]
    fn the_commit_of_a_branch_is_found_and_nothing_else_is_taken_for_it() {
        let list = references();
        let commit = |name: &str| commit_of(list.as_bytes(), name);
        assert_eq!(commit("refs/heads/main").as_deref(), Some(NEW));
        assert_eq!(commit("refs/heads/dev").as_deref(), Some(OLD));
        assert_eq!(commit("refs/heads/other"), None);
        for odd in ["", "00", "zzzz", "<html>", "fffe too short", "0000", "0004"] {
            assert_eq!(commit_of(odd.as_bytes(), "refs/heads/main"), None, "{odd}");
        }
    }

    async fn branch(body: String) -> Branch {
        let (address, _) = serve(move || answer(200, &[], &body)).await;
        let at = |path: &str| Url::parse(&format!("http://{address}/{path}")).unwrap();
        Branch::at(at("a/b.git"), "main", Some((Host::GitHub, at("")))).unwrap()
    }

    #[tokio::test]
    async fn the_newest_commit_and_the_titles_are_read() {
        assert_eq!(
            branch(references()).await.head().await.as_deref(),
            Some(NEW)
        );
        let commits = r#"{"commits":[{"commit":{"message":"First\n\nBody"}},{"commit":{"message":"<b>Second</b>"}},{"commit":{}}]}"#;
        let titles = branch(commits.to_owned()).await.titles(OLD, NEW).await;
        assert_eq!(titles.unwrap(), ["<b>Second</b>", "First"]);
    }

    #[tokio::test]
    async fn why_it_cannot_be_read_is_told() {
        let read = async |status, body: &'static str| {
            let (address, _) = serve(move || answer(status, &[], body)).await;
            let url = Url::parse(&format!("http://{address}/a/b")).unwrap();
            Branch::at(url, "main", None).unwrap().read().await
        };
        assert_eq!(read(200, "<html>").await, Err(Unread::NoGit));
        assert_eq!(read(200, "0000").await, Err(Unread::NoBranch));
        for status in [401, 403, 404] {
            assert_eq!(read(status, "").await, Err(Unread::NoRepository));
        }
        assert!(matches!(read(502, "").await, Err(Unread::Unreachable(_))));
        let nobody = Url::parse("http://127.0.0.1:1/a/b").unwrap();
        let nobody = Branch::at(nobody, "main", None).unwrap().read().await;
        assert_eq!(
            nobody,
            Err(Unread::Unreachable("the connection was refused"))
        );
    }

    #[tokio::test]
    async fn what_cannot_be_read_breaks_nothing() {
        let odd = branch("<html>".to_owned()).await;
        assert_eq!(odd.head().await, None);
        assert_eq!(odd.titles(OLD, NEW).await, None);
        let (address, _) = serve(|| answer(404, &[], "")).await;
        let missing = Url::parse(&format!("http://{address}/a/b")).unwrap();
        let missing = Branch::at(missing, "main", None).unwrap();
        assert_eq!(missing.head().await, None);
        assert_eq!(missing.titles(OLD, NEW).await, Some(vec![]), "nobody tells");
        assert!(Branch::new("git@github.com:a/b", "main").unwrap().is_none());
    }
}
