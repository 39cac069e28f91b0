//! Sources read as text: which lines are code, what they import, how long their functions are. It knows rustfmt's layout,
//! and no rule.

/// A file as the rules see it.
pub struct Source {
    /// Below `src/`, without its ending: `web/mod`.
    pub name: String,
    pub text: String,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    pub fn floor(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Whether the whole file is about tests.
    pub fn is_test(&self) -> bool {
        self.name.split('/').any(|part| part == "tests")
    }

    pub fn is_of(&self, places: &[&str]) -> bool {
        let is_of = |place: &&str| {
            let rest = self.name.strip_prefix(*place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        places.iter().any(is_of)
    }

    /// The lines that are code for others than tests, without the texts in them.
    pub fn code(&self) -> impl Iterator<Item = String> {
        let end = self.text.find("#[cfg(test)]\nmod tests {");
        let code = &self.text[..end.unwrap_or(self.text.len())];
        code.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| line.split('"').step_by(2).collect())
    }
}

/// The first names of all paths that begin with `crate`.
pub fn imports(source: &Source) -> Vec<String> {
    names_after(source, "crate::")
}

/// The first names of all paths after a beginning such as `super::`.
pub fn names_after(source: &Source, beginning: &str) -> Vec<String> {
    let code = source.code().collect::<Vec<_>>().join(" ");
    let word = beginning.trim_end_matches("::").len();
    let paths = code
        .match_indices(beginning)
        .filter(|(at, _)| stands_alone(&code, *at, word));
    paths
        .flat_map(|(at, word)| first_names(&code[at + word.len()..]))
        .collect()
}

/// `a::b` begins with `a`; `{a::b, c}` with `a` and `c`.
fn first_names(path: &str) -> Vec<String> {
    let name = |part: &str| -> String {
        let letters = part.trim_start().chars();
        letters
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut depth = 1;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => parts.push(String::new()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
        parts.last_mut().expect("one is there").push(c);
    }
    let names = parts
        .iter()
        .map(|part| name(part.trim_start_matches([',', ' '])));
    names.filter(|name| !name.is_empty()).collect()
}

/// Whether the word there is no part of a longer one.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let before = text[..at].chars().next_back();
    let after = text[at + length..].chars().next();
    !before.is_some_and(part) && !after.is_some_and(part)
}

pub fn names(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| stands_alone(line, at, word.len()))
}

/// Every function with its length, as rustfmt lays them out: it ends where a brace has the indentation of its beginning.
pub fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = vec![];
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some((before, after)) = code.split_once("fn ") else {
            continue;
        };
        let words = ["pub", "async", "const", "pub(super)", "pub(crate)"];
        if code.starts_with("//") || !before.split_whitespace().all(|word| words.contains(&word)) {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - code.len()]);
        let length = lines[at..].iter().position(|line| *line == end);
        let name = after.split(['(', '<']).next().unwrap_or_default();
        let one_line = code.ends_with('}') || code.ends_with(';');
        let length = length.filter(|_| !one_line).map_or(1, |last| last + 1);
        found.push((name.to_owned(), length));
    }
    found
}
