//! Every setting with its value, where that comes from, and what is wrong with it.

use super::given::Given;
use super::misspelled;
use super::shown::Shown;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What stands for a secret.
const HIDDEN: &str = "***";
/// Settings that are addresses with passwords.
const WITH_PASSWORD: [&str; 2] = ["DATABASE_URL", "REDIS_URL"];
/// Settings that are secrets.
const SECRET: [&str; 2] = ["COOLIFY_API_TOKEN", "LOG_STORE_SECRET_KEY"];
/// Parts of the names of parameters that are secret.
const SECRET_PARAMETERS: [&str; 3] = ["password", "secret", "token"];

impl Given {
    /// A line for each setting and each variable that looks like one, without secrets.
    pub fn report(&self) -> Vec<String> {
        let shown = self.shown();
        let width = shown.iter().map(|one| one.name.len()).max();
        let line = |one: Shown| {
            let (name, value, origin) = (one.name, one.value, one.origin);
            let problem = one.problem.map(|wrong| format!("  WRONG: {wrong}"));
            let (width, problem) = (width.unwrap_or_default(), problem.unwrap_or_default());
            format!("{name:width$}  {value}  ({origin}){problem}")
        };
        let warnings = self.misspelled().into_iter();
        let warnings = warnings.map(|sentence| format!("warning: {sentence}"));
        shown.into_iter().map(line).chain(warnings).collect()
    }

    /// Every setting, without secrets.
    pub fn shown(&self) -> Vec<Shown> {
        let problems = self.line.settings.problems();
        let values = self.line.settings.values();
        let one = |(name, value): (&'static str, Option<&str>)| {
            let problem = problems.iter().find(|wrong| wrong.name() == name);
            let (value, origin) = self.value_and_origin(name, value);
            let shown = value.map_or_else(
                || self.line.settings.instead_of(name),
                |value| shown(name, &value, problem.is_some()),
            );
            Shown {
                name,
                value: shown,
                origin: origin.into_owned(),
                problem: problem.map(ToString::to_string),
            }
        };
        values.into_iter().map(one).collect()
    }

    /// A sentence for each variable that looks like a setting and is none.
    pub fn misspelled(&self) -> Vec<String> {
        let settings = self.line.settings.values();
        let names: BTreeSet<String> = settings.into_iter().map(|(name, _)| name.into()).collect();
        misspelled::sentences(&names)
    }

    /// A blank value counts as not set, and then the one in the setting's file is in force.
    fn value_and_origin<'a>(
        &self,
        name: &str,
        value: Option<&'a str>,
    ) -> (Option<Cow<'a, str>>, Cow<'static, str>) {
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        let settings = self.line.settings.values();
        let file_name = format!("{name}_FILE");
        let file = settings.iter().find(|(other, _)| *other == file_name);
        let file = file.and_then(|(_, file)| file.map(str::trim));
        match (value, file.filter(|file| !file.is_empty())) {
            (None, Some(file)) => (
                std::fs::read_to_string(file)
                    .ok()
                    .map(|content| content.trim().to_owned().into()),
                format!("file {file}").into(),
            ),
            (None, None) => (None, "default".into()),
            (Some(value), _) => (
                Some(value.into()),
                self.origins.get(name).copied().unwrap_or("default").into(),
            ),
        }
    }
}

fn shown(name: &str, value: &str, is_wrong: bool) -> String {
    let is_hidden = is_wrong && WITH_PASSWORD.contains(&name);
    match value.split_once("://") {
        _ if is_hidden || SECRET.contains(&name) => HIDDEN.to_owned(),
        // Where the parts of a wrong address end is not known.
        Some((scheme, rest)) if is_wrong && rest.contains(['@', '?', '#']) => {
            format!("{scheme}://{HIDDEN}")
        }
        Some((scheme, rest)) => format!("{scheme}://{}", without_secrets(rest)),
        None => value.to_owned(),
    }
}

/// An address without its scheme, and without passwords.
fn without_secrets(rest: &str) -> String {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((user, hosts)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{hosts}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let Some((path, query)) = tail.split_once('?') else {
        return authority + tail;
    };
    let parameters: Vec<Cow<'_, str>> = query.split('&').map(parameter).collect();
    format!("{authority}{path}?{}", parameters.join("&"))
}

fn parameter(pair: &str) -> Cow<'_, str> {
    let name = pair.split('=').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    if SECRET_PARAMETERS.iter().any(|part| lower.contains(part)) {
        return format!("{name}={HIDDEN}").into();
    }
    pair.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_is_secret_in_it() {
        for (name, value, is_wrong, expected) in [
            ("COOLIFY_API_TOKEN", "1|secret", false, "***"),
            ("COOLIFY_API_TOKEN", "1|secret", true, "***"),
            ("LOG_STORE_SECRET_KEY", "s://secret", false, "***"),
            (
                "DATABASE_URL",
                "postgres://vps:sec@ret@a:1,b/vps?sslmode=require&password=x",
                false,
                "postgres://vps:***@a:1,b/vps?sslmode=require&password=***",
            ),
            ("DATABASE_URL", "postgres:///vps", false, "postgres:///vps"),
            ("DATABASE_URL", "postgres://vps:se#cret@a/vps", true, "***"),
            ("DATABASE_URL", "host=a password=secret", true, "***"),
            (
                "REDIS_URL",
                "redis-sentinel://:a@b:1?sentinelPassword=c",
                false,
                "redis-sentinel://:***@b:1?sentinelPassword=***",
            ),
            ("AGENT_REPOSITORY", "https://a:b@c/d", true, "https://***"),
            ("COOLIFY_API_URL", "https://a:b#c@d", true, "https://***"),
            ("COOLIFY_API_URL", "https://a?token=b", true, "https://***"),
            ("COOLIFY_API_URL", "https://a", false, "https://a"),
            ("AGENT_BRANCH", "main", false, "main"),
        ] {
            assert_eq!(shown(name, value, is_wrong), expected, "{value}");
        }
    }
}
