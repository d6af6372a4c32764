//! The use cases over a real store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

mod attaching;
mod behind;
mod conflicts;
mod events;
mod failing;
mod finding;
mod gateways;
mod limits;
mod people;
mod phare_keys;
mod projects;
mod revocations;
mod shares;
mod synchronizing;
mod trail;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gardien_authority::api::{KeyPatch, KeyQuery, MemberPatch, Rotation};
use gardien_authority::{Client, ClientFault, Fault, UpstreamIdentity, http, issue_session};
use gardien_domain::{KeyRule, KeyStatus, ProductScope, ProductScopes, Role};
use gardien_store::Store;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tower::ServiceExt as _;

use behind::phare;
use world::{Told, World, new_key, system};

#[tokio::test]
async fn every_change_reaches_the_gateway_and_the_trail() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, secret) = world.key().await;
    assert_eq!(world.told.last(id).digest(), secret.digest());

    let patch = KeyPatch {
        products: Some(ProductScopes {
            platform: ProductScope::Read,
            uptime: ProductScope::Read,
        }),
        ..KeyPatch::default()
    };
    world
        .authority
        .update_key(manager, id, patch)
        .await
        .unwrap();
    assert_eq!(world.told.last(id).products().platform, ProductScope::Read);

    let rotation = Rotation::with_grace(60);
    let rotated = world
        .authority
        .rotate_key(manager, id, rotation)
        .await
        .unwrap();
    let key = world.told.last(id);
    assert_eq!(key.previous().last.unwrap().digest, secret.digest());
    assert_eq!(rotated.key.status, KeyStatus::Rotating);

    world.authority.revoke_key(manager, id).await.unwrap();
    assert!(world.told.last(id).revoked().is_some());
    world.authority.restore_key(manager, id).await.unwrap();
    assert!(world.told.last(id).revoked().is_none());
    assert_eq!(
        world.actions().await,
        [
            "organization.created",
            "key.created",
            "key.updated",
            "key.rotated",
            "key.revoked",
            "key.restored"
        ]
    );
    assert_eq!(world.store.verify_audit().await.unwrap().unwrap(), 6);
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_no_entry() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
    let patch = KeyPatch {
        name: Some(" Grafana ".to_owned()),
        ..KeyPatch::default()
    };
    world
        .authority
        .update_key(manager, id, patch)
        .await
        .unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    assert_eq!(
        world.actions().await,
        ["organization.created", "key.created", "key.revoked"]
    );
}

#[tokio::test]
async fn a_revocation_can_be_taken_back_for_ten_seconds() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
    let not_revoked = world.authority.restore_key(manager, id).await;
    assert!(matches!(not_revoked, Err(Fault::KeyNotRevoked)));
    world.authority.revoke_key(manager, id).await.unwrap();
    world.later(9);
    world.authority.restore_key(manager, id).await.unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    world.later(10);
    let late = world.authority.restore_key(manager, id).await;
    assert!(matches!(late, Err(Fault::RestoreTooLate)));
    assert!(world.told.last(id).revoked().is_some());
}

#[tokio::test]
async fn a_dead_key_is_not_brought_back_by_a_change() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
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
    let forever = KeyPatch {
        expires_at: Some(None),
        ..KeyPatch::default()
    };
    let revived = world.authority.update_key(manager, id, forever).await;
    assert!(matches!(revived, Err(Fault::KeyExpired)));
    let rotated = world
        .authority
        .rotate_key(manager, id, Rotation::with_grace(0))
        .await;
    assert!(matches!(rotated, Err(Fault::KeyExpired)));
}

#[tokio::test]
async fn a_leaked_key_is_replaced_by_one_with_the_same_settings() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, secret) = world.key().await;
    let replacement = world.authority.replace_key(manager, id).await.unwrap();
    assert!(world.told.last(id).revoked().is_some());
    let new = world.told.last(replacement.key.id);
    assert_eq!(
        (new.name(), new.products()),
        ("Grafana", new_key().products)
    );
    assert_ne!(new.digest(), secret.digest());
    let again = world.authority.replace_key(manager, id).await;
    assert!(matches!(again, Err(Fault::KeyRevoked)));
}

#[tokio::test]
async fn a_restart_tells_the_gateway_everything_again() {
    let world = World::new().await;
    let (id, secret) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    let told = Arc::new(Told::default());
    let clock = Arc::new(Timestamp::now);
    world.opened(told.clone(), clock).await;
    let [before, after] = [&world.told, &told].map(|told| told.last(id));
    assert_eq!(KeyRule::from(&after), KeyRule::from(&before));
    assert!(after.revoked().is_some());
    assert_eq!(after.share(), before.share());
    assert_eq!(after.digest(), secret.digest());
    assert_eq!(*told.limit.lock().unwrap(), Some(100));
}

#[tokio::test]
async fn rule_1_a_member_gets_no_proof_and_sees_no_organization_key() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    let (eve, _) = world.someone("eve@example.com", Role::Member).await;
    assert!(matches!(eve.manage_keys(), Err(Fault::Forbidden { .. })));
    assert!(matches!(eve.read_audit(), Err(Fault::Forbidden { .. })));
    assert!(matches!(
        eve.manage_organization(),
        Err(Fault::Forbidden { .. })
    ));
    let page = world
        .authority
        .keys(&eve, KeyQuery::default())
        .await
        .unwrap();
    assert_eq!((page.data.len(), page.total), (0, 0));
    let hidden = world.authority.key(&eve, id).await;
    assert!(matches!(hidden, Err(Fault::NotFound { .. })));
}

#[tokio::test]
async fn a_session_ends_after_its_days_and_a_role_is_not_changed_by_asking() {
    let world = World::new().await;
    let now = *world.now.lock().unwrap();
    let issue = |role| issue_session(system(), world.store.as_ref(), "bob@example.com", role, now);
    let token = issue(Role::Admin).await.unwrap();
    assert!(matches!(issue(Role::Owner).await, Err(Fault::Invalid(_))));
    world.later(30 * 24 * 60 * 60 - 1);
    assert!(
        world
            .authority
            .identify(token.expose_secret())
            .await
            .is_ok()
    );
    world.later(1);
    let ended = world.authority.identify(token.expose_secret()).await;
    assert!(matches!(ended, Err(Fault::Unauthenticated)));
}

#[tokio::test]
async fn the_embedded_client_gets_the_answers_that_a_socket_would() {
    let world = World::new().await;
    let router = http::router(world.authority.clone());
    let client = Client::embedded(router.clone(), world.owner.member().id);
    let created = client.create_key(&new_key()).await.unwrap();
    assert_eq!(client.key(created.key.id).await.unwrap(), created.key);
    assert_eq!(client.keys(&KeyQuery::default()).await.unwrap().total, 1);
    let mut empty = new_key();
    empty.products = ProductScopes::default();
    match client.create_key(&empty).await.unwrap_err() {
        ClientFault::Refused(problem) => {
            assert_eq!(problem.code, "invalid");
            assert!(problem.errors.contains_key("products"));
        }
        other => panic!("{other:?}"),
    }
    let stranger = Client::embedded(router, gardien_domain::MemberId(uuid::Uuid::nil()));
    let refused = stranger.session().await.unwrap_err();
    assert!(matches!(refused, ClientFault::Refused(problem) if problem.status == 401));
}

#[tokio::test]
async fn who_asks_is_told_before_the_body_comes_and_of_nobody_without_a_session() {
    let world = World::new().await;
    let (bob, token) = world.someone("bob@example.com", Role::Member).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let asking = |token: &str| {
        let tell = tell.clone();
        let hear = http::OnAsked::new(move |member| tell.send(member).unwrap());
        let pieces = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request = ::http::Request::post("/v1/keys")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .extension(hear)
            .body(axum::body::Body::from_stream(pieces))
            .unwrap();
        http::router(world.authority.clone()).oneshot(request)
    };
    let refused = asking("gdn_session_wrong").await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(told.try_recv().is_err());
    let asked = tokio::select! {
        _ = asking(&token) => panic!("it did not wait for the body"),
        asked = told.recv() => asked,
    };
    assert_eq!(asked, Some(bob.member().id));
}

#[tokio::test]
async fn what_cannot_read_what_it_keeps_lives_and_is_not_ready() {
    let world = World::new().await;
    for (torn, ready) in [(false, 200), (true, 503), (false, 200)] {
        world.store.torn.store(torn, Ordering::SeqCst);
        for (path, status) in [("/readyz", ready), ("/healthz", 200)] {
            let request = ::http::Request::get(path).body(axum::body::Body::empty());
            let router = http::router(world.authority.clone());
            let answer = router.oneshot(request.unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
    }
}

#[tokio::test]
async fn a_change_goes_to_its_end_when_the_caller_is_gone() {
    let world = World::new().await;
    let client = Client::embedded(
        http::router(world.authority.clone()),
        world.owner.member().id,
    );
    let (id, _) = world.key().await;
    // Dropped in the middle: it is in force and not yet written.
    tokio::select! {
        biased;
        () = world.told.revoked.notified() => {}
        _ = client.revoke_key(id) => panic!("it did not wait for the disk"),
    }
    for _ in 0..500 {
        let stored = world.store.key(id).await.unwrap().unwrap();
        if stored.key.revoked().is_some() {
            assert_eq!(world.told.last(id).revoked(), stored.key.revoked());
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the revocation was dropped with its caller");
}

#[tokio::test]
async fn a_revocation_that_cannot_be_written_holds_until_it_is() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
    world.store.full.store(true, Ordering::SeqCst);
    let revoked = world.authority.revoke_key(manager, id).await;
    assert!(matches!(revoked, Err(Fault::RevokedInMemory(_))));
    assert!(world.told.last(id).revoked().is_some());

    // It cannot be brought back by accident, and everybody sees what it is.
    world.store.full.store(false, Ordering::SeqCst);
    let patch = KeyPatch {
        note: Some("found on a forum".to_owned()),
        ..KeyPatch::default()
    };
    let patched = world.authority.update_key(manager, id, patch).await;
    assert!(matches!(patched, Err(Fault::KeyRevoked)));
    let rotated = world
        .authority
        .rotate_key(manager, id, Rotation::with_grace(0))
        .await;
    assert!(matches!(rotated, Err(Fault::KeyRevoked)));
    let seen = world
        .authority
        .keys(&world.owner, KeyQuery::default())
        .await
        .unwrap();
    assert_eq!(seen.data[0].status, KeyStatus::Revoked);
    assert!(world.told.last(id).revoked().is_some());

    // It is written as soon as that is possible, once.
    world.written(id).await;
    assert_eq!(
        world.actions().await,
        ["organization.created", "key.created", "key.revoked"]
    );
}

#[tokio::test]
async fn a_proof_ends_with_the_role_it_was_given_for() {
    let world = World::new().await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let (id, _) = world.key().await;
    let proof = bob.manage_keys().unwrap();
    let demotion = MemberPatch {
        role: Some(Role::Member),
        projects: None,
    };
    let manager = world.owner.manage_organization().unwrap();
    world
        .authority
        .update_member(manager, bob.member().id, demotion)
        .await
        .unwrap();
    let created = world.authority.create_key(proof, new_key()).await;
    assert!(matches!(created, Err(Fault::RoleChanged)));
    let revoked = world.authority.revoke_key(proof, id).await;
    assert!(matches!(revoked, Err(Fault::RoleChanged)));
    assert!(world.told.last(id).revoked().is_none());
}

#[tokio::test]
async fn keys_made_for_the_sandbox_never_open_a_phare() {
    let world = World::new().await;
    let (authority, sandbox) = (&world.authority, UpstreamIdentity::Sandbox);
    authority.check_upstream(&phare()).await.unwrap();
    authority.attach(system(), &sandbox).await.unwrap();
    authority.attach(system(), &sandbox).await.unwrap();
    let other = authority.attach(system(), &phare()).await;
    assert!(matches!(other, Err(Fault::OtherUpstream)));
    assert_eq!(
        world.actions().await,
        ["organization.created", "upstream.changed"]
    );

    let world = World::new().await;
    let authority = &world.authority;
    let elsewhere = UpstreamIdentity::Phare {
        url: "http://127.0.0.1:1".to_owned(),
    };
    authority.attach(system(), &elsewhere).await.unwrap();
    authority.attach(system(), &phare()).await.unwrap();
    let other = authority.attach(system(), &sandbox).await;
    assert!(matches!(other, Err(Fault::OtherUpstream)));
}

#[tokio::test]
async fn the_last_page_says_that_it_is() {
    let world = World::new().await;
    for _ in 0..4 {
        world.key().await;
    }
    let page = |limit| KeyQuery {
        limit: Some(limit),
        ..KeyQuery::default()
    };
    for (limit, more) in [(3, true), (4, false), (5, false)] {
        let page = world
            .authority
            .keys(&world.owner, page(limit))
            .await
            .unwrap();
        assert_eq!(page.next_cursor.is_some(), more, "{limit}");
        assert_eq!(page.data.len(), 4.min(limit as usize));
    }
}
