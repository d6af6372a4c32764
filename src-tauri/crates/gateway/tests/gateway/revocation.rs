//! Rule 7: no request that starts after a revocation was acknowledged is granted.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use gardien_gateway::LocalUpstream;
use http::Response;
use http_body_util::Empty;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_7_revocation_takes_effect_at_once() {
    let world = Arc::new(World::with(1_000_000, Upstream::answering(Script::Hang).await).await);
    let empty =
        tower::service_fn(|_| async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) });
    world
        .gateway
        .attach(Some(Arc::new(LocalUpstream::new(empty))));
    for _ in 0..100 {
        let owned = Arc::new(key(world.owner.key.scope(), READ));
        world.gateway.put_key(&owned.key);
        let acknowledged = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let (world, owned, acknowledged) =
                    (world.clone(), owned.clone(), acknowledged.clone());
                tokio::spawn(async move {
                    let (mut granted, mut refused) = (0, 0);
                    while refused < 3 {
                        let late = acknowledged.load(Ordering::SeqCst);
                        let answer = world.get(&owned, "/projects").await;
                        match answer.status {
                            200 => {
                                assert!(!late, "granted after the acknowledgement");
                                granted += 1;
                            }
                            _ => {
                                assert_eq!(answer.code(), "key_revoked");
                                refused += 1;
                            }
                        }
                    }
                    granted
                })
            })
            .collect();
        tokio::task::yield_now().await;
        world.gateway.put_key(&owned.revoked());
        acknowledged.store(true, Ordering::SeqCst);
        for caller in callers {
            caller.await.unwrap();
        }
    }
}
