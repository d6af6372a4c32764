//! Whether the file of that name still is the one that was opened.

use super::*;

/// What a person does while Gardien runs, and whether the next change is refused.
async fn displaced_by(act: impl FnOnce(&Path)) {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    act(&path);
    for _ in 0..2 {
        let refused = enter(&store, &[]).await;
        assert!(matches!(refused, Err(StoreError::Displaced)), "{refused:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn no_change_succeeds_in_a_file_that_was_moved_replaced_or_emptied() {
    displaced_by(|path| fs::rename(path, path.with_extension("old")).unwrap()).await;
    displaced_by(|path| fs::remove_file(path).unwrap()).await;
    displaced_by(|path| fs::remove_file(with(path, "-wal")).unwrap()).await;
    displaced_by(|path| {
        fs::rename(
            path.parent().unwrap(),
            path.parent().unwrap().with_extension("old"),
        )
        .unwrap()
    })
    .await;
    displaced_by(|path| fs::write(path, "").unwrap()).await;
    displaced_by(|path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    })
    .await;
}

/// The same file by name and number, with what it held before: as `cp` puts a backup in place.
#[tokio::test]
async fn no_change_succeeds_over_an_older_copy() {
    let (_folder, path) = folder();
    filled(&path).await;
    let older = fs::read(&path).unwrap();
    let store = Sqlite::open(&path).await.unwrap();
    for _ in 0..3 {
        enter(&store, &[]).await.unwrap();
    }
    store.close().await;
    let store = Sqlite::open(&path).await.unwrap();
    fs::write(&path, older).unwrap();
    let refused = enter(&store, &[]).await;
    assert!(matches!(refused, Err(StoreError::Displaced)), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_another_process_only_touched_or_folded_the_log_into_is_the_same() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    execute(&path, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    enter(&store, &[]).await.unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    std::mem::forget(file);
    enter(&store, &[]).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap(), Ok(3));
}

/// What a gateway counts must not take a file for its own that somebody put there.
#[cfg(unix)]
#[tokio::test]
async fn a_long_log_is_not_folded_into_another_file() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    for _ in 0..60 {
        fill(&store).await;
    }
    let copy = path.with_extension("copy");
    fs::copy(&path, &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    fs::rename(copy, &path).unwrap();
    while with(&path, "-wal").metadata().unwrap().len() < 5 << 20 {
        store
            .insert_all("monitors", None, &vec![serde_json::json!({}); 2_000])
            .await
            .unwrap();
    }
    save_calls(&store, &SavedCalls::default()).await.unwrap();
    assert!(fs::read(&path).unwrap() == before, "it was written to");
    let refused = enter(&store, &[]).await;
    assert!(matches!(refused, Err(StoreError::Displaced)), "{refused:?}");
}

#[tokio::test]
async fn a_long_log_is_folded_into_the_file() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    let longest = 6 << 20;
    for _ in 0..400 {
        fill(&store).await;
    }
    let log = with(&path, "-wal").metadata().unwrap().len();
    assert!(log < longest, "{log}");
    assert!(path.metadata().unwrap().len() > 100_000);
}

/// SQLite takes no such path, and nothing may be left behind by finding that out.
#[cfg(unix)]
#[tokio::test]
async fn a_folder_whose_path_is_not_utf_8_is_named_and_not_made() {
    use std::os::unix::ffi::OsStrExt;
    let (outside, _) = folder();
    let data = outside
        .path()
        .join(std::ffi::OsStr::from_bytes(b"donn\xe9es"));
    for refused in [
        lock(&data).map(drop).unwrap_err(),
        Sqlite::open(&data.join("gardien.db")).await.unwrap_err(),
    ] {
        let said = refused.to_string();
        assert!(matches!(refused, StoreError::Unusable { .. }), "{said}");
        assert!(
            said.contains("donn\u{fffd}es cannot be used: its path is not UTF-8"),
            "{said}"
        );
    }
    assert!(!data.exists());
}

#[tokio::test]
async fn what_stands_in_the_way_is_named() {
    let (outside, path) = folder();
    let file = outside.path().join("file");
    fs::write(&file, "").unwrap();
    let said = lock(&file.join("data")).unwrap_err().to_string();
    assert!(said.contains("file/data cannot be used: "), "{said}");
    fs::create_dir(&path).unwrap();
    let refused = Sqlite::open(&path).await.unwrap_err();
    assert!(refused.to_string().contains("gardien.db"), "{refused}");
    assert!(
        matches!(refused, StoreError::Unusable { .. }),
        "{refused:?}"
    );
}
