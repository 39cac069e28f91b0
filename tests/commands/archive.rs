//! Finished logs on their way to the store, and a process that is killed while it moves or removes one.

use crate::database;
use crate::program::Program;
use crate::server::Folder;
use flate2::read::GzDecoder;
use sqlx::{Connection, PgConnection};
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use url::Url;

/// How long a log may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// A deployment that ended an hour ago, and its log.
const ENDED: &str = "
    insert into users (id, email, name, password_hash)
    values (gen_random_uuid(), 'ada@example.com', 'Ada', '');
    insert into environments (id, owner_id, name, name_key, subdomain)
    select gen_random_uuid(), id, 'Kept', 'kept', 'kept-a1b2' from users;
    insert into watches (environment_id) select id from environments;
    insert into deployments (id, environment_id, stage, outcome, created_at, deadline, finished_at)
    select gen_random_uuid(), id, 'answer', 'succeeded', now() - interval '2 hours', now(), now() - interval '1 hour'
    from environments;
    insert into deployment_log (deployment_id, position, output, hidden, error)
    select id, n, 'line ' || n, false, false from deployments, generate_series(0, 1999) n;";
/// Who was killed had the log for a minute.
const CLAIM_ENDS: &str = "update archived_logs set leased_until = now()";

/// A database, and the folder of its logs.
struct World {
    database: String,
    folder: Folder,
}

impl World {
    /// One with a deployment that ended before logs were moved.
    async fn new() -> Self {
        let world = Self {
            database: database::create("archive").await,
            folder: Folder::new("logs"),
        };
        let (serve, _) = world.serve().start("serving address=");
        serve.stop("TERM").with(0);
        database::execute(&world.url(), ENDED).await;
        world
    }

    fn url(&self) -> Url {
        database::url_of(&self.database)
    }

    fn command(&self, arguments: &[&str]) -> Program {
        let folder = format!("file://{}", self.folder.path().display());
        let command = Program::new(arguments).able_to_serve(&self.database);
        command.with("LOG_STORE_URL", &folder)
    }

    fn serve(&self) -> Program {
        self.command(&[])
    }

    /// Serves until the process kills itself there.
    async fn dies_at(&self, point: &str) {
        let serve = self.serve().with("FAILPOINTS", &format!("{point}=return"));
        assert_eq!(serve.run().code, None, "it is killed at {point}");
        database::execute(&self.url(), CLAIM_ENDS).await;
    }

    /// Serves until nothing matches this.
    async fn serves_until_no(&self, rows: &str) {
        let (serve, _) = self.serve().start("serving address=");
        let began = Instant::now();
        while self.count(rows).await > 0 {
            assert!(began.elapsed() < PATIENCE, "there are {rows}");
            tokio::time::sleep(LOOK).await;
        }
        serve.stop("TERM").with(0);
    }

    async fn count(&self, rows: &str) -> i64 {
        let mut connection = PgConnection::connect(self.url().as_str()).await.unwrap();
        let count = format!("select count(*) from {rows}");
        let count = sqlx::query_scalar(&count);
        count.fetch_one(&mut connection).await.unwrap()
    }

    /// Whoever is killed may also leave what it tries the store with.
    fn objects(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let is_log = |file: &PathBuf| file.extension().is_some_and(|end| end == "gz");
        files.filter(is_log).collect()
    }

    async fn close(self) {
        database::remove(&self.database).await;
    }
}

#[tokio::test]
async fn a_log_is_whole_wherever_the_process_dies_that_moves_it() {
    for (point, left) in [("archive.put", 2_000), ("archive.stored", 0)] {
        let world = World::new().await;
        world.dies_at(point).await;
        assert_eq!(world.count("deployment_log").await, left, "{point}");
        world.serves_until_no("deployment_log").await;
        assert_eq!(world.count("archived_logs where log_end = 2000").await, 1);
        let objects = world.objects();
        assert_eq!(objects.len(), 1, "{objects:?}");
        let text = GzDecoder::new(File::open(&objects[0]).unwrap());
        let text = std::io::read_to_string(text).unwrap();
        assert_eq!(text.lines().count(), 2_000);
        let last = text.lines().last().unwrap();
        assert!(
            last.starts_with("{\"position\":1999,\"output\":\"line 1999\""),
            "{last}"
        );
        world.close().await;
    }
}

#[tokio::test]
async fn nothing_of_a_deleted_environment_is_left_when_the_process_dies_that_removes_its_log() {
    let world = World::new().await;
    world.serves_until_no("deployment_log").await;
    database::execute(&world.url(), "delete from environments").await;
    world.dies_at("archive.removed").await;
    assert_eq!(world.count("archived_logs").await, 1);
    world.serves_until_no("archived_logs").await;
    assert!(world.objects().is_empty());
    world.close().await;
}

#[tokio::test]
async fn a_backup_holds_the_logs_that_have_moved() {
    let (old, backups) = (World::new().await, Folder::new("backup"));
    old.serves_until_no("deployment_log").await;
    let file = backups.path().join("vps.backup");
    let file = file.to_str().unwrap();
    old.command(&["backup", file]).run().with(0);
    let new = World {
        database: database::create("archive").await,
        folder: Folder::new("logs"),
    };
    new.command(&["restore", file]).run().with(0);
    let (before, after) = (old.objects(), new.objects());
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!(before[0].file_name(), after[0].file_name());
    assert_eq!(
        std::fs::read(&before[0]).unwrap(),
        std::fs::read(&after[0]).unwrap()
    );
    assert_eq!(new.count("archived_logs where log_end = 2000").await, 1);
    let away = "file:///dev/null/logs";
    let again = backups.path().join("again.backup");
    old.command(&["backup", again.to_str().unwrap()])
        .with("LOG_STORE_URL", away)
        .run()
        .with(1)
        .says("LOG_STORE_URL: the logs cannot be read: ");
    assert!(!again.exists());
    old.close().await;
    new.close().await;
}
