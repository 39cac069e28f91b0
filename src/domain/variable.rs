//! Variables that people give to their environments: how they are named, and which values reach a container as they are.

use secrecy::SecretString;
use std::collections::HashSet;

/// How many variables an environment may have.
pub const COUNT_LIMIT: usize = 50;
const NAME_LIMIT: usize = 100;
const VALUE_LIMIT_BYTES: usize = 8 * 1024;

/// Names that the environment, its image or Coolify sets.
const RESERVED: [&str; 10] = [
    "CLAUDE_CONFIG_DIR",
    "HASHED_PASSWORD",
    "HOME",
    "HOST",
    "PASSWORD",
    "PATH",
    "PORT",
    "SOURCE_COMMIT",
    "USER",
    "WORKSPACE_REPOSITORY",
];
/// How names begin that Coolify makes.
const RESERVED_BEGINNINGS: [&str; 2] = ["COOLIFY_", "SERVICE_"];

/// Why a variable is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("Write it as NAME=value, on a line of its own.")]
    Line,
    #[error("A name has capital letters, digits and underscores, like ANTHROPIC_API_KEY.")]
    Name,
    #[error("This name is too long. Use at most 100 characters.")]
    NameTooLong,
    #[error("The environment sets this variable itself. Choose another name.")]
    Reserved,
    #[error("This name is there twice. Keep one of them.")]
    Twice,
    #[error("Enter a value.")]
    Empty,
    #[error("This value is too long. It may have 8 kB.")]
    TooLong,
    #[error("This value has a sign that cannot be seen. Only line breaks and tabs are passed on.")]
    Control,
    #[error("The quotes around this value would be a part of it. Leave them out.")]
    Quoted,
    #[error(
        "Coolify cannot pass on a value with a single quote (') in it. Encode it, as base64 for example."
    )]
    SingleQuote,
    #[error(
        "Coolify cannot pass on a value that ends with a backslash. Encode it, as base64 for example."
    )]
    Backslash,
    #[error(
        "Coolify would replace what stands after {{{{ in this value. Encode it, as base64 for example."
    )]
    Template,
    #[error(
        "Coolify would change this JSON, because of the $, the # or the backslash in it, or because it has several lines. Encode it, as base64 for example."
    )]
    Json,
    #[error("An environment may have 50 variables. Remove some first.")]
    TooMany,
}

/// A variable as typed.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    pub name: &'a str,
    pub value: &'a str,
}

/// The name of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VariableName(String);

impl VariableName {
    /// Parses what was typed.
    ///
    /// # Errors
    /// When it is no name, or one that is set otherwise.
    pub fn parse(typed: &str) -> Result<Self, Unfit> {
        let name = typed.trim();
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let begins = !name.starts_with(|c: char| c.is_ascii_digit());
        if name.is_empty() || !begins || !name.chars().all(fits) {
            return Err(Unfit::Name);
        }
        if name.len() > NAME_LIMIT {
            return Err(Unfit::NameTooLong);
        }
        let begins_reserved = RESERVED_BEGINNINGS.iter().any(|it| name.starts_with(it));
        if begins_reserved || RESERVED.contains(&name) {
            return Err(Unfit::Reserved);
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A variable whose value reaches the container as it is. Coolify writes it between single quotes, without escaping
/// anything, into a file that Docker Compose reads; JSON it writes without quotes, and `{{team.NAME}}` it replaces
/// (Coolify: `app/Models/EnvironmentVariable.php`).
#[derive(Debug)]
pub struct Variable {
    pub name: VariableName,
    pub value: SecretString,
}

impl Variable {
    /// Parses what was typed. Coolify drops the white space around a value.
    ///
    /// # Errors
    /// When the name or the value is not taken; see `value`.
    pub fn parse(typed: Typed<'_>) -> Result<Self, Unfit> {
        Ok(Self {
            name: VariableName::parse(typed.name)?,
            value: value(typed.value)?,
        })
    }

    /// Parses many, with different names.
    ///
    /// # Errors
    /// The number of the first that is not taken, from 1, and why.
    pub fn parse_all(typed: &[Typed<'_>]) -> Result<Vec<Self>, (usize, Unfit)> {
        let mut names = HashSet::new();
        let mut parse = |(number, typed): (usize, &Typed<'_>)| {
            let wrong = |unfit| (number, unfit);
            if number > COUNT_LIMIT {
                return Err(wrong(Unfit::TooMany));
            }
            if typed.name.is_empty() {
                return Err(wrong(Unfit::Line));
            }
            if is_quoted(typed.value) {
                return Err(wrong(Unfit::Quoted));
            }
            let variable = Self::parse(*typed).map_err(wrong)?;
            if !names.insert(variable.name.clone()) {
                return Err(wrong(Unfit::Twice));
            }
            Ok(variable)
        };
        (1..).zip(typed).map(&mut parse).collect()
    }
}

/// Parses a value.
///
/// # Errors
/// When it would not reach the container as it is.
pub fn value(typed: &str) -> Result<SecretString, Unfit> {
    let value = typed.trim();
    let is_hidden = |c: char| c.is_control() && c != '\n' && c != '\t';
    let without_returns = value.replace("\r\n", "\n");
    match () {
        () if value.is_empty() => Err(Unfit::Empty),
        () if value.len() > VALUE_LIMIT_BYTES => Err(Unfit::TooLong),
        () if without_returns.contains(is_hidden) => Err(Unfit::Control),
        () if value.contains('\'') => Err(Unfit::SingleQuote),
        () if value.ends_with('\\') => Err(Unfit::Backslash),
        () if value.contains("{{") => Err(Unfit::Template),
        () if looks_like_json(value) && value.contains(['$', '#', '\\', '\n']) => Err(Unfit::Json),
        () => Ok(SecretString::from(without_returns)),
    }
}

fn looks_like_json(value: &str) -> bool {
    let is_between = |first, last| value.starts_with(first) && value.ends_with(last);
    is_between('{', '}') || is_between('[', ']')
}

fn is_quoted(value: &str) -> bool {
    let value = value.trim();
    let is_between = |quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    is_between('"') || is_between('\'')
}

/// The variables in a text with `NAME=value` on each line. Empty lines and those that begin with # are left out; the name
/// of a line without = is empty.
pub fn lines(text: &str) -> Vec<Typed<'_>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let typed = lines.map(|line| {
        let (name, value) = line.split_once('=').unwrap_or(("", line));
        Typed {
            name: name.trim(),
            value,
        }
    });
    typed.collect()
}

/// The same text without any value, to be filled in again.
pub fn names(text: &str) -> String {
    let names = lines(text).into_iter();
    let names = names.filter_map(|typed| VariableName::parse(typed.name).ok());
    let lines = names.flat_map(|VariableName(name)| [name, "=\n".to_owned()]);
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn taken(typed: &str) -> Result<String, Unfit> {
        value(typed).map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn names_are_those_of_variables_and_none_that_is_set_otherwise() {
        for name in ["ANTHROPIC_API_KEY", "_A1", " A ", "PORTS", "MY_PATH"] {
            assert_eq!(VariableName::parse(name).unwrap().as_str(), name.trim());
        }
        for name in ["", "a", "Key", "1A", "A-B", "A B", "A.B", "Ä", "A\0", "A=B"] {
            assert_eq!(VariableName::parse(name), Err(Unfit::Name), "{name:?}");
        }
        for name in [
            "PASSWORD",
            "HASHED_PASSWORD",
            "PORT",
            "COOLIFY_URL",
            "SERVICE_FQDN_A",
        ] {
            assert_eq!(VariableName::parse(name), Err(Unfit::Reserved), "{name}");
        }
        let long = "A".repeat(NAME_LIMIT + 1);
        assert_eq!(VariableName::parse(&long), Err(Unfit::NameTooLong));
        assert!(VariableName::parse(&long[1..]).is_ok());
    }

    #[test]
    fn a_value_is_taken_only_if_it_arrives_as_it_is() {
        let long = "ä".repeat(VALUE_LIMIT_BYTES / 2);
        for value in [
            "sk-ant-1",
            "$HOME \"x\" # y",
            "a=b",
            "a\\b",
            "a\nb\tc",
            "{\"a\": [1, \"b c\"]}",
            "[1]",
            "{a",
            &long,
        ] {
            assert_eq!(taken(value).as_deref(), Ok(value));
        }
        assert_eq!(taken(" \r\na\r\nb \n").as_deref(), Ok("a\nb"));
        for (value, unfit) in [
            ("", Unfit::Empty),
            (" \n", Unfit::Empty),
            (&format!("{long}a"), Unfit::TooLong),
            ("a\0b", Unfit::Control),
            ("a\rb", Unfit::Control),
            ("a\u{1b}b", Unfit::Control),
            ("it's", Unfit::SingleQuote),
            ("a\\", Unfit::Backslash),
            ("{{team.KEY}}", Unfit::Template),
            ("{\"a\": \"$b\"}", Unfit::Json),
            ("[\n1\n]", Unfit::Json),
        ] {
            assert_eq!(taken(value), Err(unfit), "{value:?}");
        }
    }

    fn parsed(text: &str) -> Result<Vec<String>, (usize, Unfit)> {
        let all = Variable::parse_all(&lines(text))?;
        let shown = |one: &Variable| format!("{}:{}", one.name.as_str(), one.value.expose_secret());
        Ok(all.iter().map(shown).collect())
    }

    #[test]
    fn many_are_lines() {
        assert_eq!(
            parsed("A=1\r\n\r\n# B=2\n C = 3=3 \n").unwrap(),
            ["A:1", "C:3=3"]
        );
        assert_eq!(parsed("").unwrap(), [""; 0]);
        for (text, wrong) in [
            ("A=1\nsk-ant-secret", (2, Unfit::Line)),
            ("A=1\n=x", (2, Unfit::Line)),
            ("# A\na=1", (1, Unfit::Name)),
            ("A=", (1, Unfit::Empty)),
            ("A=\"1\"", (1, Unfit::Quoted)),
            ("A='1'", (1, Unfit::Quoted)),
            ("A=1\nA=2", (2, Unfit::Twice)),
        ] {
            assert_eq!(parsed(text), Err(wrong), "{text}");
        }
        let many: Vec<String> = (0..=COUNT_LIMIT)
            .map(|number| format!("A{number}=1"))
            .collect();
        assert_eq!(parsed(&many.join("\n")), Err((51, Unfit::TooMany)));
        assert_eq!(parsed(&many[1..].join("\n")).unwrap().len(), COUNT_LIMIT);
    }

    #[test]
    fn names_alone_are_given_back() {
        let text = "A=secret\nsecret\nB = \"secret\nSecret/x==\n# secret\nC";
        assert_eq!(names(text), "A=\nB=\n");
    }
}
