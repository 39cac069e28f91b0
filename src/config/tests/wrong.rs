//! Wrong values, and the line that says so.

use super::{NEEDED, Wrong, checked, settings, variables, with};
use crate::config::postgres::servers;

const NO_PATH: &str = "an address without a path like https://vps.example.com is needed: give the dashboard a host name of its own";
const NETWORKS: &str =
    "networks like 10.0.0.0/8 separated by commas, or the number of proxies is needed";
const WEB: &str = "an address that begins with http:// or https:// is needed";
const NO_USER: &str = "it may not hold a user, a password or a token before an @";
const NO_QUERY: &str = "it may have no ? and no # and nothing after them";
const POSTGRES: &str = "an address that begins with postgres:// or postgresql:// is needed";
const PAIRS: &str =
    "the form key=value is not read; write it as postgres://user:password@host:5432/database";
const DOMAIN: &str =
    "a domain like agents.example.com is needed, without http:// and without a path";
const NO_IP: &str = "a domain is needed, not an IP address: environments get names below it. Without a domain, one like 192-0-2-7.sslip.io leads to the address in it";
const NO_PORT: &str = "a port number from 1 to 65535 is needed";
const LISTEN: &str = "an address and port like 127.0.0.1:3000 is needed; all addresses of this machine are 0.0.0.0:3000, and IPv6 has brackets, like [::1]:3000";
const COUNT: &str = "a number like 3 is needed; without it there is no limit";
const DAYS: &str = "a number of days up to 36500 is needed; 0 is for ever";
const HOURS: &str = "a number of hours from 1 to 720 is needed";
const TARGET: &str = "everything is written to the database, so target_session_attrs may only be read-write, primary or any";
const TOKEN: &str = "the token alone is needed, like 1|abc, without Bearer and without spaces";
const WRONG_PORT: &str = "what follows the last colon of the host is not a port; if it belongs to the password, an @ is missing after it";

/// A setting, wrong values, and the line that says so.
const WRONG: [(&str, &[&str], &str); 49] = [
    (
        "DATABASE_URL",
        &[
            "mysql://db/vps",
            "vps",
            "db:5432/vps",
            "jdbc:postgresql://db/vps",
        ],
        POSTGRES,
    ),
    (
        "DATABASE_URL",
        &["host=db user=vps password=secret", "dbname=vps"],
        PAIRS,
    ),
    (
        "DATABASE_URL",
        &[
            "postgres://db:high/vps",
            "postgres://vps:secret/vps",
            "postgres://db:0/vps",
        ],
        WRONG_PORT,
    ),
    (
        "DATABASE_URL",
        &[
            "postgres://db/vps?target_session_attrs=read-only",
            "postgres://db/vps?target_session_attrs=x",
        ],
        TARGET,
    ),
    (
        "DATABASE_URL",
        &["postgres://db/vps?sslmode=on"],
        "\"on\" is no sslmode; one of disable, allow, prefer, require, verify-ca, verify-full is needed",
    ),
    (
        "DATABASE_URL",
        &["postgres://db/vps?sslrootcert=/no/file"],
        "sslrootcert names the file /no/file, which cannot be read: No such file or directory (os error 2)",
    ),
    (
        "DATABASE_URL",
        &["postgres://vps:%ff@db/vps"],
        "an address like postgres://user:password@host:5432/database is needed",
    ),
    (
        "DATA_DIR",
        &["~/data", "~"],
        "~ is only replaced by a shell; write the whole path of the folder",
    ),
    (
        "REDIS_URL",
        &["http://redis:6379", "redis:6379", "unix:///run/redis"],
        "an address that begins with redis:// or rediss:// is needed",
    ),
    (
        "REDIS_URL",
        &["redis://a:1,b:2"],
        "it names several hosts; the others are added as ?node=host:port",
    ),
    (
        "REDIS_URL",
        &["redis-sentinel://a"],
        "?sentinelServiceName= is missing: the name by which the sentinels know the server",
    ),
    (
        "REDIS_URL",
        &["redis-cluster://a/1"],
        "a cluster has no numbered databases; leave out what follows the slash",
    ),
    (
        "REDIS_URL",
        &["redis://a/256", "redis://a/cache", "redis://a/0/1"],
        "the database after the slash must be a number from 0 to 255",
    ),
    (
        "REDIS_URL",
        &["redis://secret@a"],
        "it names a user without a password; a password alone is written as redis://:password@host",
    ),
    (
        "REDIS_URL",
        &["redis://a:high", "redis://", "redis-cluster://a:1?node=b"],
        "an address like redis://:password@host:6379 is needed",
    ),
    (
        "COOLIFY_API_URL",
        &[
            "coolify.example.com",
            "ftp://coolify.example.com",
            "https://",
        ],
        WEB,
    ),
    (
        "COOLIFY_API_URL",
        &[
            "https://a:b@coolify.example.com",
            "https://a@coolify.example.com",
        ],
        NO_USER,
    ),
    (
        "COOLIFY_API_URL",
        &[
            "https://coolify.example.com/?a=b",
            "https://coolify.example.com#a",
        ],
        NO_QUERY,
    ),
    (
        "COOLIFY_API_TOKEN",
        &["Bearer 1|abc", "1|a b", "1|ä", "1|a\nb"],
        TOKEN,
    ),
    (
        "AGENTS_DOMAIN",
        &["https://agents.example.com", "agents..example.com", "a@b.c"],
        DOMAIN,
    ),
    ("AGENTS_DOMAIN", &["localhost:high"], "high is not a port"),
    (
        "AGENTS_DOMAIN",
        &[
            "192.0.2.7",
            "192.0.2.7:80",
            "[::1]",
            "::1",
            "2130706433",
            "0x7f.1",
        ],
        NO_IP,
    ),
    (
        "AGENT_REPOSITORY",
        &["git@github.com:grmkris/agent", "ssh://git@github.com/a/b"],
        WEB,
    ),
    (
        "AGENT_REPOSITORY",
        &[
            "https://user:token@github.com/a/b",
            "https://token@github.com/a/b",
        ],
        NO_USER,
    ),
    (
        "AGENT_REPOSITORY",
        &[
            "https://github.com/a/b?tab=readme",
            "https://github.com/a/b#readme",
        ],
        NO_QUERY,
    ),
    (
        "ALLOWED_REPOSITORIES",
        &["*", "github.com/acme/*", "https://a@github.com/*"],
        "addresses like https://github.com/acme/agent, or all below one like https://github.com/acme/*, are needed, separated by commas",
    ),
    (
        "AGENT_FOLDER",
        &["a"],
        "a folder like /home/coder/workspace is needed",
    ),
    ("AGENT_PORT", &["0", "65536", "http"], NO_PORT),
    ("METRICS_LISTEN", &["9000", "localhost"], LISTEN),
    (
        "LISTEN",
        &[
            "3000",
            ":3000",
            "127.0.0.1",
            "::1:3000x",
            "vps.example.com:3000",
            "localhost",
        ],
        LISTEN,
    ),
    ("PUBLIC_URL", &["vps.example.com", "//vps.example.com"], WEB),
    ("PUBLIC_URL", &["https://a:b@vps.example.com"], NO_USER),
    (
        "PUBLIC_URL",
        &["https://vps.example.com?a", "https://vps.example.com/#a"],
        NO_QUERY,
    ),
    ("PUBLIC_URL", &["https://vps.example.com/vps"], NO_PATH),
    (
        "TRUSTED_PROXIES",
        &["proxy.internal", "10.0.0.0/33", "-1", "1.5"],
        NETWORKS,
    ),
    (
        "AGENT_UPDATES",
        &["yes", "true", "ON"],
        "on or off is needed",
    ),
    (
        "REGISTRATION",
        &["yes", "OPEN"],
        "open or invite or closed is needed",
    ),
    ("ENVIRONMENTS_PER_PERSON", &["many", "-1", "1.5"], COUNT),
    ("DEPLOYMENTS_PER_PERSON", &["none", "1000001"], COUNT),
    (
        "AGENT_MEMORY",
        &["2", "2t", "32m", "2000g", "two"],
        "memory like 512m or 2g is needed, from 64m to 1024g; without it there is no limit",
    ),
    (
        "AGENT_CPUS",
        &["0", "1,5", "1.555", "all"],
        "a number like 2 or 1.5 is needed, from 0.1 to 1000; without it there is no limit",
    ),
    (
        "TURN_TIMEOUT_HOURS",
        &["soon", "0", "721", "-1", "1.5"],
        HOURS,
    ),
    (
        "LOG_STORE_URL",
        &["/srv/logs", "http://minio/logs", "logs"],
        "an address that begins with s3:// or file:// is needed",
    ),
    ("LOG_STORE_ENDPOINT", &["minio:9000"], WEB),
    ("LOG_RETENTION_DAYS", &["soon", "-1", "36501"], DAYS),
    ("AUDIT_RETENTION_DAYS", &["soon", "-1", "36501"], DAYS),
    ("LOG_FORMAT", &["xml", "JSON"], "text or json is needed"),
    (
        "RUST_LOG",
        &["info,sqlx=loud"],
        "it is no filter like info or info,sqlx=debug: error parsing level filter: expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5",
    ),
    (
        "RUST_LOG",
        &["\"info\""],
        "the quotes around it are a part of it here; write it without them",
    ),
];

/// A password that is not percent-encoded, in an address, and the character that is named.
const UNENCODED: [(&str, char); 10] = [
    ("postgres://vps:hid#den@db:5432/vps", '#'),
    ("postgres://vps:hid/den@db:5432/vps", '/'),
    ("postgres://vps:hid?den@db:5432/vps", '?'),
    ("postgres://vps:12/hidden@db/vps?sslmode=require", '/'),
    ("postgres://vps:hid?d=en@db/vps", '?'),
    ("postgres://vps:hi@d/den@db/vps", '/'),
    ("postgres://vps:hi/d#den@db/vps", '/'),
    ("postgres://vps:hid?den@a:1,b:2/vps", '?'),
    ("postgres://vps:hidden@db/vps#main", '#'),
    ("postgres://vps:#hidden@db/vps", '#'),
];

#[test]
fn a_wrong_value_is_a_line_that_names_the_setting_and_not_the_value() {
    for (name, values, hint) in WRONG {
        for value in values {
            let wrong = checked(&with(name, value)).unwrap_err();
            assert_eq!(
                wrong.to_string(),
                format!("{name} is wrong: {hint}"),
                "{value}"
            );
            let problems = with(name, value).problems();
            assert_eq!(problems.len(), 1, "{problems:?}");
        }
    }
}

#[test]
fn a_password_that_is_not_encoded_is_named_by_its_character_and_not_shown() {
    for (address, character) in UNENCODED {
        let redis = address.replace("postgres", "redis");
        for (name, address) in [("DATABASE_URL", address), ("REDIS_URL", &redis)] {
            let wrong = checked(&with(name, address)).unwrap_err().to_string();
            let encoded = format!(
                "percent-encode it: {character} is %{:02X}",
                u32::from(character)
            );
            assert!(wrong.starts_with(&format!("{name} is wrong: ")), "{wrong}");
            assert!(wrong.ends_with(&encoded), "{address}: {wrong}");
            assert!(!wrong.contains("den"), "{wrong}");
        }
    }
    for right in [
        "postgres://vps:a@b:c$d%e!@db/vps",
        "postgres://db/vps?user=a@b",
    ] {
        assert!(servers(right).is_ok(), "{right}");
    }
}

#[test]
fn quotes_that_reach_the_program_are_named_for_every_setting() {
    for name in variables() {
        for quote in ['"', '\''] {
            let wrong = checked(&with(&name, &format!("{quote}a{quote}"))).unwrap_err();
            let said = "the quotes around it are a part of it here; write it without them";
            assert_eq!(wrong.to_string(), format!("{name} is wrong: {said}"));
        }
    }
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let mut values = NEEDED.to_vec();
    values.retain(|(name, _)| *name != "AGENTS_DOMAIN");
    values.extend([("LISTEN", "3000"), ("REDIS_URL", "redis")]);
    let problems = settings(&values).problems();
    let names: Vec<&str> = problems.iter().map(Wrong::name).collect();
    assert_eq!(names, ["REDIS_URL", "AGENTS_DOMAIN", "LISTEN"]);
}
