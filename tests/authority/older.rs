//! A database that is not what was acknowledged: put back from an older copy, emptied, or moved away while it runs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::world::{Issued, World, new_key, organization};

use super::audit::trail;
use super::process::ANY_PORT;

fn database(world: &World) -> PathBuf {
    world.server.data().join("gardien.db")
}

fn log_of(database: &Path) -> PathBuf {
    database.with_extension("db-wal")
}

async fn code(world: &World, key: &Issued) -> String {
    let answer = world.holder(key).get("/projects").await;
    match answer.status.as_u16() {
        200 => "granted".to_owned(),
        _ => answer.code().to_owned(),
    }
}

/// Refused, with what is missing and how to go on.
fn is_refused(world: &World) {
    let (status, said) = world.server.run(&ANY_PORT, &[]);
    assert!(!status.success(), "{said}");
    assert!(said.contains("older than it should be"), "{said}");
    assert!(said.contains("--accept-older"), "{said}");
}

#[tokio::test]
async fn an_older_copy_is_gone_on_with_only_if_somebody_says_so() {
    let mut world = World::new().await;
    let (revoked, kept) = (
        world.organization_key().await,
        world.organization_key().await,
    );
    world.server.terminate();
    let copy = fs::read(database(&world)).unwrap();
    world.restart();
    world.revoke(&revoked).await;
    let lost = world.organization_key().await;
    world.server.terminate();

    fs::write(database(&world), copy).unwrap();
    is_refused(&world);
    is_refused(&world);
    world.server.restart_with(&["--accept-older"]);
    world.owner = world.owner.at(world.server.management());
    assert_eq!(code(&world, &revoked).await, "key_revoked", "it came back");
    assert_eq!(code(&world, &kept).await, "granted");
    let unknown = world.holder(&lost).get("/projects").await;
    assert_eq!(unknown.status, 401, "nobody knows it any more");
    let verified = world.owner.get("/v1/audit/verify").await.expect(200);
    assert_eq!(verified["ok"], true, "{verified:#}");
    let actions: Vec<_> = trail(&world.owner).await;
    assert!(
        actions
            .iter()
            .any(|entry| entry["action"] == "organization.restored"),
        "{actions:#?}"
    );

    // It was accepted once, and is what is there now.
    world.server.terminate();
    world.restart();
    assert_eq!(code(&world, &revoked).await, "key_revoked");
    assert_eq!(code(&world, &kept).await, "granted");
}

#[tokio::test]
async fn what_was_gone_on_with_is_not_asked_about_again() {
    let mut world = World::new().await;
    world.server.terminate();
    let copy = fs::read(database(&world)).unwrap();
    world.restart();
    world.organization_key().await;
    world.organization_key().await;
    world.server.terminate();
    fs::write(database(&world), copy).unwrap();
    is_refused(&world);
    world.server.restart_with(&["--accept-older"]);
    world.server.terminate();
    world.restart();
    let verified = world.owner.get("/v1/audit/verify").await.expect(200);
    assert_eq!(verified["ok"], true, "{verified:#}");
}

#[tokio::test]
async fn an_emptied_database_is_not_started_with() {
    let mut world = World::new().await;
    world.organization_key().await;
    world.server.terminate();
    fs::write(database(&world), "").unwrap();
    is_refused(&world);
    fs::remove_file(database(&world)).unwrap();
    is_refused(&world);
}

#[tokio::test]
async fn nothing_succeeds_in_a_database_that_was_taken_away_while_it_runs() {
    type Act = fn(&Path);
    let acts: [(&str, Act); 3] = [
        ("moved away", |path| {
            fs::rename(path, path.with_extension("old")).unwrap()
        }),
        ("its log removed", |path| {
            fs::remove_file(log_of(path)).unwrap()
        }),
        ("an older copy put over it", |path| {
            fs::copy(path.with_extension("older"), path).unwrap();
            fs::remove_file(log_of(path)).unwrap();
        }),
    ];
    for (what, act) in acts {
        let mut world = World::new().await;
        let key = world.organization_key().await;
        world.server.terminate();
        fs::copy(database(&world), database(&world).with_extension("older")).unwrap();
        world.restart();
        world.organization_key().await;
        act(&database(&world));

        let new = new_key("Lost", organization(), "read", "read");
        let refused = world.owner.post("/v1/keys", new).await;
        let told = refused.problem(503, "data_moved");
        assert!(
            told["detail"]
                .as_str()
                .unwrap()
                .contains("moved or replaced"),
            "{what}"
        );
        // A leaked key is refused all the same.
        let revoked = world.owner.post(&key.path("/revoke"), json!(null)).await;
        revoked.problem(507, "revoked_in_memory");
        assert_eq!(code(&world, &key).await, "key_revoked", "{what}");
        let verified = world.owner.get("/v1/audit/verify").await;
        assert_eq!(verified.status, 503, "{what}: {verified:?}");

        world.server.kill9();
        if what == "an older copy put over it" {
            is_refused(&world);
            world.server.restart_with(&["--accept-older"]);
            assert_eq!(code(&world, &key).await, "key_revoked", "{what}");
        }
    }
}

/// Nobody can be told from a stranger any more, so nothing is done at all.
#[tokio::test]
async fn nothing_succeeds_in_a_database_that_was_emptied_while_it_runs() {
    let mut world = World::new().await;
    let key = world.organization_key().await;
    fs::write(database(&world), "").unwrap();
    for (path, body) in [
        (
            "/v1/keys".to_owned(),
            new_key("Lost", organization(), "read", "read"),
        ),
        (key.path("/revoke"), json!(null)),
    ] {
        let answer = world.owner.post(&path, body).await;
        let told = matches!(
            answer.code(),
            "data_damaged" | "data_moved" | "revoked_in_memory"
        );
        assert!(told && !answer.status.is_success(), "{answer:?}");
    }
    let verified = world.owner.get("/v1/audit/verify").await;
    assert!(!verified.status.is_success(), "{verified:?}");
    world.server.kill9();
    // SQLite may have removed it already, as one of an empty file.
    let _ = fs::remove_file(log_of(&database(&world)));
    is_refused(&world);
}
