//! Reads repositories that people choose: without a secret, and only where their names lead into the public internet unless
//! the settings name them, so that nobody looks into the network of the dashboard. It is here because only this floor
//! speaks HTTP to others; it knows nothing of Coolify.

use super::branch::{Branch, Unread};
use super::resolver::{Public, Resolver};
use crate::domain::source::{BuiltFrom, Choices};
use moka::sync::Cache;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, ClientBuilder};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// The timeout of a request, and the part of it for connecting.
const TIMEOUT: Duration = Duration::from_secs(6);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How many requests there may be at a time.
const VISITS: usize = 8;
/// How long what was read is taken for true: somebody types, and then sends the form.
const RECENT: Duration = Duration::from_secs(30);
const RECENT_ENTRIES: u64 = 1_000;
const REDIRECTS: usize = 5;

/// Reads branches of repositories that people choose.
#[derive(Clone)]
pub struct Repositories {
    choices: Choices,
    public: Public,
    /// Connects only to public addresses. Addresses in numbers are not resolved, so none may be chosen.
    guarded: Client,
    /// For repositories that the settings name.
    open: Client,
    recent: Cache<BuiltFrom, Result<(), Unread>>,
    visits: Arc<Semaphore>,
    /// Where every repository is served in tests.
    #[cfg(test)]
    origin: Option<Url>,
}

impl Repositories {
    /// Reads what may be chosen.
    ///
    /// # Errors
    /// When TLS cannot be configured.
    pub fn new(choices: Choices) -> Result<Self, reqwest::Error> {
        let public = Public(Resolver::new());
        let guarded = builder().no_proxy().dns_resolver(Arc::new(public.clone()));
        Ok(Self {
            choices,
            guarded: guarded.build()?,
            open: builder().build()?,
            public,
            recent: Cache::builder()
                .max_capacity(RECENT_ENTRIES)
                .time_to_live(RECENT)
                .build(),
            visits: Arc::new(Semaphore::new(VISITS)),
            #[cfg(test)]
            origin: None,
        })
    }

    /// The same, with every repository served there.
    #[cfg(test)]
    pub fn served_at(self, origin: Url) -> Self {
        let origin = Some(origin);
        Self { origin, ..self }
    }

    /// What may be chosen.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// A branch that was chosen, to be read as often as that is needed.
    pub fn branch(&self, source: &BuiltFrom) -> Option<Branch> {
        let url = Url::parse(&source.repository).ok()?;
        #[cfg(test)]
        let url = match &self.origin {
            Some(origin) => origin.join(url.path()).ok()?,
            None => url,
        };
        let http = if self.choices.names(&source.repository) {
            &self.open
        } else {
            &self.guarded
        };
        Some(Branch::over(http.clone(), url, &source.branch))
    }

    /// What was read a moment ago.
    pub fn recent(&self, source: &BuiltFrom) -> Option<Result<(), Unread>> {
        self.recent.get(source)
    }

    /// Whether the branch can be read.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn read(&self, source: &BuiltFrom) -> Result<(), Unread> {
        let read = self.visit(source).await;
        self.recent.insert(source.clone(), read);
        read
    }

    async fn visit(&self, source: &BuiltFrom) -> Result<(), Unread> {
        let _visit = self.visits.acquire().await;
        let branch = self.branch(source).ok_or(Unread::NoRepository)?;
        if !self.is_reachable(source).await {
            return Err(Unread::NoAddress);
        }
        branch.read().await.map(drop)
    }

    /// Whether it is named by the settings, or at a public address.
    async fn is_reachable(&self, source: &BuiltFrom) -> bool {
        let url = Url::parse(&source.repository).ok();
        let host = url.as_ref().and_then(Url::domain);
        let is_named = self.choices.names(&source.repository);
        #[cfg(test)]
        let is_named = is_named || self.origin.is_some();
        match host {
            _ if is_named => true,
            Some(host) => !self.public.addresses(host).await.is_empty(),
            None => false,
        }
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::custom(within_the_host))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
}

/// Some hosts lead from an address to the same one with `.git`. Another host was not chosen.
fn within_the_host(attempt: Attempt) -> reqwest::redirect::Action {
    let previous = attempt.previous();
    let from = previous.last();
    let stays = from.is_some_and(|from| from.origin() == attempt.url().origin());
    if stays && previous.len() <= REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coolify::tests::server::{answer, serve};
    use crate::domain::source::Allowed;

    fn source(repository: &str) -> BuiltFrom {
        BuiltFrom {
            repository: repository.to_owned(),
            branch: "main".to_owned(),
        }
    }

    fn repositories(allowed: &str) -> Repositories {
        let choices = Choices {
            standard: source("https://github.com/grmkris/agent"),
            allowed: Allowed::parse(allowed).unwrap(),
        };
        Repositories::new(choices).unwrap()
    }

    #[tokio::test]
    async fn what_is_in_a_private_network_is_not_visited_unless_the_settings_name_it() {
        let private = source("https://git.localhost:1/a/b");
        let closed = repositories("");
        assert_eq!(closed.read(&private).await, Err(Unread::NoAddress));
        assert_eq!(closed.recent(&private), Some(Err(Unread::NoAddress)));
        // Whoever follows it later is not led there either.
        let branch = closed.branch(&private).unwrap();
        assert_eq!(
            branch.read().await,
            Err(Unread::Unreachable("its name cannot be resolved (DNS)"))
        );
        let open = repositories("https://localhost:1/a/*");
        let refused = Err(Unread::Unreachable("the connection was refused"));
        let named = source("https://localhost:1/a/b");
        assert_eq!(open.read(&named).await, refused);
        let beside = source("https://localhost:1/other/b");
        assert_eq!(open.read(&beside).await, Err(Unread::NoAddress));
    }

    #[tokio::test]
    async fn a_redirect_is_followed_only_within_the_host() {
        let (elsewhere, asked) = serve(|| answer(200, &[], "0000")).await;
        let away = format!("http://{elsewhere}/a/b/info/refs");
        let (here, _) = serve(move || answer(302, &[("location", &away)], "")).await;
        let origin = Url::parse(&format!("http://{here}")).unwrap();
        let repositories = repositories("").served_at(origin);
        let read = repositories.read(&source("https://example.com/a/b")).await;
        assert!(matches!(read, Err(Unread::Unreachable(_))), "{read:?}");
        assert_eq!(asked.lock().unwrap().len(), 0, "nobody is led elsewhere");
    }
}
