//! Variables that are no settings, but look as if they were meant as such.

use super::dotenv;
use std::collections::BTreeSet;

/// How alike two names must be (Jaro-Winkler, 1 is equal): `COOLIFY_TOKEN` and `COOLIFY_API_TOKEN` are 0.93.
const ALIKE: f64 = 0.92;
/// What Coolify sets in every container it starts, so also in that of a dashboard it hosts.
const OF_COOLIFY: [&str; 5] = [
    "COOLIFY_URL",
    "COOLIFY_FQDN",
    "COOLIFY_BRANCH",
    "COOLIFY_RESOURCE_UUID",
    "COOLIFY_CONTAINER_NAME",
];

/// A sentence for each of them.
pub fn sentences(settings: &BTreeSet<String>) -> Vec<String> {
    let names = dotenv::names();
    let names = names.iter().filter_map(|name| name.to_str());
    let sentence = |name: &str| {
        let meant = meant(name, settings)?;
        Some(format!("{name} is no setting; is {meant} meant?"))
    };
    names.filter_map(sentence).collect()
}

/// The setting that this name is meant to be.
fn meant<'a>(name: &str, settings: &'a BTreeSet<String>) -> Option<&'a str> {
    if settings.contains(name) || OF_COOLIFY.contains(&name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let likeness = |setting: &&String| strsim::jaro_winkler(setting, &upper);
    let nearest = settings
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(&nearest) >= ALIKE).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_a_setting_is_taken_for_it_and_what_others_need_is_not() {
        let settings = crate::config::tests::variables();
        for (name, setting) in [
            ("COOLIFY_TOKEN", Some("COOLIFY_API_TOKEN")),
            ("COOLIFY_API_KEY", Some("COOLIFY_API_TOKEN")),
            ("AGENT_DOMAIN", Some("AGENTS_DOMAIN")),
            ("AGENTS_REPOSITORY", Some("AGENT_REPOSITORY")),
            ("DATABASE_URI", Some("DATABASE_URL")),
            ("database_url", Some("DATABASE_URL")),
            ("REGISTRATIONS", Some("REGISTRATION")),
            ("COOLIFY_PROJECT_ID", Some("COOLIFY_PROJECT_UUID")),
            ("COOLIFY_API_TOKEN", None),
            ("COOLIFY_URL", None),
            ("COOLIFY_FQDN", None),
            ("PATH", None),
            ("HOME", None),
            ("HOSTNAME", None),
            ("RUST_BACKTRACE", None),
            ("SOURCE_COMMIT", None),
            ("PGHOST", None),
        ] {
            assert_eq!(meant(name, &settings), setting, "{name}");
        }
    }
}
