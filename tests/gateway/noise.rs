//! Random bytes as paths, headers and bodies: no panic, no failure of ours, no grant that is not due, and never a
//! path at the upstream that is not the path that was authorized.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gardien_phare::OPERATIONS;

use crate::support::dice::Dice;
use crate::support::noise::{Line, bent, bent_path, noise, shout};
use crate::support::server::WORKERS;
use crate::support::turn;
use crate::support::upstream::Upstream;
use crate::support::wire::Heard;
use crate::support::world::{World, new_key};

const REQUESTS: usize = 65_000;
const CONNECTIONS: usize = 10;
const METHODS: &[&str] = &[
    "GET", "GET", "GET", "POST", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "get", "X",
];

/// Who may call, and what they may do.
#[derive(Debug, Clone)]
struct Holder {
    secret: String,
    /// Bound to this project.
    project: Option<i64>,
    writes: bool,
    platform: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_is_neither_granted_nor_passed_on() {
    let _turn = turn::heavy().await;
    let mut dice = Dice::announced("noise at the gateway");
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await.unlimited().await;
    let everything = world.organization_key().await;
    let reader = world
        .issue(new_key("Reader", world.shop.scope(), "none", "read"))
        .await;
    let holders = Arc::new([
        Holder {
            secret: everything.secret,
            project: None,
            writes: true,
            platform: true,
        },
        Holder {
            secret: reader.secret,
            project: Some(world.shop.id),
            writes: false,
            platform: false,
        },
    ]);
    let begun = Instant::now();
    let mut due = HashMap::new();
    for workers in WORKERS {
        world.work_with(workers);
        let callers: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let caller = Caller {
                    base: world.server.gateway().to_owned(),
                    holders: holders.clone(),
                    shop: world.shop.id,
                    dice: dice.fork(),
                    name: format!("{workers}-{number}"),
                };
                tokio::spawn(caller.call())
            })
            .collect();
        for caller in callers {
            due.extend(caller.await.unwrap());
        }
    }
    assert!(
        due.len() > REQUESTS / 10,
        "hardly anything was well-formed: {}",
        due.len()
    );

    let mut arrived = HashMap::new();
    for seen in upstream.everything() {
        assert!(
            is_operation(&seen.method, &seen.target),
            "{} {}",
            seen.method,
            seen.target
        );
        if let Some(id) = seen
            .header("x-request-id")
            .filter(|id| id.starts_with("plain-"))
        {
            let call = format!("{} {}", seen.method, seen.target);
            assert_eq!(arrived.insert(id.to_owned(), call), None, "sent twice");
        }
    }
    assert!(arrived == due, "what arrived is not what was due");
    assert!(
        !world.server.log().contains("panicked"),
        "{}",
        world.server.log()
    );
    assert!(
        begun.elapsed() < Duration::from_secs(180),
        "{:?}",
        begun.elapsed()
    );
}

struct Caller {
    base: String,
    holders: Arc<[Holder; 2]>,
    shop: i64,
    dice: Dice,
    /// No other caller has it.
    name: String,
}

impl Caller {
    /// Makes its share of calls; the id, method and target of those that had to be granted.
    async fn call(mut self) -> HashMap<String, String> {
        let mut line = Line::to(&self.base);
        let mut due = HashMap::new();
        for number in 0..REQUESTS / WORKERS.len() / CONNECTIONS {
            match self.dice.within(0..20) {
                0 => {
                    let bytes = noise(&mut self.dice);
                    not_granted(&shout(&self.base, &bytes).await, &bytes);
                }
                1 | 2 => self.call_bent(number).await,
                3..=6 => self.call_as_nobody(&mut line).await,
                _ => due.extend(self.call_oddly(&mut line, number).await),
            }
        }
        due
    }

    /// A good call with a few bytes changed. Granted only if the whole secret is still in it.
    async fn call_bent(&mut self, number: usize) {
        let secret = self.holders[0].secret.clone();
        let body = if self.dice.once_in(2) {
            "Content-Length: 5\r\n\r\nhello"
        } else {
            "\r\n"
        };
        let message = format!(
            "POST /uptime/monitors HTTP/1.1\r\nHost: a\r\nX-Request-Id: bent-{}-{number}\r\nX-Phare-Project-Id: {}\r\n\
             Authorization: Bearer {secret}\r\n{body}",
            self.name, self.shop
        );
        let bytes = bent(&mut self.dice, &message);
        let heard = shout(&self.base, &bytes).await;
        if !bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
        {
            not_granted(&heard, &bytes);
        }
        no_failure(&heard, &bytes);
    }

    /// A sound call of somebody without a key, with odd headers.
    async fn call_as_nobody(&mut self, line: &mut Line) {
        let operation = self.dice.pick(OPERATIONS);
        let mut secret = self.holders[0].secret.clone();
        // Another character in the place of one: the checksum no longer fits, or the key is unknown.
        let at = usize::try_from(self.dice.within(0..secret.len() as u64)).unwrap();
        let other = if &secret[at..=at] == "x" { "y" } else { "x" };
        secret.replace_range(at..=at, other);
        let value = |dice: &mut Dice| {
            let count = dice.within(0..20);
            dice.bytes(count)
                .into_iter()
                .map(|byte| {
                    if matches!(byte, 0..=31 | 127) {
                        b'-'
                    } else {
                        byte
                    }
                })
                .collect::<Vec<u8>>()
        };
        let mut message = format!(
            "{} {} HTTP/1.1\r\nHost: a\r\n",
            operation.method,
            filled(operation.path, self.shop)
        )
        .into_bytes();
        if !self.dice.once_in(3) {
            message.extend_from_slice(format!("Authorization: Bearer {secret}\r\n").as_bytes());
        }
        for name in [
            "Authorization",
            "X-Phare-Project-Id",
            "X-Phare-Project-Slug",
            "X-Request-Id",
            "Cookie",
            "Accept",
        ] {
            if self.dice.once_in(3) {
                message.extend_from_slice(format!("{name}: ").as_bytes());
                message.extend(value(&mut self.dice));
                message.extend_from_slice(b"\r\n");
            }
        }
        message.extend_from_slice(b"\r\n");
        let answer = line.ask(&message).await;
        assert!(
            matches!(answer.status, 400 | 401),
            "{:?}: {answer:?}",
            String::from_utf8_lossy(&message)
        );
    }

    /// A sound call of a key holder to a path that may be none. Granted exactly when it is due.
    async fn call_oddly(&mut self, line: &mut Line, number: usize) -> Option<(String, String)> {
        let holder = self.dice.pick(&*self.holders.clone()).clone();
        let operation = self.dice.pick(OPERATIONS);
        let mut target = filled(operation.path, self.shop);
        if !self.dice.once_in(3) {
            target = bent_path(&mut self.dice, &target);
        }
        let other = *self.dice.pick(METHODS);
        let method = if self.dice.once_in(3) {
            other
        } else {
            operation.method.as_str()
        };
        let id = format!("plain-{}-{number}", self.name);
        let mut message = format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\nX-Phare-Project-Id: {}\r\n\
             Authorization: Bearer {}\r\n",
            self.shop, holder.secret
        )
        .into_bytes();
        if method == "POST" {
            let count = self.dice.within(0..200);
            let body = self.dice.bytes(count);
            message.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            message.extend(body);
        } else {
            message.extend_from_slice(b"\r\n");
        }
        let answer = line.ask(&message).await;
        // A base URL that ends in a slash brings one more.
        let meant = match target.strip_prefix('/') {
            Some(rest) => format!("/{}", rest.trim_start_matches('/')),
            None => target.clone(),
        };
        let due = holder.may(method, &meant);
        let told = if due {
            answer.status == 200
        } else {
            (400..500).contains(&answer.status)
        };
        assert!(told, "{method} {target} by {holder:?}: {answer:?}");
        due.then(|| (id, format!("{method} {meant}")))
    }
}

impl Holder {
    /// The rules once more, in other words than the product's.
    fn may(&self, method: &str, target: &str) -> bool {
        let path = target.split('?').next().unwrap();
        let uptime = path.starts_with("/uptime/");
        let manages = path.starts_with("/projects") && method != "GET";
        let named = path
            .strip_prefix("/projects/")
            .and_then(|id| id.parse::<i64>().ok());
        let at_home = self
            .project
            .is_none_or(|own| !manages && named.is_none_or(|id| id == own));
        let printable = target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#');
        printable
            && is_operation(method, target)
            && (uptime || self.platform)
            && (method == "GET" || self.writes)
            && at_home
    }
}

/// Whether method and path are literally those of one of the 48 operations.
fn is_operation(method: &str, target: &str) -> bool {
    let path = target.split('?').next().unwrap();
    OPERATIONS
        .iter()
        .filter(|operation| operation.method.as_str() == method)
        .any(|operation| {
            let (wanted, given): (Vec<_>, Vec<_>) = (
                operation.path.split('/').collect(),
                path.split('/').collect(),
            );
            wanted.len() == given.len()
                && wanted
                    .iter()
                    .zip(&given)
                    .all(|(wanted, given)| match *wanted {
                        "{app}" => {
                            !given.is_empty()
                                && given.bytes().all(|byte| {
                                    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
                                })
                        }
                        wanted if wanted.starts_with('{') => {
                            given.bytes().all(|byte| byte.is_ascii_digit())
                                && given.parse::<i64>().is_ok()
                        }
                        wanted => wanted == *given,
                    })
        })
}

/// An operation's path with ids in it.
fn filled(template: &str, id: i64) -> String {
    let parts = template.split('/').map(|part| match part {
        "{app}" => "email".to_owned(),
        part if part.starts_with('{') => id.to_string(),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn not_granted(heard: &[Heard], sent: &[u8]) {
    let refused = heard
        .iter()
        .all(|answer| (400..500).contains(&answer.status));
    assert!(refused, "{:?}: {heard:?}", String::from_utf8_lossy(sent));
}

fn no_failure(heard: &[Heard], sent: &[u8]) {
    let sound = heard.iter().all(|answer| answer.status < 500);
    assert!(sound, "{:?}: {heard:?}", String::from_utf8_lossy(sent));
}
