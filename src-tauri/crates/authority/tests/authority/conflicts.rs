//! Several processes over one database: none undoes what another did, and nobody is told what is not so.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gardien_authority::api::{DisclosedHow, KeyPatch, MemberPatch};
use gardien_authority::{Actor, Authority, Client, ClientFault, Fault, http};
use gardien_domain::{KeyId, Role};
use gardien_store::{Store, StoreError};

use crate::world::{World, new_key};

async fn rename(authority: &Authority, owner: &Actor, id: KeyId) -> Result<(), Fault> {
    let patch = KeyPatch {
        name: Some("Another name".to_owned()),
        ..KeyPatch::default()
    };
    let manager = owner.manage_keys().unwrap();
    authority.update_key(manager, id, patch).await.map(drop)
}

async fn revoke(authority: &Authority, owner: &Actor, id: KeyId) -> Result<(), Fault> {
    let manager = owner.manage_keys().unwrap();
    authority.revoke_key(manager, id).await.map(drop)
}

/// Waits until the database has the revocation.
async fn until_revoked(world: &World, id: KeyId) {
    let written = async {
        let revoked = async || world.store.key(id).await.unwrap().unwrap().key.revoked();
        while revoked().await.is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let written = tokio::time::timeout(Duration::from_secs(120), written).await;
    assert!(written.is_ok(), "it was never written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rename_never_undoes_a_revocation_by_another_process() {
    let (mut both, mut refused) = (0, 0);
    for _ in 0..10 {
        // A trail of its own for each hundred pairs: it is walked after every one.
        let world = World::new().await;
        let here = (world.authority.clone(), world.owner.clone());
        let (authority, owner, _) = world.beside().await;
        let there = (authority, owner);
        for pair in 0..100_u64 {
            let (id, _) = world.key().await;
            // Either process does either, either comes first, by nothing or by more than a change takes.
            let ((renamer, renaming), (revoker, revoking)) = match pair % 2 {
                0 => (here.clone(), there.clone()),
                _ => (there.clone(), here.clone()),
            };
            let pause = Duration::from_millis(pair / 4 % 5);
            let renames_first = pair / 2 % 2 == 0;
            let renamed = tokio::spawn(async move {
                tokio::time::sleep(if renames_first { Duration::ZERO } else { pause }).await;
                rename(&renamer, &renaming, id).await
            });
            let revoked = tokio::spawn(async move {
                tokio::time::sleep(if renames_first { pause } else { Duration::ZERO }).await;
                revoke(&revoker, &revoking, id).await
            });
            let renamed = renamed.await.unwrap();
            match revoked.await.unwrap() {
                // A busy disk is not waited for: it is in force, and written in the end.
                Err(Fault::RevokedInMemory(_) | Fault::RevokedUntilRestart(_)) => {
                    until_revoked(&world, id).await;
                }
                revoked => revoked.unwrap(),
            }
            let stored = world.store.key(id).await.unwrap().unwrap().key;
            assert!(stored.revoked().is_some(), "pair {pair}: it was undone");
            match renamed {
                Ok(()) => both += 1,
                Err(Fault::KeyRevoked) => refused += 1,
                Err(fault) => panic!("{fault:?}"),
            }
            assert_eq!(stored.name() == "Another name", renamed.is_ok());
            world.store.verify_audit().await.unwrap().unwrap();
        }
    }
    assert_eq!(both + refused, 1_000);
    assert!(both > 0 && refused > 0, "every order: {both}, {refused}");
}

#[tokio::test]
async fn what_comes_between_reading_and_writing_is_read_again() {
    let world = World::new().await;
    let (authority, owner, told) = world.beside().await;
    let (id, _) = world.key().await;
    let between = (authority.clone(), owner.clone());
    world.meanwhile(async move { revoke(&between.0, &between.1, id).await.unwrap() });
    let renamed = rename(&world.authority, &world.owner, id).await;
    assert!(matches!(renamed, Err(Fault::KeyRevoked)), "{renamed:?}");
    assert!(told.last(id).revoked().is_some());
    let actions = ["organization.created", "key.created", "key.revoked"];
    assert_eq!(world.actions().await, actions);

    let (id, _) = world.key().await;
    world.meanwhile(async move { rename(&authority, &owner, id).await.unwrap() });
    revoke(&world.authority, &world.owner, id).await.unwrap();
    let stored = world.store.key(id).await.unwrap().unwrap().key;
    assert_eq!(stored.name(), "Another name");
    assert!(stored.revoked().is_some());
    assert_eq!(world.told.last(id), stored);
    assert_eq!(world.store.verify_audit().await.unwrap(), Ok(6));
}

#[tokio::test]
async fn a_key_that_another_process_revoked_is_refused_here_once_that_is_known() {
    let world = World::new().await;
    let (authority, owner, _) = world.beside().await;
    let (id, _) = world.key().await;
    revoke(&authority, &owner, id).await.unwrap();
    revoke(&world.authority, &world.owner, id).await.unwrap();
    let stored = world.store.key(id).await.unwrap().unwrap().key;
    assert_eq!(world.told.last(id), stored);
}

#[tokio::test]
async fn a_change_gives_up_after_ten_others_and_says_so() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let router = http::router(world.authority.clone());
    let client = Client::embedded(router, world.owner.member().id);
    let note = |note: &str| KeyPatch {
        note: Some(note.to_owned()),
        ..KeyPatch::default()
    };
    world.outrun(10);
    let refused = client.update_key(id, &note("lost")).await.unwrap_err();
    let ClientFault::Refused(problem) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((problem.status, problem.code.as_str()), (409, "conflict"));
    let words = "Somebody else changed this at the same time. Try again.";
    assert_eq!(problem.detail, words);
    assert_eq!(world.told.last(id).note(), "", "nothing was changed");
    assert_eq!(world.store.verify_audit().await.unwrap(), Ok(12));

    world.outrun(9);
    client.update_key(id, &note("won")).await.unwrap();
    assert_eq!(world.told.last(id).note(), "won");
    assert_eq!(world.store.verify_audit().await.unwrap(), Ok(22));
}

#[tokio::test]
async fn a_revocation_that_loses_is_in_force_all_along_and_written_in_the_end() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let told = world.told.clone();
    world.outrun(1);
    world.meanwhile(async move { assert!(told.last(id).revoked().is_some()) });
    revoke(&world.authority, &world.owner, id).await.unwrap();

    let (id, _) = world.key().await;
    world.outrun(10);
    let revoked = revoke(&world.authority, &world.owner, id).await;
    let conflict = matches!(revoked, Err(Fault::RevokedInMemory(StoreError::Conflict)));
    assert!(conflict, "{revoked:?}");
    assert!(world.told.last(id).revoked().is_some());
    let renamed = rename(&world.authority, &world.owner, id).await;
    assert!(matches!(renamed, Err(Fault::KeyRevoked)), "{renamed:?}");
    world.written(id).await;
}

/// On the day on which the file is damaged a leaked key must be refused all the same.
#[tokio::test]
async fn a_revocation_is_in_force_when_the_trail_cannot_be_read() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    world.store.torn.store(true, Ordering::SeqCst);
    let revoked = revoke(&world.authority, &world.owner, id).await;
    let damaged = matches!(revoked, Err(Fault::RevokedInMemory(StoreError::Damaged(_))));
    assert!(damaged, "{revoked:?}");
    assert!(world.told.last(id).revoked().is_some());
    let renamed = rename(&world.authority, &world.owner, id).await;
    assert!(matches!(renamed, Err(Fault::KeyRevoked)), "{renamed:?}");
}

#[tokio::test]
async fn a_revocation_that_another_process_wrote_first_stands() {
    let world = World::new().await;
    let (authority, owner, _) = world.beside().await;
    let (id, _) = world.key().await;
    world.store.full.store(true, Ordering::SeqCst);
    let revoked = revoke(&world.authority, &world.owner, id).await;
    assert!(matches!(revoked, Err(Fault::RevokedInMemory(_))));
    world.later(3);
    revoke(&authority, &owner, id).await.unwrap();
    let stored = world.store.key(id).await.unwrap().unwrap().key;
    world.store.full.store(false, Ordering::SeqCst);
    let before = world.store.reads.load(Ordering::SeqCst);
    let tried_again = async {
        while world.store.reads.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let tried_again = tokio::time::timeout(Duration::from_secs(60), tried_again).await;
    assert!(tried_again.is_ok(), "it was never tried again");
    // It waits for its turn, and so until that is over.
    let renamed = rename(&world.authority, &world.owner, id).await;
    assert!(matches!(renamed, Err(Fault::KeyRevoked)), "{renamed:?}");
    let later = world.store.key(id).await.unwrap().unwrap().key;
    assert_eq!(later, stored);
    let actions = ["organization.created", "key.created", "key.revoked"];
    assert_eq!(world.actions().await, actions);
}

#[tokio::test]
async fn a_revocation_of_somebody_demoted_meanwhile_takes_nothing_away() {
    let world = World::new().await;
    let (authority, owner, _) = world.beside().await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let (id, _) = world.key().await;
    let demoted = bob.member().id;
    world.meanwhile(async move {
        let demotion = MemberPatch {
            role: Some(Role::Member),
            projects: None,
        };
        let manager = owner.manage_organization().unwrap();
        let done = authority.update_member(manager, demoted, demotion).await;
        done.unwrap();
    });
    let revoked = revoke(&world.authority, &bob, id).await;
    assert!(matches!(revoked, Err(Fault::RoleChanged)), "{revoked:?}");
    let stored = world.store.key(id).await.unwrap().unwrap().key;
    assert_eq!(stored.revoked(), None);
    assert_eq!(world.told.last(id), stored);
}

#[tokio::test]
async fn a_replacement_that_loses_revokes_once() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    // Faster than the revocation, not than its second attempt, and then than the new key.
    world.outrun(1);
    world.meanwhile(async {});
    world.outrun(1);
    let replaced = world.authority.replace_key(manager, id).await.unwrap();
    assert_eq!(world.told.last(replaced.key.id).revoked(), None);
    let actions = world.actions().await;
    let count = |action: &str| actions.iter().filter(|done| *done == action).count();
    assert_eq!(
        (count("key.revoked"), count("key.created")),
        (1, 2),
        "{actions:?}"
    );
}

#[tokio::test]
async fn the_last_owner_stays_whoever_is_faster() {
    let world = World::new().await;
    let (authority, owner, _) = world.beside().await;
    let (eve, _) = world.someone("eve@example.com", Role::Owner).await;
    let demotion = || MemberPatch {
        role: Some(Role::Admin),
        projects: None,
    };
    // Each demotes the other.
    let (ada, by_eve) = (owner.member().id, eve.clone());
    world.meanwhile(async move {
        let manager = by_eve.manage_organization().unwrap();
        let done = authority.update_member(manager, ada, demotion()).await;
        done.unwrap();
    });
    let manager = world.owner.manage_organization().unwrap();
    let demoted = world
        .authority
        .update_member(manager, eve.member().id, demotion());
    let demoted = demoted.await;
    assert!(matches!(demoted, Err(Fault::LastOwner)), "{demoted:?}");
}

#[tokio::test]
async fn a_session_is_opened_while_a_server_goes_on_changing() {
    let world = World::new().await;
    world.outrun(3);
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    assert_eq!(bob.member().email, "bob@example.com");
    let (id, _) = world.key().await;
    world.outrun(1);
    let manager = world.owner.manage_keys().unwrap();
    let copied = world
        .authority
        .disclosed_key(manager, id, DisclosedHow::Copied);
    copied.await.unwrap();
    world.outrun(1);
    let made = world.authority.create_key(manager, new_key()).await;
    assert!(
        world
            .store
            .key(made.unwrap().key.id)
            .await
            .unwrap()
            .is_some()
    );
    world.store.verify_audit().await.unwrap().unwrap();
}
