//! Request bodies, with only the keys that every supported version of Coolify accepts: an unknown key is refused.

use crate::domain::resources::Resources;
use serde::Serialize;

/// The body of `POST /applications/public`.
#[derive(Debug, Serialize)]
pub struct NewApplication<'a> {
    pub project_uuid: &'a str,
    pub server_uuid: &'a str,
    /// Looked up first. Required before the uuid was known.
    pub environment_name: &'a str,
    /// Used when the name finds nothing.
    pub environment_uuid: &'a str,
    /// Required when the server has several destinations; null is refused, so it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_uuid: Option<&'a str>,
    pub git_repository: &'a str,
    pub git_branch: &'a str,
    pub build_pack: &'static str,
    /// A string, and required before 4.1.2. The proxy sends requests to its first number.
    pub ports_exposes: String,
    pub name: &'a str,
    pub description: &'a str,
    pub domains: &'a str,
    pub health_check_enabled: bool,
    pub health_check_path: &'static str,
    pub health_check_interval: u32,
    pub health_check_timeout: u32,
    pub health_check_retries: u32,
    pub health_check_start_period: u32,
    /// Left out without a limit.
    #[serde(flatten)]
    pub limits: Option<ContainerLimits>,
}

/// The limits of a container. Coolify takes only strings, and hands them to Docker unread.
#[derive(Debug, Serialize)]
pub struct ContainerLimits {
    limits_memory: String,
    limits_cpus: String,
}

impl ContainerLimits {
    /// Those of these; what has no limit is `0`.
    pub fn new(resources: Resources) -> Self {
        let text = |limit: Option<String>| limit.unwrap_or_else(|| "0".to_owned());
        Self {
            limits_memory: text(resources.memory.map(|memory| memory.to_string())),
            limits_cpus: text(resources.cpus.map(|cpus| cpus.to_string())),
        }
    }
}

/// One variable of `PATCH /applications/{uuid}/envs/bulk`. Every flag is sent: a missing one can cause a 500.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "Coolify's own flags")]
pub struct Variable<'a> {
    key: &'a str,
    value: &'a str,
    is_preview: bool,
    is_literal: bool,
    is_multiline: bool,
    is_shown_once: bool,
    is_runtime: bool,
    is_buildtime: bool,
}

impl<'a> Variable<'a> {
    /// A literal for run time only, so that it is not stored in an image.
    pub fn at_run_time(key: &'a str, value: &'a str) -> Self {
        Self {
            key,
            value,
            is_preview: false,
            is_literal: true,
            is_multiline: false,
            is_shown_once: false,
            is_runtime: true,
            is_buildtime: false,
        }
    }
}

/// The body of `PATCH /applications/{uuid}/envs/bulk`.
#[derive(Debug, Serialize)]
pub struct Variables<'a> {
    pub data: Vec<Variable<'a>>,
}

/// The body of `POST /applications/{uuid}/storages` for a named volume.
#[derive(Debug, Serialize)]
pub struct NewVolume<'a> {
    pub r#type: &'static str,
    pub name: &'a str,
    pub mount_path: &'a str,
}
