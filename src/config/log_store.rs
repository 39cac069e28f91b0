//! Where finished logs are kept: a folder, or a bucket of S3.

use super::parse::{begins_with, or, present, web_address};
use super::secret_file::Secret;
use super::wrong::Wrong;
use super::{Config, LOG_REGION, Settings};
use crate::archive::{Archive, Bucket, Place};
use secrecy::SecretString;
use url::Url;

type Checked<T> = Result<T, Wrong>;

impl Settings {
    /// Where finished logs are kept: by default a folder in the data folder.
    pub(super) fn log_store(&self) -> Checked<Place> {
        let Some(typed) = present(self.log_store_url.as_ref()) else {
            self.log_store_endpoint()?;
            self.log_store_keys()?;
            return Ok(Place::Folder(self.data_dir()?.join("logs")));
        };
        let url = Url::parse(&typed).ok();
        match url.as_ref().map(Url::scheme) {
            Some("file") => {
                let folder = url.and_then(|url| url.to_file_path().ok());
                let hint = "a folder like file:///srv/logs is needed";
                folder.map(Place::Folder).ok_or_else(|| wrong_url(hint))
            }
            Some("s3") => self.bucket(&typed).map(Place::Bucket),
            _ => Err(wrong_url(&begins_with(&["s3", "file"]))),
        }
    }

    fn bucket(&self, typed: &str) -> Checked<Bucket> {
        let rest = typed.strip_prefix("s3://").unwrap_or_default();
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() || name.contains(['@', ':', '?', '#']) || prefix.contains(['?', '#']) {
            let hint = "a bucket like s3://bucket or s3://bucket/prefix is needed; its keys are LOG_STORE_ACCESS_KEY and LOG_STORE_SECRET_KEY, another place than Amazon's is LOG_STORE_ENDPOINT";
            return Err(wrong_url(hint));
        }
        let (access_key, secret_key) = self.log_store_keys()?;
        let hint = "LOG_STORE_URL names a bucket, which needs it";
        let needed = |name| Wrong::Missing(name, hint.to_owned());
        Ok(Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint: self.log_store_endpoint()?,
            region: or(&self.log_store_region, LOG_REGION).to_owned(),
            access_key: access_key.ok_or_else(|| needed("LOG_STORE_ACCESS_KEY"))?,
            secret_key: secret_key.ok_or_else(|| needed("LOG_STORE_SECRET_KEY"))?,
        })
    }

    fn log_store_endpoint(&self) -> Checked<Option<Url>> {
        let typed = present(self.log_store_endpoint.as_ref());
        let parse = |typed: String| web_address("LOG_STORE_ENDPOINT", &typed);
        typed.map(parse).transpose()
    }

    fn log_store_keys(&self) -> Checked<(Option<String>, Option<SecretString>)> {
        let secret = Secret {
            name: "LOG_STORE_SECRET_KEY",
            value: self.log_store_secret_key.as_ref(),
            file_name: "LOG_STORE_SECRET_KEY_FILE",
            file: self.log_store_secret_key_file.as_ref(),
        };
        let secret = secret.read()?.map(SecretString::from);
        Ok((present(self.log_store_access_key.as_ref()), secret))
    }
}

impl Config {
    /// Where the logs of ended deployments are.
    ///
    /// # Errors
    /// When they cannot be there.
    pub fn archive(&self) -> Checked<Archive> {
        Archive::new(&self.log_store).map_err(|why| wrong_url(&why))
    }
}

fn wrong_url(why: &str) -> Wrong {
    Wrong::Invalid("LOG_STORE_URL", why.to_owned())
}
