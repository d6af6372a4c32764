//! Revocations on a bad day: in force at once, told soon, and never forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gardien_authority::api::KeyPatch;
use gardien_authority::{Authority, Fault};
use gardien_domain::{Key, KeyId, KeyRule};
use gardien_store::{Head, Revision, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::world::{Told, World, system_record};

/// The same data after a restart.
async fn restarted(world: &World) -> (Authority, Arc<Told>) {
    let told = Arc::new(Told::default());
    let clock = Arc::new(Timestamp::now);
    (world.opened(told.clone(), clock).await, told)
}

async fn stored(world: &World, id: KeyId) -> Key {
    world.store.key(id).await.unwrap().unwrap().key
}

#[tokio::test(flavor = "multi_thread")]
async fn five_are_in_force_at_once_and_told_within_five_seconds_while_the_disk_hangs() {
    let world = Arc::new(World::new().await);
    let mut keys = Vec::new();
    for _ in 0..5 {
        keys.push(world.key().await.0);
    }
    let works_again = Arc::new(Notify::new());
    let hanging = works_again.clone();
    world.meanwhile(async move { hanging.notified().await });
    let mut callers = Vec::new();
    for id in keys.clone() {
        let world = world.clone();
        callers.push(tokio::spawn(async move {
            let asked = Instant::now();
            let manager = world.owner.manage_keys().unwrap();
            let revoking = world.authority.revoke_key(manager, id);
            let told = tokio::time::timeout(Duration::from_secs(60), revoking).await;
            (told.expect("it waits for the disk"), asked.elapsed())
        }));
    }
    // Before anybody is told.
    for id in &keys {
        while world.told.last(*id).revoked().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(stored(&world, *id).await.revoked().is_none());
    }
    for caller in callers {
        let (told, after) = caller.await.unwrap();
        assert!(matches!(told, Err(Fault::RevokedInMemory(_))), "{told:?}");
        assert!(after > Duration::from_secs(3), "nothing hung: {after:?}");
    }
    works_again.notify_one();
    for id in keys {
        world.written(id).await;
    }
    assert_eq!(world.store.verify_audit().await.unwrap(), Ok(11));
}

#[tokio::test]
async fn one_that_could_not_be_written_is_in_force_after_a_restart_and_written_then() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    world.store.full.store(true, Ordering::SeqCst);
    let manager = world.owner.manage_keys().unwrap();
    let revoked = world.authority.revoke_key(manager, id).await;
    assert!(matches!(revoked, Err(Fault::RevokedInMemory(_))));

    let (authority, told) = restarted(&world).await;
    let revocation = world.told.last(id).revoked();
    assert_eq!(
        told.last(id).revoked(),
        revocation,
        "on the still full disk"
    );
    let renamed = authority.replace_key(manager, id).await;
    assert!(matches!(renamed, Err(Fault::KeyRevoked)), "{renamed:?}");

    world.store.full.store(false, Ordering::SeqCst);
    world.written(id).await;
    assert_eq!(stored(&world, id).await.revoked(), revocation);
    let actions = ["organization.created", "key.created", "key.revoked"];
    assert_eq!(world.actions().await, actions);
    // What the database has is not written again.
    let (_, told) = restarted(&world).await;
    let since = |key: &Key| KeyRule::from(key).revoked_at;
    assert_eq!(since(&told.last(id)), since(&world.told.last(id)));
    assert_eq!(world.actions().await, actions);
}

/// A power cut may lose what the witness was told last, never what the database was.
#[tokio::test]
async fn one_that_was_written_and_undone_does_not_come_back() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    let revocation = world.told.last(id).revoked().unwrap();
    world.authority.restore_key(manager, id).await.unwrap();
    world.witness.revoked(id, revocation, false).unwrap();
    let (_, told) = restarted(&world).await;
    assert_eq!(told.last(id).revoked(), None);
}

#[tokio::test]
async fn one_that_was_undone_before_it_was_written_is_gone() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    world.store.full.store(true, Ordering::SeqCst);
    let revoked = world.authority.revoke_key(manager, id).await;
    assert!(matches!(revoked, Err(Fault::RevokedInMemory(_))));
    let restored = world.authority.restore_key(manager, id).await;
    assert!(matches!(restored, Err(Fault::Store(_))), "{restored:?}");
    assert!(world.told.last(id).revoked().is_some(), "it stays in force");
    world.store.full.store(false, Ordering::SeqCst);
    world.authority.restore_key(manager, id).await.unwrap();
    assert!(world.told.last(id).revoked().is_none());
    let (_, told) = restarted(&world).await;
    assert!(told.last(id).revoked().is_none());
    assert!(stored(&world, id).await.revoked().is_none());
}

/// As the command line does, beside a server and before one.
#[tokio::test]
async fn what_another_process_recorded_is_witnessed_once_it_is_in_force() {
    let world = World::new().await;
    let at = world.witness.head().unwrap();
    world.commit(&[], system_record(&world)).await;
    assert_eq!(world.witness.head(), Some(at));
    let following = world.authority.clone();
    let following = tokio::spawn(async move { following.keep_following().await });
    for _ in 0..200 {
        if world.witness.head() != Some(at) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    following.abort();
    let head = world.witness.head().unwrap();
    assert_eq!(head.revision, Revision(2));
    assert!(world.store.has(head).await.unwrap());

    world.commit(&[], system_record(&world)).await;
    restarted(&world).await;
    assert_eq!(world.witness.head().unwrap().revision, Revision(3));
    // What is missing is not forgotten over it.
    let missing = Head {
        hash: [7; 32],
        ..head
    };
    world.witness.note(missing).unwrap();
    restarted(&world).await;
    assert_eq!(world.witness.head(), Some(missing));
}

#[tokio::test]
async fn every_acknowledged_change_is_witnessed_and_missed_where_it_is_not_there() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let head = world.witness.head().unwrap();
    assert_eq!(head.revision, Revision(2));
    assert!(world.store.has(head).await.unwrap());
    let auditor = world.owner.read_audit().unwrap();
    let verified = world.authority.verify_audit(auditor).await.unwrap();
    assert!(verified.ok);
    for missing in [
        Head {
            revision: Revision(3),
            ..head
        },
        Head {
            hash: [7; 32],
            ..head
        },
    ] {
        world.witness.note(missing).unwrap();
        let verified = world.authority.verify_audit(auditor).await.unwrap();
        assert!(!verified.ok);
        let fault = format!(
            "change {} was acknowledged and is not there",
            missing.revision.0
        );
        assert_eq!(verified.fault, Some(fault));
    }
    let manager = world.owner.manage_keys().unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    let revocation = world.told.last(id).revoked().unwrap();
    let witnessed = world.witness.revocations();
    assert_eq!(witnessed.len(), 1);
    assert_eq!(
        (
            witnessed[0].key,
            witnessed[0].revocation(),
            witnessed[0].written
        ),
        (id, revocation, true)
    );
}

/// Both ask while somebody else's change holds them up; the first is refused in the end.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_takes_no_other_away() {
    let world = Arc::new(World::new().await);
    let (id, _) = world.key().await;
    let (other, _) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    let expires_at = Some(*world.now.lock().unwrap() + SignedDuration::from_secs(5));
    let patch = KeyPatch {
        expires_at: Some(expires_at),
        ..KeyPatch::default()
    };
    world
        .authority
        .update_key(manager, id, patch)
        .await
        .unwrap();
    world.later(5);
    let go_on = Arc::new(Notify::new());
    let (waiting, begun) = (go_on.clone(), Arc::new(Notify::new()));
    let told = begun.clone();
    world.meanwhile(async move {
        told.notify_one();
        waiting.notified().await;
    });
    let act = |what: fn(Arc<World>, KeyId) -> Acting| tokio::spawn(what(world.clone(), id));
    let holding = tokio::spawn(revoke(world.clone(), other));
    begun.notified().await;
    let replacing = act(replace);
    while world.told.last(id).revoked().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let revoking = act(revoke);
    // It has asked by now, and waits like the one before.
    tokio::time::sleep(Duration::from_millis(200)).await;
    go_on.notify_one();
    holding.await.unwrap().unwrap();
    let refused = replacing.await.unwrap();
    assert!(
        matches!(refused, Err(Fault::KeyRevoked | Fault::KeyExpired)),
        "{refused:?}"
    );
    revoking.await.unwrap().unwrap();
    assert!(world.told.last(id).revoked().is_some(), "it is granted");
    assert!(stored(&world, id).await.revoked().is_some());
}

type Acting = std::pin::Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

fn replace(world: Arc<World>, id: KeyId) -> Acting {
    Box::pin(async move {
        let manager = world.owner.manage_keys().unwrap();
        world.authority.replace_key(manager, id).await.map(drop)
    })
}

fn revoke(world: Arc<World>, id: KeyId) -> Acting {
    Box::pin(async move {
        let manager = world.owner.manage_keys().unwrap();
        world.authority.revoke_key(manager, id).await.map(drop)
    })
}
