use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use gardien_authority::api::{CreatedKey, NewKey, Rotation};
use gardien_authority::{Client, System, UpstreamIdentity};
use gardien_domain::{ProductScope, ProductScopes, Scope};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio::time::timeout;

use super::*;
use crate::Service;

struct World {
    service: Service,
    client: Client,
    gateway: SocketAddr,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::open(folder.path()).await.unwrap();
        let owner = service.found("Harbour", "ada@example.com").await.unwrap();
        let authority = service.authority();
        authority
            .attach(System::because("a test"), &UpstreamIdentity::Sandbox)
            .await
            .unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            client: service.client(owner),
            gateway: service.listen_gateway(any).await.unwrap(),
            service,
            _folder: folder,
        }
    }

    async fn key(&self, name: &str) -> CreatedKey {
        let key = NewKey {
            name: name.to_owned(),
            note: String::new(),
            scope: Scope::Organization {},
            products: ProductScopes {
                platform: ProductScope::Read,
                uptime: ProductScope::None,
            },
            share: None,
            expires_at: None,
        };
        self.client.create_key(&key).await.unwrap()
    }

    async fn call(&self, key: &CreatedKey, agent: &str) {
        let mut stream = TcpStream::connect(self.gateway).await.unwrap();
        let secret = key.secret.expose_secret();
        let request = format!(
            "GET /projects HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\nuser-agent: {agent}\r\n\
             x-forwarded-for: 198.51.100.1\r\nauthorization: Bearer {secret}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// The next event for which `pick` finds something.
async fn next<T>(events: &mut broadcast::Receiver<Event>, pick: impl Fn(Event) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = pick(events.recv().await.unwrap()) {
                return found;
            }
        }
    };
    timeout(Duration::from_secs(20), found).await.unwrap()
}

fn uses(event: Event) -> Option<Vec<KeyUse>> {
    match event {
        Event::Uses { uses } => Some(uses),
        _ => None,
    }
}

fn limits(event: Event) -> Option<LimitsView> {
    match event {
        Event::Limits { limits } => Some(limits),
        _ => None,
    }
}

#[tokio::test]
async fn a_use_and_what_it_took_of_the_limit_are_told_unasked() {
    let world = World::new().await;
    let key = world.key("Terraform").await;
    let mut events = world.service.events();
    assert_eq!(next(&mut events, limits).await.used, 0);
    world.call(&key, "terraform-provider-phare/0.0.12").await;
    let told = next(&mut events, uses).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].id, key.key.id);
    assert_eq!(told[0].used.last_operation.as_deref(), Some("getProjects"));
    assert_eq!(
        told[0].used.last_client.as_deref(),
        Some("terraform-provider-phare")
    );
    assert_eq!(
        told[0].used.last_address,
        Some(IpAddr::from(Ipv4Addr::LOCALHOST))
    );
    let told = next(&mut events, limits).await;
    assert_eq!(told.used, 1);
    assert_eq!(
        (told.by_key[0].name.as_str(), told.by_key[0].calls),
        ("Terraform", 1)
    );
    let asked = world.client.limits().await.unwrap();
    assert!(!differ(&told, &asked), "{told:?} {asked:?}");
    world.service.stop().await;
}

#[tokio::test]
async fn the_use_of_a_replaced_secret_is_told_and_ends_with_it() {
    let world = World::new().await;
    let old = world.key("Backup").await;
    let rotation = Rotation::with_grace(600);
    let id = old.key.id;
    let new = world.client.rotate_key(id, &rotation).await.unwrap();
    let mut events = world.service.events();
    world.call(&old, "curl/8").await;
    let first = next(&mut events, uses).await.remove(0);
    assert_eq!(first.used.previous_used_at, first.used.last_used_at);
    world.call(&new, "curl/8").await;
    let second = next(&mut events, uses).await.remove(0);
    assert_eq!(second.used.previous_used_at, first.used.previous_used_at);
    assert!(second.used.last_used_at > first.used.last_used_at);

    let newest = world.client.rotate_key(id, &rotation).await.unwrap();
    assert_eq!(newest.key.used.previous_used_at, None);
    world.call(&newest, "curl/8").await;
    let third = next(&mut events, uses).await.remove(0);
    assert_eq!(third.used.previous_used_at, None);
    // The secret that it was the use of works on, and what was noted of it stays beside it.
    assert_eq!(third.used.earlier_used_at, first.used.previous_used_at);
    world.service.stop().await;
}

#[tokio::test]
async fn who_calls_and_how_many_keys_live_is_known_before_leaving() {
    let world = World::new().await;
    let (idle, busy) = (world.key("Idle").await, world.key("Busy").await);
    world
        .client
        .revoke_key(world.key("Gone").await.key.id)
        .await
        .unwrap();
    let rotation = Rotation::with_grace(600);
    world
        .client
        .rotate_key(idle.key.id, &rotation)
        .await
        .unwrap();
    assert_eq!(world.service.live_keys().await.unwrap(), 2);
    let now = Timestamp::now();
    assert_eq!(world.service.callers(now).await.unwrap(), []);
    world.call(&idle, "curl/8").await;
    for _ in 0..2 {
        world.call(&busy, "grafana/11").await;
    }
    let now = Timestamp::now();
    let callers = world.service.callers(now).await.unwrap();
    let shown = callers
        .iter()
        .map(|it| (it.name.as_str(), it.client.as_deref(), it.calls));
    let expected = [("Busy", Some("grafana"), 2), ("Idle", Some("curl"), 1)];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    assert_eq!(callers[0].display, busy.key.display);
    let later = now + jiff::SignedDuration::from_secs(61);
    assert_eq!(world.service.callers(later).await.unwrap(), []);
    world.service.stop().await;
}
