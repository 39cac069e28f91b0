//! The store of finished logs: objects with a name, in a folder or in a bucket of S3. It knows no database, and not when a
//! log is put there, read or removed.

pub mod log_file;
mod trouble;

use crate::domain::id::DeploymentId;
use bytes::Bytes;
use moka::sync::Cache;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use secrecy::{ExposeSecret, SecretString};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;
pub use trouble::Trouble;
use url::Url;

/// How long a request may take, and how long the connection that it needs.
const REQUEST: Duration = Duration::from_secs(8);
const CONNECTING: Duration = Duration::from_secs(3);
/// How long reading may take, with its retries: somebody waits for the page.
const READING: Duration = Duration::from_secs(6);
/// How long anything else may take, with its retries.
const WRITING: Duration = Duration::from_secs(18);
/// How many bytes of what was read are kept for a moment, for all that is asked of one log in one visit.
const KEPT_BYTES: u64 = 16 << 20;
const KEPT: Duration = Duration::from_secs(15);

/// Where the store is.
#[derive(Debug, Clone)]
pub enum Place {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// A bucket of S3, or of what speaks like it.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub name: String,
    /// Begins the name of every object.
    pub prefix: String,
    /// Where it is, if it is not Amazon's.
    pub endpoint: Option<Url>,
    pub region: String,
    pub access_key: String,
    pub secret_key: SecretString,
}

/// The store; cheap to clone.
#[derive(Clone)]
pub struct Archive(Arc<Parts>);

struct Parts {
    store: Box<dyn ObjectStore>,
    prefix: Location,
    /// The folder, if it is one.
    folder: Option<PathBuf>,
    read: Cache<DeploymentId, Bytes>,
    failing: AtomicBool,
}

impl Archive {
    /// The store at a place; nothing is read or written yet.
    ///
    /// # Errors
    /// When the place cannot be one, in words.
    pub fn new(place: &Place) -> Result<Self, String> {
        let (store, prefix, folder): (Box<dyn ObjectStore>, _, _) = match place {
            Place::Folder(folder) => {
                let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
                let prefix = Location::from_absolute_path(&folder);
                let prefix = prefix.map_err(|error| error.to_string())?;
                (Box::new(LocalFileSystem::new()), prefix, Some(folder))
            }
            Place::Bucket(bucket) => {
                let prefix = Location::parse(&bucket.prefix).map_err(|error| error.to_string())?;
                (Box::new(client(bucket)?), prefix, None)
            }
        };
        let read = Cache::builder()
            .max_capacity(KEPT_BYTES)
            .weigher(|_, content: &Bytes| u32::try_from(content.len()).unwrap_or(u32::MAX))
            .time_to_live(KEPT)
            .build();
        let failing = AtomicBool::new(false);
        Ok(Self(Arc::new(Parts {
            store,
            prefix,
            folder,
            read,
            failing,
        })))
    }

    /// Puts a deployment's log there, in the place of any that is there, and returns when it is known to be safe.
    ///
    /// # Errors
    /// When it is not known to be there.
    pub async fn put(&self, id: DeploymentId, content: Bytes) -> Result<(), Trouble> {
        self.0.read.invalidate(&id);
        self.put_at(&self.location(id), content).await
    }

    /// A deployment's log.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub async fn get(&self, id: DeploymentId) -> Result<Bytes, Trouble> {
        if let Some(content) = self.0.read.get(&id) {
            return Ok(content);
        }
        let location = self.location(id);
        let read = async { self.0.store.get(&location).await?.bytes().await };
        let content = within(READING, read).await?;
        self.0.read.insert(id, content.clone());
        Ok(content)
    }

    /// Removes a deployment's log; it may be gone already.
    ///
    /// # Errors
    /// When it may still be there.
    pub async fn remove(&self, id: DeploymentId) -> Result<(), Trouble> {
        self.0.read.invalidate(&id);
        match within(WRITING, self.0.store.delete(&self.location(id))).await {
            Ok(()) | Err(Trouble::Missing) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Writes, reads and removes an object of its own.
    ///
    /// # Errors
    /// When one of them cannot be done.
    pub async fn attempt(&self) -> Result<(), Trouble> {
        let location = self
            .0
            .prefix
            .clone()
            .join(format!("attempt-{}", uuid::Uuid::now_v7()));
        let content = Bytes::from_static(b"vps-claude writes, reads and removes this.");
        self.put_at(&location, content.clone()).await?;
        let read = async { self.0.store.get(&location).await?.bytes().await };
        let read = within(READING, read).await;
        within(WRITING, self.0.store.delete(&location)).await?;
        if read? == content {
            return Ok(());
        }
        Err(Trouble::odd("what was read is not what was written"))
    }

    /// Notes whether it fails; returns whether that is new.
    pub fn note(&self, failing: bool) -> bool {
        self.0.failing.swap(failing, Ordering::Relaxed) != failing
    }

    fn location(&self, id: DeploymentId) -> Location {
        self.0
            .prefix
            .clone()
            .join(format!("{id}.{}", log_file::ENDING))
    }

    async fn put_at(&self, location: &Location, content: Bytes) -> Result<(), Trouble> {
        let size = content.len() as u64;
        if let Some(folder) = &self.0.folder {
            make_folder(folder).map_err(|error| Trouble::odd(&error.to_string()))?;
        }
        let write = async {
            self.0.store.put(location, content.into()).await?;
            self.0.store.head(location).await
        };
        let written = match within(WRITING, write).await {
            Err(Trouble::Missing) => return Err(Trouble::odd("there is no such bucket")),
            written => written?,
        };
        if written.size != size {
            return Err(Trouble::odd("it did not keep the whole object"));
        }
        let Some(folder) = self.0.folder.clone() else {
            return Ok(());
        };
        let file = PathBuf::from(format!("/{location}"));
        let synced = tokio::task::spawn_blocking(move || sync(&file, &folder)).await;
        let synced = synced.unwrap_or_else(|error| Err(error.into()));
        synced.map_err(|error| Trouble::odd(&error.to_string()))
    }
}

/// Only we may read it. Where it is there already, its rights stay.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut maker = std::fs::DirBuilder::new();
    maker.recursive(true).mode(0o700).create(folder)
}

/// A file that was renamed is not safe from a power cut yet.
fn sync(file: &Path, folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(file)?.sync_all()?;
    std::fs::File::open(folder)?.sync_all()
}

fn client(bucket: &Bucket) -> Result<AmazonS3, String> {
    let insecure = bucket
        .endpoint
        .as_ref()
        .is_some_and(|url| url.scheme() == "http");
    let options = ClientOptions::new()
        .with_timeout(REQUEST)
        .with_connect_timeout(CONNECTING)
        .with_allow_http(insecure);
    let retries = RetryConfig {
        max_retries: 1,
        retry_timeout: WRITING,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(&bucket.access_key)
        .with_secret_access_key(bucket.secret_key.expose_secret())
        .with_client_options(options)
        .with_retry(retries);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    builder.build().map_err(|error| error.to_string())
}

async fn within<T>(
    limit: Duration,
    request: impl Future<Output = object_store::Result<T>>,
) -> Result<T, Trouble> {
    match timeout(limit, request).await {
        Ok(answer) => answer.map_err(|error| Trouble::of(&error)),
        Err(_) => Err(Trouble::odd(&format!(
            "it did not answer within {} s",
            limit.as_secs()
        ))),
    }
}
