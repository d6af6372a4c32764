//! Rule 7 on connections that were there before.

use crate::support::wire::Wire;
use crate::support::world::{Issued, World};

fn call(key: &Issued) -> String {
    format!(
        "GET /uptime/monitors HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        key.secret
    )
}

#[tokio::test]
async fn rule_7_a_connection_that_is_kept_alive_is_refused_right_after_a_revocation() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let other = world
        .issue(crate::support::world::new_key(
            "Other",
            world.shop.scope(),
            "none",
            "read",
        ))
        .await;
    let mut kept = Vec::new();
    for _ in 0..8 {
        let mut wire = Wire::open(world.server.gateway()).await;
        wire.send(call(&key)).await.unwrap();
        assert_eq!(wire.answer().await.unwrap().status, 200);
        kept.push(wire);
    }
    world.revoke(&key).await;
    for wire in &mut kept {
        wire.send(call(&key)).await.unwrap();
        let answer = wire.answer().await.unwrap();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "key_revoked")
        );
        // The same connection, another key.
        wire.send(call(&other)).await.unwrap();
        assert_eq!(wire.answer().await.unwrap().status, 200);
    }
}

/// Requests that were sent together are judged one by one.
#[tokio::test]
async fn rule_7_holds_for_requests_in_one_packet() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let mut wire = Wire::open(world.server.gateway()).await;
    wire.send(call(&key).repeat(3)).await.unwrap();
    for _ in 0..3 {
        assert_eq!(wire.answer().await.unwrap().status, 200);
    }
    let (begin, end) = {
        let call = call(&key);
        let (begin, end) = call.split_at(call.len() - 2);
        (begin.to_owned(), end.to_owned())
    };
    wire.send(begin).await.unwrap();
    world.revoke(&key).await;
    // Its head was not complete when the revocation was acknowledged, so it starts after it.
    wire.send(end).await.unwrap();
    assert_eq!(wire.answer().await.unwrap().code(), "key_revoked");
}
