//! An answer that is cut off looks so to every client: never half of it as if it were the whole.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::support::upstream::Upstream;
use crate::support::wire::{Heard, Wire};
use crate::support::world::{Issued, World};

/// Half of an answer, and then nothing more for as long as anybody waits.
const HANGING: &str = "/uptime/monitors/1";

/// A Phare that cuts `/users` off.
fn cutting() -> Upstream {
    let half = || stream::iter([Ok(Bytes::from("{\"half\":"))]);
    let cut = async move || {
        let late = tokio::time::sleep(Duration::from_millis(100));
        let error = stream::once(async {
            late.await;
            Err(io::Error::other("cut"))
        });
        Response::new(Body::from_stream(half().chain(error)))
    };
    let hang = async move || Response::new(Body::from_stream(half().chain(stream::pending())));
    let routes = Router::new()
        .route("/users", get(cut))
        .route("/uptime/monitors/{id}", get(hang));
    Upstream::with(routes)
}

fn call(world: &World, key: &Issued, path: &str, version: &str) -> String {
    format!(
        "GET {path} HTTP/{version}\r\nHost: a\r\nX-Phare-Project-Id: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        world.shop.id, key.secret
    )
}

fn is_cut(heard: &Heard) {
    assert_eq!(heard.status, 200, "{heard:?}");
    assert!(!heard.whole, "it looks whole: {heard:?}");
}

#[tokio::test]
async fn an_answer_that_phare_cuts_off_is_an_error_on_every_version_of_http() {
    let upstream = cutting();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    for version in ["1.0", "1.1"] {
        let message = call(&world, &key, "/users", version);
        let heard = Wire::exchange(world.server.gateway(), message).await;
        is_cut(&heard.unwrap());
        let message = call(&world, &key, "/projects", version);
        let message = message.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        let heard = Wire::exchange(world.server.gateway(), message).await;
        let heard = heard.unwrap();
        assert!(heard.status == 200 && heard.whole, "{heard:?}");
    }
}

/// Whatever ends it: the key, the stop signal after its patience, or no signal at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_gardien_cuts_off_is_one_too() {
    let upstream = cutting();
    let mut world = World::before(&upstream).await;
    let ends: [&str; 3] = ["revocation", "kill", "stop"];
    for end in ends {
        let key = world.organization_key().await;
        let message = call(&world, &key, HANGING, "1.0");
        let mut wire = Wire::open(world.server.gateway()).await;
        wire.send(message).await.unwrap();
        assert!(wire.peek("half").await, "{end}");
        let heard = tokio::spawn(async move { wire.answer().await });
        match end {
            "revocation" => world.revoke(&key).await,
            "kill" => {
                world.server.kill9();
                world.restart();
            }
            _ => world.server.terminate(),
        }
        is_cut(&heard.await.unwrap().unwrap());
    }
}

#[cfg(target_os = "linux")]
mod behind_nginx {
    use reqwest::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::support::nginx::Nginx;
    use crate::support::world::organization;

    #[tokio::test]
    async fn the_journey_is_the_same_behind_a_stock_nginx() {
        let world = World::new().await;
        let nginx = Nginx::before(world.server.gateway());
        let key = world.organization_key().await;
        let holder = world.holder_in(&key, &world.shop).at(&nginx.url());
        assert_eq!(
            holder.get("/uptime/monitors").await.expect(200)["data"],
            json!([])
        );
        let made = holder
            .post(
                "/projects",
                json!({ "name": "New", "members": [1], "settings": {} }),
            )
            .await;
        made.expect(201);
        // To be followed at the proxy, which alone knows what it is called.
        let page = holder.get("/projects").await.expect(200);
        let links = page["links"].as_object().unwrap().values();
        let mut links = links.filter_map(Value::as_str).peekable();
        assert!(links.peek().is_some(), "{page:#}");
        assert!(links.all(|link| link.starts_with("/projects?")), "{page:#}");
        let rotated = json!({ "grace_seconds": 60 });
        let rotated = world.owner.post(&key.path("/rotate"), rotated).await;
        let rotated = world.take(rotated.expect(200));
        let renewed = world.holder_in(&rotated, &world.shop).at(&nginx.url());
        renewed.get("/uptime/monitors").await.expect(200);
        world.revoke(&key).await;
        renewed
            .get("/uptime/monitors")
            .await
            .refusal(401, "key_revoked");

        let limited = world.issue(crate::support::world::new_key(
            "Limited",
            organization(),
            "read",
            "read",
        ));
        let limited = world.holder(&limited.await).at(&nginx.url());
        let one = json!({ "calls_per_minute": 1 });
        world.owner.patch("/v1/organization", one).await.expect(200);
        let told = limited.get("/projects").await;
        assert!(told.header("retry-after").is_some());
        told.refusal(429, "");
    }

    #[tokio::test]
    async fn what_is_cut_off_or_dead_behind_a_stock_nginx_is_an_error() {
        let mut upstream = cutting();
        let world = World::before(&upstream).await;
        let nginx = Nginx::before(world.server.gateway());
        let key = world.organization_key().await;
        let holder = world.holder_in(&key, &world.shop).at(&nginx.url());
        let cut = holder.request(Method::GET, "/users").send().await.unwrap();
        assert!(
            cut.bytes().await.is_err(),
            "it looks whole:\n{}",
            nginx.log()
        );
        upstream.end();
        holder
            .get("/users")
            .await
            .refusal(502, "upstream_unreachable");
    }
}
