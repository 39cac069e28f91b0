//! A private PostgreSQL in a data folder, for who names no other: made at the first start, shared by all processes that use
//! the folder, and stopped by the last of them. It listens on a socket alone. It must not know what it is used for.
//!
//! Whoever is killed leaves the server running; the next process takes it over. The server of a killed server is started
//! again. Nothing is ever removed but what is left of a cluster that was not completed.

mod account;
mod cluster;
mod home;
mod platform;
mod programs;
mod server;
mod trouble;

pub use home::make as make_folder;
pub use trouble::Trouble;

use account::Account;
use home::{Home, Lock};
use secrecy::SecretString;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::form_urlencoded::byte_serialize;

/// Between two attempts to take a lock.
const PULSE: Duration = Duration::from_millis(5);
/// How often it is checked that the server lives.
const CHECK: Duration = Duration::from_secs(1);
/// The same while it cannot be started.
const AGAIN: Duration = Duration::from_secs(10);

/// A server that runs for as long as this process, or another one, uses it.
pub struct PrivatePostgres {
    home: Arc<Home>,
    /// Held, shared, while the server is used.
    users: Arc<File>,
    keeper: Option<JoinHandle<()>>,
}

impl PrivatePostgres {
    /// The one of a data folder, which is made unless it is there. Starts nothing.
    ///
    /// # Errors
    /// When the folder cannot be used, or it would be of no use.
    pub async fn of(folder: &Path) -> Result<Self, Trouble> {
        let found = Self::in_folder(folder);
        if found.is_err() {
            // A container without programs often has no folder either that can be written; that is not the matter then.
            if let Err(none @ Trouble::NoPrograms(_)) = check(folder).await {
                return Err(none);
            }
        }
        found
    }

    fn in_folder(folder: &Path) -> Result<Self, Trouble> {
        let home = Home::open(folder)?;
        home.socket_folder()?;
        Ok(Self {
            users: home.lock(Lock::Users)?.into(),
            home: home.into(),
            keeper: None,
        })
    }

    /// Its address, like `DATABASE_URL`.
    ///
    /// # Errors
    /// When there is no way to its socket.
    pub fn url(&self) -> Result<SecretString, Trouble> {
        let folder = self.home.socket_folder()?;
        let host: String = byte_serialize(folder.as_os_str().as_encoded_bytes()).collect();
        let (user, database) = (cluster::USER, cluster::DATABASE);
        // Everything is said, for what is not would be taken from libpq's variables.
        Ok(format!("postgres://{user}@/{database}?host={host}&port=5432&sslmode=disable").into())
    }

    /// Returns when the server answers. From then on it is started again whenever it dies.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(&mut self) -> Result<(), Trouble> {
        ensure(&self.home, &self.users).await?;
        self.keeper = Some(tokio::spawn(keep(
            Arc::clone(&self.home),
            Arc::clone(&self.users),
        )));
        Ok(())
    }

    /// Stops the server, unless another process uses it. Waits this long for its end.
    pub async fn close(self, patience: Duration) {
        if let Some(keeper) = self.keeper {
            keeper.abort();
            keeper.await.ok();
        }
        if let Err(why) = leave(&self.home, &self.users, patience).await {
            tracing::warn!(%why, "the private PostgreSQL was not stopped");
        }
    }
}

async fn ensure(home: &Home, users: &File) -> Result<(), Trouble> {
    let _starting = starting(home).await?;
    let shared = users.try_lock_shared();
    shared.map_err(|error| Trouble::of_file(&home.servers(), "locked", &error.into()))?;
    server::ensure(home).await
}

async fn leave(home: &Home, users: &File, patience: Duration) -> Result<(), Trouble> {
    let Ok(starting) = timeout(patience, starting(home)).await else {
        return Err(Trouble::Failed(
            "another process starts or stops it".to_owned(),
        ));
    };
    let _starting = starting?;
    users.unlock().ok();
    if users.try_lock().is_ok() {
        server::stop(home, patience).await?;
        users.unlock().ok();
    }
    Ok(())
}

/// Waits for the lock of who starts or stops the server.
async fn starting(home: &Home) -> Result<File, Trouble> {
    let file = home.lock(Lock::Starting)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(PULSE).await,
            Err(TryLockError::Error(error)) => {
                return Err(Trouble::of_file(&home.servers(), "locked", &error));
            }
        }
    }
}

/// Starts the server again whenever it is found dead. If that fails it is tried again now and then.
async fn keep(home: Arc<Home>, users: Arc<File>) {
    let mut pause = CHECK;
    loop {
        sleep(pause).await;
        pause = CHECK;
        if server::is_running(&home).unwrap_or(true) {
            continue;
        }
        tracing::error!("the private PostgreSQL died; it is started again");
        if let Err(why) = ensure(&home, &users).await {
            tracing::error!(%why, "the private PostgreSQL cannot be started again");
            pause = AGAIN;
        }
    }
}

/// Whether this machine can run one in this folder.
///
/// # Errors
/// Why not.
pub async fn check(folder: &Path) -> Result<(), Trouble> {
    let (servers, cluster) = (folder.join("postgres"), folder.join("postgres/cluster"));
    let owners = [servers.as_path(), folder].map(Path::metadata);
    let account = Account::of(&owners.into_iter().flatten().collect::<Vec<_>>())?;
    let version = cluster::version(&cluster)?;
    programs::find(&account, version, &cluster).await.map(drop)
}
