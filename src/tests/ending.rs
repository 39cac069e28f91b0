//! How a story ends: the worker stops, nothing is left to do, and the database goes. It knows what must hold at the end of
//! every story, whatever it was about.

use super::harness::Dashboard;
use std::fmt::Write;
use std::time::Duration;
use tokio::time::timeout;

/// How long the last steps may take: one that waits for an answer goes on until its time is over.
const LAST_STEPS: Duration = Duration::from_mins(1);

impl Dashboard {
    /// Ends the story. No job may be left, and Coolify must never have built one application twice at once.
    pub async fn close(self) {
        self.until("no job is left", async || {
            self.jobs().await.is_empty().then_some(())
        })
        .await;
        self.end().await;
    }

    /// Ends a story that may leave jobs behind, at most so many, and says why it does.
    pub async fn close_with_jobs(self, most: usize, why: &str) {
        let jobs = self.jobs().await;
        assert!(jobs.len() <= most, "more is left than what {why}: {jobs:?}");
        self.end().await;
    }

    async fn end(mut self) {
        self.stop.cancel();
        timeout(LAST_STEPS, &mut self.worker)
            .await
            .expect("the worker stops")
            .expect("the worker does not panic");
        for record in self.ledger().applications {
            assert!(record.builds_at_once <= 1, "two builds at once: {record:?}");
            assert!(!record.orphan_container, "left running: {record:?}");
        }
        self.simulator.clone().stop().await;
        self.app.pool.close().await;
        self.database.remove().await;
        self.closed = true;
    }

    /// Every job of the queue; the nil row is none.
    pub async fn jobs(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select coalesce(p.payload_json::text, 'without payload') || ' at ' || coalesce(m.attempt_at::text, 'never')
             from mq_msgs m
             left join mq_payloads p on p.id = m.id
             where m.id <> '00000000-0000-0000-0000-000000000000'",
        )
        .fetch_all(self.pool())
        .await
        .unwrap()
    }

    /// What there is to see when something never came true.
    pub async fn picture(&self) -> String {
        let mut picture = String::new();
        for table in ["environments", "watches", "turns", "deployments"] {
            let query = format!("select row_to_json({table})::text from {table}");
            let rows: Vec<String> = sqlx::query_scalar(&query)
                .fetch_all(self.pool())
                .await
                .unwrap_or_default();
            let _ = writeln!(picture, "{table}: {rows:#?}");
        }
        let activity = "select concat_ws(' | ', state, now() - state_change, wait_event_type, pg_blocking_pids(pid), left(query, 200))
                        from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        let connections: Vec<String> = sqlx::query_scalar(activity)
            .fetch_all(self.pool())
            .await
            .unwrap_or_default();
        let _ = writeln!(picture, "connections: {connections:#?}");
        let late = std::time::Duration::from_secs(5);
        let _ = writeln!(picture, "hanging: {:?}", self.app.loops.hanging(late));
        let _ = writeln!(picture, "jobs: {:#?}", self.jobs().await);
        let _ = writeln!(picture, "calls: {:?}", self.ledger().calls);
        picture
    }
}

/// A story that failed leaves no database behind.
impl Drop for Dashboard {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        self.stop.cancel();
        let database = &self.database;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                if let Ok(runtime) = runtime {
                    runtime.block_on(database.remove());
                }
            });
        });
        assert!(std::thread::panicking(), "a story must end with close");
    }
}
