//! What fails on the way behind the gateway leaves everything as it was: a test for each step.

use std::collections::HashMap;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use gardien_authority::{Fault, UpstreamIdentity};
use gardien_domain::phare_key::Purpose;
use gardien_domain::{Key, PhareKey, PhareSecretId, ScopeKind};
use gardien_store::{Change, Store};

use crate::behind::{Forwarded, phare};
use crate::phare_keys::{findings, secret};
use crate::world::{World, new_key, system, system_record};

/// Everything that an attachment touches.
#[derive(Debug, PartialEq)]
struct Standing {
    forwarded: Forwarded,
    adopted: Option<UpstreamIdentity>,
    phare_keys: Vec<PhareKey>,
    keys: Vec<Key>,
    kept: HashMap<PhareSecretId, String>,
    entries: Vec<String>,
}

async fn standing(world: &World) -> Standing {
    Standing {
        forwarded: world.upstreams.forwarded(),
        adopted: world.authority.adopted_upstream().await.unwrap(),
        phare_keys: world.store.phare_keys().await.unwrap(),
        keys: world.store.every_key().await.unwrap(),
        kept: world.chain.kept(),
        entries: world.actions().await,
    }
}

/// One over the sandbox, with a key that it was made for.
async fn over_the_sandbox() -> World {
    let world = World::new().await;
    world
        .authority
        .attach(system(), &UpstreamIdentity::Sandbox)
        .await
        .unwrap();
    world.key().await;
    *world.upstreams.finds.lock().unwrap() = Some(findings(&[1, 2]));
    world
}

/// One over Phare, called with one key.
async fn over_phare() -> World {
    let world = World::new().await;
    *world.upstreams.finds.lock().unwrap() = Some(findings(&[1, 2]));
    attach(&world, "first", true).await.unwrap();
    world.key().await;
    world
}

async fn attach(world: &World, name: &str, leave_sandbox: bool) -> Result<(), Fault> {
    let manager = world.owner.manage_phare_keys().unwrap();
    let secret = secret(ScopeKind::Organization, name);
    let examined = world.authority.examine_secret(&secret).await?;
    let attached = world
        .authority
        .attach_phare_key(manager, "Main", examined, leave_sandbox);
    attached.await.map(drop)
}

async fn leave(world: &World) -> Result<(), Fault> {
    let manager = world.owner.manage_organization().unwrap();
    world.authority.use_sandbox(manager).await
}

#[tokio::test]
async fn a_secret_that_phare_refuses() {
    let world = over_the_sandbox().await;
    let before = standing(&world).await;
    *world.upstreams.finds.lock().unwrap() = None;
    let refused = attach(&world, "refused", true).await;
    assert!(matches!(refused, Err(Fault::Invalid(_))), "{refused:?}");
    assert_eq!(standing(&world).await, before);
}

#[tokio::test]
async fn a_secret_that_cannot_serve() {
    let world = over_the_sandbox().await;
    let before = standing(&world).await;
    let mut blind = findings(&[]);
    blind.platform = None;
    *world.upstreams.finds.lock().unwrap() = Some(blind);
    let refused = attach(&world, "blind", true).await;
    assert!(matches!(refused, Err(Fault::Invalid(_))), "{refused:?}");
    assert_eq!(standing(&world).await, before);
}

#[tokio::test]
async fn a_sandbox_that_may_not_be_left() {
    let world = over_the_sandbox().await;
    let before = standing(&world).await;
    let refused = attach(&world, "main", false).await;
    assert!(matches!(refused, Err(Fault::OtherUpstream)), "{refused:?}");
    let other = world.authority.attach(system(), &phare()).await;
    assert!(matches!(other, Err(Fault::OtherUpstream)), "{other:?}");
    assert_eq!(standing(&world).await, before);
}

#[tokio::test]
async fn an_upstream_that_cannot_be_built() {
    for world in [over_the_sandbox().await, over_phare().await] {
        let before = standing(&world).await;
        world.upstreams.broken.store(true, SeqCst);
        let failed = match before.adopted {
            Some(UpstreamIdentity::Sandbox) => attach(&world, "main", true).await,
            _ => leave(&world).await,
        };
        assert!(matches!(failed, Err(Fault::Unattachable(_))), "{failed:?}");
        assert_eq!(standing(&world).await, before);
    }
}

#[tokio::test]
async fn a_keychain_that_keeps_the_other_secrets_to_itself() {
    let world = over_phare().await;
    let (again, owner) = world.again().await;
    world.chain.locked.store(true, SeqCst);
    let before = standing(&world).await;
    let restored = again.restore(system()).await;
    assert!(matches!(restored, Err(Fault::Secret(_))), "{restored:?}");
    let next = secret(ScopeKind::Organization, "next");
    let examined = again.examine_secret(&next);
    let (examined, manager) = (examined.await.unwrap(), owner.manage_phare_keys().unwrap());
    let attached = again.attach_phare_key(manager, "Next", examined, false);
    assert!(matches!(attached.await, Err(Fault::Secret(_))));
    assert!(again.attached().is_none());
    assert_eq!(standing(&world).await, before);
    // And once it is unlocked, all of it.
    world.chain.locked.store(false, SeqCst);
    again.restore(system()).await.unwrap();
    assert_eq!(world.upstreams.forwarded(), before.forwarded);
}

#[tokio::test]
async fn a_secret_that_cannot_be_sent() {
    for world in [over_the_sandbox().await, over_phare().await] {
        let before = standing(&world).await;
        world.upstreams.unsendable.store(true, SeqCst);
        let failed = attach(&world, "main", true).await;
        assert!(matches!(failed, Err(Fault::Unattachable(_))), "{failed:?}");
        assert_eq!(standing(&world).await, before);
    }
}

#[tokio::test]
async fn a_change_that_cannot_be_written() {
    for world in [over_the_sandbox().await, over_phare().await] {
        let before = standing(&world).await;
        let manager = world.owner.manage_phare_keys().unwrap();
        world.store.full.store(true, SeqCst);
        let failed = attach(&world, "main", true).await;
        assert!(matches!(failed, Err(Fault::Store(_))), "{failed:?}");
        if let Some(key) = before.phare_keys.first() {
            let examined = secret(ScopeKind::Organization, "next");
            let examined = world.authority.examine_secret(&examined).await.unwrap();
            let authority = &world.authority;
            let staged = authority.stage_phare_key(manager, key.id, examined.clone());
            assert!(matches!(staged.await, Err(Fault::Store(_))));
            let kept = authority.keep_phare_key(manager, "Kept", examined).await;
            assert!(matches!(kept, Err(Fault::Store(_))));
            let removed = authority.remove_phare_key(manager, key.id).await;
            assert!(matches!(removed, Err(Fault::Store(_))));
            let left = leave(&world).await;
            assert!(matches!(left, Err(Fault::Store(_))));
            let given = [secret(ScopeKind::Project, "given")];
            let given = authority.attach_given(system(), &given).await;
            assert!(matches!(given, Err(Fault::Store(_))));
        }
        world.store.full.store(false, SeqCst);
        assert_eq!(standing(&world).await, before);
    }
}

/// Another process keeps being faster.
#[tokio::test]
async fn a_change_that_loses_every_time() {
    let world = over_the_sandbox().await;
    let before = standing(&world).await;
    world.outrun(10);
    let failed = attach(&world, "main", true).await;
    assert!(matches!(failed, Err(Fault::Conflict)), "{failed:?}");
    let after = standing(&world).await;
    assert_eq!(after.forwarded, before.forwarded);
    assert_eq!(
        (after.adopted, after.phare_keys, after.keys, after.kept),
        (before.adopted, before.phare_keys, before.keys, before.kept)
    );
}

#[tokio::test]
async fn what_succeeds_changes_all_of_it_at_once() {
    let world = over_the_sandbox().await;
    let entries = world.actions().await.len();
    attach(&world, "main", true).await.unwrap();
    let after = standing(&world).await;
    let [key] = after.phare_keys.as_slice() else {
        panic!("{after:#?}");
    };
    assert_eq!((key.purpose, &*key.name), (Purpose::Attached, "Main"));
    assert_eq!(after.adopted, Some(phare()));
    let slots = vec![(key.current.display.clone(), None)];
    assert_eq!(after.forwarded, Some((phare(), slots)));
    assert!(after.keys.iter().all(|key| key.revoked().is_some()));
    assert!(after.kept.contains_key(&key.current.id));
    // One entry: half of it would be neither the one nor the other.
    assert_eq!(after.entries[entries..], ["upstream.changed"]);
}

/// Nothing is new then to whoever looks for changes of others: what was read has to be remembered.
#[tokio::test]
async fn what_another_process_detached_goes_though_a_change_made_here_was_read_with_it() {
    let world = over_phare().await;
    let (authority, _) = world.sharing().await;
    authority.restore(system()).await.unwrap();
    assert_eq!(world.upstreams.slots().len(), 1);
    let attached = world.store.phare_keys().await.unwrap();
    let detached = Change::DeletePhareKey(attached[0].id);
    world.commit(&[detached], system_record(&world)).await;
    let owner = authority.actor(world.owner.member().id).await.unwrap();
    let created = authority.create_key(owner.manage_keys().unwrap(), new_key());
    created.await.unwrap();
    authority.follow_if_behind().await.unwrap();
    for _ in 0..200 {
        if world.upstreams.slots().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a key of Phare's that is gone is called with still");
}
