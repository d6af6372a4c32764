//! Behind PgBouncer, which many have before a database.

use std::env;
use std::fs;
use std::iter;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gardien_store::{Duties, Postgres, PostgresOptions, StoreError};
use rustix::process::geteuid;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;
use tokio::time::sleep;
use url::Url;

use crate::postgres::{PostgresDatabase, empty};
use crate::support::{Database, commit};

/// PgBouncer does not run as root. This is the user that owns nothing.
const NOBODY: u32 = 65_534;

/// A running PgBouncer. Dropping it ends it.
struct PgBouncer {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl PgBouncer {
    async fn before(database: &PostgresDatabase, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let url = database.url();
        let (name, password) = (
            url.path().trim_start_matches('/'),
            url.password().unwrap_or_default(),
        );
        let server = format!(
            "host={} port={} user={} password={password}",
            url.host_str().unwrap(),
            url.port().unwrap_or(5432),
            url.username(),
        );
        let configuration = format!(
            "[databases]\n{name} = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\n{settings}\n"
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, configuration).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program());
        command
            .arg(&file)
            .stderr(log)
            .stdout(Stdio::null())
            .stdin(Stdio::null());
        if geteuid().is_root() {
            for path in [folder.path(), &file] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            command.uid(NOBODY).gid(NOBODY);
        }
        let process = command.spawn().unwrap();
        let started = Self {
            process,
            port,
            folder,
        };
        let start = Instant::now();
        while !started.log().contains("process up") {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{}",
                started.log()
            );
            sleep(Duration::from_millis(20)).await;
        }
        started
    }

    fn url(&self, database: &PostgresDatabase) -> Url {
        let mut url = database.url();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(self.port)).unwrap();
        url
    }

    async fn open(&self, database: &PostgresDatabase) -> Result<Postgres, StoreError> {
        let options = PostgresOptions::from_url(self.url(database).as_str()).unwrap();
        Postgres::open(&options.connections(4)).await
    }

    /// Leaves it with a few connections that are free.
    async fn warm(&self, database: &PostgresDatabase) {
        let options: PgConnectOptions = self.url(database).as_str().parse().unwrap();
        let options = options.extra_float_digits(None);
        let asking = (0..4).map(|_| async {
            let mut connection = options.connect().await.unwrap();
            connection.execute("SELECT pg_sleep(0.2)").await.unwrap();
            connection.close().await.unwrap();
        });
        join_all(asking).await;
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The one that the set-up unpacked, or the system's.
fn program() -> PathBuf {
    let unpacked = "../../../target/tools/pgbouncer/usr/sbin";
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join(unpacked);
    let path = env::var_os("PATH").unwrap_or_default();
    // The last is where only administrators look.
    iter::once(unpacked)
        .chain(env::split_paths(&path))
        .chain(iter::once(PathBuf::from("/usr/sbin")))
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.exists())
        .expect("no pgbouncer. `cargo xtask test --only system-packages` brings one")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_without_sessions_is_refused_in_words() {
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\nserver_round_robin = 1",
        "pool_mode = transaction\ndefault_pool_size = 1",
        "pool_mode = statement",
        "pool_mode = statement\nserver_round_robin = 1",
    ] {
        // With connections that came free already, and without.
        for warm in [false, true] {
            let database = empty().await;
            let pooler = PgBouncer::before(&database, settings).await;
            if warm && !settings.contains("size") {
                pooler.warm(&database).await;
            }
            let refused = pooler.open(&database).await.unwrap_err();
            assert!(
                matches!(refused, StoreError::Unsupported(_)),
                "{refused:?} {settings}\n{}",
                pooler.log()
            );
            assert!(
                refused.to_string().contains("pool_mode = session"),
                "{refused}"
            );
            // Else it could not be made.
            database
                .execute("CREATE TABLE _sqlx_migrations ()")
                .await
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_of_sessions_is_as_good_as_none() {
    let database = empty().await;
    let pooler = PgBouncer::before(&database, "pool_mode = session").await;
    let store = pooler.open(&database).await.unwrap();
    commit(&store, &[]).await;
    let mut duty = store.duty().await.unwrap().unwrap();
    assert!(duty.is_held().await);
    assert!(database.open().await.duty().await.unwrap().is_none());
}
