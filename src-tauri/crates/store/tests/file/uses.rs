//! What an older version kept in one row: a key and its last use.

use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::{
    Key, KeyFilter, KeyOrder, KeyParts, KeySort, NotedUse, Order, PreviousUse, ProductScope,
    ProductScopes, Scope, SecretDigest,
};

use super::*;

/// Back to where a key and its last use were one row.
pub(crate) const OF_KEYS: &str = "ALTER TABLE keys ADD COLUMN last_used_at INTEGER;
    ALTER TABLE keys ADD COLUMN last_operation TEXT; ALTER TABLE keys ADD COLUMN last_client TEXT;
    ALTER TABLE keys ADD COLUMN last_address TEXT;
    UPDATE keys SET last_used_at = used_at, last_operation = operation, last_client = client, last_address = address
    FROM key_uses WHERE key_uses.number = keys.number;
    DROP TABLE key_uses; DELETE FROM _sqlx_migrations WHERE version = 12";

/// Every second key was used, with each of its secrets.
#[tokio::test]
async fn keys_and_uses_of_an_older_version_stay_together() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    let at = |micros| Timestamp::from_microsecond(micros).unwrap();
    let replaced = |number: u8, of| {
        Some(PreviousSecret {
            digest: SecretDigest([number | of; 32]),
            valid_until: at(9),
        })
    };
    let key = |number: u8| {
        Key::from_parts(KeyParts {
            id: KeyId(Uuid::from_u128(number.into())),
            name: format!("Deploy {number}"),
            note: "nightly".into(),
            scope: match number % 3 {
                0 => Scope::Organization {},
                project => Scope::Project {
                    project_id: ProjectId(project.into()),
                },
            },
            products: ProductScopes {
                platform: ProductScope::Read,
                uptime: ProductScope::ReadWrite,
            },
            digest: SecretDigest([number; 32]),
            display: "pha_org_gdn_AbCd…WxYz".into(),
            previous: PreviousSecrets {
                last: replaced(number, 64),
                earlier: replaced(number, 128),
            },
            share: Share {
                at_most: Some(7),
                reserved: 3,
                weight: 2,
            },
            created_at: at(number.into()),
            created_by: MemberId(Uuid::from_u128(1)),
            expires_at: Some(at(8)),
            revoked: number.is_multiple_of(5).then(|| Revocation {
                at: at(7),
                by: MemberId(Uuid::from_u128(1)),
            }),
        })
    };
    let keys: Vec<_> = (1..=20).map(|number| Change::PutKey(key(number))).collect();
    enter(&store, &keys).await.unwrap();
    let noted = |number: u8, micros: i64| NotedUse {
        key: key(number).id(),
        last: LastUse {
            at: at(micros),
            operation: format!("operation{micros}"),
            client: number
                .is_multiple_of(4)
                .then(|| "terraform-provider-phare".into()),
            address: (number % 4 == 2).then_some([192, 0, 2, number].into()),
        },
        previous: [64, 128]
            .map(|of| PreviousUse {
                digest: SecretDigest([number | of; 32]),
                at: at(micros - i64::from(of)),
            })
            .into(),
    };
    let uses: Vec<_> = (1..=10)
        .map(|n| noted(2 * n, 1_000 + i64::from(n)))
        .collect();
    store.record_uses(&uses).await.unwrap();
    let shown = async |store: &Sqlite| {
        let order = KeyOrder {
            sort: KeySort::LastUsed,
            order: Order::Descending,
        };
        let all = KeyFilter::default();
        let page = store.keys(&all, at(0), order, None, 100).await;
        page.unwrap().rows
    };
    let before = shown(&store).await;
    assert_eq!(
        before.iter().filter(|row| row.last_use.is_some()).count(),
        10
    );
    let snapshot = async |store: &Sqlite| {
        let mut keys = Vec::new();
        store
            .snapshot(&mut |rule, share| keys.push((rule, share)))
            .await
            .unwrap();
        keys
    };
    let followed = snapshot(&store).await;
    store.close().await;
    execute(&path, OF_KEYS).await;
    // One is missing: keys are not numbered by their place.
    execute(
        &path,
        "DELETE FROM keys WHERE id = x'00000000000000000000000000000003'",
    )
    .await;

    let store = Sqlite::open(&path).await.unwrap();
    let still: Vec<_> = before
        .into_iter()
        .filter(|row| row.key.id() != key(3).id())
        .collect();
    assert_eq!(shown(&store).await, still);
    let revision = store.revision().await.unwrap();
    let changes = store.changes_since(Revision(revision.0 - 1)).await.unwrap();
    assert_eq!(changes.keys.len(), 19);
    assert_eq!(snapshot(&store).await.len(), followed.len() - 1);
    // A key that comes now has no use of another.
    enter(&store, &[Change::PutKey(key(3))]).await.unwrap();
    let stored = store.key(key(3).id()).await.unwrap().unwrap();
    assert_eq!((stored.key, stored.last_use), (key(3), None));
    store
        .record_uses(&[noted(3, 2_000), noted(4, 900)])
        .await
        .unwrap();
    let rows = shown(&store).await;
    assert_eq!(rows[0].key.id(), key(3).id());
    assert_eq!(rows[1..], still);
}
