//! PostgreSQL, in a database that goes with the test.

use std::env;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gardien_store::{Postgres, PostgresOptions, Store};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use crate::support::{Database, Everything};

const ADVICE: &str = "\
GARDIEN_TEST_DATABASE is not set: the tests of PostgreSQL need a server on which they may make databases. Run
`cargo xtask test --only test`, which starts one; or start one with `cargo xtask postgres`, and do as it says.";

/// Connections of a store under test.
const CONNECTIONS: u32 = 4;

/// A database. Goes with its value.
struct Made {
    name: String,
}

/// The one that others are copied from, with its tables, while there are others.
static TEMPLATE: Mutex<Weak<Made>> = Mutex::const_new(Weak::new());

pub(crate) struct PostgresDatabase {
    made: Made,
    _template: Option<Arc<Made>>,
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

impl Made {
    async fn with(what: &str) -> Self {
        let name = format!("gardien_test_{}", Uuid::now_v7().simple());
        let mut connection = connect(None).await;
        // The faster way where nothing has to last, and the only one of older versions, which have no word for it.
        let way = match connection.server_version_num() {
            Some(150_000..) => "STRATEGY file_copy",
            _ => "",
        };
        let create = format!("CREATE DATABASE {name} {what} {way}");
        connection.execute(AssertSqlSafe(create)).await.unwrap();
        connection.close().await.unwrap();
        Self { name }
    }

    fn options(&self) -> PostgresOptions {
        let options = PostgresOptions::from_url(url(Some(&self.name)).as_str()).unwrap();
        options.connections(CONNECTIONS)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(|| Runtime::new().unwrap().block_on(run(drop)));
        // The test says what it found, not this.
        let _ = dropping.join();
    }
}

/// With nothing in it.
pub(crate) async fn empty() -> PostgresDatabase {
    PostgresDatabase {
        made: Made::with("").await,
        _template: None,
    }
}

pub(crate) async fn fresh() -> PostgresDatabase {
    let template = template().await;
    PostgresDatabase {
        made: Made::with(&format!("TEMPLATE {}", template.name)).await,
        _template: Some(template),
    }
}

async fn template() -> Arc<Made> {
    let mut known = TEMPLATE.lock().await;
    if let Some(template) = known.upgrade() {
        return template;
    }
    let template = Arc::new(Made::with("").await);
    let store = Postgres::open(&template.options()).await.unwrap();
    store.close().await;
    *known = Arc::downgrade(&template);
    template
}

impl PostgresDatabase {
    pub(crate) fn url(&self) -> Url {
        url(Some(&self.made.name))
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        self.made.options()
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        connect(Some(&self.made.name)).await
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
