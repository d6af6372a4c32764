//! Opening a PostgreSQL database, and what only it does or does not take.

use gardien_domain::audit::AuditFilter;
use gardien_domain::{KeyFilter, KeyId, KeyOrder, KeyPlace, KeySort, Order, SortValue};
use gardien_store::{Change, Postgres, PostgresOptions, Store, StoreError};
use sqlx::Row;
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::postgres::{empty, fresh};
use crate::support::{Database, at, commit, key, opened, project, some_record};

const STEPS: i64 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_once_whoever_comes_first() {
    let database = empty().await;
    let options = database.options();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let options = options.clone();
            tokio::spawn(async move { Postgres::open(&options).await })
        })
        .collect();
    for opened in opening {
        let store = opened.await.unwrap().unwrap();
        assert_eq!(store.verify_audit().await.unwrap(), Ok(0));
    }
    let mut connection = database.connect().await;
    let steps = sqlx::query("SELECT count(*) AS steps FROM _sqlx_migrations");
    let steps: i64 = steps.fetch_one(&mut connection).await.unwrap().get("steps");
    assert_eq!(steps, STEPS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let database = fresh().await;
    let newer = "INSERT INTO _sqlx_migrations VALUES (99, 'later', now(), true, '', 0)";
    database.execute(newer).await.unwrap();
    let refused = Postgres::open(&database.options()).await.unwrap_err();
    let StoreError::NewerVersion { found, known } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((found, known), (99, STEPS));
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let database = empty().await;
    database.execute("CREATE TABLE theirs ()").await.unwrap();
    let refused = Postgres::open(&database.options()).await;
    assert!(
        matches!(refused, Err(StoreError::Damaged(_))),
        "{refused:?}"
    );
    // Else it could not be made.
    let ours = "CREATE TABLE _sqlx_migrations ()";
    database.execute(ours).await.unwrap();
}

/// What is said where there are some is decided, and tested, apart. Of a server that was brought along nothing is known here.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_standby_there_is_nothing_to_say_of_one() {
    let database = fresh().await;
    let mut connection = database.connect().await;
    let replicates = "SELECT current_setting('synchronous_standby_names') <> ''
             OR EXISTS (SELECT FROM pg_stat_replication) AS replicates";
    let row = sqlx::query(replicates).fetch_one(&mut connection).await;
    if row.unwrap().get("replicates") {
        return;
    }
    let store = Postgres::open(&database.options()).await.unwrap();
    assert_eq!(store.failover_risk().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_shown() {
    let database = fresh().await;
    let password = "correct-horse";
    let mut url = database.url();
    url.set_password(Some(password)).unwrap();
    let options = PostgresOptions::from_url(url.as_str()).unwrap();
    let refused = Postgres::open(&options).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable(_)), "{refused:?}");
    let store = Postgres::open(&database.options()).await.unwrap();
    let right = database
        .url()
        .password()
        .unwrap_or("no password")
        .to_owned();
    for shown in [
        format!("{options:?} {refused:?} {refused}"),
        format!("{store:?} {:?}", database.options()),
    ] {
        assert!(
            !shown.contains(password) && !shown.contains(&right),
            "{shown}"
        );
    }
}

/// Of a server that was brought along and does not speak TLS, or whose address names no certificate, nothing is known here.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_proves_who_it_is_where_it_is_asked_to() {
    let database = fresh().await;
    let address = database.url();
    let mut parameters = address.query_pairs();
    let Some((_, root)) = parameters.find(|(name, _)| name == "sslrootcert") else {
        return;
    };
    let open = async |host: &str, parameters: &[(&str, &str)]| {
        let mut url = address.clone();
        url.set_host(Some(host)).unwrap();
        url.query_pairs_mut().clear().extend_pairs(parameters);
        Postgres::open(&PostgresOptions::from_url(url.as_str()).unwrap()).await
    };
    let proof = ("sslmode", "verify-full");
    let store = open("127.0.0.1", &[proof, ("sslrootcert", &root)]).await;
    let store = store.unwrap();
    assert_eq!(store.verify_audit().await.unwrap(), Ok(0));
    let mut connection = database.connect().await;
    let encrypted =
        "SELECT bool_and(ssl) AS encrypted FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'gardien' AND datname = current_database()";
    let row = sqlx::query(encrypted).fetch_one(&mut connection).await;
    assert_eq!(row.unwrap().get::<Option<bool>, _>("encrypted"), Some(true));

    for (host, parameters) in [
        // Nobody vouches for it.
        ("127.0.0.1", vec![proof]),
        // It is another's.
        ("localhost", vec![proof, ("sslrootcert", &root)]),
    ] {
        let refused = open(host, &parameters).await;
        let Err(StoreError::Unreachable(cause)) = refused else {
            panic!("{refused:?}");
        };
        assert!(cause.to_string().contains("certificate"), "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_is_told_of_each_change_once_it_is_made() {
    let database = fresh().await;
    let store = database.open().await;
    let mut listener = PgListener::connect(database.url().as_str()).await.unwrap();
    listener.listen("gardien").await.unwrap();
    for number in 1..=3 {
        let newest = store.revision().await.unwrap();
        commit(&*store, &[]).await;
        let stale = store.commit(&[], some_record(), newest).await;
        assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
        let told = listener.recv().await.unwrap();
        assert_eq!(told.payload(), number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_cannot_be_emptied() {
    let database = fresh().await;
    let store = opened(&database).await;
    let refused = database.execute("TRUNCATE audit").await.unwrap_err();
    assert!(refused.contains("append-only"), "{refused}");
    assert_eq!(store.verify_audit().await.unwrap(), Ok(1));
}

/// PostgreSQL takes no such text. Whoever looks for one finds nothing, and who stores one is told why it cannot be.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_nul_character_is_nowhere() {
    let database = fresh().await;
    let store = opened(&database).await;
    let keys = [1, 2, 3].map(|number| Change::PutKey(key(number)));
    commit(&*store, &keys).await;
    let named = [Change::PutProject(project(1, "Si\0te"))];
    let newest = store.revision().await.unwrap();
    let refused = store.commit(&named, some_record(), newest).await;
    let Err(StoreError::Unavailable(cause)) = refused else {
        panic!("{refused:?}");
    };
    assert!(cause.to_string().contains("NUL"), "{cause}");
    assert_eq!(store.revision().await.unwrap(), newest);

    assert_eq!(store.member_by_email("ada\0").await.unwrap(), None);
    for filter in [
        AuditFilter::about("key-\0"),
        AuditFilter {
            actor: Some("\0".into()),
            ..AuditFilter::default()
        },
    ] {
        assert_eq!(store.audit(&filter, None, 9).await.unwrap(), []);
    }
    let filter = KeyFilter {
        text: Some("Key\0".into()),
        ..KeyFilter::default()
    };
    let page = store.keys(&filter, at(0), KeyOrder::default(), None, 9);
    let page = page.await.unwrap();
    assert_eq!((page.rows, page.total), (vec![], 0));

    // A place may be made up: right behind "key 2".
    let every = KeyFilter::default();
    let place = KeyPlace {
        by: SortValue::Text("key 2\0".into()),
        id: KeyId(Uuid::nil()),
    };
    for (order, names) in [
        (Order::Ascending, vec!["Key 3"]),
        (Order::Descending, vec!["Key 2", "Key 1"]),
    ] {
        let order = KeyOrder {
            sort: KeySort::Name,
            order,
        };
        let page = store.keys(&every, at(0), order, Some(&place), 9);
        let page = page.await.unwrap();
        let found: Vec<_> = page.rows.iter().map(|row| row.key.name()).collect();
        assert_eq!(found, names);
    }
}
