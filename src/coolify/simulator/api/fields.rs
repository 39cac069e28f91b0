//! The fields that creating and changing an application accept, each with its type and age.
//!
//! It knows the tables of Coolify's validators; it must not know what the fields do.

use serde_json::{Map, Value};

use super::input::{Errors, boolean, integer, spoken};
use crate::coolify::simulator::settings::Profile;

/// What a value must be.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    NullableText,
    Boolean,
    Number,
    NullableWhole(i64, i64),
    OneOf(&'static [&'static str]),
    List,
    /// Judged later or never.
    Whatever,
}

/// Which of the two calls accepts a field.
#[derive(Clone, Copy, PartialEq)]
pub enum On {
    /// `POST /applications/public`.
    Create,
    /// `PATCH /applications/{uuid}`.
    Update,
}

struct Group {
    kind: Kind,
    /// Not before 4.2.0.
    young: bool,
    /// `None` when both calls accept it.
    only: Option<On>,
    keys: &'static [&'static str],
}

const fn old(kind: Kind, keys: &'static [&'static str]) -> Group {
    Group {
        kind,
        young: false,
        only: None,
        keys,
    }
}

const fn young(kind: Kind, keys: &'static [&'static str]) -> Group {
    Group {
        kind,
        young: true,
        only: None,
        keys,
    }
}

const fn only(on: On, kind: Kind, keys: &'static [&'static str]) -> Group {
    Group {
        kind,
        young: false,
        only: Some(on),
        keys,
    }
}

static GROUPS: &[Group] = &[
    only(
        On::Create,
        Kind::Text,
        &[
            "project_uuid",
            "server_uuid",
            "environment_name",
            "environment_uuid",
            "destination_uuid",
            "type",
            "private_key_uuid",
            "github_app_uuid",
        ],
    ),
    only(On::Create, Kind::Boolean, &["autogenerate_domain"]),
    only(On::Update, Kind::NullableText, &["dockerfile_target_build"]),
    Group {
        kind: Kind::List,
        young: true,
        only: Some(On::Create),
        keys: &["tags"],
    },
    old(
        Kind::Whatever,
        &[
            "git_repository",
            "git_branch",
            "build_pack",
            "ports_exposes",
            "domains",
            "instant_deploy",
            "docker_compose_domains",
        ],
    ),
    old(
        Kind::Text,
        &[
            "name",
            "git_commit_sha",
            "docker_registry_image_name",
            "docker_registry_image_tag",
            "static_image",
            "install_command",
            "build_command",
            "start_command",
            "base_directory",
            "publish_directory",
            "health_check_path",
            "health_check_host",
            "limits_memory",
            "limits_memory_swap",
            "limits_memory_reservation",
            "limits_cpus",
            "custom_labels",
            "custom_network_aliases",
            "custom_nginx_configuration",
            "docker_compose_raw",
            "docker_compose_location",
            "docker_compose_custom_start_command",
            "docker_compose_custom_build_command",
            "dockerfile",
            "dockerfile_location",
            "manual_webhook_secret_github",
            "manual_webhook_secret_gitlab",
            "manual_webhook_secret_bitbucket",
            "manual_webhook_secret_gitea",
            "pre_deployment_command",
            "pre_deployment_command_container",
            "post_deployment_command",
            "post_deployment_command_container",
            "watch_paths",
            "http_basic_auth_username",
            "http_basic_auth_password",
            "health_check_command",
        ],
    ),
    old(
        Kind::NullableText,
        &[
            "description",
            "ports_mappings",
            "limits_cpuset",
            "custom_docker_run_options",
            "health_check_response_text",
        ],
    ),
    old(
        Kind::Boolean,
        &[
            "is_static",
            "is_spa",
            "is_auto_deploy_enabled",
            "is_force_https_enabled",
            "health_check_enabled",
            "use_build_server",
            "connect_to_docker_network",
            "force_domain_override",
            "is_http_basic_auth_enabled",
            "is_container_label_escape_enabled",
            "is_preserve_repository_enabled",
        ],
    ),
    old(
        Kind::Number,
        &[
            "health_check_return_code",
            "health_check_interval",
            "health_check_timeout",
            "health_check_retries",
            "health_check_start_period",
            "limits_memory_swappiness",
            "limits_cpu_shares",
        ],
    ),
    old(Kind::NullableWhole(1, 65_535), &["health_check_port"]),
    old(
        Kind::OneOf(&["GET", "HEAD", "POST", "OPTIONS"]),
        &["health_check_method"],
    ),
    old(Kind::OneOf(&["http", "https"]), &["health_check_scheme"]),
    old(Kind::OneOf(&["http", "cmd"]), &["health_check_type"]),
    old(Kind::OneOf(&["www", "non-www", "both"]), &["redirect"]),
    young(Kind::NullableWhole(1, 3_600), &["stop_grace_period"]),
    young(
        Kind::NullableWhole(0, i64::MAX),
        &["max_restart_count", "docker_images_to_keep"],
    ),
    young(
        Kind::Boolean,
        &[
            "use_build_secrets",
            "is_git_submodules_enabled",
            "is_git_lfs_enabled",
            "is_git_shallow_clone_enabled",
            "disable_build_cache",
            "inject_build_args_to_dockerfile",
            "include_source_commit_in_build",
            "is_env_sorting_enabled",
            "is_pr_deployments_public_enabled",
            "is_preview_deployments_enabled",
            "is_gzip_enabled",
            "is_stripprefix_enabled",
            "is_raw_compose_deployment_enabled",
            "is_log_drain_enabled",
            "is_gpu_enabled",
            "is_consistent_container_name_enabled",
        ],
    ),
    young(
        Kind::Text,
        &[
            "gpu_driver",
            "gpu_count",
            "gpu_device_ids",
            "gpu_options",
            "custom_internal_name",
            "preview_url_template",
        ],
    ),
    young(Kind::List, &["noindex_domains"]),
];

/// The first validator: types, and every key that this version's call does not accept.
pub fn check(fields: &Map<String, Value>, on: On, profile: Profile, errors: &mut Errors) {
    for (key, value) in fields {
        match kind_of(key, on, profile) {
            Some(kind) => judge(key, value, kind, errors),
            None => errors.add(key, "This field is not allowed."),
        }
    }
}

/// Whether a field is a switch of the nested settings and not a column.
pub fn is_setting(key: &str) -> bool {
    let switch = key.starts_with("is_") && key != "is_http_basic_auth_enabled";
    let young = GROUPS
        .iter()
        .any(|group| group.young && group.keys.contains(&key));
    let column = [
        "max_restart_count",
        "preview_url_template",
        "tags",
        "noindex_domains",
    ]
    .contains(&key);
    switch || key == "connect_to_docker_network" || young && !column
}

/// Whether a field is not stored at all.
pub fn is_instruction(key: &str) -> bool {
    const INSTRUCTIONS: [&str; 7] = [
        "domains",
        "instant_deploy",
        "force_domain_override",
        "autogenerate_domain",
        "use_build_server",
        "type",
        "tags",
    ];
    INSTRUCTIONS.contains(&key) || key.ends_with("_uuid") || key == "environment_name"
}

fn kind_of(key: &str, on: On, profile: Profile) -> Option<Kind> {
    let group = GROUPS.iter().find(|group| group.keys.contains(&key))?;
    let here = group.only.is_none_or(|only| only == on);
    let grown = !group.young || profile != Profile::V4_0_0;
    (here && grown).then_some(group.kind)
}

fn judge(key: &str, value: &Value, kind: Kind, errors: &mut Errors) {
    let name = spoken(key);
    let sentence = match kind {
        Kind::Whatever => return,
        Kind::NullableText | Kind::NullableWhole(..) if value.is_null() => return,
        Kind::Text | Kind::NullableText if value.is_string() => return,
        Kind::Boolean if boolean(value).is_some() => return,
        Kind::Number if is_number(value) => return,
        Kind::NullableWhole(least, most) => match integer(value) {
            Some(number) if (least..=most).contains(&number) => return,
            Some(_) => format!("The {name} field must be between {least} and {most}."),
            None => format!("The {name} field must be an integer."),
        },
        Kind::OneOf(words) if value.as_str().is_some_and(|word| words.contains(&word)) => return,
        Kind::List if value.is_array() => return,
        Kind::Text | Kind::NullableText => format!("The {name} field must be a string."),
        Kind::Boolean => format!("The {name} field must be true or false."),
        Kind::Number => format!("The {name} field must be a number."),
        Kind::OneOf(_) => format!("The selected {name} is invalid."),
        Kind::List => format!("The {name} field must be an array."),
    };
    errors.add(key, sentence);
}

fn is_number(value: &Value) -> bool {
    let text = value
        .as_str()
        .is_some_and(|text| text.parse::<f64>().is_ok());
    value.is_number() || text
}
