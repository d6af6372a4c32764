//! A world with two projects, keys, and an upstream that writes down what it is sent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyId, KeyParts, MemberId, NotedUse, ProductScope, ProductScopes, ProjectId, Scope,
    Secret, SecretKind,
};
use gardien_egress::Proxies;
use gardien_gateway::{
    Asking, Body, BoxError, Gateway, GatewayCalls, HttpUpstream, Leased, Ledger, MinDataRate,
    OwnCalls, SavedCalls, Timing, Transport,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) const ALPHA: ProjectId = ProjectId(1);
pub(crate) const BETA: ProjectId = ProjectId(2);
pub(crate) const PHARE_KEY: &str = "pha_org_the_one_real_key";

pub(crate) const READ: ProductScopes = ProductScopes {
    platform: ProductScope::Read,
    uptime: ProductScope::Read,
};
pub(crate) const READ_WRITE: ProductScopes = ProductScopes {
    platform: ProductScope::ReadWrite,
    uptime: ProductScope::ReadWrite,
};

/// The wall's time of these tests: it begins at an hour of its own, and goes on as the runtime's does.
pub(crate) fn now() -> Timestamp {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let start: Timestamp = "2026-03-10T00:00:00Z".parse().unwrap();
    let begun = *BEGUN;
    start + Instant::now().saturating_duration_since(begun)
}

/// Lets time pass at once, with all that happens in it.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::sleep(time).await;
    tokio::time::resume();
}

/// A ledger in memory that outlives its gateway.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) saved: Mutex<SavedCalls>,
    pub(crate) uses: Mutex<HashMap<KeyId, NotedUse>>,
    pub(crate) broken: AtomicBool,
    /// Whoever writes is never answered.
    pub(crate) hangs: AtomicBool,
    pub(crate) saves: AtomicU32,
}

#[async_trait]
impl Ledger for Memory {
    async fn load(&self) -> Result<SavedCalls, BoxError> {
        Ok(self.saved.lock().unwrap().clone())
    }
    async fn others(&self) -> Result<Option<Vec<GatewayCalls>>, BoxError> {
        Ok(None)
    }
    async fn save(&self, own: OwnCalls, asking: Asking) -> Result<Leased, BoxError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.broken.load(Ordering::Relaxed) {
            return Err("disk full".into());
        }
        self.saves.fetch_add(1, Ordering::Relaxed);
        *self.saved.lock().unwrap() = own.calls;
        Ok(Leased {
            extra: asking.wanted,
            others: Vec::new(),
        })
    }
    async fn record_uses(&self, uses: Vec<NotedUse>) -> Result<(), BoxError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err("disk full".into());
        }
        let uses = uses.into_iter().map(|noted| (noted.key, noted));
        self.uses.lock().unwrap().extend(uses);
        Ok(())
    }
}

pub(crate) struct Owned {
    pub(crate) key: Key,
    pub(crate) secret: Secret,
}

impl Owned {
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.secret.expose())
    }
    pub(crate) fn revoked(&self) -> Key {
        let revocation = Revocation {
            at: now(),
            by: self.key.created_by(),
        };
        Key::from_parts(KeyParts {
            revoked: Some(revocation),
            ..self.key.clone().into_parts()
        })
    }
    pub(crate) fn expired(&self) -> Key {
        Key::from_parts(KeyParts {
            expires_at: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            ..self.key.clone().into_parts()
        })
    }
    /// The key with another secret, the old one valid until `grace` from now.
    pub(crate) fn rotated(&self, grace: SignedDuration) -> Self {
        let secret = secret();
        let key = Key::from_parts(KeyParts {
            digest: secret.digest(),
            previous: PreviousSecrets {
                last: Some(PreviousSecret {
                    digest: self.key.digest(),
                    valid_until: now() + grace,
                }),
                earlier: self.key.previous().last,
            },
            ..self.key.clone().into_parts()
        });
        Self { key, secret }
    }
}

pub(crate) fn secret() -> Secret {
    Secret::generate(SecretKind::Organization, |buffer| {
        for chunk in buffer.chunks_mut(16) {
            chunk.copy_from_slice(&Uuid::new_v4_bytes()[..chunk.len()]);
        }
        Ok::<_, std::convert::Infallible>(())
    })
    .unwrap()
}

/// Bytes that differ from call to call; nothing here has to be secret.
trait NewBytes {
    fn new_v4_bytes() -> [u8; 16];
}
impl NewBytes for Uuid {
    fn new_v4_bytes() -> [u8; 16] {
        *Uuid::now_v7().as_bytes()
    }
}

pub(crate) fn key(scope: Scope, products: ProductScopes) -> Owned {
    let secret = secret();
    let key = Key::from_parts(KeyParts {
        id: KeyId(Uuid::now_v7()),
        name: "test".to_owned(),
        note: String::new(),
        scope,
        products,
        digest: secret.digest(),
        display: secret.display(),
        previous: PreviousSecrets::default(),
        share: Share::default(),
        created_at: "2025-01-01T00:00:00Z".parse().unwrap(),
        created_by: MemberId(Uuid::now_v7()),
        expires_at: None,
        revoked: None,
    });
    Owned { key, secret }
}

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) ledger: Arc<Memory>,
    pub(crate) upstream: Upstream,
    /// An organization key that may do everything.
    pub(crate) owner: Owned,
    /// A key of project Alpha that may read.
    pub(crate) reader: Owned,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(100, Upstream::answering(ok("{}")).await).await
    }

    pub(crate) async fn with(limit: u32, upstream: Upstream) -> Self {
        Self::timed(limit, upstream, TIMING).await
    }

    pub(crate) async fn timed(limit: u32, upstream: Upstream, timing: Timing) -> Self {
        let ledger = Arc::new(Memory::default());
        let owner = key(Scope::Organization {}, READ_WRITE);
        let reader = key(Scope::Project { project_id: ALPHA }, READ);
        let gateway = start_with(limit, &ledger, &[&owner, &reader], timing).await;
        gateway.attach(Some(upstream.transport()));
        Self {
            gateway,
            ledger,
            upstream,
            owner,
            reader,
        }
    }

    pub(crate) async fn get(&self, owned: &Owned, path: &str) -> Answer {
        self.send(request("GET", path, &[("authorization", &owned.bearer())]))
            .await
    }

    pub(crate) async fn send(&self, request: Request<Empty<Bytes>>) -> Answer {
        Answer::read(self.gateway.handle(request).await).await
    }
}

pub(crate) const TIMING: Timing = Timing {
    patience: Duration::from_millis(300),
    insistence: Duration::ZERO,
    min_data_rate: MinDataRate {
        grace: Duration::from_secs(30),
        bytes_per_second: 4096,
    },
    write_uses: Duration::from_millis(50),
};

pub(crate) async fn start(limit: u32, ledger: &Arc<Memory>, keys: &[&Owned]) -> Gateway {
    start_with(limit, ledger, keys, TIMING).await
}

pub(crate) async fn start_with(
    limit: u32,
    ledger: &Arc<Memory>,
    keys: &[&Owned],
    timing: Timing,
) -> Gateway {
    let gateway = Gateway::start_with(limit, ledger.clone(), Arc::new(now), timing)
        .await
        .unwrap();
    gateway.put_projects([(ALPHA, "alpha"), (BETA, "beta")]);
    for owned in keys {
        gateway.put_key(&owned.key);
    }
    gateway
}

pub(crate) fn request(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Request<Empty<Bytes>> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .header("host", "localhost")
        .body(Empty::new())
        .unwrap()
}

pub(crate) fn posting(target: &str, owned: &Owned, body: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method("POST")
        .uri(target)
        .header("authorization", owned.bearer())
        .header("host", "localhost")
        .body(Full::from(body.to_owned()))
        .unwrap()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn ok(body: &str) -> Script {
    Script::Answer(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// What the upstream does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// Answers with these bytes and reads on.
    Answer(String),
    /// Writes these bytes and closes.
    Cut(String),
    /// Reads and says nothing.
    Hang,
}

/// An upstream on a socket, written without any HTTP library, so that it sees the bytes as they are.
pub(crate) struct Upstream {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    open: Arc<AtomicU32>,
}

impl Upstream {
    pub(crate) async fn answering(script: Script) -> Self {
        Self::knowing(|_| script).await
    }

    /// One whose script is made of its own address.
    pub(crate) async fn knowing(script: impl FnOnce(&str) -> Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = script(&format!("http://127.0.0.1:{port}"));
        Self::on(listener, script)
    }

    pub(crate) fn on(listener: TcpListener, script: Script) -> Self {
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let open = Arc::new(AtomicU32::new(0));
        let (log, count) = (seen.clone(), open.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log, count) = (script.clone(), log.clone(), count.clone());
                tokio::spawn(async move {
                    count.fetch_add(1, Ordering::SeqCst);
                    play(stream, script, &log).await;
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, seen, open }
    }

    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        transport(self.port, "")
    }

    /// The requests as they came, body included.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Connections that are open.
    pub(crate) fn open(&self) -> u32 {
        self.open.load(Ordering::SeqCst)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

pub(crate) fn transport(port: u16, prefix: &str) -> Arc<dyn Transport> {
    let base = format!("http://127.0.0.1:{port}{prefix}").parse().unwrap();
    let upstream = HttpUpstream::new(base, Proxies::default(), Arc::new(now)).unwrap();
    Arc::new(upstream.with_key(&PHARE_KEY.into()).unwrap())
}

async fn play(mut stream: TcpStream, script: Script, log: &Mutex<Vec<String>>) {
    let mut bytes = Vec::new();
    loop {
        while !complete(&bytes) {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        log.lock()
            .unwrap()
            .push(String::from_utf8(std::mem::take(&mut bytes)).unwrap());
        match &script {
            Script::Answer(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            Script::Cut(answer) => {
                stream.write_all(answer.as_bytes()).await.unwrap();
                return;
            }
            Script::Hang => {}
        }
    }
}

/// Whether a whole request has come; requests come one at a time.
fn complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}
