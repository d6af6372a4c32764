//! Opening the database: what is stated of its connections, all of it here; and nothing is written before it is known to be
//! ours, and no newer than this program.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use tokio::time::timeout;
use url::Url;

use super::fault::{Fault, store_error};
use super::{Postgres, bounded, listen, pooler};
use crate::StoreError;
use crate::notices::Telling;

/// As others see whose connections they are.
const NAME: &str = "gardien";
/// Connections at most, unless it is said otherwise.
const CONNECTIONS: u32 = 10;
/// For so long a connection is waited for, a new one or one that comes free.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that lay idle for less is there still.
const FRESH: Duration = Duration::from_secs(1);
/// What PostgreSQL itself gives up, so that nothing goes on that nobody waits for. A lock is waited for longer than a
/// transaction may stand still whose client is gone; both end before our own bound.
const PATIENCE: &str = "SET statement_timeout = '12s'; SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '5s'";
/// For so long tables may be changed, or waited for while another process changes them.
const MIGRATION: Duration = Duration::from_secs(600);
/// The same meanwhile.
const MIGRATING: &str = "SET statement_timeout = '10min'; SET lock_timeout = '10min';
    SET idle_in_transaction_session_timeout = '10min'";
/// What was acknowledged lasts, whatever is usual for this database or user.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'";
/// All that the address of a database may say behind its question mark.
const PARAMETERS: [&str; 10] = [
    "dbname",
    "host",
    "hostaddr",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];
const OLDEST_SERVER: i32 = 130_000;

/// A step that was ever released is never changed again.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Why the address of a database cannot be used. Never says what stands in it: a password may.
#[derive(Debug, thiserror::Error)]
pub enum AddressFault {
    /// It is not one.
    #[error("not an address such as postgres://user@host/database")]
    Malformed,
    /// It says something that nobody understands.
    #[error("behind its question mark the address of a database takes {} only", PARAMETERS.join(", "))]
    Parameter,
    /// A parameter of it has no such value.
    #[error("a part of the address of the database does not make sense")]
    Value(#[source] sqlx::Error),
}

/// Which database, and how it is reached.
#[derive(Clone)]
pub struct PostgresOptions {
    connect: PgConnectOptions,
    connections: u32,
}

impl PostgresOptions {
    /// From an address such as `postgres://user@host/database`. What it does not name is taken from libpq's variables and
    /// password file, but for the mode of TLS: unless it names one by `sslmode`, a server on another machine has to prove
    /// who it is (`verify-full`), to the system's certificates and those of `sslrootcert`, and one on this machine
    /// is spoken to without TLS.
    ///
    /// # Errors
    /// [`AddressFault`].
    pub fn from_url(address: &str) -> Result<Self, AddressFault> {
        let url = Url::parse(address).map_err(|_| AddressFault::Malformed)?;
        if !["postgres", "postgresql"].contains(&url.scheme()) || url.cannot_be_a_base() {
            return Err(AddressFault::Malformed);
        }
        if !url
            .query_pairs()
            .all(|(name, _)| PARAMETERS.contains(&&*name))
        {
            return Err(AddressFault::Parameter);
        }
        let mut connect: PgConnectOptions = address.parse().map_err(AddressFault::Value)?;
        if !url.query_pairs().any(|(name, _)| name == "sslmode") {
            let mode = if is_here(&connect) {
                PgSslMode::Disable
            } else {
                PgSslMode::VerifyFull
            };
            connect = connect.ssl_mode(mode);
        }
        Ok(Self {
            // Nothing else is said while connecting: PgBouncer lets nobody in who states settings that it does not know.
            connect: connect.application_name(NAME).extra_float_digits(None),
            connections: CONNECTIONS,
        })
    }

    /// At most so many connections at a time, one at least.
    #[must_use]
    pub fn connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }
}

/// Without its password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("host", &self.connect.get_host())
            .field("port", &self.connect.get_port())
            .field("database", &self.connect.get_database())
            .field("ssl_mode", &self.connect.get_ssl_mode())
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Whether the server is on this machine.
fn is_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl Postgres {
    /// Opens the database, and makes its tables if they are not there or older.
    ///
    /// # Errors
    /// [`StoreError::NewerVersion`], [`StoreError::Unsupported`], and [`StoreError::Damaged`] of a database that is somebody
    /// else's, leave it as it is.
    pub async fn open(options: &PostgresOptions) -> Result<Self, StoreError> {
        let mut connection = connect(options).await?;
        let mut other = connect(options).await?;
        let refused = pooler::refuse(&mut connection, &mut other).await;
        close(other).await;
        refused?;
        let migrated = migrate(&mut connection).await;
        close(connection).await;
        migrated?;
        let listening = pool(&options.clone().connections(1));
        let telling = Arc::<Telling>::default();
        tokio::spawn(listen::listen(listening.clone(), telling.clone()));
        Ok(Self {
            pool: pool(options),
            listening,
            telling,
        })
    }
}

async fn connect(options: &PostgresOptions) -> Result<PgConnection, StoreError> {
    let connecting = timeout(CONNECT, options.connect.connect()).await;
    let connecting = connecting.map_err(|late| StoreError::Unreachable(late.into()))?;
    connecting.map_err(store_error)
}

/// Whatever it says: its work is done.
async fn close(connection: PgConnection) {
    let _ = timeout(CONNECT, connection.close()).await;
}

fn pool(options: &PostgresOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(CONNECT)
        // Each is tested when it comes back: only one that lay idle since is tested once more.
        .test_before_acquire(false)
        .before_acquire(|connection, lay| {
            Box::pin(async move { Ok(lay.idle_for < FRESH || connection.ping().await.is_ok()) })
        })
        .after_connect(|connection, _| {
            Box::pin(async {
                connection.execute(PATIENCE).await?;
                connection.execute(DURABLE).await.map(drop)
            })
        })
        .connect_lazy_with(options.connect.clone())
}

/// What a database is, before anything is written to it.
enum Format {
    /// Nothing in it yet.
    Empty,
    /// Tables, but none of ours.
    Foreign,
    /// Has seen all migrations that there are.
    Current,
    /// The last migration it has seen.
    Version(i64),
}

/// Whoever comes first does it, under a lock of the whole database; the others wait.
async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    assert_server(connection).await?;
    let patience = bounded(connection.execute(MIGRATING)).await;
    patience.map_err(store_error)?;
    match bounded(look(connection)).await.map_err(store_error)? {
        Format::Current => return Ok(()),
        Format::Foreign => return Err(StoreError::Damaged(Fault::Foreign.into())),
        Format::Version(found) => refuse_newer(found)?,
        Format::Empty => {}
    }
    // What `run` calls; the future of `run` itself cannot be sent between threads when it is given a connection.
    let running = timeout(MIGRATION, MIGRATIONS.run_direct(None, connection, false)).await;
    match running.map_err(|late| StoreError::Unreachable(late.into()))? {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(store_error(error))
        }
        // A newer version can have been faster to fill an empty database.
        Err(MigrateError::VersionMissing(found)) if found > newest() => refuse_newer(found),
        Err(error) => Err(StoreError::Damaged(Fault::Layout(error).into())),
    }
}

async fn assert_server(connection: &mut PgConnection) -> Result<(), StoreError> {
    let asking = sqlx::query_as(
        "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
             current_setting('server_encoding')",
    )
    .fetch_one(connection);
    let (number, version, encoding): (i32, String, String) =
        bounded(asking).await.map_err(store_error)?;
    if number < OLDEST_SERVER {
        return Err(StoreError::Unsupported(Fault::OldServer(version).into()));
    }
    if encoding != "UTF8" {
        return Err(StoreError::Unsupported(Fault::Encoding(encoding).into()));
    }
    Ok(())
}

async fn look(connection: &mut PgConnection) -> sqlx::Result<Format> {
    // Of the schema that new tables go to.
    let (tables, ours): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE relname = '_sqlx_migrations') FROM pg_class
         JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = current_schema() AND relkind IN ('r', 'p')",
    )
    .fetch_one(&mut *connection)
    .await?;
    match (tables, ours) {
        (0, _) => return Ok(Format::Empty),
        (_, 0) => return Ok(Format::Foreign),
        _ => {}
    }
    let (seen, last): (i64, i64) =
        sqlx::query_as("SELECT count(*), coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(connection)
            .await?;
    let every = i64::try_from(MIGRATIONS.iter().count());
    Ok(if every == Ok(seen) && last == newest() {
        Format::Current
    } else {
        Format::Version(last)
    })
}

fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}

fn refuse_newer(found: i64) -> Result<(), StoreError> {
    let known = newest();
    if found > known {
        Err(StoreError::NewerVersion { found, known })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::{AddressFault, PostgresOptions};

    fn mode(address: &str) -> &'static str {
        match PostgresOptions::from_url(address)
            .unwrap()
            .connect
            .get_ssl_mode()
        {
            PgSslMode::Disable => "disable",
            PgSslMode::Prefer => "prefer",
            PgSslMode::VerifyFull => "verify-full",
            _ => "another",
        }
    }

    #[test]
    fn a_server_elsewhere_has_to_prove_who_it_is_unless_it_is_said_otherwise() {
        for here in [
            "postgres://localhost/gardien",
            "postgres://LocalHost:5433/gardien",
            "postgres://127.0.0.1/gardien",
            "postgres://127.9.9.9/gardien",
            "postgresql://user:word@[::1]:5432/gardien",
            "postgres://%2Fvar%2Frun%2Fpostgresql/gardien",
            "postgres:///gardien?host=/var/run/postgresql",
            "postgres://elsewhere/gardien?host=localhost",
        ] {
            assert_eq!(mode(here), "disable", "{here}");
        }
        for elsewhere in [
            "postgres://db.example.com/gardien",
            "postgres://localhost.example.com/gardien",
            "postgres://127.0.0.1.example.com/gardien",
            "postgres://192.0.2.7/gardien",
            "postgres://[2001:db8::1]/gardien",
            "postgres://localhost/gardien?host=db.example.com",
            "postgres://localhost/gardien?hostaddr=192.0.2.7",
        ] {
            assert_eq!(mode(elsewhere), "verify-full", "{elsewhere}");
            let joined = if elsewhere.contains('?') { '&' } else { '?' };
            assert_eq!(
                mode(&format!("{elsewhere}{joined}sslmode=prefer")),
                "prefer"
            );
        }
    }

    #[test]
    fn an_address_that_makes_no_sense_is_refused_and_not_repeated() {
        for address in [
            "",
            "gardien.db",
            "mysql://user:horse@host/gardien",
            "postgres:horse",
            "postgres://user:horse@host:99999/gardien",
            "postgres://user:horse@host/gardien?sslmode=sometimes",
            "postgres://user@host/gardien?passwrd=horse",
            "postgres://user:1?horse@host/gardien",
            "postgres://user:horse@host/gardien?port=many",
        ] {
            let fault = PostgresOptions::from_url(address).unwrap_err();
            let shown = format!("{fault} {fault:?}");
            assert!(!shown.contains("horse"), "{shown}");
        }
        let fault = PostgresOptions::from_url("postgres://host/gardien?passwrd=horse");
        assert!(matches!(fault, Err(AddressFault::Parameter)));
    }
}
