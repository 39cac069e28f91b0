//! Stories of a database that answers but cannot do its part: it only reads, as a standby does, or says that it is busy.

use super::harness::Dashboard;
use super::person::Person;
use sqlx::{Connection, Executor, PgConnection};

/// Codes of PostgreSQL that are about its own state, and one that is about the statement.
const CODES: [(&str, u16); 13] = [
    ("08P01", 503),
    ("25006", 503),
    ("28P01", 503),
    ("3D000", 503),
    ("40001", 503),
    ("40P01", 503),
    ("53100", 503),
    ("53300", 503),
    ("57P01", 503),
    ("57P02", 503),
    ("57P03", 503),
    ("58030", 503),
    ("22012", 500),
];

/// Carries out statements in a connection that may write whatever the database's default is.
async fn run(dashboard: &Dashboard, statements: &str) {
    let options = dashboard.database.options();
    let options = options.options([("default_transaction_read_only", "off")]);
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    connection
        .execute(sqlx::raw_sql(statements))
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
    connection.close().await.unwrap();
}

/// Changes whether the database only reads, and ends every connection that was made before.
async fn only_reads(dashboard: &Dashboard, reads: bool) {
    let value = if reads { "on" } else { "off" };
    let change = format!(
        "do $$ begin
           execute format('alter database %I set default_transaction_read_only = {value}', current_database());
         end $$;
         select pg_terminate_backend(pid)
         from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()"
    );
    run(dashboard, &change).await;
}

async fn try_to_make(ada: &Person, name: &str) -> super::person::Answer {
    let fields = [("name", name), ("password", "opens it"), ("deploy", "0")];
    ada.post("/environments", &fields).await
}

#[tokio::test]
async fn a_database_that_only_reads_is_said_on_a_page_and_is_not_ready() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Workspace", false).await;
    only_reads(&dashboard, true).await;
    // The message of what was made waits in the session, which cannot be stored without it.
    for page in [
        ada.get("/environments").await,
        try_to_make(&ada, "Another").await,
        ada.post(&made.at("deploy"), &[]).await,
        ada.post("/logout", &[]).await,
    ] {
        let page = page.expect(503);
        assert!(page.text.contains("id=\"alert\""), "{}", page.text);
        assert!(page.says("The database cannot be reached or written"));
        assert_eq!(page.header("retry-after"), "5");
    }
    let ready = ada.get("/readyz").await.expect(503);
    assert!(ready.text.contains("\"postgres\":false"), "{}", ready.text);
    only_reads(&dashboard, false).await;
    ada.get("/readyz").await.expect(200);
    ada.get("/environments").await.expect(200);
    dashboard.close().await;
}

#[tokio::test]
async fn what_the_database_says_of_itself_is_unavailable_and_the_rest_is_our_fault() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (code, status) in CODES {
        run(
            &dashboard,
            &format!(
                "create or replace function refuse() returns trigger language plpgsql as $$
                 begin raise exception 'refused' using errcode = '{code}'; end $$;
                 create or replace trigger refuse before insert on environments
                 for each row execute function refuse()"
            ),
        )
        .await;
        let page = try_to_make(&ada, "Workspace").await;
        assert_eq!(page.status, status, "{code}: {}", page.text);
        assert!(page.text.contains("id=\"alert\""), "{}", page.text);
    }
    run(&dashboard, "drop trigger refuse on environments").await;
    dashboard.close().await;
}
