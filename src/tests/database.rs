//! A database for one story: a copy of a template that is migrated once, gone when the story ends. It knows no story.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use uuid::Uuid;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// A database of its own.
pub struct Database(String);

impl Database {
    /// Makes a fresh one, with every table.
    pub async fn new() -> Self {
        let name = format!("story_{}", Uuid::now_v7().simple());
        let mut admin = connect().await;
        let template = template(&mut admin).await;
        run(
            &mut admin,
            format!("create database {name} template {template}"),
        )
        .await;
        Self(name)
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        options().database(&self.0)
    }

    /// Removes it, whoever is connected.
    pub async fn remove(&self) {
        let name = &self.0;
        run(
            &mut connect().await,
            format!("drop database if exists {name} with (force)"),
        )
        .await;
    }
}

fn options() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL is set by scripts/test");
    PgConnectOptions::from_str(&url).expect("DATABASE_URL can be read")
}

async fn connect() -> PgConnection {
    PgConnection::connect_with(&options())
        .await
        .expect("PostgreSQL answers")
}

async fn run(admin: &mut PgConnection, statement: String) {
    admin
        .execute(sqlx::raw_sql(&statement))
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// The template of these migrations: made by whoever comes first, and kept for those who come later.
async fn template(admin: &mut PgConnection) -> String {
    let mut migrations = DefaultHasher::new();
    MIGRATIONS
        .iter()
        .for_each(|one| one.checksum.hash(&mut migrations));
    let name = format!("story_template_{:016x}", migrations.finish());
    run(admin, "select pg_advisory_lock(2002)".to_owned()).await;
    let known: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut *admin)
            .await
            .unwrap();
    if !known {
        make_template(admin, &name).await;
    }
    run(admin, "select pg_advisory_unlock(2002)".to_owned()).await;
    name
}

/// Under another name until it is whole.
async fn make_template(admin: &mut PgConnection, name: &str) {
    run(
        admin,
        format!("drop database if exists {name}_new with (force)"),
    )
    .await;
    run(admin, format!("create database {name}_new")).await;
    // A connection of its own: one that a pool gives up may still be there when the database is renamed.
    let own = options().database(&format!("{name}_new"));
    let mut own = PgConnection::connect_with(&own).await.unwrap();
    MIGRATIONS.run(&mut own).await.unwrap();
    own.close().await.unwrap();
    run(admin, format!("alter database {name}_new rename to {name}")).await;
}
