//! What is told when something changes.

use std::sync::atomic::Ordering;

use gardien_authority::Fault;
use gardien_authority::api::{
    DisclosedHow, Event, KeyPatch, KeyQuery, MemberPatch, OrganizationPatch, Rotation,
};
use gardien_domain::Role;
use tokio::sync::broadcast::Receiver;

use crate::world::{World, new_key, system};

fn heard(events: &mut Receiver<Event>) -> Vec<Event> {
    let mut heard = Vec::new();
    while let Ok(event) = events.try_recv() {
        heard.push(event);
    }
    heard
}

#[tokio::test]
async fn every_change_of_a_key_is_told_once_it_is_in_force() {
    let world = World::new().await;
    let authority = &world.authority;
    let manager = world.owner.manage_keys().unwrap();
    assert!(!authority.is_heard());
    let mut events = authority.events(system());
    assert!(authority.is_heard());

    let id = authority
        .create_key(manager, new_key())
        .await
        .unwrap()
        .key
        .id;
    let one = [Event::Keys { ids: vec![id] }];
    assert_eq!(heard(&mut events), one);
    let patch = KeyPatch {
        name: Some("Other".to_owned()),
        ..KeyPatch::default()
    };
    authority
        .update_key(manager, id, patch.clone())
        .await
        .unwrap();
    assert_eq!(heard(&mut events), one);
    authority.update_key(manager, id, patch).await.unwrap();
    assert_eq!(heard(&mut events), [], "nothing changed");
    authority
        .rotate_key(manager, id, Rotation::with_grace(0))
        .await
        .unwrap();
    assert_eq!(heard(&mut events), one);
    authority.revoke_key(manager, id).await.unwrap();
    assert!(world.told.last(id).revoked().is_some());
    assert_eq!(heard(&mut events), one);
    authority.restore_key(manager, id).await.unwrap();
    assert_eq!(heard(&mut events), one);

    world.store.full.store(true, Ordering::SeqCst);
    let revoked = authority.revoke_key(manager, id).await;
    assert!(matches!(revoked, Err(Fault::RevokedInMemory(_))));
    assert_eq!(heard(&mut events), one, "in force, whatever the disk says");
}

#[tokio::test]
async fn changes_of_organization_and_members_are_told() {
    let world = World::new().await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let bob = bob.member().id;
    let manager = world.owner.manage_organization().unwrap();
    let mut events = world.authority.events(system());
    let patch = OrganizationPatch {
        calls_per_minute: Some(7),
        ..OrganizationPatch::default()
    };
    world
        .authority
        .update_organization(manager, patch)
        .await
        .unwrap();
    assert_eq!(heard(&mut events), [Event::Organization]);
    let demotion = MemberPatch {
        role: Some(Role::Member),
        projects: None,
    };
    let forgotten = || world.told.forgotten.load(Ordering::Relaxed);
    let before = forgotten();
    world
        .authority
        .update_member(manager, bob, demotion)
        .await
        .unwrap();
    assert_eq!(heard(&mut events), [Event::Organization]);
    assert!(forgotten() > before, "a read in memory may show the member");
}

#[tokio::test]
async fn asking_tells_and_changes_nothing() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let before = world.actions().await;
    let mut events = world.authority.events(system());
    let (authority, owner) = (&world.authority, &world.owner);
    authority.limits(owner).await.unwrap();
    authority.all_limits(system()).await.unwrap();
    authority.organization(owner).await.unwrap();
    authority.keys(owner, KeyQuery::default()).await.unwrap();
    authority.key(owner, id).await.unwrap();
    authority.actor(owner.member().id).await.unwrap();
    assert_eq!(heard(&mut events), []);
    assert_eq!(world.actions().await, before);
}

#[tokio::test]
async fn a_disclosure_is_an_entry_and_no_change() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    let mut events = world.authority.events(system());
    for how in [DisclosedHow::Copied, DisclosedHow::Revealed] {
        world
            .authority
            .disclosed_key(manager, id, how)
            .await
            .unwrap();
    }
    assert_eq!(heard(&mut events), []);
    assert_eq!(
        world.actions().await[1..],
        ["key.created", "key.secret_copied", "key.secret_revealed"]
    );
}

#[test]
fn an_event_is_tagged_by_what_changed() {
    let event = Event::Keys { ids: Vec::new() };
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(text, r#"{"type":"keys","ids":[]}"#);
    let text = serde_json::to_string(&Event::PhareKeys).unwrap();
    assert_eq!(text, r#"{"type":"phare_keys"}"#);
    assert_eq!(
        serde_json::from_str::<Event>(&text).unwrap(),
        Event::PhareKeys
    );
}
