//! An address with a user and a password, in its parts. The `url` crate reads such addresses, too, but where a password
//! is not percent-encoded it finds a wrong port or an empty host, and people are told something that is not the cause.

use super::parse::begins_with;
use super::wrong::Wrong;

/// `scheme://user:password@hosts/path?query`, nothing of it decoded.
#[derive(Clone, Copy)]
pub(super) struct Address<'a> {
    pub scheme: &'a str,
    /// The user, and the password after a colon.
    pub user: Option<&'a str>,
    pub hosts: &'a str,
    pub path: &'a str,
    pub query: &'a str,
}

impl<'a> Address<'a> {
    /// Takes it apart. `form` is an address that is right.
    ///
    /// # Errors
    /// When it has no such scheme, or a password that is not percent-encoded.
    pub fn parse(
        name: &'static str,
        typed: &'a str,
        schemes: &[&str],
        form: &str,
    ) -> Result<Self, Wrong> {
        let wrong = |why: String| Wrong::Invalid(name, why);
        let known = typed.split_once("://");
        let Some((scheme, rest)) = known.filter(|(scheme, _)| schemes.contains(scheme)) else {
            return Err(wrong(if is_list_of_pairs(typed) {
                format!("the form key=value is not read; write it as {form}")
            } else {
                begins_with(&schemes[..2])
            }));
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if let Some(character) = unencoded(authority, tail) {
            return Err(wrong(format!(
                "its user or password has a {character} in it, which ends that part of an address; percent-encode it: {character} is %{:02X}",
                u32::from(character)
            )));
        }
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        Ok(Self {
            scheme,
            user: user.filter(|user| !user.is_empty()),
            hosts,
            path: path.trim_start_matches('/'),
            query,
        })
    }

    /// Each host and its port, as `a:5432,b` names them.
    pub fn each_host(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.hosts.split(',').map(host_and_port)
    }
}

/// `host=db user=vps`, as libpq also takes it.
fn is_list_of_pairs(typed: &str) -> bool {
    let first = typed.split_whitespace().next().unwrap_or_default();
    !typed.contains("://") && first.contains('=')
}

/// The first character of what follows the authority, if it belongs to the password: then an @ follows where none can.
fn unencoded(authority: &str, tail: &str) -> Option<char> {
    let first = tail.chars().next()?;
    if tail.contains('#') {
        let is_first = first == '#' || !tail.contains('@');
        return Some(if is_first { '#' } else { first });
    }
    let (before, _) = tail.split_once('@')?;
    let in_query = before.split_once('?').map(|(_, query)| query);
    let is_value = in_query.is_some_and(|query| query.contains('='));
    let is_whole = authority.contains('@') || are_hosts(authority);
    (!is_value || !is_whole).then_some(first)
}

/// Whether it names hosts, and no user before a colon.
fn are_hosts(authority: &str) -> bool {
    let is_number = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let mut ports = authority.split(',').filter_map(|one| host_and_port(one).1);
    ports.all(is_number)
}

/// An IPv6 address is in brackets, which are not part of it.
fn host_and_port(typed: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = typed
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (host, rest.strip_prefix(':'));
    }
    match typed.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (typed, None),
    }
}
