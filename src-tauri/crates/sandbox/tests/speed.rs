//! With 100,000 monitors every call takes as long as with 100.
//!
//! Both sandboxes stand over SQLite files and are asked in turns, so that what slows the machine slows both; what is
//! held to a bound is how the one compares with the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use gardien_domain::{Member, Role};
use gardien_sandbox::{Members, Sandbox};
use gardien_store::{Documents, Sqlite, Store, StoreError};
use http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

const FEW: usize = 100;
const MANY: usize = 100_000;

/// How much longer a call may take with many monitors than with few.
const BOUND: f64 = 2.0;

/// Pairs of calls that are compared, and how often they are compared anew when the bound is not kept: a busy machine may
/// break it once, a walk through all monitors breaks it every time.
const ROUNDS: usize = 25;
const TRIES: usize = 4;

/// An organization of one.
#[derive(Debug)]
struct Owner;

#[async_trait::async_trait]
impl Members for Owner {
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        Ok(vec![Member {
            id: serde_json::from_value(json!("01970000-0000-7000-8000-000000000001")).unwrap(),
            email: "owner@sandbox.test".to_owned(),
            role: Role::Owner,
            projects: BTreeSet::new(),
            created_at: "2026-03-10T00:10:46Z".parse().unwrap(),
        }])
    }
}

/// A sandbox with one project of so many monitors, and as much of everything else in each.
struct World {
    router: Router,
    store: Arc<Sqlite>,
    monitors: usize,
    _folder: tempfile::TempDir,
}

impl World {
    async fn with(monitors: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("gardien.db")).await;
        let store = Arc::new(store.unwrap());
        let now: Timestamp = "2026-03-10T00:10:46Z".parse().unwrap();
        let clock = Arc::new(move || now);
        let sandbox = Sandbox::open(store.clone(), Arc::new(Owner), clock).await;
        let world = Self {
            router: sandbox.unwrap().router(),
            store,
            monitors,
            _folder: folder,
        };
        let project = json!({ "name": "Shop", "members": [1] });
        world.call("POST", "/projects", Some(&project)).await;
        // One by the API: what it keeps is what all others are made of.
        world
            .call("POST", "/uptime/monitors", Some(&monitor(1)))
            .await;
        let kept = world.store.get("monitors", 1).await.unwrap().unwrap().body;
        let others: Vec<Value> = (2..=monitors)
            .map(|number| {
                let mut body = kept.clone();
                body["name"] = monitor(number)["name"].take();
                body
            })
            .collect();
        world
            .store
            .insert_all("monitors", Some(1), &others)
            .await
            .unwrap();
        world.fill().await;
        world
    }

    /// A few records of everything that mentions monitors, of the first of them.
    async fn fill(&self) {
        for number in 1..=20 {
            let page = json!({
                "name": format!("Page {number}"),
                "subdomain": format!("page-{number}"),
                "title": "Status",
                "description": "How it is",
                "search_engine_indexed": false,
                "website_url": "https://shop.example",
                "components": [{ "componentable_type": "uptime/monitor", "componentable_id": number }],
            });
            self.call("POST", "/uptime/status-pages", Some(&page)).await;
            let incident = json!({
                "title": format!("Incident {number}"),
                "impact": "partial_outage",
                "exclude_from_downtime": false,
                "incident_at": "2026-03-09T00:00:00Z",
                "monitors": [number],
            });
            self.call("POST", "/uptime/incidents", Some(&incident))
                .await;
            let window = json!({
                "title": format!("Window {number}"),
                "monitoring_mode": "pause",
                "starts_at": "2026-03-09T00:00:00Z",
                "ends_at": "2026-03-11T00:00:00Z",
                "monitors": [number],
                "status_pages": [number],
            });
            self.call("POST", "/uptime/maintenance-windows", Some(&window))
                .await;
        }
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let bytes = self.send(method, path, body).await;
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Bytes {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-phare-project-id", "1")
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(
            status.is_success(),
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&bytes)
        );
        bytes
    }

    /// One call of the sort that `step` is.
    async fn timed(&self, step: Step) -> Duration {
        let (method, path, body, rows) = match step {
            Step::Page(rows, page) => {
                let number = page(self.monitors / rows);
                let path = format!("/uptime/monitors?page={number}&per_page={rows}");
                ("GET", path, None, Some(rows))
            }
            Step::Get(path) => ("GET", path.to_owned(), None, None),
            Step::Filter(path, rows) => ("GET", path.to_owned(), None, Some(rows)),
            Step::Last => (
                "GET",
                format!("/uptime/monitors/{}", self.monitors),
                None,
                None,
            ),
            Step::Create => (
                "POST",
                "/uptime/monitors".to_owned(),
                Some(monitor(0)),
                None,
            ),
            Step::Update => {
                let path = format!("/uptime/monitors/{}", self.monitors / 2);
                ("POST", path, Some(json!({ "interval": 300 })), None)
            }
            Step::Pause => {
                let path = format!("/uptime/monitors/{}/pause", self.monitors / 2);
                ("POST", path, None, None)
            }
            Step::Delete => {
                let made = self
                    .call("POST", "/uptime/monitors", Some(&monitor(0)))
                    .await;
                (
                    "DELETE",
                    format!("/uptime/monitors/{}", made["id"]),
                    None,
                    None,
                )
            }
        };
        let start = Instant::now();
        let answer = self.send(method, &path, body.as_ref()).await;
        let time = start.elapsed();
        if let Some(rows) = rows {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["data"].as_array().unwrap().len(), rows, "{path}");
        }
        time
    }
}

fn monitor(number: usize) -> Value {
    json!({
        "name": format!("Monitor {number}"),
        "protocol": "http",
        "request": { "method": "GET", "url": format!("https://shop.example/{number}") },
        "regions": ["eu-deu-fra", "as-jpn-hnd"],
    })
}

/// A sort of call, the same in both sandboxes but for the numbers in it.
#[derive(Clone, Copy)]
enum Step {
    /// A page of so many monitors: which one, of so many.
    Page(usize, fn(usize) -> usize),
    Get(&'static str),
    /// A narrowed list and the rows in it.
    Filter(&'static str, usize),
    /// The monitor that was made last.
    Last,
    Create,
    Update,
    Pause,
    Delete,
}

const STEPS: &[(&str, Step)] = &[
    ("the first page", Step::Page(100, |_| 1)),
    (
        "a page in the middle",
        Step::Page(100, |pages| pages.div_ceil(2)),
    ),
    ("the last page", Step::Page(100, |pages| pages)),
    // Little work of its own: what it takes to get there shows most.
    ("a last page of one", Step::Page(1, |pages| pages)),
    (
        "incidents of a monitor",
        Step::Filter("/uptime/incidents?monitor_id=7", 1),
    ),
    (
        "windows of a monitor",
        Step::Filter("/uptime/maintenance-windows?monitor_id=7", 1),
    ),
    (
        "windows of a page",
        Step::Filter("/uptime/maintenance-windows?status_page_id=7", 1),
    ),
    (
        "windows in progress",
        Step::Filter("/uptime/maintenance-windows?state=in_progress", 20),
    ),
    (
        "users by mail",
        Step::Filter("/users?email=owner@sandbox.test", 1),
    ),
    (
        "integrations by name",
        Step::Filter("/apps/email/integrations?name=Default", 1),
    ),
    ("the first monitor", Step::Get("/uptime/monitors/1")),
    ("the last monitor", Step::Last),
    ("a monitor's report", Step::Get("/uptime/monitors/7/report")),
    (
        "a page's status",
        Step::Get("/uptime/status-pages/7/current-status"),
    ),
    ("create", Step::Create),
    ("update", Step::Update),
    ("pause", Step::Pause),
    ("delete", Step::Delete),
];

/// What a step takes with few and with many monitors, in the middle of all rounds.
async fn compare(step: Step, few: &World, many: &World) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let pair = [(0, few), (1, many)];
        // Each goes first every other time.
        let pair = if round % 2 == 0 {
            pair
        } else {
            [pair[1], pair[0]]
        };
        for (which, world) in pair {
            times[which].push(world.timed(step).await);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

#[tokio::test]
async fn a_hundred_thousand_monitors_are_as_quick_as_a_hundred() {
    let mut report = Vec::new();
    let start = Instant::now();
    let [few, many] = [World::with(FEW).await, World::with(MANY).await];
    report.push(format!("{:>26.1?}  filling", start.elapsed()));
    let mut slow = Vec::new();
    for (name, step) in STEPS {
        let mut line = String::new();
        let mut kept = false;
        for _ in 0..TRIES {
            let [with_few, with_many] = compare(*step, &few, &many).await;
            let ratio = with_many.as_secs_f64() / with_few.as_secs_f64();
            line = format!("{ratio:>5.2} {with_few:>9.1?} {with_many:>9.1?}  {name}");
            kept = ratio <= BOUND;
            if kept {
                break;
            }
        }
        if !kept {
            slow.push(line.clone());
        }
        report.push(line);
    }
    writeln!(std::io::stderr(), "{}", report.join("\n")).unwrap();
    for world in [few, many] {
        world.store.close().await;
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
