//! PostgreSQL, in a database that goes with the test.

use std::env;
use std::sync::Arc;

use async_trait::async_trait;
use gardien_store::{Postgres, PostgresOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tokio::runtime::Runtime;
use url::Url;
use uuid::Uuid;

use crate::support::{Database, Everything};

const ADVICE: &str = "\
GARDIEN_TEST_DATABASE is not set: the tests of PostgreSQL need a server on which they may make databases. Run
`cargo xtask test --only test`, which starts one; or start one with `cargo xtask postgres`, and do as it says.";

/// Connections of a store under test.
const CONNECTIONS: u32 = 4;

pub(crate) struct PostgresDatabase {
    name: String,
}

/// The address of the server, or of a database there.
fn url(database: Option<&str>) -> Url {
    let address = env::var("GARDIEN_TEST_DATABASE").expect(ADVICE);
    let mut url: Url = address.parse().expect("GARDIEN_TEST_DATABASE is no URL");
    if let Some(database) = database {
        url.set_path(database);
    }
    url
}

async fn connect(database: Option<&str>) -> PgConnection {
    let options: PgConnectOptions = url(database).as_str().parse().unwrap();
    options.connect().await.unwrap()
}

async fn run(sql: String) {
    let mut connection = connect(None).await;
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

fn a_name() -> String {
    format!("gardien_test_{}", Uuid::now_v7().simple())
}

/// With nothing in it.
pub(crate) async fn empty() -> PostgresDatabase {
    let name = a_name();
    run(format!("CREATE DATABASE {name}")).await;
    PostgresDatabase { name }
}

pub(crate) async fn fresh() -> PostgresDatabase {
    empty().await
}

impl PostgresDatabase {
    pub(crate) fn url(&self) -> Url {
        url(Some(&self.name))
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        let options = PostgresOptions::from_url(self.url().as_str()).unwrap();
        options.connections(CONNECTIONS)
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        connect(Some(&self.name)).await
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(|| Runtime::new().unwrap().block_on(run(drop)));
        // The test says what it found, not this.
        let _ = dropping.join();
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    async fn open(&self) -> Arc<dyn Everything> {
        Arc::new(Postgres::open(&self.options()).await.unwrap())
    }

    async fn execute(&self, sql: &'static str) -> Result<(), String> {
        let mut connection = self.connect().await;
        let done = connection.execute(sql).await;
        connection.close().await.unwrap();
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    async fn disarm_audit(&self) {
        let disarm = "DROP TRIGGER audit_refuses_change ON audit; DROP TRIGGER audit_refuses_between ON audit";
        self.execute(disarm).await.unwrap();
    }
}
