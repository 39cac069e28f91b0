//! Hashing passwords with argon2id, off the async threads: few run, few wait, and further ones are refused.

use crate::app::HashSlots;
use crate::domain::password::{Attempt, Password};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use std::sync::LazyLock;

/// A hash that matches no password, so that an unknown address takes as long as a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password"));

/// Too many password hashes are pending.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Busy;

/// Hashes a password into a PHC string (argon2id, the crate's defaults: 19 MiB, 2 passes).
///
/// # Errors
/// When too many are pending.
pub async fn hash(slots: &HashSlots, password: Password) -> Result<SecretString, Busy> {
    run(slots, move || hash_now(password.expose()).into()).await
}

/// What a hash says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// It is right as it was typed: the hash is older than the one form that passwords have.
    RightAsTyped,
}

/// Compares an attempt with a hash; without a hash it takes as long and is wrong.
///
/// # Errors
/// When too many are pending.
pub async fn verify(
    slots: &HashSlots,
    attempt: Attempt,
    hash: Option<SecretString>,
) -> Result<Verdict, Busy> {
    tracing::trace!("a password is compared");
    run(slots, move || {
        let known = hash.as_ref().map(ExposeSecret::expose_secret);
        let matches = |password: &Password| {
            let parsed = PasswordHash::new(known.unwrap_or(&NOBODY));
            let matches = parsed.is_ok_and(|parsed| {
                Argon2::default()
                    .verify_password(password.expose().as_bytes(), &parsed)
                    .is_ok()
            });
            known.is_some() && matches
        };
        match attempt.as_typed {
            _ if matches(&attempt.password) => Verdict::Right,
            Some(typed) if matches(&typed) => Verdict::RightAsTyped,
            _ => Verdict::Wrong,
        }
    })
    .await
}

/// Computes the dummy hash before the first sign-in needs it.
pub fn warm_up() {
    tokio::task::spawn_blocking(|| LazyLock::force(&NOBODY).len());
}

fn hash_now(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("argon2 hashes every password of at most 4 GiB")
        .to_string()
}

/// Runs the work when a slot is free. The permits move into the blocking task: the caller may disconnect, but the work
/// cannot be interrupted and must count until it ends.
async fn run<T: Send + 'static>(
    slots: &HashSlots,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Busy> {
    let line = slots.line.clone().try_acquire_owned().map_err(|_| Busy)?;
    let permit = slots.at_once.clone().acquire_owned().await;
    let permit = permit.expect("the semaphore is never closed");
    let worked = tokio::task::spawn_blocking(move || {
        let _permits = (permit, line);
        work()
    });
    Ok(worked.await.expect("hashing does not panic"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, mpsc};
    use std::time::Duration;

    const DEADLINE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn only_the_password_that_was_hashed_matches() {
        let slots = HashSlots::default();
        let password = |typed| Password::for_account(typed).unwrap();
        let hash = hash(&slots, password("correct horse")).await.unwrap();
        let verdict = async |typed, hash| {
            let attempt = Password::attempt(typed);
            verify(&slots, attempt, hash).await.unwrap()
        };
        let right = verdict("correct horse", Some(hash.clone())).await;
        assert_eq!(right, Verdict::Right);
        let spaced = verdict("correct\u{a0}horse", Some(hash.clone())).await;
        assert_eq!(spaced, Verdict::Right);
        let wrong = verdict("Correct horse", Some(hash)).await;
        assert_eq!(wrong, Verdict::Wrong);
        for typed in ["nobody has this password", "nobody\u{a0}has this password"] {
            assert_eq!(verdict(typed, None).await, Verdict::Wrong);
        }
        let older = hash_now("correct\u{a0}horse").into();
        let right = verdict("correct\u{a0}horse", Some(older)).await;
        assert_eq!(right, Verdict::RightAsTyped);
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

    /// Work that says when it begins and lasts until it is let go.
    struct Held {
        slots: HashSlots,
        running: Arc<AtomicUsize>,
        begun: mpsc::Sender<usize>,
        let_go: Arc<Mutex<mpsc::Receiver<()>>>,
    }

    impl Held {
        fn begin(&self) -> tokio::task::JoinHandle<Result<(), Busy>> {
            let slots = self.slots.clone();
            let (running, begun) = (self.running.clone(), self.begun.clone());
            let let_go = self.let_go.clone();
            tokio::spawn(async move {
                run(&slots, move || {
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    begun.send(now).unwrap();
                    let _ = let_go.lock().unwrap().recv();
                    running.fetch_sub(1, Ordering::SeqCst);
                })
                .await
            })
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sixty_who_hang_up_at_once_leave_no_more_work_than_may_run() {
        let (begun, begins) = mpsc::channel();
        let (go, let_go) = mpsc::channel();
        let held = Held {
            slots: HashSlots::new(2, 100),
            running: Arc::default(),
            begun,
            let_go: Arc::new(Mutex::new(let_go)),
        };
        let begins = || tokio::task::block_in_place(|| begins.recv_timeout(DEADLINE)).unwrap();
        let asked: Vec<_> = (0..60).map(|_| held.begin()).collect();
        assert_eq!(begins().max(begins()), 2);
        for one in asked {
            one.abort();
            assert!(one.await.unwrap_err().is_cancelled());
        }
        assert_eq!(held.slots.at_once.available_permits(), 0, "two still run");
        assert_eq!(held.slots.line.available_permits(), 100);
        let next = held.begin();
        go.send(()).unwrap();
        assert_eq!(
            begins(),
            2,
            "the next one begins when one of them has ended"
        );
        drop(go);
        assert_eq!(next.await.unwrap(), Ok(()));
        let all = tokio::time::timeout(DEADLINE, held.slots.at_once.acquire_many(2)).await;
        assert!(all.unwrap().is_ok(), "all of it has ended");
        assert_eq!(held.running.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn whoever_comes_when_the_line_is_full_is_refused_and_a_place_comes_back() {
        let slots = HashSlots::new(1, 1);
        let running = slots.at_once.clone().acquire_owned().await.unwrap();
        let own = slots.clone();
        let mut first = Box::pin(run(&own, || ()));
        let mut second = Box::pin(run(&own, || ()));
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(run(&slots, || ()).await, Err(Busy));
        drop(second);
        drop(running);
        let (first, third) = tokio::join!(first, run(&slots, || ()));
        assert_eq!((first, third), (Ok(()), Ok(())));
    }
}
