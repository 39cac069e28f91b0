//! What is said when a private PostgreSQL cannot be had, and that nothing is lost by it.

use super::SERVING;
use super::data::{self, Data};
use super::{register, remembers};
use crate::program::Program;
use std::path::Path;

#[tokio::test]
async fn the_cluster_of_another_version_is_refused_and_kept() {
    let data = Data::new();
    let (serve, address) = data.program(&[]).start(SERVING);
    register(&address).await;
    serve.stop("TERM").with(0);
    let file = data.cluster().join("PG_VERSION");
    let right = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "9.6\n").unwrap();
    for command in ["serve", "status"] {
        let ended = data.program(&[command]).run().with(2);
        ended
            .says_only("DATA_DIR is wrong: ")
            .says("was made by PostgreSQL 9, and there are only the programs of ")
            .says("nothing was changed. Either install the programs of 9, or dump it");
    }
    let config = data.program(&["config"]).run().with(2);
    config.says("vps-claude: DATA_DIR is wrong: ");
    std::fs::write(&file, right).unwrap();
    remembers(&data).await;
}

#[tokio::test]
async fn something_else_in_the_place_of_the_cluster_is_refused_and_kept() {
    let data = Data::new();
    let (serve, _) = data.program(&[]).start(SERVING);
    serve.stop("TERM").with(0);
    std::fs::remove_file(data.cluster().join("PG_VERSION")).unwrap();
    let ended = data.program(&[]).run().with(2);
    ended
        .says_only("DATA_DIR is wrong: ")
        .says("is no cluster of PostgreSQL; nothing was changed");
    assert!(data.cluster().join("base").is_dir());
}

#[tokio::test]
async fn a_server_that_does_not_start_is_named_with_its_own_words() {
    let data = Data::new();
    let (serve, _) = data.program(&[]).start(SERVING);
    serve.stop("TERM").with(0);
    std::fs::remove_file(data.cluster().join("global/pg_control")).unwrap();
    let ended = data.program(&[]).run().with(1);
    ended
        .says_only("the private PostgreSQL does not start: ")
        .says("its log is ");
    assert!(!data.is_running());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let data = Data::new();
    std::fs::write(data.path(), "a file").unwrap();
    let below = data.path().join("data");
    for (folder, why) in [
        (Path::new("/proc/data"), "/proc/data cannot be made: "),
        (&below, "data cannot be made: Not a directory"),
    ] {
        let program = Program::new(&[]).able_to_serve("").with("DATABASE_URL", "");
        let program = program.with("DATA_DIR", folder.to_str().unwrap());
        let ended = program.run().with(2);
        ended
            .says_only("DATA_DIR is wrong: ")
            .says(why)
            .says("name a folder that may be written");
    }
}

#[test]
fn a_folder_of_somebody_else_is_named() {
    if !nix::unistd::geteuid().is_root() {
        // Nothing can be given to somebody else.
        return;
    }
    let data = Data::new();
    std::fs::create_dir(data.path()).unwrap();
    let ended = data.program(&[]).of(data::NOBODY).run().with(2);
    ended
        .says_only("DATA_DIR is wrong: ")
        .says("Permission denied")
        .says("run this as the user to whom it belongs, or name a folder that may be written");
    data.program(&["status"]).run().with(1);
    let ended = data.program(&[]).of(data::NOBODY).run().with(2);
    ended
        .says_only("DATA_DIR is wrong: ")
        .says("belongs to the user root; run this as the user to whom it belongs");
}

#[test]
fn without_programs_each_command_says_what_to_do() {
    let machine = data::Machine::new();
    for command in ["serve", "doctor", "status", "demo", "config"] {
        let ended = machine.program(command).run().with(2);
        ended
            .says("vps-claude: DATABASE_URL is missing: this machine has no programs of PostgreSQL 15 or newer")
            .says("set it to postgres://user:password@host:5432/database")
            .says_nothing_of("apt-get");
    }
    let nowhere = machine
        .program("serve")
        .with("DATA_DIR", "/vps-claude/data");
    nowhere.run().with(2).says("DATABASE_URL is missing: ");
    machine.write("etc/os-release", "ID=debian\n");
    machine.write("usr/bin/apt-get", "");
    let ended = machine.program("serve").run().with(2);
    ended.says("install them with `apt-get install postgresql`, or set it to postgres://");
}

#[test]
fn the_settings_show_where_it_is() {
    let data = Data::new();
    let folder = data.path();
    let said = format!(
        "  not set: a private PostgreSQL in {}  (default)",
        folder.display()
    );
    data.program(&["config"]).run().with(0).says(&said);
    assert!(!folder.exists());
    let program = Program::new(&["config"])
        .able_to_serve("")
        .with("DATABASE_URL", "")
        .with("DATA_DIR", "");
    let config = program
        .with("STATE_DIRECTORY", "/var/lib/other")
        .run()
        .with(0);
    config.says("a private PostgreSQL in /var/lib/other  (default)");
}
