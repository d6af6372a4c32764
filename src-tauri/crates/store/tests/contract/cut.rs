//! A connection to PostgreSQL that is cut in the middle of a commit: what became of the change is looked up, never guessed.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use gardien_domain::audit::{AuditEntry, AuditFilter};
use gardien_store::{Change, Postgres, PostgresOptions, Revision, Store, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::postgres::{PostgresDatabase, fresh};
use crate::support::{Database, project, some_record};

/// What becomes of the next commit that comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing; nor of any later one.
    No,
    /// It does not reach the server, and both ends are closed.
    Before,
    /// It does not reach the server, which does not hear that its client is gone.
    BeforeUnheard,
    /// It reaches the server, whose client is gone at once.
    Under,
    /// It reaches the server, and both ends are closed as soon as that has answered.
    After,
    /// It reaches the server, whose answer is never passed on.
    Silence,
    /// As after, and nothing is let through any more.
    AfterAll,
    /// Nothing is let through.
    All,
    /// Nothing is passed on any more from where something is said, and neither end hears of that.
    Hush,
}

/// Stands between a store and its server.
pub(crate) struct Proxy {
    port: u16,
    next: Arc<Mutex<Cut>>,
}

impl Proxy {
    pub(crate) async fn before(database: &PostgresDatabase) -> Self {
        let url = database.url();
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap_or(5432));
        let server = (host.to_owned(), port);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let next = Arc::new(Mutex::new(Cut::No));
        let seen = next.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *seen.lock().unwrap() == Cut::All {
                    continue;
                }
                let server = TcpStream::connect(server.clone()).await.unwrap();
                tokio::spawn(pass(client, server, seen.clone()));
            }
        });
        Self { port, next }
    }

    pub(crate) fn cut(&self, next: Cut) {
        *self.next.lock().unwrap() = next;
    }

    pub(crate) async fn open(&self, database: &PostgresDatabase) -> Postgres {
        let mut url = database.url();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(self.port)).unwrap();
        let options = PostgresOptions::from_url(url.as_str()).unwrap();
        Postgres::open(&options.connections(4)).await.unwrap()
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, next: Arc<Mutex<Cut>>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(1..) = read else { return };
                let asked = &asked[..read.unwrap()];
                match cut_of(asked, &next) {
                    Cut::No => server.write_all(asked).await.unwrap(),
                    Cut::Before | Cut::All => return,
                    Cut::Hush => std::future::pending().await,
                    Cut::BeforeUnheard => {
                        drop(client);
                        return std::future::pending().await;
                    }
                    Cut::Under => return server.write_all(asked).await.unwrap(),
                    cut @ (Cut::After | Cut::AfterAll | Cut::Silence) => {
                        server.write_all(asked).await.unwrap();
                        assert!(server.read(&mut answered).await.unwrap() > 0);
                        if cut == Cut::Silence {
                            std::future::pending().await
                        }
                        return;
                    }
                }
            }
            read = server.read(&mut answered) => {
                let Ok(1..) = read else { return };
                if client.write_all(&answered[..read.unwrap()]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn cut_of(asked: &[u8], next: &Mutex<Cut>) -> Cut {
    let mut next = next.lock().unwrap();
    if let Cut::All | Cut::Hush = *next {
        return *next;
    }
    if !asked.windows(7).any(|words| words == b"COMMIT\0") {
        return Cut::No;
    }
    let cut = *next;
    *next = if cut == Cut::AfterAll {
        Cut::All
    } else {
        Cut::No
    };
    cut
}

/// Commits a change whose commit is cut so, on a database that has one, and looks at what there is then.
async fn cut(cut: Cut, database: &PostgresDatabase) -> (Result<AuditEntry, StoreError>, bool) {
    let proxy = Proxy::before(database).await;
    let store = proxy.open(database).await;
    let first = [Change::PutProject(project(1, "First"))];
    store
        .commit(&first, some_record(), Revision(0))
        .await
        .unwrap();
    proxy.cut(cut);
    let second = [Change::PutProject(project(2, "Second"))];
    let committed = store.commit(&second, some_record(), Revision(1)).await;

    let direct = database.open().await;
    let newest = direct.revision().await.unwrap();
    let made = newest == Revision(2);
    assert!(made || newest == Revision(1), "{newest:?}");
    let projects = direct.projects().await.unwrap();
    assert_eq!(projects.len(), if made { 2 } else { 1 });
    if let Ok(entry) = &committed {
        let newest = direct.audit(&AuditFilter::default(), None, 1).await;
        assert_eq!(newest.unwrap().first(), Some(entry));
    }
    // The next one goes on from there, without a gap, and through the store that was cut as soon as it is let through.
    proxy.cut(Cut::No);
    let next = store.commit(&[], some_record(), newest).await.unwrap();
    assert_eq!(Revision(next.sequence), newest.next());
    assert_eq!(direct.verify_audit().await.unwrap(), Ok(next.sequence));
    (committed, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_reached_the_server_was_not_made() {
    let (committed, made) = cut(Cut::Before, &fresh().await).await;
    assert!(!made);
    assert!(
        matches!(committed, Err(StoreError::Unreachable(_))),
        "{committed:?}"
    );
}

/// The server keeps the transaction of a client that it does not know to be gone, and ends it by itself.
async fn a_commit_whose_transaction_is_left_standing_was_not_made(database: &PostgresDatabase) {
    let (committed, made) = cut(Cut::BeforeUnheard, database).await;
    assert!(!made);
    let Err(StoreError::Unreachable(cause)) = committed else {
        panic!("{committed:?}");
    };
    assert!(!cause.to_string().contains("may have been made"), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_was_made() {
    let (committed, made) = cut(Cut::After, &fresh().await).await;
    assert!(made && committed.is_ok(), "{committed:?}");
}

async fn a_commit_that_is_never_answered_was_made(database: &PostgresDatabase) {
    let (committed, made) = cut(Cut::Silence, database).await;
    assert!(made && committed.is_ok(), "{committed:?}");
}

/// It is not looked for before it has ended, one way or the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_still_under_way_is_waited_for() {
    for (end, is_made) in [
        ("PERFORM pg_sleep(1);", true),
        ("PERFORM pg_sleep(1); RAISE EXCEPTION 'no';", false),
    ] {
        let database = fresh().await;
        let slow = format!(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN IF NEW.sequence = 2 THEN {end} END IF; RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION slow()"
        );
        database.execute(slow.leak()).await.unwrap();
        let proxy = Proxy::before(&database).await;
        let store = proxy.open(&database).await;
        store.commit(&[], some_record(), Revision(0)).await.unwrap();
        proxy.cut(Cut::Under);
        let committed = store.commit(&[], some_record(), Revision(1)).await;
        assert_eq!(committed.is_ok(), is_made, "{committed:?}");
        let newest = store.revision().await.unwrap();
        assert_eq!(newest, Revision(if is_made { 2 } else { 1 }));
    }
}

async fn of_a_commit_that_cannot_be_looked_up_nobody_says_that_it_was_not_made(
    database: &PostgresDatabase,
) {
    let (committed, made) = cut(Cut::AfterAll, database).await;
    assert!(made);
    let Err(StoreError::Unreachable(cause)) = committed else {
        panic!("{committed:?}");
    };
    assert!(cause.to_string().contains("may have been made"), "{cause}");
}

/// Each waits for several seconds: for all of them at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_cut_in_silence_is_looked_up_in_the_end() {
    // They go together: PostgreSQL drops none while somebody connects, and that somebody may be one of these.
    let (standing, answered, lost) = (fresh().await, fresh().await, fresh().await);
    tokio::join!(
        a_commit_whose_transaction_is_left_standing_was_not_made(&standing),
        a_commit_that_is_never_answered_was_made(&answered),
        of_a_commit_that_cannot_be_looked_up_nobody_says_that_it_was_not_made(&lost),
    );
}
