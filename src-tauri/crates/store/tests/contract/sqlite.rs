//! SQLite, in a folder that goes with the test.

use std::sync::Arc;

use async_trait::async_trait;
use gardien_store::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

use crate::support::{Database, Everything};

pub(crate) struct SqliteFile(tempfile::TempDir);

pub(crate) async fn fresh() -> SqliteFile {
    SqliteFile(tempfile::tempdir().unwrap())
}

#[async_trait]
impl Database for SqliteFile {
    async fn open(&self) -> Arc<dyn Everything> {
        Arc::new(
            Sqlite::open(&self.0.path().join("gardien.db"))
                .await
                .unwrap(),
        )
    }

    async fn execute(&self, sql: &'static str) -> Result<(), String> {
        let options = SqliteConnectOptions::new().filename(self.0.path().join("gardien.db"));
        let mut connection = options.connect().await.unwrap();
        let done = connection.execute(sql).await;
        connection.close().await.unwrap();
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    async fn disarm_audit(&self) {
        let disarm = "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete;
                      DROP TRIGGER audit_refuses_replace";
        self.execute(disarm).await.unwrap();
    }
}
