//! Limits of attempts at a password. Only failures count: each takes a token that a success gives back. They are counted
//! for the account and the sender's network together, so that nobody uses up what somebody elsewhere has left.

use super::browsers::{self, Sender};
use crate::app::App;
use crate::domain::id::UserId;
use crate::domain::network::network_of;
use crate::redis::limits::{self, Bucket};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Tokens that were taken for an attempt.
pub struct Attempt(Vec<(&'static Bucket, String)>);

impl Attempt {
    /// An attempt to sign in to the account of this e-mail address. A browser in which that was done before has a bucket
    /// of its own, which no stranger can empty. There is none for an account wherever it is tried: whoever has many
    /// networks could empty that, and keep its owner out of a new device.
    ///
    /// # Errors
    /// The time to wait.
    pub async fn to_sign_in(app: &App, sender: &Sender, email: &str) -> Result<Self, Duration> {
        let account = account_of(email);
        let hash = hashed(&account);
        if let Some(browser) = browsers::known(app, sender, &account).await {
            let own = (&limits::SIGN_IN_BY_BROWSER, format!("{browser}:{hash}"));
            return Self::take(app, vec![own]).await;
        }
        let network = network_of(sender.address);
        let buckets = vec![
            (&limits::SIGN_IN_BY_ADDRESS, network.to_string()),
            (&limits::SIGN_IN_BY_ACCOUNT, format!("{network}:{hash}")),
        ];
        Self::take(app, buckets).await
    }

    /// An attempt of somebody who is signed in and asked for their password again. Nobody else can use
    /// these up, nor whoever has a copy of their session elsewhere.
    ///
    /// # Errors
    /// The time to wait.
    pub async fn to_prove(app: &App, sender: &Sender, user: UserId) -> Result<Self, Duration> {
        let network = network_of(sender.address);
        let own = (&limits::PROMPT_BY_USER, format!("{network}:{user}"));
        Self::take(app, vec![own]).await
    }

    /// An attempt to register this e-mail address.
    ///
    /// # Errors
    /// The time to wait.
    pub async fn to_register(app: &App, sender: &Sender, email: &str) -> Result<Self, Duration> {
        let network = network_of(sender.address);
        let account = format!("{network}:{}", hashed(&account_of(email)));
        let buckets = vec![
            (&limits::REGISTER_BY_ADDRESS, network.to_string()),
            (&limits::REGISTER_BY_ACCOUNT, account),
        ];
        Self::take(app, buckets).await
    }

    /// An attempt to open a link that lets somebody in.
    ///
    /// # Errors
    /// The time to wait.
    pub async fn to_open_link(app: &App, sender: &Sender) -> Result<Self, Duration> {
        let network = network_of(sender.address).to_string();
        Self::take(app, vec![(&limits::REGISTER_BY_ADDRESS, network)]).await
    }

    async fn take(app: &App, buckets: Vec<(&'static Bucket, String)>) -> Result<Self, Duration> {
        let mut taken = Self(vec![]);
        for (bucket, who) in buckets {
            if let Err(wait) = app.limits.take(bucket, &who).await {
                taken.give_back(app).await;
                return Err(wait);
            }
            taken.0.push((bucket, who));
        }
        Ok(taken)
    }

    /// It was none, or it succeeded.
    pub async fn give_back(self, app: &App) {
        for (bucket, who) in &self.0 {
            app.limits.give_back(bucket, who).await;
        }
    }
}

/// The account that a typed e-mail address means.
pub fn account_of(email: &str) -> String {
    email.trim().to_lowercase()
}

fn hashed(account: &str) -> String {
    let mut hash = DefaultHasher::new();
    account.hash(&mut hash);
    format!("{:016x}", hash.finish())
}
