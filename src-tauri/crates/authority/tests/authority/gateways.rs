//! The gateways that share the database, as people see them.

use std::sync::atomic::Ordering;

use gardien_authority::api::GatewayLease::{Ended, Held};
use gardien_authority::api::GatewayView;
use gardien_domain::lease::{GatewayId, Lease, Renewal, Terms};
use gardien_store::{Gateway, Gateways};
use jiff::Timestamp;
use uuid::Uuid;

use crate::world::World;

fn gateway(number: u128) -> Gateway {
    Gateway {
        id: GatewayId(Uuid::from_u128(number)),
        name: format!("Gateway {number}"),
        address: format!("192.0.2.{number}:7420"),
        version: "0.1.0".to_owned(),
        term: 2_000,
    }
}

fn renewal(number: usize, applied: u64) -> Renewal {
    let mut lease = Lease::new(Terms::default(), applied);
    let renewals = std::iter::from_fn(|| lease.renew(0));
    renewals.take(number).last().unwrap()
}

async fn renew(world: &World, gateway: &Gateway, renewal: &Renewal, second: i64) {
    let at = Timestamp::from_second(second).unwrap();
    let renewed = world.store.store.renew(gateway, renewal, at).await;
    renewed.unwrap();
}

#[tokio::test]
async fn gateways_are_listed_with_what_they_lack_and_whether_they_may_grant() {
    let world = World::new().await;
    let (authority, _) = world.sharing().await;
    let listed = async || authority.gateways(&world.owner).await.unwrap();
    assert_eq!(listed().await, []);

    let (one, two) = (gateway(1), gateway(2));
    world.key().await;
    renew(&world, &one, &renewal(1, 2), 1).await;
    // Newer than what is known here.
    renew(&world, &two, &renewal(1, 3), 2).await;
    world.key().await;
    let view = |of: &Gateway, revision, lag, lease, second| GatewayView {
        id: of.id,
        name: of.name.clone(),
        address: of.address.clone(),
        version: of.version.clone(),
        revision,
        lag,
        lease,
        seen_at: Timestamp::from_second(second).unwrap(),
    };
    let both = [view(&one, 2, 1, Held, 1), view(&two, 3, 0, Held, 2)];
    assert_eq!(listed().await, both);

    world.store.store.let_go(one.id, 1).await.unwrap();
    let let_go = [view(&one, 2, 1, Ended, 1), view(&two, 3, 0, Held, 2)];
    assert_eq!(listed().await, let_go);
    renew(&world, &one, &renewal(2, 3), 3).await;
    let back = [view(&one, 3, 0, Held, 3), view(&two, 3, 0, Held, 2)];
    assert_eq!(listed().await, back);
}

#[tokio::test]
async fn a_lease_that_nobody_let_go_of_has_run_out_a_term_after_it_was_looked_at() {
    let world = World::new().await;
    let (authority, steady) = world.sharing().await;
    let leases = async || -> Vec<bool> {
        let listed = authority.gateways(&world.owner).await.unwrap();
        let lease = |it: &GatewayView| it.lease == Held;
        listed.iter().map(lease).collect()
    };
    // However long ago by the clock of its own.
    renew(&world, &gateway(1), &renewal(1, 1), 1).await;
    renew(&world, &gateway(2), &renewal(1, 1), 1).await;
    assert_eq!(leases().await, [true, true]);
    steady.fetch_add(1_999, Ordering::SeqCst);
    assert_eq!(leases().await, [true, true]);
    renew(&world, &gateway(2), &renewal(2, 1), 2).await;
    steady.fetch_add(1, Ordering::SeqCst);
    assert_eq!(leases().await, [false, true]);
    renew(&world, &gateway(1), &renewal(2, 1), 3).await;
    assert_eq!(leases().await, [true, true]);
}

#[tokio::test]
async fn nobody_is_listed_where_nobody_shares_the_database() {
    let world = World::new().await;
    renew(&world, &gateway(1), &renewal(1, 1), 1).await;
    let listed = world.authority.gateways(&world.owner).await.unwrap();
    assert_eq!(listed, []);
}
