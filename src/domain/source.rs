//! What an environment is built from: a public repository and one of its branches, and which of them may be chosen.

#[cfg(test)]
mod tests;

use super::invalid::{Invalid, Wrongs, check};
use url::{Host, Url};

/// The longest address and the longest branch, in bytes.
const ADDRESS_LIMIT: usize = 500;
const BRANCH_LIMIT: usize = 200;

/// How no part of a branch may end.
const LOCKED: &str = ".lock";

/// A repository, by its address, and a branch of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BuiltFrom {
    pub repository: String,
    pub branch: String,
}

impl BuiltFrom {
    /// The repository's address without what may be secret in it: a name, a password and a query.
    pub fn repository_without_login(&self) -> String {
        let address = self.repository.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), address),
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.rsplit('@').next().unwrap_or_default();
        format!("{scheme}{host}{path}")
    }
}

/// What may be chosen.
#[derive(Debug, Clone)]
pub struct Choices {
    /// What is taken when nothing is chosen.
    pub standard: BuiltFrom,
    pub allowed: Allowed,
}

impl Choices {
    /// What was chosen; `None` when that is what is taken anyway. An empty part is the standard's.
    ///
    /// # Errors
    /// What is wrong with either field.
    pub fn choose(&self, repository: &str, branch: &str) -> Result<Option<BuiltFrom>, Wrongs> {
        let mut wrongs = Wrongs::new();
        let repository = self.repository(repository.trim());
        let repository = check(&mut wrongs, "source_repository", repository);
        let branch = check(&mut wrongs, "source_branch", self.branch(branch.trim()));
        match (repository, branch) {
            (Some(repository), Some(branch)) => {
                let chosen = BuiltFrom { repository, branch };
                Ok(Some(chosen).filter(|chosen| *chosen != self.standard))
            }
            _ => Err(wrongs),
        }
    }

    /// Whether the settings name this repository, so that it may be in a private network.
    pub fn names(&self, repository: &str) -> bool {
        let address = Url::parse(repository)
            .ok()
            .and_then(|url| Address::of(&url));
        repository == self.standard.repository
            || address.is_some_and(|address| self.allowed.names(&address))
    }

    fn repository(&self, typed: &str) -> Result<String, Invalid> {
        let standard = &self.standard.repository;
        if typed.is_empty() || typed == standard {
            return Ok(standard.clone());
        }
        let url = parse(typed)?;
        let address = Address::of(&url).filter(|address| !address.path.is_empty());
        let address = address.ok_or(Invalid::Repository)?;
        let same = Url::parse(standard)
            .ok()
            .filter(|same| same.scheme() == url.scheme());
        if same.and_then(|same| Address::of(&same)).as_ref() == Some(&address) {
            return Ok(standard.clone());
        }
        if !self.allowed.allows(&address) {
            return Err(Invalid::SourceNotAllowed);
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// The names that Coolify takes, which are fewer than git's (git: check-ref-format).
    fn branch(&self, typed: &str) -> Result<String, Invalid> {
        if typed.is_empty() || typed == self.standard.branch {
            return Ok(self.standard.branch.clone());
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
        let is_part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && !part.ends_with('.')
                && !part.ends_with(LOCKED)
                && !part.contains("..")
        };
        let is_branch = typed.len() <= BRANCH_LIMIT
            && typed.chars().all(fits)
            && typed.split('/').all(is_part)
            && typed != "HEAD";
        is_branch
            .then(|| typed.to_owned())
            .ok_or(Invalid::SourceBranch)
    }
}

/// Patterns of repositories, such as `https://github.com/acme/*`; without one, every public repository is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    address: Address,
    /// Whether it stands for everything below the address.
    below: bool,
}

impl Allowed {
    /// Parses patterns that are separated by commas; `None` when one of them is wrong.
    pub fn parse(typed: &str) -> Option<Self> {
        let patterns = typed.split(',').map(str::trim);
        let patterns = patterns.filter(|pattern| !pattern.is_empty());
        patterns
            .map(Pattern::parse)
            .collect::<Option<_>>()
            .map(Self)
    }

    fn allows(&self, address: &Address) -> bool {
        self.0.is_empty() || self.names(address)
    }

    fn names(&self, address: &Address) -> bool {
        self.0.iter().any(|pattern| pattern.names(address))
    }
}

impl Pattern {
    fn parse(typed: &str) -> Option<Self> {
        let (typed, below) = match typed.strip_suffix("/*") {
            Some(typed) => (typed, true),
            None => (typed, false),
        };
        let address = Address::of(&parse(typed).ok()?)?;
        (below || !address.path.is_empty()).then_some(Self { address, below })
    }

    fn names(&self, other: &Address) -> bool {
        let (own, path) = (&self.address.path, &other.path);
        let fits = if self.below {
            path.len() > own.len() && path.starts_with(own)
        } else {
            path == own
        };
        fits && self.address.host == other.host && self.address.port == other.port
    }
}

/// An address as addresses are compared: without the case of its host, a `/` at its end, or `.git`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    host: String,
    port: Option<u16>,
    path: Vec<String>,
}

impl Address {
    /// `None` when a part of the path is empty.
    fn of(url: &Url) -> Option<Self> {
        let path = url.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = path.strip_suffix(".git").unwrap_or(path);
        let parts = path.split('/').filter(|_| !path.is_empty());
        let path: Vec<String> = parts.map(str::to_owned).collect();
        let address = Self {
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default(),
            path,
        };
        let is_whole = address.path.iter().all(|part| !part.is_empty());
        is_whole.then_some(address)
    }
}

/// An https address at a named host, without a secret and without signs that are read differently in different places.
fn parse(typed: &str) -> Result<Url, Invalid> {
    let url = Url::parse(typed).map_err(|_| Invalid::Repository)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Invalid::RepositorySecret);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~/:".contains(c);
    let climbs = typed.split('/').any(|part| [".", ".."].contains(&part));
    let is_plain = typed.len() <= ADDRESS_LIMIT && typed.chars().all(fits) && !climbs;
    let is_named = match url.host() {
        Some(Host::Domain(name)) => !name.ends_with('.'),
        _ => false,
    };
    let is_repository =
        is_plain && is_named && url.scheme() == "https" && !url.path().contains(':');
    is_repository.then_some(url).ok_or(Invalid::Repository)
}
