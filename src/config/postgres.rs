//! `DATABASE_URL`: one server of PostgreSQL, or several of which one can be written, in the words of libpq
//! (PostgreSQL, "Connection Strings"). sqlx reads one host, and logs what it does not know with its value.

use super::address::Address;
use super::wrong::Wrong;
use sqlx::postgres::PgConnectOptions;
use std::fs::File;
use std::str::FromStr;
use url::form_urlencoded::{Serializer, parse};

const NAME: &str = "DATABASE_URL";
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];
const FORM: &str = "postgres://user:password@host:5432/database";
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];
/// What else sqlx reads. The rest is for other programs, or about what is decided here.
const PASSED_ON: [&str; 5] = [
    "dbname",
    "user",
    "password",
    "options",
    "statement-cache-capacity",
];
/// Of several servers the one that can be written is used, whichever of these is given.
const WRITABLE: [&str; 3] = ["any", "read-write", "primary"];

/// The parameters of an address, in order.
type Parameters = Vec<(String, String)>;

/// How to connect to each server, in the order they are named.
///
/// # Errors
/// What is wrong with the address; its password is not in it.
pub fn servers(typed: &str) -> Result<Vec<PgConnectOptions>, Wrong> {
    let address = Address::parse(NAME, typed, &SCHEMES, FORM)?;
    let given: Parameters = parse(address.query.as_bytes()).into_owned().collect();
    let mut passed_on = tls(&given)?;
    check_target(value(&given, "target_session_attrs"))?;
    passed_on.extend(given.iter().filter(|(key, _)| is_passed_on(key)).cloned());
    let hosts = hosts(&address, &given)?;
    let server = |place| server(&address, place, &passed_on);
    hosts.iter().map(server).collect()
}

fn server(
    address: &Address<'_>,
    (host, port): &(String, u16),
    parameters: &Parameters,
) -> Result<PgConnectOptions, Wrong> {
    let port = port.to_string();
    let place = [("host", host.as_str()), ("port", &port)];
    let query = Serializer::new(String::new())
        .extend_pairs(place)
        .extend_pairs(parameters)
        .finish();
    // The parameters name the host: an address cannot hold a socket, nor a user without a host.
    let user = address.user.map(|user| format!("{user}@"));
    let url = format!(
        "postgres://{}localhost/{}?{query}",
        user.unwrap_or_default(),
        address.path
    );
    let options = PgConnectOptions::from_str(&url);
    options.map_err(|_| Wrong::Invalid(NAME, format!("an address like {FORM} is needed")))
}

/// The hosts and ports; those of the parameters go before those of the address. What is not said is as libpq has it: the
/// socket of this machine, and 5432.
fn hosts(address: &Address<'_>, given: &Parameters) -> Result<Vec<(String, u16)>, Wrong> {
    let defaults = PgConnectOptions::new_without_pgpass();
    let named = value(given, "hostaddr").or_else(|| value(given, "host"));
    let ports: Vec<&str> = value(given, "port").map_or(vec![], |ports| ports.split(',').collect());
    let hosts: Vec<(&str, Option<&str>)> = match named {
        Some(named) => named.split(',').map(|host| (host, None)).collect(),
        None => address.each_host().collect(),
    };
    let mut found = vec![];
    let own_ports: Vec<Option<&str>> = address.each_host().map(|(_, port)| port).collect();
    for (at, (host, port)) in hosts.into_iter().enumerate() {
        let port = port
            .or_else(|| ports.get(at).or(ports.last()).copied())
            .or_else(|| own_ports.get(at).or(own_ports.last()).copied().flatten());
        let port = port.filter(|port| !port.is_empty()).map(port_of);
        let host = match host.replace("%2F", "/").replace("%2f", "/") {
            host if host.is_empty() => defaults.get_host().to_owned(),
            host => host,
        };
        found.push((host, port.transpose()?.unwrap_or(defaults.get_port())));
    }
    Ok(found)
}

fn port_of(typed: &str) -> Result<u16, Wrong> {
    let port = typed.parse().ok().filter(|port| *port != 0);
    // What stands there may be a part of a password.
    let why = "what follows the last colon of the host is not a port; if it belongs to the password, an @ is missing after it";
    port.ok_or_else(|| Wrong::Invalid(NAME, why.to_owned()))
}

/// How TLS is used. sqlx does not try TLS where the server wants it (allow), nor check a certificate because there is a
/// root for it (require), as libpq does.
fn tls(given: &Parameters) -> Result<Parameters, Wrong> {
    let mode = value(given, "sslmode").or_else(|| value(given, "ssl-mode"));
    let mode = mode.map(str::to_lowercase);
    let mode = mode.as_deref();
    if let Some(mode) = mode.filter(|mode| !SSL_MODES.contains(mode)) {
        let why = format!(
            "{mode:?} is no sslmode; one of {} is needed",
            SSL_MODES.join(", ")
        );
        return Err(Wrong::Invalid(NAME, why));
    }
    let root = file(given, "sslrootcert");
    let is_system = root == Some("system");
    let mode = match mode {
        _ if is_system => Some("verify-full"),
        Some("require") if root.is_some() => Some("verify-ca"),
        Some("allow") => Some("prefer"),
        mode => mode,
    };
    let mut passed_on: Parameters = vec![];
    passed_on.extend(mode.map(|mode| ("sslmode".to_owned(), mode.to_owned())));
    for key in FILES {
        let file = file(given, key).filter(|_| key != "sslrootcert" || !is_system);
        if let Some(file) = file {
            readable(key, file)?;
            passed_on.push((key.to_owned(), file.to_owned()));
        }
    }
    Ok(passed_on)
}

/// A file of TLS, by libpq's name or one of those that sqlx has for it as well.
fn file<'a>(given: &'a Parameters, key: &str) -> Option<&'a str> {
    let others: &[&str] = match key {
        "sslrootcert" => &["ssl-root-cert", "ssl-ca"],
        "sslcert" => &["ssl-cert"],
        _ => &["ssl-key"],
    };
    let names = std::iter::once(key).chain(others.iter().copied());
    names.into_iter().find_map(|name| value(given, name))
}

fn readable(key: &str, file: &str) -> Result<(), Wrong> {
    let is_content = file.trim_start().starts_with("-----BEGIN");
    match File::open(file) {
        Err(error) if !is_content => {
            let why = format!("{key} names the file {file}, which cannot be read: {error}");
            Err(Wrong::Invalid(NAME, why))
        }
        _ => Ok(()),
    }
}

fn check_target(target: Option<&str>) -> Result<(), Wrong> {
    let why = "everything is written to the database, so target_session_attrs may only be read-write, primary or any";
    match target {
        Some(target) if !WRITABLE.contains(&target) => Err(Wrong::Invalid(NAME, why.to_owned())),
        _ => Ok(()),
    }
}

fn is_passed_on(key: &str) -> bool {
    PASSED_ON.contains(&key) || key.starts_with("options[")
}

/// The value of a parameter that is not blank.
fn value<'a>(given: &'a Parameters, name: &str) -> Option<&'a str> {
    let value = given.iter().find(|(key, _)| key == name);
    value
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}
