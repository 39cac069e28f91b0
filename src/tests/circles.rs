//! No module of the simulator imports in a circle, not even through others.

use super::sources::{Source, names_after};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each file, as `routes/envs` below the simulator, with the files it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn read(folder: &Path, below: &str, found: &mut BTreeMap<String, Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            read(&path, &format!("{below}{name}/"), found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = format!("{below}{name}");
            let text = fs::read_to_string(&path).unwrap();
            found.insert(name.clone(), Source::new(&name, &text));
        }
    }
}

/// A name in a folder: the file of that name, or what the folder's own file holds.
fn file(folder: &str, name: &str, files: &BTreeMap<String, Source>) -> String {
    let candidates = [format!("{folder}{name}"), format!("{folder}{name}/mod")];
    let found = candidates.into_iter().find(|one| files.contains_key(one));
    found.unwrap_or_else(|| format!("{folder}mod"))
}

fn imports(files: &BTreeMap<String, Source>) -> Imports {
    let one = |(name, source): (&String, &Source)| {
        let (folder, own) = name
            .rsplit_once('/')
            .map_or(("", &**name), |(folder, own)| (folder, own));
        let folder = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let of_all = names_after(source, "crate::simulator::").into_iter();
        let mut imported: BTreeSet<String> = of_all.map(|name| file("", &name, files)).collect();
        let above = match own {
            "mod" => folder
                .trim_end_matches('/')
                .rsplit_once('/')
                .map_or("", |(above, _)| above),
            _ => &folder,
        };
        let beside = names_after(source, "super::").into_iter();
        imported.extend(beside.map(|name| file(above, &name, files)));
        if own == "mod" {
            let children = files.keys().filter(|other| other.starts_with(&folder));
            imported.extend(children.filter(|other| **other != *name).cloned());
        }
        (name.clone(), imported)
    };
    files.iter().map(one).collect()
}

/// Takes away, again and again, what imports nothing that is left. What stays is in a circle or leads to one.
fn circles(mut left: Imports) -> Vec<String> {
    loop {
        let known: BTreeSet<String> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, imported| imported.iter().any(|name| known.contains(name)));
        if left.len() == before {
            return left.into_keys().collect();
        }
    }
}

#[test]
fn no_module_of_the_simulator_imports_in_a_circle() {
    let mut files = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simulator");
    read(&folder, "", &mut files);
    assert!(files.len() > 30, "{} files", files.len());
    assert_eq!(circles(imports(&files)), Vec::<String>::new());
}

#[test]
fn a_circle_is_noticed() {
    let text = |name: &str, text: &str| (name.to_owned(), Source::new(name, text));
    let mut files = BTreeMap::from([
        text("mod", "mod a;"),
        text("a", "use super::b::B;"),
        text("b", "use crate::simulator::c::{C, D};"),
        text("c/mod", "use super::d;"),
        text("c/e", "use super::f::F;"),
        text("c/f", ""),
        text("d", ""),
    ]);
    assert!(circles(imports(&files)).is_empty());
    files.extend([text("d", "use super::a;")]);
    assert_eq!(circles(imports(&files)), ["a", "b", "c/mod", "d", "mod"]);
    files.extend([text("d", ""), text("c/f", "use super::G;")]);
    assert!(!circles(imports(&files)).is_empty());
}
