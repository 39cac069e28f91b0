//! Backups that are damaged, altered or of another version: each is refused in a sentence before anything is written.

use crate::database;
use crate::installation::{Installation, value};
use crate::server::Folder;
use crate::visitor::Visitor;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{Read, Write};

/// How many tables there are.
const COUNT: &str = "select count(*) from pg_tables where schemaname = 'public'";

/// A backup, an empty database, and what restores the one into the other.
struct Scene {
    installation: Installation,
    folder: Folder,
    old: String,
    new: String,
    whole: Vec<u8>,
}

impl Scene {
    async fn open() -> Self {
        let (installation, folder) = (Installation::new(), Folder::new("damage"));
        let (old, new) = (database::create("old").await, database::create("new").await);
        let (serve, url) = installation.serve(&old);
        Visitor::register(&url).await;
        serve.stop("TERM").with(0);
        let file = folder.path().join("whole");
        let file = file.to_str().unwrap();
        installation.command(&["backup", file], &old).run().with(0);
        let whole = std::fs::read(file).unwrap();
        Self {
            installation,
            folder,
            old,
            new,
            whole,
        }
    }

    /// Such a backup is refused so, and the database stays as it is.
    async fn refuses(&self, content: &[u8], why: &str) {
        let file = self.folder.path().join("damaged");
        std::fs::write(&file, content).unwrap();
        let arguments = ["restore", file.to_str().unwrap()];
        let ended = self.installation.command(&arguments, &self.new).run();
        ended.with(1).says(why).says_nothing_of("panicked");
        assert_eq!(value(&self.new, COUNT).await.as_deref(), Some("0"));
    }

    /// The backup with another manifest.
    fn with_manifest(&self, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut files = files(&self.whole);
        let (_, manifest) = files.last_mut().unwrap();
        let mut value: Value = serde_json::from_slice(manifest).unwrap();
        change(&mut value);
        *manifest = value.to_string().into_bytes();
        packed(&files)
    }

    async fn close(self) {
        self.installation.close(&[&self.old, &self.new]).await;
    }
}

fn files(backup: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(backup));
    let mut files = vec![];
    for entry in archive.entries().unwrap() {
        let (mut entry, mut content) = (entry.unwrap(), vec![]);
        entry.read_to_end(&mut content).unwrap();
        files.push((entry.path().unwrap().display().to_string(), content));
    }
    files
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(vec![], Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive
            .append_data(&mut header, name, &content[..])
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[tokio::test]
async fn a_file_that_was_cut_off_or_changed_is_refused_before_anything_is_written() {
    let scene = Scene::open().await;
    let whole = &scene.whole;
    let damaged = "it is no backup of vps-claude, or damaged";
    for cut in [0, 1, 20, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        scene.refuses(&whole[..cut], damaged).await;
    }
    for place in [
        0,
        2,
        whole.len() / 3,
        whole.len() / 2,
        whole.len() - 6,
        whole.len() - 2,
    ] {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        scene.refuses(&flipped, damaged).await;
    }
    scene.refuses(b"select 1;", damaged).await;
    let mut without = files(whole);
    without.pop();
    let cut_off = "it ends too early: its last file, manifest.json, is missing";
    scene.refuses(&packed(&without), cut_off).await;
    scene.close().await;
}

#[tokio::test]
async fn a_file_that_is_not_what_its_manifest_says_is_refused() {
    let scene = Scene::open().await;
    let different = "what it holds is not what its manifest.json says";
    let mut changed = files(&scene.whole);
    changed[1].1.push(b'\n');
    scene.refuses(&packed(&changed), different).await;
    changed.remove(1);
    scene.refuses(&packed(&changed), different).await;
    let rows = scene.with_manifest(|manifest| manifest["files"][1]["rows"] = json!(7));
    scene.refuses(&rows, different).await;
    let tables = scene.with_manifest(|manifest| {
        manifest["tables"][0]["columns"][0] = json!("id\") from stdin; drop table users; --");
    });
    let other = "the backup's tables are not those of its version";
    scene.refuses(&tables, other).await;
    scene.close().await;
}

#[tokio::test]
async fn a_backup_of_another_version_is_refused_in_a_sentence() {
    let scene = Scene::open().await;
    let newer = "it is of a newer vps-claude; use that one";
    let format = scene.with_manifest(|manifest| *manifest = json!({ "format": 2 }));
    scene.refuses(&format, newer).await;
    let migration =
        scene.with_manifest(|manifest| manifest["migrations"][3]["version"] = json!(9_999));
    scene.refuses(&migration, newer).await;
    let other = scene.with_manifest(|manifest| manifest["migrations"][3]["checksum"] = json!("00"));
    let why = "it is of another build of vps-claude, whose migration 4 differs";
    scene.refuses(&other, why).await;
    // The tables of a dashboard that is newer than the backup cannot go back.
    let (serve, _) = scene.installation.serve(&scene.new);
    serve.stop("TERM").with(0);
    let older = scene.with_manifest(|manifest| {
        manifest["migrations"].as_array_mut().unwrap().pop();
    });
    let file = scene.folder.path().join("older");
    std::fs::File::create(&file)
        .unwrap()
        .write_all(&older)
        .unwrap();
    let arguments = ["restore", file.to_str().unwrap()];
    let ended = scene.installation.command(&arguments, &scene.new).run();
    ended
        .with(1)
        .says("has tables of a newer vps-claude than the backup");
    scene.close().await;
}
