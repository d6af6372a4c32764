//! A PostgreSQL database of one's own, on the server that the tests were given.

use std::env;
use std::time::Duration;

use reqwest::Url;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

const ADVICE: &str = "\
GARDIEN_TEST_DATABASE is not set: these tests need a PostgreSQL on which they may make databases. Run
`cargo xtask test --only test`, which starts one; or start one with `cargo xtask postgres`, and do as it says.";

/// An empty database. Dropping it drops it.
#[derive(Debug)]
pub struct Database {
    server: Url,
    name: String,
}

impl Database {
    pub fn new() -> Self {
        let server = env::var("GARDIEN_TEST_DATABASE").expect(ADVICE);
        Self::on(&server)
    }

    /// One on this server.
    pub fn on(server: &str) -> Self {
        let made = Self {
            server: server.parse().unwrap(),
            name: format!("gardien_test_{}", Uuid::now_v7().simple()),
        };
        made.run(format!("CREATE DATABASE {}", made.name));
        made
    }

    /// Its address, as `--database` takes it.
    pub fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
    }

    /// The same, reached by way of this port of the machine.
    pub fn url_by(&self, port: u16) -> String {
        let mut url: Url = self.url().parse().unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        url.into()
    }

    /// Host and port of the server.
    pub fn host(&self) -> String {
        let host = self.server.host_str().unwrap();
        format!("{host}:{}", self.server.port().unwrap_or(5432))
    }

    /// The password in its address, if it is long enough to be told from other words.
    pub fn password(&self) -> Option<&str> {
        self.server.password().filter(|word| word.len() >= 24)
    }

    /// Comes back when its server takes connections: after a crash it does not for a while.
    pub async fn until_it_answers(&self) {
        let options: PgConnectOptions = self.server.as_str().parse().unwrap();
        let answering = async {
            while options.connect().await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(90), answering).await.unwrap();
    }

    fn run(&self, sql: String) {
        let options: PgConnectOptions = self.server.as_str().parse().unwrap();
        let running = async move {
            let mut connection = options.connect().await.unwrap();
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
            connection.close().await.unwrap();
        };
        // On a thread of its own: whoever asks may be within a runtime.
        let running = std::thread::spawn(|| Runtime::new().unwrap().block_on(running));
        running.join().unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.run(format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}
