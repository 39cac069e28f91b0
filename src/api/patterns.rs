//! How texts that requests bring are written, for the API's description: what fits is not refused for how it is written.
//! `MEMORY`, `CPUS` and the others follow the parsers in `domain`, which decide.

use crate::domain::audit::Action;
use strum::VariantArray;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{Object, RefOr, Schema};

const MEMORY: &str = r"(0\.[1-9][0-9]?|[1-9][0-9]{0,2}(\.[0-9]{1,2})?) ?[gG]([iI]?[bB])?|(6[4-9]|[7-9][0-9]|[1-9][0-9]{2,5}) ?[mM]([iI]?[bB])?";
const CPUS: &str = r"0\.[1-9][0-9]?|[1-9][0-9]{0,2}(\.[0-9]{1,2})?";
const COUNT: &str = "[0-9]{1,6}";
const UNLIMITED: &str = "|unlimited|";
const REPOSITORY: &str =
    r"https://[a-z0-9]+([.-][a-z0-9]+)*(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*)+";
const BRANCH: &str = "[A-Za-z0-9_]+([./-][A-Za-z0-9_]+)*";
const PERSON: &str = "usr_[0-7][0-9a-hjkmnp-tv-z]{25}";
const PASSWORD: &str = r"\S([\s\S]*\S)?";
const SUFFIX: &str = "[a-z0-9]{4}";
const VARIABLE: &str = "[A-Z_][A-Z0-9_]{0,99}";
/// A name has something that can be seen.
const SEEN: &str = r"[\s\S]*\S[\s\S]*";

/// A field of a schema, how it is written, what else it may be, and whether it may be empty.
const WRITTEN: [(&str, &str, &str, &str); 17] = [
    ("NewEnvironment", "name", SEEN, ""),
    ("NewEnvironment", "password", PASSWORD, ""),
    ("NewEnvironment", "suffix", SUFFIX, ""),
    ("NewEnvironment", "workspace_repository", REPOSITORY, "|"),
    ("NewEnvironment", "source_repository", REPOSITORY, "|"),
    ("NewEnvironment", "source_branch", BRANCH, "|"),
    ("NewEnvironment", "memory", MEMORY, "|"),
    ("NewEnvironment", "cpus", CPUS, "|"),
    ("NewPassword", "password", PASSWORD, ""),
    ("ResourcesChange", "memory", MEMORY, "|"),
    ("ResourcesChange", "cpus", CPUS, "|"),
    ("LimitsChange", "environments", COUNT, UNLIMITED),
    ("LimitsChange", "deployments", COUNT, UNLIMITED),
    ("LimitsChange", "memory", MEMORY, UNLIMITED),
    ("LimitsChange", "cpus", CPUS, UNLIMITED),
    ("Adoption", "name", SEEN, ""),
    ("Adoption", "owner", PERSON, ""),
];

/// Says how each field of a schema is written.
pub fn add_to_schema(name: &str, schema: &mut Object) {
    let own = WRITTEN.iter().filter(|(of, ..)| *of == name);
    for (_, field, pattern, or) in own {
        if let Some(RefOr::T(Schema::Object(field))) = schema.properties.get_mut(*field) {
            field.pattern = Some(format!("^({pattern}{or})$"));
        }
    }
}

/// Says how a parameter is written: the name of a variable, the id of a person, what was done, as the audit calls it.
pub fn add_to_parameter(parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else {
        return;
    };
    match parameter.name.as_str() {
        "name" => schema.pattern = Some(format!("^{VARIABLE}$")),
        "heir" => schema.pattern = Some(format!("^{PERSON}$")),
        "action" => {
            let words = Action::VARIANTS.iter().map(|action| action.word().into());
            schema.enum_values = Some(words.collect());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::amount::{Amount, Cpus, Memory};

    fn fits(pattern: &str, text: &str) -> bool {
        regex::Regex::new(&format!("^({pattern})$"))
            .unwrap()
            .is_match(text)
    }

    #[test]
    fn what_fits_is_read_and_what_is_read_fits() {
        for text in [
            "64m", "512m", "2g", "1.5g", "0.5GiB", "999g", "63m", "0g", "2t", "g", "-1g",
        ] {
            assert_eq!(fits(MEMORY, text), Memory::parse(text).is_some(), "{text}");
        }
        for text in ["0.1", "1", "1.25", "999", "0.01", "0", "1.234", "x", ""] {
            assert_eq!(fits(CPUS, text), Cpus::parse(text).is_some(), "{text}");
        }
    }
}
