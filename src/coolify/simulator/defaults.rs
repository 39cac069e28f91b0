//! What Coolify stores about a new application when nothing is said about it.
//!
//! It knows the columns' defaults; it must not know what they mean.

use serde_json::{Map, Value};

const COLUMNS: &str = r#"{
    "description": null, "fqdn": null, "build_pack": "dockerfile", "git_commit_sha": "HEAD",
    "git_full_url": null, "static_image": "nginx:alpine", "install_command": null,
    "build_command": null, "start_command": null, "ports_exposes": null, "ports_mappings": null,
    "base_directory": "/", "publish_directory": null, "dockerfile": null,
    "dockerfile_location": "/Dockerfile", "dockerfile_target_build": null,
    "docker_registry_image_name": null, "docker_registry_image_tag": null,
    "docker_compose": null, "docker_compose_raw": null, "docker_compose_domains": null,
    "docker_compose_location": "/docker-compose.yaml", "compose_parsing_version": "5",
    "custom_labels": null, "custom_docker_run_options": null, "custom_network_aliases": null,
    "health_check_enabled": false, "health_check_path": "/", "health_check_port": null,
    "health_check_host": "localhost", "health_check_method": "GET", "health_check_scheme": "http",
    "health_check_return_code": 200, "health_check_response_text": null,
    "health_check_interval": 5, "health_check_timeout": 5, "health_check_retries": 10,
    "health_check_start_period": 5, "health_check_type": "http", "health_check_command": null,
    "custom_healthcheck_found": false, "limits_memory": "0", "limits_memory_swap": "0",
    "limits_memory_swappiness": 60, "limits_memory_reservation": "0", "limits_cpus": "0",
    "limits_cpuset": null, "limits_cpu_shares": 1024, "max_restart_count": 10,
    "preview_url_template": "{{pr_id}}.{{domain}}", "redirect": "both", "watch_paths": null,
    "is_http_basic_auth_enabled": false, "http_basic_auth_username": null,
    "http_basic_auth_password": null, "manual_webhook_secret_github": null,
    "manual_webhook_secret_gitlab": null, "manual_webhook_secret_bitbucket": null,
    "manual_webhook_secret_gitea": null, "pre_deployment_command": null,
    "post_deployment_command": null, "swarm_replicas": 1, "config_hash": null
}"#;

const SETTINGS: &str = r#"{
    "is_static": false, "is_spa": false, "is_auto_deploy_enabled": true,
    "is_force_https_enabled": true, "is_preview_deployments_enabled": false,
    "is_debug_enabled": false, "is_build_server_enabled": false, "is_gzip_enabled": true,
    "is_stripprefix_enabled": true, "is_consistent_container_name_enabled": false,
    "custom_internal_name": null, "connect_to_docker_network": false,
    "disable_build_cache": false, "use_build_secrets": false,
    "inject_build_args_to_dockerfile": true, "include_source_commit_in_build": false,
    "is_container_label_readonly_enabled": true, "stop_grace_period": null
}"#;

/// The columns of an application about which nothing was said.
pub fn columns() -> Map<String, Value> {
    serde_json::from_str(COLUMNS).expect("the columns are a JSON object")
}

/// The nested settings about which nothing was said.
pub fn settings() -> Map<String, Value> {
    serde_json::from_str(SETTINGS).expect("the settings are a JSON object")
}
