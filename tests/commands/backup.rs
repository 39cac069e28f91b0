//! `vps-claude backup` and `vps-claude restore`: what comes back, what is refused, and what a Coolify that has moved on
//! makes of it.

use crate::database;
use crate::installation::{EMAIL, Installation, PASSWORD, deploy, until, until_status, value};
use crate::program::Program;
use crate::server::Folder;
use crate::visitor::Visitor;
use sqlx::{Connection, PgConnection};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The tables that travel, and the columns that a restored row has another value in.
const TABLES: [(&str, &[&str]); 14] = [
    ("users", &[]),
    ("secrets", &[]),
    ("branch_head", &[]),
    ("branch_heads", &[]),
    ("branch_updates", &[]),
    ("environments", &["application_asked"]),
    ("environment_events", &[]),
    ("environment_variables", &[]),
    (
        "watches",
        &["holder", "leased_until", "unsure_until", "due_at"],
    ),
    ("deployments", &["deadline", "stage_since"]),
    ("deployment_stages", &[]),
    ("deployment_log", &[]),
    ("deployment_calls", &[]),
    ("audit", &[]),
];
/// Lets the value of a variable wait for the next deployment.
const WAITING: &str = "with named as (
       insert into environment_variables (environment_id, name)
       select id, 'KEY' from environments where name = 'Kept'
       returning environment_id, name
     )
     insert into variable_values (environment_id, name, value)
     select environment_id, name, 'secret' from named";
/// How many tables there are.
const COUNT: &str = "select count(*) from pg_tables where schemaname = 'public'";

/// All rows of a table, without these columns.
async fn rows(database: &str, table: &str, without: &[&str]) -> String {
    let list = format!(
        "select string_agg(row::text, e'\\n' order by row::text)
         from (select to_jsonb(t) - '{{{}}}'::text[] as row from {table} t) as rows",
        without.join(",")
    );
    value(database, &list).await.unwrap_or_default()
}

fn backup(installation: &Installation, database: &str, file: &Path) -> Program {
    installation.command(&["backup", file.to_str().unwrap()], database)
}

fn restore(installation: &Installation, database: &str, file: &Path) -> Program {
    installation.command(&["restore", file.to_str().unwrap()], database)
}

#[tokio::test]
async fn every_row_comes_back_and_a_deployment_under_way_continues() {
    let (installation, folder) = (Installation::new(), Folder::new("backup"));
    let (old, new) = (database::create("old").await, database::create("new").await);
    let (serve, url) = installation.serve(&old);
    let visitor = Visitor::register(&url).await;
    deploy(&visitor, &old, "Kept").await;
    until_status(&old, "Kept", "running").await;
    installation.speed(1.0).await;
    let moving = deploy(&visitor, &old, "Moving").await;
    let stage = "select stage from deployments where finished_at is null";
    until(&old, stage, "build").await;
    serve.stop("KILL");
    let mut connection = PgConnection::connect(database::url_of(&old).as_str())
        .await
        .unwrap();
    sqlx::query(WAITING).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let file = folder.path().join("vps.backup");
    let said = backup(&installation, &old, &file).run().with(0);
    said.says(
        "It holds 1 account, 2 environments, 2 deployments and the hashes of their passwords",
    );
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    backup(&installation, &old, &file)
        .run()
        .with(1)
        .says("exists already; name another file");
    let said = restore(&installation, &new, &file).run().with(0);
    said.says(
        "is restored: 1 account, 2 environments, 2 deployments. Everybody must sign in again.",
    )
    .says_nothing_of("Coolify has");
    for (table, changed) in TABLES {
        let before = rows(&old, table, changed).await;
        assert_eq!(before, rows(&new, table, changed).await, "{table}");
        let may_be_empty = ["branch_heads", "branch_updates", "environment_events"];
        let may_be_empty = may_be_empty.contains(&table);
        assert!(may_be_empty || !before.is_empty(), "{table} is empty");
    }
    assert_eq!(rows(&new, "variable_values", &[]).await, "", "it is secret");
    installation.speed(20.0).await;
    let (serve, url) = installation.serve(&new);
    let visitor = Visitor::sign_in(&url, EMAIL, PASSWORD).await;
    let page = visitor.page(&address(&visitor, "Kept").await).await;
    let lost = "Its value was lost when a backup was restored. Give it again.";
    assert!(page.contains(lost), "{page}");
    until_status(&new, "Moving", "running").await;
    let records = installation.records(&moving).await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["builds_started"], 1, "{records:?}");
    // Rows get numbers that no other row has.
    until(
        &new,
        "select count(*) > 0 from deployment_calls where id > 1",
        "true",
    )
    .await;
    serve.stop("TERM").with(0);
    installation.close(&[&old, &new]).await;
}

#[tokio::test]
async fn what_was_made_since_is_named_and_kept_and_what_was_deleted_since_is_not_made_anew() {
    let (installation, folder) = (Installation::new(), Folder::new("backup"));
    let (old, new) = (database::create("old").await, database::create("new").await);
    let (serve, url) = installation.serve(&old);
    let visitor = Visitor::register(&url).await;
    let gone = deploy(&visitor, &old, "Gone").await;
    until_status(&old, "Gone", "running").await;
    let file = folder.path().join("vps.backup");
    backup(&installation, &old, &file).run().with(0);
    let made = deploy(&visitor, &old, "Made since").await;
    until_status(&old, "Made since", "running").await;
    delete(&visitor, &old, "Gone").await;
    serve.stop("TERM").with(0);
    let records = installation.records(&made).await;
    let uuid = records[0]["uuid"].as_str().unwrap();
    let named = format!(
        "Coolify has the application {made} ({uuid}), which vps-claude made and no environment here knows. Adopt, delete or ignore it on the administrators' page of orphans."
    );
    let said = restore(&installation, &new, &file).run().with(0);
    said.says(&named);
    let doctor = installation.command(&["doctor"], &new).run().with(0);
    doctor.says(&format!("warning  applications: {named}"));
    let (serve, url) = installation.serve(&new);
    let visitor = Visitor::sign_in(&url, EMAIL, PASSWORD).await;
    until_status(&new, "Gone", "error").await;
    let page = visitor.page("/environments").await;
    assert!(page.contains("no longer in Coolify"), "{page}");
    serve.stop("TERM").with(0);
    let ledger = installation.ledger().await;
    let all = ledger["applications"].as_array().unwrap();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(installation.records(&made).await[0]["deleted_at"].is_null());
    assert!(installation.records(&gone).await[0]["deleted_at"].is_string());
    installation.close(&[&old, &new]).await;
}

/// The address of an environment's page.
async fn address(visitor: &Visitor, name: &str) -> String {
    let page = visitor.page("/environments").await;
    let (before, _) = page.split_once(&format!(">{name}<")).unwrap();
    let (_, id) = before.rsplit_once("<tr id=\"").unwrap();
    format!("/environments/{}", id.split('"').next().unwrap())
}

/// Deletes an environment and waits until it is gone.
async fn delete(visitor: &Visitor, database: &str, name: &str) {
    let path = format!("{}/delete", address(visitor, name).await);
    visitor.post(&path, &[("confirmation", name)]).await;
    let left = format!("select count(*) from environments where name = '{name}'");
    until(database, &left, "0").await;
}

#[tokio::test]
async fn only_an_empty_database_that_nobody_uses_is_filled() {
    let (installation, folder) = (Installation::new(), Folder::new("backup"));
    let (old, new) = (database::create("old").await, database::create("new").await);
    let file = folder.path().join("vps.backup");
    let nothing = "there is nothing to back up, for the database has no tables of vps-claude";
    backup(&installation, &old, &file)
        .run()
        .with(1)
        .says(nothing);
    let (serve, url) = installation.serve(&old);
    Visitor::register(&url).await;
    backup(&installation, &old, &file).run().with(0);
    let in_use = "is used by a dashboard at the moment; stop it first";
    restore(&installation, &old, &file)
        .run()
        .with(1)
        .says(in_use);
    serve.stop("TERM").with(0);
    let not_empty = "has accounts or environments already; only an empty one is filled";
    restore(&installation, &old, &file)
        .run()
        .with(1)
        .says(not_empty);
    // A dashboard that nobody has registered at is empty.
    let (serve, _) = installation.serve(&new);
    serve.stop("TERM").with(0);
    restore(&installation, &new, &file).run().with(0);
    assert_eq!(
        rows(&old, "users", &[]).await,
        rows(&new, "users", &[]).await
    );
    restore(&installation, &new, &file)
        .run()
        .with(1)
        .says(not_empty);
    let missing = folder.path().join("missing");
    let ended = restore(&installation, &new, &missing).run().with(1);
    ended.says("missing cannot be read: No such file");
    let unwritable = folder.path().join("no/such/folder");
    let ended = backup(&installation, &old, &unwritable).run().with(1);
    ended.says("no/such/folder cannot be written");
    installation.close(&[&old, &new]).await;
}

#[tokio::test]
async fn a_pipe_carries_a_backup_from_one_database_to_another() {
    let installation = Installation::new();
    let (old, new) = (database::create("old").await, database::create("new").await);
    let (serve, url) = installation.serve(&old);
    Visitor::register(&url).await;
    serve.stop("TERM").with(0);
    let script = "\"$0\" backup - | DATABASE_URL=\"$NEW\" \"$0\" restore -";
    let shell = installation.of(Program::shell(script), &old);
    let shell = shell.with("NEW", database::url_of(&new).as_str());
    shell.run().with(0).says("is restored: 1 account");
    assert_eq!(
        rows(&old, "users", &[]).await,
        rows(&new, "users", &[]).await
    );
    installation.close(&[&old, &new]).await;
}

/// The commands of README's section, as somebody types them.
#[tokio::test]
async fn what_the_readme_says_of_backups_works() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## Upgrade and backup").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let lines = section.lines();
    let mut commands = lines.filter_map(|line| line.strip_prefix("    vps-claude "));
    let first = commands.next().unwrap();
    let others: Vec<String> = commands.map(|line| format!("\"$0\" {line}")).collect();
    assert_eq!(others.len(), 2, "{others:?}");
    let script = format!(
        "set -e\n\"$0\" {first}\nexport DATABASE_URL=\"$NEW\"\n{}",
        others.join("\n")
    );
    let installation = Installation::new();
    let (old, new) = (database::create("old").await, database::create("new").await);
    let (serve, url) = installation.serve(&old);
    Visitor::register(&url).await;
    serve.stop("TERM").with(0);
    let shell = installation.of(Program::shell(&script), &old);
    let ended = shell
        .with("NEW", database::url_of(&new).as_str())
        .run()
        .with(0);
    ended
        .says("is written.")
        .says("is restored")
        .says("ok       DATABASE_URL");
    installation.close(&[&old, &new]).await;
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn a_restore_that_is_killed_leaves_nothing_and_is_repeated() {
    let (installation, folder) = (Installation::new(), Folder::new("backup"));
    let (old, new) = (database::create("old").await, database::create("new").await);
    let (serve, url) = installation.serve(&old);
    Visitor::register(&url).await;
    serve.stop("TERM").with(0);
    let file = folder.path().join("vps.backup");
    for point in ["backup.table=2*off->return", "backup.before=return"] {
        let killed = backup(&installation, &old, &file).with("FAILPOINTS", point);
        assert_eq!(killed.run().code, None);
        assert!(!file.exists());
    }
    backup(&installation, &old, &file).run().with(0);
    for point in [
        "restore.part=return",
        "restore.part=2*off->return",
        "restore.before=return",
    ] {
        let killed = restore(&installation, &new, &file).with("FAILPOINTS", point);
        assert_eq!(killed.run().code, None, "{point}");
        until(&new, COUNT, "0").await;
    }
    restore(&installation, &new, &file).run().with(0);
    assert_eq!(
        rows(&old, "users", &[]).await,
        rows(&new, "users", &[]).await
    );
    installation.close(&[&old, &new]).await;
}
