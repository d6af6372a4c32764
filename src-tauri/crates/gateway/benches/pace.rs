//! What pace costs while nobody waits: the same calls through two gateways that differ in nothing else, by turns.
//!
//! `cargo bench -p gardien-gateway --bench pace` prints the ratio of their throughputs.
//!
//! Measured on 27 November 2026, two cores of an AMD EPYC: 5.1 µs a call, the ratio 0.999 and 1.002 in two runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

#[allow(dead_code, reason = "shared with the tests that need all of it")]
#[path = "../tests/gateway/support.rs"]
mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gardien_domain::{AtLimit, Organization, Scope};
use gardien_gateway::{Body, Gateway, LocalUpstream};
use http::{Request, Response};

use crate::support::*;

/// Calls that one gateway makes before it is the other's turn.
const CALLS: usize = 500;
const ROUNDS: usize = 400;
const WARM_UP: usize = 40;

async fn gateway(owned: &Owned, at_limit: AtLimit) -> Gateway {
    let gateway = start(1, &Arc::new(Memory::default()), &[owned]).await;
    gateway.set_limit(&Organization {
        calls_per_minute: 1_000_000_000,
        at_limit,
        ..Organization::named(String::new())
    });
    let answering = tower::service_fn(|_: Request<Body>| async {
        Ok::<_, Infallible>(Response::new(Body::default()))
    });
    gateway.attach(Some(Arc::new(LocalUpstream::new(answering))));
    gateway
}

async fn round(gateway: &Gateway, owned: &Owned) -> Duration {
    let bearer = owned.bearer();
    let begun = Instant::now();
    for _ in 0..CALLS {
        let call = request("GET", "/projects", &[("authorization", &bearer)]);
        assert_eq!(gateway.handle(call).await.status(), 200);
    }
    begun.elapsed()
}

fn middle(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let owned = key(Scope::Organization {}, READ_WRITE);
    let paced = gateway(&owned, AtLimit::Pace).await;
    let refusing = gateway(&owned, AtLimit::Reject).await;
    let (mut ratios, mut costs) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + ROUNDS {
        // Whoever is first is so every other time.
        let (with, without) = if number % 2 == 0 {
            let with = round(&paced, &owned).await;
            (with, round(&refusing, &owned).await)
        } else {
            let without = round(&refusing, &owned).await;
            (round(&paced, &owned).await, without)
        };
        if number >= WARM_UP {
            ratios.push(without.as_secs_f64() / with.as_secs_f64());
            costs.push(with.as_secs_f64() * 1e6 / CALLS as f64);
        }
    }
    println!(
        "{:.2} µs a call with pace; throughput with pace, of that without: {:.4}",
        middle(costs),
        middle(ratios)
    );
}
