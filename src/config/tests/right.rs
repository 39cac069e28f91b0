//! Right values, in each way people write them.

use super::{NEEDED, checked, meaning, settings, with};
use crate::config::postgres::servers;
use secrecy::ExposeSecret;
use sqlx::postgres::PgSslMode;

#[test]
fn a_right_value_is_taken_without_the_space_around_it() {
    for (name, value, means) in [
        (
            "REDIS_URL",
            "rediss://redis:6379/2",
            "Some(\"rediss://redis:6379/2\")",
        ),
        (
            "DATABASE_URL",
            "postgres://vps:secret@db/vps",
            "Some(\"postgres://vps:secret@db/vps\")",
        ),
        ("DATA_DIR", "my data", "my data"),
        ("COOLIFY_ENVIRONMENT_NAME", "staging", "staging"),
        (
            "COOLIFY_DESTINATION_UUID",
            "elsewhere",
            "Some(\"elsewhere\")",
        ),
        ("AGENT_REPOSITORY", "https://a.b/c", "https://a.b/c"),
        ("AGENT_UPDATES", "off", "false"),
        ("AGENT_BRANCH", "next", "next"),
        ("AGENT_PORT", "9000", "9000"),
        ("AGENT_FOLDER", "/srv/my work", "/srv/my work"),
        ("AGENT_BRANCH", "a$b/c", "a$b/c"),
        ("LISTEN", "[::]:80", "[::]:80"),
        ("LISTEN", "localhost:80", "127.0.0.1:80"),
        ("METRICS_LISTEN", "localhost:9", "Some(127.0.0.1:9)"),
        ("PUBLIC_URL", "https://vps.example.com", "true"),
        ("PUBLIC_URL", "http://vps.example.com", "false"),
        ("REGISTRATION", "closed", "Nobody"),
        ("REGISTRATION", "open", "Everybody"),
        ("TURN_TIMEOUT_HOURS", "1", "3600s"),
        ("LOG_FORMAT", "json", "Json"),
        ("RUST_LOG", "warn,sqlx=debug", "sqlx=debug,warn"),
    ] {
        let (config, log) = checked(&with(name, &format!(" {value} "))).unwrap();
        assert_eq!(meaning(&config, &log, name), means, "{name}");
    }
}

#[test]
fn a_limit_is_an_amount_or_the_word_for_none() {
    for (name, value, means) in [
        ("ENVIRONMENTS_PER_PERSON", "3", "Some(Count(3))"),
        ("DEPLOYMENTS_PER_PERSON", "Unlimited", "None"),
        ("AGENT_MEMORY", "1.5g", "Some(Memory(1536))"),
        ("AGENT_CPUS", "1.5", "Some(Cpus(150))"),
    ] {
        let (config, log) = checked(&with(name, value)).unwrap();
        assert_eq!(meaning(&config, &log, name), means, "{name}");
    }
}

/// Addresses of Redis that are taken as they are.
const REDIS: [&str; 9] = [
    "redis://redis",
    "redis://:p%23w@redis:6379/0",
    "redis://:p@w:x$y@redis:6379",
    "rediss://vps:secret@redis:6380/2",
    "redis-cluster://a:7000?node=b:7001&node=c:7002",
    "rediss-cluster://vps:secret@a:7000",
    "redis-sentinel://:secret@a:26379?sentinelServiceName=mymaster&node=b:26379",
    "valkey://valkey",
    "redis://[::1]:6379",
];

#[test]
fn each_kind_of_address_of_redis_is_taken() {
    for address in REDIS {
        let (config, _) = checked(&with("REDIS_URL", address)).unwrap();
        assert_eq!(config.redis_url.unwrap().expose_secret(), address);
    }
}

#[test]
fn coolify_is_found_with_and_without_the_path_of_its_api() {
    for path in ["", "/", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v1//"] {
        let address = format!("https://coolify.example.com{path}");
        let (config, _) = checked(&with("COOLIFY_API_URL", &address)).unwrap();
        assert_eq!(config.coolify.url.as_str(), "https://coolify.example.com/");
    }
}

#[test]
fn a_domain_is_taken_with_its_wildcard_its_dot_and_in_upper_case() {
    for domain in ["agents.example.com", "*.Agents.Example.COM."] {
        let (config, _) = checked(&with("AGENTS_DOMAIN", domain)).unwrap();
        assert_eq!(config.domain.host("a"), "a.agents.example.com");
    }
}

/// Addresses of PostgreSQL, and the host or socket, the port, the user and the database of each server.
const POSTGRES: [(&str, &[[&str; 4]]); 12] = [
    ("postgres://vps:p@db/d", &[["db", "5432", "vps", "d"]]),
    (
        "postgresql://vps:p@db:5433/d",
        &[["db", "5433", "vps", "d"]],
    ),
    (
        "postgres://vps:p@ss:w$rd%23@db/d",
        &[["db", "5432", "vps", "d"]],
    ),
    (
        "postgres://vps@[::1]:5433/d",
        &[["::1", "5433", "vps", "d"]],
    ),
    (
        "postgres://vps:p@a:1,b/d?target_session_attrs=read-write",
        &[["a", "1", "vps", "d"], ["b", "5432", "vps", "d"]],
    ),
    (
        "postgres://vps:p@/d?host=a,b&port=1,2",
        &[["a", "1", "vps", "d"], ["b", "2", "vps", "d"]],
    ),
    (
        "postgres:///d?host=/var/run/postgresql&user=vps",
        &[["/var/run/postgresql", "5432", "vps", "d"]],
    ),
    (
        "postgres://vps:p@/d?host=/run/pg&port=5433",
        &[["/run/pg", "5433", "vps", "d"]],
    ),
    (
        "postgres://vps:p@%2Frun%2Fpg/d",
        &[["/run/pg", "5432", "vps", "d"]],
    ),
    (
        "postgres://db:5433/d?user=vps@tenant&password=x",
        &[["db", "5433", "vps@tenant", "d"]],
    ),
    (
        "postgres://v%40b@db/d?connect_timeout=10&channel_binding=require&pgbouncer=true",
        &[["db", "5432", "v@b", "d"]],
    ),
    ("postgres://vps@db?dbname=d", &[["db", "5432", "vps", "d"]]),
];

#[test]
fn each_form_of_an_address_of_postgresql_leads_to_its_servers() {
    for (address, expected) in POSTGRES {
        checked(&with("DATABASE_URL", address)).unwrap();
        let servers = servers(address).unwrap();
        let found = servers.iter().map(|server| {
            let socket = server
                .get_socket()
                .map(|socket| socket.display().to_string());
            [
                socket.unwrap_or_else(|| server.get_host().to_owned()),
                server.get_port().to_string(),
                server.get_username().to_owned(),
                server.get_database().unwrap_or_default().to_owned(),
            ]
        });
        assert!(
            found.eq(expected.iter().map(|parts| parts.map(str::to_owned))),
            "{address}: {servers:?}"
        );
    }
}

#[test]
fn each_word_for_tls_is_understood_as_libpq_does() {
    for (query, mode) in [
        ("", PgSslMode::Prefer),
        ("sslmode=disable", PgSslMode::Disable),
        ("sslmode=allow", PgSslMode::Prefer),
        ("sslmode=prefer", PgSslMode::Prefer),
        ("sslmode=require", PgSslMode::Require),
        ("sslmode=verify-ca", PgSslMode::VerifyCa),
        ("sslmode=verify-full", PgSslMode::VerifyFull),
        ("sslmode=require&sslrootcert=/dev/null", PgSslMode::VerifyCa),
        ("sslrootcert=system", PgSslMode::VerifyFull),
    ] {
        let servers = servers(&format!("postgres://db/vps?{query}")).unwrap();
        let found = servers[0].get_ssl_mode();
        assert_eq!(format!("{found:?}"), format!("{mode:?}"), "{query}");
    }
}

#[test]
fn what_is_needed_alone_is_enough() {
    assert!(settings(&NEEDED).problems().is_empty());
}
