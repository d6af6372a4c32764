//! What is noted of the uses of keys, and which of them used the limit.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use gardien_domain::schedule::Part;
use gardien_domain::{KeyId, NotedUse, PreviousUse, Scope};
use gardien_gateway::{Gateway, Peer};
use http_body::Frame;
use jiff::SignedDuration;

use crate::support::*;
use crate::uploads::upload;

const HERE: [u8; 4] = [192, 0, 2, 7];

async fn call(gateway: &Gateway, owned: &Owned, agent: &str) -> u16 {
    let bearer = owned.bearer();
    let headers = [("authorization", bearer.as_str()), ("user-agent", agent)];
    let mut request = request("GET", "/projects", &headers);
    request
        .headers_mut()
        .insert("x-forwarded-for", "198.51.100.1".parse().unwrap());
    let peer = Peer::at(IpAddr::from(HERE), |_| ());
    gateway.handle_from(&peer, request).await.status().as_u16()
}

fn written(world: &World, owned: &Owned) -> NotedUse {
    let uses = world.ledger.uses.lock().unwrap();
    uses[&owned.key.id()].clone()
}

#[tokio::test]
async fn the_last_use_is_written_with_what_made_it_and_from_where() {
    let world = World::new().await;
    call(
        &world.gateway,
        &world.owner,
        "terraform-provider-phare/0.0.12 (x)",
    )
    .await;
    world.get(&world.reader, "/nothing").await;
    world.gateway.stop().await;
    let noted = written(&world, &world.owner);
    assert_eq!(noted.last.operation, "getProjects");
    assert_eq!(
        noted.last.client.as_deref(),
        Some("terraform-provider-phare")
    );
    assert_eq!(noted.last.address, Some(IpAddr::from(HERE)));
    assert_eq!(noted.previous, []);
    let uses = world.ledger.uses.lock().unwrap();
    assert_eq!(uses.len(), 1, "a refused call is no use");
}

#[tokio::test]
async fn whose_a_call_is_is_told_before_its_body_comes_and_only_if_it_may_be_made() {
    let world = World::new().await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let peer = Peer::at(IpAddr::from(HERE), move |key| tell.send(key).unwrap());
    let uploading = |owned: &Owned| {
        let request = upload(owned, stream::pending::<Result<Frame<Bytes>, Infallible>>());
        world.gateway.handle_from(&peer, request)
    };
    assert_eq!(uploading(&world.reader).await.status(), 403);
    assert!(told.try_recv().is_err());
    let granted = tokio::select! {
        _ = uploading(&world.owner) => panic!("it did not wait for the body"),
        granted = told.recv() => granted,
    };
    assert_eq!(granted, Some(world.owner.key.id()));
}

#[tokio::test]
async fn what_the_last_call_does_not_say_is_not_what_the_one_before_said() {
    let world = World::new().await;
    call(&world.gateway, &world.owner, "curl/8").await;
    let wrong = world.owner.secret.expose().to_owned();
    call(&world.gateway, &world.owner, &wrong).await;
    world.gateway.stop().await;
    assert_eq!(written(&world, &world.owner).last.client, None);
}

#[tokio::test]
async fn a_call_with_the_replaced_secret_is_told_apart() {
    let world = World::new().await;
    let rotated = world.owner.rotated(SignedDuration::from_mins(5));
    world.gateway.put_key(&rotated.key);
    assert_eq!(
        world.gateway.replaced(rotated.key.id()),
        rotated.key.previous()
    );
    let before = now();
    assert_eq!(call(&world.gateway, &world.owner, "old/1").await, 200);
    let after = now();
    assert_eq!(call(&world.gateway, &rotated, "new/1").await, 200);
    world.gateway.stop().await;
    let noted = written(&world, &world.owner);
    assert_eq!(noted.last.client.as_deref(), Some("new"));
    let [PreviousUse { digest, at }] = noted.previous.try_into().unwrap();
    assert_eq!(digest, world.owner.key.digest());
    assert!(before <= at && at <= after && at <= noted.last.at);
}

#[tokio::test]
async fn a_use_that_cannot_be_written_is_written_later() {
    let world = World::new().await;
    world.ledger.broken.store(true, Ordering::Relaxed);
    call(&world.gateway, &world.owner, "curl/8").await;
    pass(Duration::from_millis(150)).await;
    assert!(world.ledger.uses.lock().unwrap().is_empty());
    world.ledger.broken.store(false, Ordering::Relaxed);
    world.gateway.stop().await;
    assert_eq!(written(&world, &world.owner).last.operation, "getProjects");
}

#[tokio::test]
async fn uses_are_told_once_and_written_all_the_same() {
    let world = World::new().await;
    call(&world.gateway, &world.owner, "curl/8").await;
    let told = world.gateway.untold_uses();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].key, world.owner.key.id());
    assert_eq!(world.gateway.untold_uses(), []);
    call(&world.gateway, &world.owner, "other/8").await;
    let told = world.gateway.untold_uses();
    assert_eq!(told[0].last.client.as_deref(), Some("other"));
    world.gateway.stop().await;
    assert_eq!(written(&world, &world.owner), told[0]);
}

#[tokio::test]
async fn who_calls_is_known_for_a_minute() {
    let world = World::new().await;
    for _ in 0..3 {
        call(&world.gateway, &world.owner, "curl/8").await;
    }
    let asked = now();
    let calling = world.gateway.calling(asked);
    assert_eq!(calling.len(), 1);
    assert_eq!(
        (calling[0].key, calling[0].calls),
        (world.owner.key.id(), 3)
    );
    assert_eq!(calling[0].client.as_deref(), Some("curl"));
    call(&world.gateway, &world.owner, "curl/8").await;
    assert_eq!(world.gateway.calling(now())[0].calls, 4);
    let later = asked + SignedDuration::from_secs(61);
    assert_eq!(world.gateway.calling(later), []);
}

#[tokio::test]
async fn the_limit_says_which_keys_used_it_the_most_first() {
    let world = World::new().await;
    world.get(&world.owner, "/projects").await;
    for _ in 0..2 {
        world.get(&world.reader, "/uptime/monitors").await;
    }
    world.get(&world.owner, "/nothing").await;
    let (owner, reader) = (world.owner.key.id(), world.reader.key.id());
    let (limits, by_key) = world.gateway.limits_by_key(10, &|_| true);
    assert_eq!(
        (limits.used, calls(&by_key)),
        (3, vec![(reader, 2), (owner, 1)])
    );
    let (_, most) = world.gateway.limits_by_key(1, &|_| true);
    assert_eq!(calls(&most), [(reader, 2)]);
    let of_organization = |scope: Scope| scope.project().is_none();
    let (_, seen) = world.gateway.limits_by_key(1, &of_organization);
    assert_eq!(calls(&seen), [(owner, 1)]);

    world.gateway.stop().await;
    let next = start(100, &world.ledger, &[&world.owner]).await;
    let (limits, by_key) = next.limits_by_key(10, &|_| true);
    // A restart keeps whose they are, too; the other key is not known any more.
    assert_eq!((limits.used, calls(&by_key)), (3, vec![(owner, 1)]));
}

fn calls(parts: &[Part]) -> Vec<(KeyId, u32)> {
    parts.iter().map(|part| (part.key, part.calls)).collect()
}
