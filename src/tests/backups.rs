//! Every table either travels in a backup or is left out on purpose.

use super::harness::Dashboard;
use crate::store::backup::{LEFT_OUT, TABLES};

#[tokio::test]
async fn every_table_travels_in_a_backup_or_is_left_out_on_purpose() {
    let dashboard = Dashboard::open().await;
    let found: Vec<String> = sqlx::query_scalar(
        "select tablename::text
         from pg_tables
         where schemaname in ('public', 'tower_sessions')
         order by tablename collate \"C\"",
    )
    .fetch_all(dashboard.pool())
    .await
    .unwrap();
    let mut decided: Vec<&str> = TABLES.iter().chain(&LEFT_OUT).copied().collect();
    decided.sort_unstable();
    assert_eq!(found, decided);
    dashboard.close().await;
}
