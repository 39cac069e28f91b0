//! `REDIS_URL`: one server, a cluster, or sentinels that know the server.

use super::address::Address;
use super::wrong::Wrong;
use crate::redis::Redis;
use url::form_urlencoded;

const NAME: &str = "REDIS_URL";
const FORM: &str = "redis://:password@host:6379";
/// Valkey is Redis by another name; an s means TLS.
const SCHEMES: [&str; 12] = [
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "redis-cluster",
    "rediss-cluster",
    "valkey-cluster",
    "valkeys-cluster",
    "redis-sentinel",
    "rediss-sentinel",
    "valkey-sentinel",
    "valkeys-sentinel",
];

/// Checks the address.
///
/// # Errors
/// What is wrong with it; its password is not in it.
pub(super) fn check(typed: &str) -> Result<(), Wrong> {
    let wrong = |why: &str| Err(Wrong::Invalid(NAME, why.to_owned()));
    let address = Address::parse(NAME, typed, &SCHEMES, FORM)?;
    let (is_cluster, is_sentinel) = (
        address.scheme.ends_with("-cluster"),
        address.scheme.ends_with("-sentinel"),
    );
    let has = |name| form_urlencoded::parse(address.query.as_bytes()).any(|(key, _)| key == name);
    match () {
        () if address.hosts.contains(',') => {
            wrong("it names several hosts; the others are added as ?node=host:port")
        }
        () if is_sentinel && !has("sentinelServiceName") => wrong(
            "?sentinelServiceName= is missing: the name by which the sentinels know the server",
        ),
        () if is_cluster && !matches!(address.path, "" | "0") => {
            wrong("a cluster has no numbered databases; leave out what follows the slash")
        }
        () if !address.path.is_empty() && address.path.parse::<u8>().is_err() => {
            wrong("the database after the slash must be a number from 0 to 255")
        }
        () if address.user.is_some_and(|user| !user.contains(':')) => wrong(
            "it names a user without a password; a password alone is written as redis://:password@host",
        ),
        () if !Redis::is_address(typed) => {
            wrong("an address like redis://:password@host:6379 is needed")
        }
        () => Ok(()),
    }
}
