//! No module imports in a circle, not even through others: by file, inside floors too.

use super::sources::{Source, names_after};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files by their names: `simulator/routes/envs`, `app`, `actions/mod`.
type Files = BTreeMap<String, Source>;
/// Each file with the files it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn read(folder: &Path, below: &str, found: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            read(&path, &format!("{below}{name}/"), found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = format!("{below}{name}");
            let text = fs::read_to_string(&path).unwrap();
            found.insert(name.clone(), Source::new(&name, &text));
        }
    }
}

/// The folder of a module's children: `actions/` of `actions/mod`, `app/` of `app`.
fn children(name: &str) -> String {
    let module = name
        .strip_suffix("mod")
        .filter(|rest| rest.is_empty() || rest.ends_with('/'));
    module.map_or_else(|| format!("{name}/"), str::to_owned)
}

/// The folder above: `web/` of `web/row`, nothing of `web/mod`.
fn above(name: &str) -> String {
    let module = children(name);
    let module = module.trim_end_matches('/');
    module
        .rsplit_once('/')
        .map_or(String::new(), |(above, _)| format!("{above}/"))
}

/// A name in a folder: the file of that name, or what the folder's own file holds.
fn file(folder: &str, name: &str, files: &Files) -> Option<String> {
    let own = folder.trim_end_matches('/');
    let candidates = [
        format!("{folder}{name}"),
        format!("{folder}{name}/mod"),
        format!("{folder}mod"),
        own.to_owned(),
    ];
    candidates.into_iter().find(|one| files.contains_key(one))
}

/// Names of children that a module's own file uses, beside declaring them.
fn used_children(source: &Source, files: &Files) -> Vec<String> {
    let folder = children(&source.name);
    let code = source.code().collect::<Vec<_>>().join(" ");
    let is_used = |name: &str| {
        let path = format!("{name}::");
        code.match_indices(&path).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
    };
    let below = files.keys().filter_map(|name| name.strip_prefix(&folder));
    let own: BTreeSet<&str> = below.filter_map(|rest| rest.split('/').next()).collect();
    let used = own
        .into_iter()
        .filter(|name| *name != "mod" && is_used(name));
    used.map(str::to_owned).collect()
}

fn imports(files: &Files) -> Imports {
    let folders: BTreeSet<String> = files.keys().map(|name| children(name)).collect();
    let has_children = |folder: &str, name: &str| {
        let inner = format!("{folder}{name}/");
        files.keys().any(|file| file.starts_with(&inner))
    };
    let one = |(name, source): (&String, &Source)| {
        let mut imported = BTreeSet::new();
        for folder in &folders {
            let path = format!("crate::{}", folder.replace('/', "::"));
            let names = names_after(source, &path).into_iter();
            // What has children of its own is looked at with that folder.
            let names = names.filter(|name| !has_children(folder, name));
            imported.extend(names.filter_map(|name| file(folder, &name, files)));
        }
        let beside = above(name);
        let names = names_after(source, "super::").into_iter();
        imported.extend(names.filter_map(|name| file(&beside, &name, files)));
        let folder = children(name);
        let used = used_children(source, files).into_iter();
        imported.extend(used.filter_map(|child| file(&folder, &child, files)));
        imported.remove(name);
        (name.clone(), imported)
    };
    files.iter().map(one).collect()
}

/// Takes away, again and again, what imports nothing that is left, and what nobody left imports. What stays is in a circle or
/// between two.
fn circles(mut left: Imports) -> Vec<String> {
    loop {
        let known: BTreeSet<String> = left.keys().cloned().collect();
        let wanted: BTreeSet<String> = left.values().flatten().cloned().collect();
        let before = left.len();
        left.retain(|name, imported| {
            wanted.contains(name) && imported.iter().any(|name| known.contains(name))
        });
        if left.len() == before {
            return left.into_keys().collect();
        }
    }
}

#[test]
fn no_module_imports_in_a_circle() {
    let mut files = BTreeMap::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut files,
    );
    assert!(files.len() > 100, "{} files", files.len());
    // The ground floor: everything is put together there.
    files.retain(|name, _| {
        !["main", "demo", "doctor", "user", "demo/data"].contains(&name.as_str())
    });
    let imports = imports(&files);
    let told: Vec<String> = circles(imports.clone())
        .into_iter()
        .map(|name| format!("{name} -> {:?}", imports[&name]))
        .collect();
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn a_circle_is_noticed() {
    let text = |name: &str, text: &str| (name.to_owned(), Source::new(name, text));
    let mut files = BTreeMap::from([
        text("f/mod", "mod a; pub use a::A;"),
        text("f/a", "use super::b::B;"),
        text("f/b", "use crate::f::c::{C, D};"),
        text("f/c/mod", "use super::d;"),
        text("f/c/e", "use super::g::F;"),
        text("f/c/g", ""),
        text("f/d", "use crate::app::App;"),
        text("app", "use inner::I;"),
        text("app/inner", ""),
    ]);
    assert!(circles(imports(&files)).is_empty());
    files.extend([text("f/d", "use super::a;")]);
    assert_eq!(circles(imports(&files)), ["f/a", "f/b", "f/c/mod", "f/d"]);
    files.extend([text("f/d", ""), text("app/inner", "use super::App;")]);
    assert_eq!(circles(imports(&files)), ["app", "app/inner"]);
    files.extend([text("app/inner", ""), text("f/a", "use super::X;")]);
    assert_eq!(circles(imports(&files)), ["f/a", "f/mod"]);
}
