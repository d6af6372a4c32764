//! Revocations while the disk is full, hangs or is somebody else's: in force at once, told soon, never forgotten.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::support::disk::{Disk, Mood, Writer};
use crate::support::people::{Answer, Caller};
use crate::support::world::{Issued, World};

use super::audit::trail;
use super::process::ANY_PORT;

const PATIENCE: Duration = Duration::from_secs(60);

async fn on(disk: &Disk) -> World {
    let variables = disk.variables();
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    World::on(&variables).await
}

async fn is_refused(world: &World, key: &Issued) -> bool {
    let answer = world.server.key_holder(&key.secret).get("/projects").await;
    answer.code() == "key_revoked"
}

/// How long after `asked` this caller is refused.
async fn refused_after(holder: Caller, asked: Instant) -> Duration {
    while holder.get("/projects").await.code() != "key_revoked" {
        assert!(asked.elapsed() < PATIENCE, "it is still granted");
    }
    asked.elapsed()
}

async fn revoke(owner: &Caller, key: &Issued) -> Answer {
    let path = format!("/v1/keys/{}/revoke", key.id);
    owner.post(&path, serde_json::json!({})).await
}

/// Waits until the database has the revocations of these keys, each once, and a trail that holds.
async fn until_written(world: &World, keys: &[Issued]) {
    let end = Instant::now() + PATIENCE;
    let is_written = async || {
        let trail = trail(&world.owner).await;
        let written = |key: &Issued| {
            let of = |entry: &&serde_json::Value| {
                entry["action"] == "key.revoked" && entry["subject"] == key.id.as_str()
            };
            trail.iter().filter(of).count()
        };
        assert!(keys.iter().all(|key| written(key) <= 1), "{trail:#?}");
        keys.iter().all(|key| written(key) == 1)
    };
    while !is_written().await {
        assert!(Instant::now() < end, "they were never written");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let verified = world.owner.get("/v1/audit/verify").await.expect(200);
    assert_eq!(verified["ok"], true, "{verified:#}");
}

/// Five keys, revoked at the same time: each is refused before anybody is told, and told before the bad day is over.
async fn five_at_once(world: &World) -> Vec<Issued> {
    let mut keys = Vec::new();
    for _ in 0..5 {
        keys.push(world.organization_key().await);
    }
    keys
}

async fn revoke_together(world: &World, keys: &[Issued]) {
    let holders: Vec<_> = keys.iter().map(|key| world.holder(key)).collect();
    for holder in &holders {
        // On connections that are there: what is tried is the revocation.
        holder.get("/projects").await.expect(200);
    }
    let asked = Instant::now();
    let callers: Vec<_> = keys
        .iter()
        .map(|key| {
            let (owner, key) = (world.owner.clone(), key.clone());
            tokio::spawn(async move { (revoke(&owner, &key).await, asked.elapsed()) })
        })
        .collect();
    let refused = holders
        .into_iter()
        .map(|holder| refused_after(holder, asked));
    let refused = join_all(refused).await;
    for (caller, refused) in callers.into_iter().zip(refused) {
        let (told, after) = caller.await.unwrap();
        told.problem(507, "revoked_in_memory");
        assert!(
            refused < after,
            "told {after:?} after it was asked for, refused after {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_keys_are_revoked_while_the_disk_hangs() {
    let disk = Disk::new();
    let world = on(&disk).await;
    let keys = five_at_once(&world).await;
    disk.is(Mood::Hanging);
    revoke_together(&world, &keys).await;
    for key in &keys {
        assert!(is_refused(&world, key).await);
    }
    disk.is(Mood::Good);
    until_written(&world, &keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_keys_are_revoked_while_another_process_writes() {
    let world = World::new().await;
    let keys = five_at_once(&world).await;
    let writer = Writer::of(&world.server.data().join("gardien.db"));
    revoke_together(&world, &keys).await;
    let end = Instant::now() + PATIENCE;
    while !world.server.log().contains("still cannot be written") {
        assert!(
            Instant::now() < end,
            "it was not tried again:\n{}",
            world.server.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(writer);
    until_written(&world, &keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_disk_did_not_take_is_in_force_after_any_end() {
    for ends in ["room and SIGTERM at once", "SIGTERM", "kill"] {
        let disk = Disk::new();
        let mut world = on(&disk).await;
        let key = world.organization_key().await;
        let other = world.organization_key().await;
        disk.is(Mood::Full);
        let told = revoke(&world.owner, &key).await;
        let told = told.problem(507, "revoked_in_memory");
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains("over a restart"), "{detail}");
        if ends == "room and SIGTERM at once" {
            disk.is(Mood::Good);
        }
        if ends == "kill" {
            world.server.kill9();
        } else {
            world.server.terminate();
        }
        world.restart();
        assert!(is_refused(&world, &key).await, "{ends}: granted again");
        assert!(!is_refused(&world, &other).await);
        disk.is(Mood::Good);
        until_written(&world, &[key]).await;
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_of_at_the_start_with_path_and_reason() {
    let disk = Disk::new();
    let mut world = on(&disk).await;
    world.server.terminate();
    for (mood, file, reason) in [
        (Mood::ReadOnly, "gardien.lock", "Read-only file system"),
        (Mood::Sealed, "gardien.db", "Permission denied"),
    ] {
        disk.is(mood);
        let (status, said) = world.server.run(&ANY_PORT, &[]);
        assert!(!status.success(), "{said}");
        let path = world.server.data().join(file);
        let expected = format!("{} cannot be used: {reason}", path.display());
        let last = said.lines().last().unwrap();
        assert!(
            last.starts_with("gardien-server: ") && last.contains(&expected),
            "{said}"
        );
        let member = world.server.try_token("ada@lighthouse.test", "admin");
        let said = member.unwrap_err();
        assert!(said.contains("gardien.db cannot be used"), "{said}");
    }
    disk.is(Mood::Good);
    world.restart();
    world.organization_key().await;
}
