//! Every setting as given, by its variable.

use super::parse::or;
use super::{
    ADDRESS, AUDIT_RETENTION, BRANCH, ENVIRONMENT_NAME, FOLDER, LOG_FORMAT, LOG_REGION,
    LOG_RETENTION, PORT, PROXIES, REGISTRATION, REPOSITORY, RUST_LOG, Settings, TURN_TIMEOUT,
    UPDATES,
};

type Value<'a> = (&'static str, Option<&'a str>);

impl Settings {
    /// Every setting as given, or its default.
    pub(super) fn values(&self) -> Vec<Value<'_>> {
        let of_services = self.of_services();
        let services = of_services.into_iter().chain(self.of_log_store());
        let services = services.chain(self.of_itself());
        services.chain(self.limits.values()).collect()
    }

    /// What is there instead of a setting that is not given and has no default of its own.
    pub(super) fn instead_of(&self, name: &str) -> String {
        let folder = self.data_dir().ok();
        let folder = folder.map(|folder| folder.display().to_string());
        match (name, folder) {
            ("DATA_DIR", Some(folder)) => folder,
            ("LOG_STORE_URL", Some(folder)) => format!("not set: the folder {folder}/logs"),
            ("DATABASE_URL", Some(folder)) => format!("not set: a private PostgreSQL in {folder}"),
            _ => "not set".to_owned(),
        }
    }

    /// What others need: PostgreSQL, Redis and Coolify.
    fn of_services(&self) -> [Value<'_>; 12] {
        let environment = or(&self.coolify_environment_name, ENVIRONMENT_NAME);
        let (token, token_file) = (&self.coolify_api_token, &self.coolify_api_token_file);
        let destination = &self.coolify_destination_uuid;
        [
            ("DATABASE_URL", self.database_url.as_deref()),
            ("DATABASE_URL_FILE", self.database_url_file.as_deref()),
            ("DATA_DIR", self.data_dir.as_deref()),
            ("REDIS_URL", self.redis_url.as_deref()),
            ("REDIS_URL_FILE", self.redis_url_file.as_deref()),
            ("COOLIFY_API_URL", self.coolify_api_url.as_deref()),
            ("COOLIFY_API_TOKEN", token.as_deref()),
            ("COOLIFY_API_TOKEN_FILE", token_file.as_deref()),
            ("COOLIFY_PROJECT_UUID", self.coolify_project_uuid.as_deref()),
            ("COOLIFY_SERVER_UUID", self.coolify_server_uuid.as_deref()),
            ("COOLIFY_ENVIRONMENT_NAME", Some(environment)),
            ("COOLIFY_DESTINATION_UUID", destination.as_deref()),
        ]
    }

    fn of_log_store(&self) -> [Value<'_>; 7] {
        let (key, file) = (&self.log_store_secret_key, &self.log_store_secret_key_file);
        let region = or(&self.log_store_region, LOG_REGION);
        let days = or(&self.log_retention_days, LOG_RETENTION);
        [
            ("LOG_STORE_URL", self.log_store_url.as_deref()),
            ("LOG_STORE_ENDPOINT", self.log_store_endpoint.as_deref()),
            ("LOG_STORE_REGION", Some(region)),
            ("LOG_STORE_ACCESS_KEY", self.log_store_access_key.as_deref()),
            ("LOG_STORE_SECRET_KEY", key.as_deref()),
            ("LOG_STORE_SECRET_KEY_FILE", file.as_deref()),
            ("LOG_RETENTION_DAYS", Some(days)),
        ]
    }

    fn of_itself(&self) -> [Value<'_>; 16] {
        let hours = or(&self.turn_timeout_hours, TURN_TIMEOUT);
        let days = or(&self.audit_retention_days, AUDIT_RETENTION);
        let of = |value, default| Some(or(value, default));
        [
            ("AGENTS_DOMAIN", self.agents_domain.as_deref()),
            ("AGENT_REPOSITORY", of(&self.agent_repository, REPOSITORY)),
            ("AGENT_BRANCH", of(&self.agent_branch, BRANCH)),
            ("ALLOWED_REPOSITORIES", self.allowed_repositories.as_deref()),
            ("AGENT_UPDATES", of(&self.agent_updates, UPDATES)),
            ("AGENT_PORT", of(&self.agent_port, PORT)),
            ("AGENT_FOLDER", of(&self.agent_folder, FOLDER)),
            ("LISTEN", of(&self.listen, ADDRESS)),
            ("METRICS_LISTEN", self.metrics_listen.as_deref()),
            ("PUBLIC_URL", self.public_url.as_deref()),
            ("TRUSTED_PROXIES", of(&self.trusted_proxies, PROXIES)),
            ("REGISTRATION", of(&self.registration, REGISTRATION)),
            ("TURN_TIMEOUT_HOURS", Some(hours)),
            ("AUDIT_RETENTION_DAYS", Some(days)),
            ("LOG_FORMAT", of(&self.log_format, LOG_FORMAT)),
            ("RUST_LOG", of(&self.rust_log, RUST_LOG)),
        ]
    }
}
