//! Sealed secrets.

use gardien_domain::PhareSecretId;
use uuid::Uuid;

use crate::support::Database;

fn id(number: u128) -> PhareSecretId {
    PhareSecretId(Uuid::from_u128(number))
}

pub(crate) async fn they_are_kept_replaced_and_forgotten(database: &dyn Database) {
    let store = database.open().await;
    assert_eq!(store.sealed(id(1)).await.unwrap(), None);
    store.put_sealed(id(1), b"\0one\xff").await.unwrap();
    store.put_sealed(id(2), b"two").await.unwrap();
    store.put_sealed(id(2), b"three").await.unwrap();
    let other = database.open().await;
    assert_eq!(other.sealed(id(1)).await.unwrap().unwrap(), b"\0one\xff");
    let mut every = other.every_sealed().await.unwrap();
    every.sort();
    let expected = [(id(1), b"\0one\xff".to_vec()), (id(2), b"three".to_vec())];
    assert_eq!(every, expected);
    store.delete_sealed(id(1)).await.unwrap();
    store.delete_sealed(id(1)).await.unwrap();
    assert_eq!(other.sealed(id(1)).await.unwrap(), None);
}
