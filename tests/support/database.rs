//! Databases of the PostgreSQL that the tests are given. It must not know what is kept in them.

use sqlx::{Connection, PgConnection};
use url::Url;

/// Makes an empty one and returns its name.
pub async fn create(prefix: &str) -> String {
    let name = format!("{prefix}_{}", uuid::Uuid::now_v7().simple());
    execute(&server(), &format!("create database {name}")).await;
    name
}

/// Removes one, whoever is connected.
pub async fn remove(name: &str) {
    execute(&server(), &format!("drop database {name} with (force)")).await;
}

/// Where one is.
pub fn url_of(name: &str) -> Url {
    let mut url = server();
    url.set_path(name);
    url
}

/// Carries out statements.
pub async fn execute(database: &Url, statements: &str) {
    let mut connection = PgConnection::connect(database.as_str()).await.unwrap();
    sqlx::raw_sql(statements)
        .execute(&mut connection)
        .await
        .unwrap();
}

fn server() -> Url {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL is set by scripts/test");
    Url::parse(&url).unwrap()
}
