//! What is kept free for keys, and what they may have at most.

use std::time::Duration;

use gardien_domain::key::Revocation;
use gardien_domain::share::Share;
use gardien_domain::{Key, KeyParts, MemberId, Organization};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::support::*;

fn with(owned: &Owned, share: Share) -> Key {
    Key::from_parts(KeyParts {
        share,
        ..owned.key.clone().into_parts()
    })
}

async fn ten_of_which_four_are_kept() -> World {
    let world = World::with(10, Upstream::answering(ok("{}")).await).await;
    let share = Share {
        reserved: 4,
        ..Share::default()
    };
    world.gateway.put_key(&with(&world.reader, share));
    world
}

async fn granted(world: &World, owned: &Owned, path: &str) -> usize {
    let mut granted = 0;
    while world.get(owned, path).await.status == 200 {
        granted += 1;
    }
    granted
}

#[tokio::test]
async fn what_is_kept_for_a_key_is_there_whatever_the_others_called() {
    let world = ten_of_which_four_are_kept().await;
    assert_eq!(granted(&world, &world.owner, "/projects").await, 6);
    assert_eq!(granted(&world, &world.reader, "/uptime/monitors").await, 4);
}

#[tokio::test]
async fn nothing_is_kept_for_a_key_that_works_no_more() {
    let world = ten_of_which_four_are_kept().await;
    let revocation = Revocation {
        at: now(),
        by: MemberId(Uuid::now_v7()),
    };
    world.gateway.revoke(world.reader.key.id(), revocation);
    assert_eq!(granted(&world, &world.owner, "/projects").await, 10);

    // One that ends by its clock is noticed a little later.
    let world = ten_of_which_four_are_kept().await;
    let ends = Key::from_parts(KeyParts {
        share: Share {
            reserved: 4,
            ..Share::default()
        },
        expires_at: Some(now() + SignedDuration::from_millis(100)),
        ..world.reader.key.clone().into_parts()
    });
    world.gateway.put_key(&ends);
    assert_eq!(granted(&world, &world.owner, "/projects").await, 6);
    while world.get(&world.owner, "/projects").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_project_that_is_gone_keeps_nothing_and_does_when_it_is_back() {
    let world = World::with(10, Upstream::answering(ok("{}")).await).await;
    let share = Share {
        reserved: 4,
        ..Share::default()
    };
    world.gateway.put_key(&with(&world.reader, share));
    world.gateway.remove_project(ALPHA);
    assert_eq!(kept(&world), 0);
    world.gateway.put_projects([(ALPHA, "alpha")]);
    assert_eq!(kept(&world), 4);
}

fn kept(world: &World) -> u32 {
    let (_, parts) = world.gateway.limits_by_key(10, &|_| true);
    parts.iter().map(|part| part.share.reserved).sum()
}

/// Neither a rotation, an edit nor a restart gives a key its share anew.
#[tokio::test]
async fn a_key_has_no_more_than_its_share_whatever_becomes_of_it() {
    let world = World::new().await;
    let share = Share {
        at_most: Some(3),
        ..Share::default()
    };
    let mut capped = world.owner.rotated(SignedDuration::ZERO);
    capped.key = with(&capped, share);
    world.gateway.set_limit(&Organization {
        longest_wait_seconds: 1,
        ..Organization::named(String::new())
    });
    world.gateway.put_key(&capped.key);
    assert_eq!(granted(&world, &capped, "/projects").await, 3);
    let rotated = capped.rotated(SignedDuration::ZERO);
    world.gateway.put_key(&rotated.key);
    assert_eq!(granted(&world, &rotated, "/projects").await, 0);
    let refused = world.get(&rotated, "/projects").await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((55..=60).contains(&wait), "{wait}");
    assert_eq!(
        world.get(&world.reader, "/uptime/monitors").await.status,
        200
    );

    world.gateway.stop().await;
    let next = start(100, &world.ledger, &[]).await;
    next.put_key(&rotated.key);
    next.attach(Some(world.upstream.transport()));
    let request = request("GET", "/projects", &[("authorization", &rotated.bearer())]);
    assert_eq!(next.handle(request).await.status(), 429);
}

/// Whose limit it was, in words, in a code and in the policy.
#[tokio::test]
async fn a_key_that_used_up_its_own_share_is_told_so() {
    let world = World::with(10, Upstream::answering(ok("{}")).await).await;
    let share = Share {
        at_most: Some(2),
        ..Share::default()
    };
    world.gateway.put_key(&with(&world.reader, share));
    let policies = "\"organization\";q=10;w=60, \"key\";q=2;w=60";
    for left in [1, 0] {
        let answer = world.get(&world.reader, "/uptime/monitors").await;
        assert_eq!(answer.header("ratelimit-policy"), policies);
        let told = answer.header("ratelimit");
        assert!(told.starts_with(&format!("\"key\";r={left};t=")), "{told}");
    }
    let refused = world.get(&world.reader, "/uptime/monitors").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "share_used_up")
    );
    let retry = refused.header("retry-after");
    let message = format!(
        "Too Many Attempts. Try again in {retry} seconds. This API key has used up its own share of the calls a minute."
    );
    assert_eq!(refused.json()["message"], message);
    let left = format!("\"key\";r=0;t={retry}");
    assert_eq!(refused.header("ratelimit"), left);

    let other = world.get(&world.owner, "/projects").await;
    assert_eq!(other.status, 200);
    assert!(!other.header("ratelimit-policy").contains("key"));
}

#[tokio::test]
async fn each_call_counts_once_for_what_a_share_would_have_meant() {
    let world = World::with(10, Upstream::answering(ok("{}")).await).await;
    assert_eq!(granted(&world, &world.reader, "/uptime/monitors").await, 10);
    for _ in 0..3 {
        assert_eq!(world.get(&world.owner, "/projects").await.status, 429);
    }
    // What is refused for what it asks took no turn.
    assert_eq!(world.get(&world.owner, "/nothing").await.status, 404);
    let (reader, owner) = (world.reader.key.id(), world.owner.key.id());
    let what_if = |at_most, reserved| {
        let share = Share {
            at_most,
            reserved,
            ..Share::default()
        };
        let told = world.gateway.what_if(Some(reader), share);
        let key = told.key.map(|could| (could.wanted, could.made));
        let other = told.other.map(|(id, could)| (id, could.wanted, could.made));
        assert_eq!(told.known_minutes, 1);
        (key, other)
    };
    // Ten went, and the eleventh was refused.
    assert_eq!(what_if(Some(4), 0), (Some((11, 4)), None));
    assert_eq!(what_if(None, 8), (Some((11, 9)), Some((owner, 3, 1))));
    let share = Share::default();
    let told = world.gateway.what_if(Some(owner), share);
    let own = told.key.unwrap();
    assert_eq!((own.wanted, own.made), (3, 3));
    let began = Timestamp::from_millisecond(own.began.try_into().unwrap()).unwrap();
    let ago = now().duration_since(began);
    assert!((0..60).contains(&ago.as_secs()), "{ago:?}");
    let larger = Share {
        reserved: 9,
        ..share
    };
    let told = || world.gateway.what_if(Some(reader), larger).other;
    assert_eq!(told().unwrap().0, owner);
    // A key that works no more loses nothing.
    world.gateway.put_key(&world.owner.revoked());
    assert_eq!(told(), None);
}
