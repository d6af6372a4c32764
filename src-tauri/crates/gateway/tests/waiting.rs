//! What those cost who wait for their turn. A process of its own, so that every byte counted is theirs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

#[allow(dead_code, reason = "shared with the tests that need all of it")]
#[path = "gateway/support.rs"]
mod support;

use std::iter::repeat_with;

use futures_util::poll;
use gardien_domain::{Organization, Scope};
use http::{Request, header};
use http_body_util::Empty;
use peak_alloc::PeakAlloc;

use crate::support::*;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const WAITING: usize = 10_000;
const MOST_BYTES: usize = 2 * 1024;

/// What a client sends with a call.
fn call(owned: &Owned) -> Request<Empty<bytes::Bytes>> {
    Request::get("/uptime/monitors?page=1&per_page=100")
        .header(header::HOST, "localhost:7420")
        .header(header::AUTHORIZATION, owned.bearer())
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "terraform-provider-phare/0.0.12")
        .header(header::ACCEPT_ENCODING, "gzip")
        .header("x-phare-project-id", "1")
        .body(Empty::new())
        .unwrap()
}

/// Time stands still while they are counted: nobody's turn comes.
#[tokio::test(start_paused = true)]
async fn ten_thousand_who_wait_cost_less_than_two_kilobytes_each_and_nothing_when_they_are_gone() {
    let world = World::new().await;
    let keys: Vec<_> = repeat_with(|| key(Scope::Organization {}, READ))
        .take(100)
        .collect();
    for owned in &keys {
        world.gateway.put_key(&owned.key);
    }
    world.gateway.set_limit(&Organization {
        calls_per_minute: 60_001,
        burst: Some(1),
        ..Organization::named(String::new())
    });
    for owned in &keys {
        // What is kept of a key that called is of the key, and costs no more however many of its calls wait.
        assert_eq!(world.get(owned, "/projects").await.status, 200);
    }

    let mut waiting = Vec::with_capacity(WAITING);
    let before = HEAP.current_usage();
    for owned in keys.iter().cycle().take(WAITING) {
        let mut client = Box::pin(world.gateway.handle(call(owned)));
        assert!(poll!(&mut client).is_pending());
        waiting.push(client);
    }
    let size = size_of_val(waiting[0].as_ref().get_ref());
    let each = (HEAP.current_usage() - before) / WAITING;
    assert_eq!(world.gateway.limits().waiting, WAITING as u32);
    assert!(
        each < MOST_BYTES,
        "{each} bytes each, {size} of them the call itself"
    );

    waiting.clear();
    let left = HEAP.current_usage().saturating_sub(before);
    assert_eq!(world.gateway.limits().waiting, 0);
    assert!(left < 4 * MOST_BYTES, "{left} bytes are left of {WAITING}");
}
