use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use gardien_domain::limit::{Asking, OwnCalls};

use super::{is_clean, mark};
use crate::sqlite::Sqlite;
use crate::{ALONE, Ledger, Store, StoreError};

/// Opens it and closes it in order.
async fn used(path: &Path) {
    let store = Sqlite::open(path).await.unwrap();
    store.close().await;
}

/// Of a page that is not read to open the file: only looking through it finds this.
fn damage(path: &Path) {
    const PAGE: u64 = 4096;
    let file = fs::File::options().write(true).open(path).unwrap();
    let last = file.metadata().unwrap().len() - PAGE;
    file.write_all_at(&[0x5a; 32], last).unwrap();
}

#[tokio::test]
async fn what_was_touched_since_is_looked_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    used(&path).await;
    assert!(is_clean(&path));

    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(
        folder.path().join("gardien.db-clean"),
        folder.path().join("copy.db-clean"),
    )
    .unwrap();
    assert!(!is_clean(&copy));

    // The same again, and the same time.
    let modified = path.metadata().unwrap().modified().unwrap();
    fs::write(&path, fs::read(&path).unwrap()).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert!(!is_clean(&path));
    used(&path).await;
    assert!(is_clean(&path));

    damage(&path);
    let refused = Sqlite::open(&path).await.unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused:?}");
}

#[tokio::test]
async fn what_was_not_touched_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    used(&path).await;
    damage(&path);
    mark(&path).unwrap();
    used(&path).await;
    assert!(is_clean(&path));
}

#[tokio::test]
async fn a_file_that_somebody_else_damaged_is_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    used(&path).await;
    let store = Sqlite::open(&path).await.unwrap();
    damage(&path);
    store.close().await;
    assert!(!is_clean(&path));
}

#[tokio::test]
async fn a_file_in_the_place_of_the_one_that_was_open_is_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    let store = Sqlite::open(&path).await.unwrap();
    let other = folder.path().join("other.db");
    fs::copy(&path, &other).unwrap();
    fs::rename(&other, &path).unwrap();
    store.close().await;
    assert!(!is_clean(&path));
}

#[tokio::test]
async fn what_others_have_to_fold_in_is_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    used(&path).await;
    let one = Sqlite::open(&path).await.unwrap();
    let other = Sqlite::open(&path).await.unwrap();
    let (own, asking) = (OwnCalls::default(), Asking::default());
    other.lease_calls(ALONE, 1, &own, &asking).await.unwrap();
    fs::remove_file(super::mark_of(&path)).unwrap();
    other.close().await;
    assert!(!is_clean(&path));
    one.close().await;
    assert!(is_clean(&path));
}
