//! Browsers in which somebody signed in before. A signed mark, kept in a cookie, names their accounts, so that what
//! strangers try does not hold them up. It opens nothing by itself, and tells nobody whose the accounts are.

use crate::app::App;
use crate::store::secrets;
use ring::hmac::{self, HMAC_SHA256};
use secrecy::ExposeSecret;
use std::net::IpAddr;
use uuid::Uuid;

/// How many accounts a browser is known for; the oldest is forgotten.
const ACCOUNTS: usize = 4;

/// Who tries a password.
#[derive(Debug, Clone)]
pub struct Sender {
    pub address: IpAddr,
    /// The marks that the browser has; other people's pages may have added some.
    pub marks: Vec<String>,
}

impl From<IpAddr> for Sender {
    /// Somebody at this address in a browser without a mark.
    fn from(address: IpAddr) -> Self {
        let marks = vec![];
        Self { address, marks }
    }
}

/// A mark as it is kept: the browser's id, and a signature for each account.
struct Mark<'a> {
    browser: Uuid,
    signatures: Vec<&'a str>,
}

impl<'a> Mark<'a> {
    fn parse(kept: &'a str) -> Option<Self> {
        let mut parts = kept.split('.');
        let browser = parts.next()?.parse().ok()?;
        Some(Self {
            browser,
            signatures: parts.take(ACCOUNTS).collect(),
        })
    }

    fn is_for(&self, key: &hmac::Key, account: &str) -> bool {
        let signed = signed(self.browser, account);
        self.signatures.iter().any(|signature| {
            let bytes = hex::decode(signature).unwrap_or_default();
            hmac::verify(key, signed.as_bytes(), &bytes).is_ok()
        })
    }
}

fn signed(browser: Uuid, account: &str) -> String {
    format!("{browser} {account}")
}

/// The browser's id, if somebody signed in to this account there before.
pub async fn known(app: &App, sender: &Sender, account: &str) -> Option<Uuid> {
    let marks: Vec<Mark> = sender
        .marks
        .iter()
        .filter_map(|it| Mark::parse(it))
        .collect();
    if marks.is_empty() {
        return None;
    }
    let key = key(app).await?;
    let mark = marks.iter().find(|mark| mark.is_for(&key, account));
    mark.map(|mark| mark.browser)
}

/// The mark of this browser once somebody has signed in to this account there: the one that it has, if it names the
/// account, or else with the account added. Nothing while the database cannot be reached.
pub async fn mark(app: &App, sender: &Sender, account: &str) -> Option<String> {
    let key = key(app).await?;
    let marks = || sender.marks.iter().filter_map(|it| Mark::parse(it));
    if let Some(mark) = marks().find(|mark| mark.is_for(&key, account)) {
        return Some(written(mark.browser, &mark.signatures));
    }
    let (browser, mut signatures) = match marks().next() {
        Some(mark) => (mark.browser, mark.signatures),
        None => (Uuid::new_v4(), vec![]),
    };
    let signature = hmac::sign(&key, signed(browser, account).as_bytes());
    let signature = hex::encode(signature);
    signatures.insert(0, &signature);
    signatures.truncate(ACCOUNTS);
    Some(written(browser, &signatures))
}

fn written(browser: Uuid, signatures: &[&str]) -> String {
    format!("{}.{}", browser.simple(), signatures.join("."))
}

async fn key(app: &App) -> Option<hmac::Key> {
    match secrets::of_browsers(&app.pool).await {
        Ok(secret) => Some(hmac::Key::new(HMAC_SHA256, secret.expose_secret())),
        Err(error) => {
            tracing::warn!(%error, "browsers that signed in before are not known");
            None
        }
    }
}
