//! Random bytes at the management API: no panic, no failure of ours, and nothing is done without a session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::dice::Dice;
use crate::support::noise::{Line, bent, bent_path, noise, shout};
use crate::support::turn;
use crate::support::wire::Heard;
use crate::support::world::{World, new_key, organization};

use super::openapi::{HEALTH, routes};

const REQUESTS: usize = 35_000;
const CONNECTIONS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_fails_nothing_and_does_nothing_without_a_session() {
    let _turn = turn::heavy().await;
    let mut dice = Dice::announced("noise at the management API");
    let world = World::new().await;
    let key = world.reading_key().await;
    let document = world.owner.get("/v1/openapi.json").await.expect(200);
    let routes: Vec<(String, String)> = routes(&document)
        .into_iter()
        .filter(|(_, path)| !HEALTH.contains(&path.as_str()))
        .map(|(method, path)| (method.to_string(), path.replace("{id}", &key.id)))
        .collect();
    let caller = Arc::new(Caller {
        base: world.server.management().to_owned(),
        session: world.server.token("owner@lighthouse.test", "owner"),
        routes,
    });
    let members = world.owner.get("/v1/members").await.expect(200);
    let begun = Instant::now();
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(caller.clone().call(dice.fork())))
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(
        !world.server.log().contains("panicked"),
        "{}",
        world.server.log()
    );
    assert_eq!(world.owner.get("/v1/members").await.expect(200), members);
    assert_eq!(
        world.owner.get("/v1/audit/verify").await.expect(200)["ok"],
        true
    );
    assert!(
        begun.elapsed() < Duration::from_secs(120),
        "{:?}",
        begun.elapsed()
    );
}

struct Caller {
    base: String,
    session: String,
    /// Method and path of everything there is.
    routes: Vec<(String, String)>,
}

impl Caller {
    async fn call(self: Arc<Self>, mut dice: Dice) {
        let mut line = Line::to(&self.base);
        for _ in 0..REQUESTS / CONNECTIONS {
            match dice.within(0..20) {
                0 | 1 => {
                    let bytes = noise(&mut dice);
                    refused(&shout(&self.base, &bytes).await, &bytes);
                }
                2 | 3 => {
                    let message = self.creation();
                    let bytes = bent(&mut dice, &message);
                    sound(&shout(&self.base, &bytes).await, &bytes);
                }
                4..=8 => self.call_without_session(&mut dice, &mut line).await,
                9..=13 => self.read_oddly(&mut dice, &mut line).await,
                _ => self.send_oddly(&mut dice, &mut line).await,
            }
        }
    }

    fn creation(&self) -> String {
        let body = new_key("Bent", organization(), "read", "none").to_string();
        format!(
            "POST /v1/keys HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.session,
            body.len()
        )
    }

    /// Everything there is, and paths near it, with tokens near the right one.
    async fn call_without_session(&self, dice: &mut Dice, line: &mut Line) {
        let (method, path) = dice.pick(&self.routes).clone();
        let path = if dice.once_in(2) {
            path
        } else {
            bent_path(dice, &path)
        };
        let mut session = self.session.clone();
        let at = usize::try_from(dice.within(0..session.len() as u64)).unwrap();
        let other = if &session[at..=at] == "x" { "y" } else { "x" };
        session.replace_range(at..=at, other);
        let authorization = if dice.once_in(3) {
            String::new()
        } else {
            format!("Authorization: Bearer {session}\r\n")
        };
        let body = json!({ "name": "Nobody's" }).to_string();
        let message = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\n{authorization}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = line.ask(message.as_bytes()).await;
        refused(&[answer], message.as_bytes());
    }

    /// Reads with a session from paths near those there are, and with odd queries.
    async fn read_oddly(&self, dice: &mut Dice, line: &mut Line) {
        let (_, path) = dice.pick(&self.routes).clone();
        let mut path = bent_path(dice, &path);
        if dice.once_in(2) {
            let name = *dice.pick(&[
                "cursor",
                "limit",
                "q",
                "scope",
                "project_id",
                "status",
                "subject",
                "usage",
            ]);
            let count = dice.within(0..12);
            let value: String = dice
                .bytes(count)
                .into_iter()
                .map(|byte| format!("%{byte:02x}"))
                .collect();
            path.push_str(&format!("?{name}={value}"));
        }
        let message = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            self.session
        );
        let answer = line.ask(message.as_bytes()).await;
        sound(&[answer], message.as_bytes());
    }

    /// Sends bodies that are none, with a session. Where none is needed, something is done.
    async fn send_oddly(&self, dice: &mut Dice, line: &mut Line) {
        let changes: Vec<_> = self
            .routes
            .iter()
            .filter(|(method, _)| method == "POST" || method == "PATCH")
            .collect();
        let (method, path) = *dice.pick(&changes);
        let mut body = vec![*dice.pick(b"{[\"x0-\xff\0")];
        let count = dice.within(0..100);
        body.extend(dice.bytes(count));
        let mut message = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.session,
            body.len()
        )
        .into_bytes();
        message.extend(body);
        let answer = line.ask(&message).await;
        sound(&[answer], &message);
    }
}

/// Nothing was done.
fn refused(heard: &[Heard], sent: &[u8]) {
    let refused = heard
        .iter()
        .all(|answer| (400..500).contains(&answer.status));
    assert!(refused, "{:?}: {heard:?}", String::from_utf8_lossy(sent));
}

/// Done or refused, and not failed.
fn sound(heard: &[Heard], sent: &[u8]) {
    let sound = heard.iter().all(|answer| answer.status < 500);
    assert!(sound, "{:?}: {heard:?}", String::from_utf8_lossy(sent));
}
