//! Hashing passwords with argon2id, off the async threads.

use crate::domain::password::Password;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// How many hashes are computed at once: each takes 19 MiB and a core.
static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
});

/// A hash that no password matches, so that an unknown address takes as long as a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password"));

/// Hashes a password into a PHC string (argon2id, the crate's defaults: 19 MiB, 2 passes).
pub async fn hash(password: Password) -> String {
    blocking(move || hash_now(password.expose())).await
}

/// Whether the password is the one hashed; without a hash it takes as long and is not.
pub async fn verify(password: Password, hash: Option<String>) -> bool {
    tracing::trace!("a password is compared");
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let parsed = PasswordHash::new(&hash);
        let matches = parsed.is_ok_and(|parsed| {
            Argon2::default()
                .verify_password(password.expose().as_bytes(), &parsed)
                .is_ok()
        });
        known && matches
    })
    .await
}

/// Computes the hash of nobody before the first sign-in needs it.
pub fn warm_up() {
    tokio::task::spawn_blocking(|| LazyLock::force(&NOBODY).len());
}

fn hash_now(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("argon2 hashes every password of at most 4 GiB")
        .to_string()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _permit = AT_ONCE
        .acquire()
        .await
        .expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work)
        .await
        .expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_that_was_hashed_matches() {
        let password = |typed| Password::for_account(typed).unwrap();
        let hash = hash(password("correct horse")).await;
        assert!(verify(password("correct horse"), Some(hash.clone())).await);
        assert!(!verify(password("Correct horse"), Some(hash)).await);
        assert!(!verify(password("nobody has this password"), None).await);
    }

    /// The time is in the parameters: where they are the same, an unknown address takes as long as a wrong password.
    #[test]
    fn nobodys_hash_is_as_much_work_as_anybodys() {
        let anybody = hash_now("correct horse");
        let work = |hash: &str| {
            let parsed = PasswordHash::new(hash).unwrap();
            (
                parsed.algorithm.to_string(),
                parsed.version,
                parsed.params.to_string(),
                hash.len(),
            )
        };
        assert_eq!(work(&NOBODY), work(&anybody));
    }
}
