//! A Phare of one's own behind the gateway, that writes down what it is sent.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use super::background::Background;

/// The key that the server under test calls it with.
pub const PHARE_KEY: &str = "pha_org_TheOneRealKeyThatNobodyButPhareMayEverSee";

type Log = Arc<Mutex<Vec<Seen>>>;

/// A running upstream with projects 1 (`shop`) and 2 (`blog`). Dropping it ends it.
#[derive(Debug)]
pub struct Upstream {
    port: u16,
    /// Bound, so that nobody else has the address while it is ended.
    _address: TcpSocket,
    log: Log,
    router: Router,
    running: Background,
}

/// The head of a request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When it came.
    pub at: Instant,
    pub method: String,
    /// Path and query, byte for byte.
    pub target: String,
    /// In lower case, in the order they came.
    pub headers: Vec<(String, String)>,
}

impl Upstream {
    /// One that answers every call with 200 and an empty object.
    pub fn start() -> Self {
        Self::with(Router::new())
    }

    /// One that takes so many calls a minute of all keys together, and tells with each answer how many are left, as Phare
    /// does: its minute begins with a call.
    pub fn counting(limit: u32) -> Self {
        let minute = Arc::new(Mutex::new((Instant::now(), 0)));
        let counts = from_fn_with_state((limit, minute), count);
        Self::serving(with_projects(Router::new()).fallback(nothing).layer(counts))
    }

    /// One that answers these routes so, and everything else as [`Self::start`] does.
    pub fn with(routes: Router) -> Self {
        Self::without_projects(with_projects(routes))
    }

    /// The same, but that these routes say what projects there are.
    pub fn without_projects(routes: Router) -> Self {
        Self::serving(routes.fallback(nothing))
    }

    fn serving(routes: Router) -> Self {
        let address = TcpSocket::new_v4().unwrap();
        address.set_reuseaddr(true).unwrap();
        address.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = address.local_addr().unwrap().port();
        let log = Log::default();
        let router = routes.layer(from_fn_with_state(log.clone(), write_down));
        Self {
            port,
            _address: address,
            log,
            running: listen(port, router.clone()),
            router,
        }
    }

    /// Is there again, after it was ended.
    pub fn again(&mut self) {
        self.running = listen(self.port, self.router.clone());
    }

    /// Its address, as `--phare` takes it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Host and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Everything it was sent, what Gardien asks of its own accord included.
    pub fn everything(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// The calls of key holders. Only these carry a request id.
    pub fn calls(&self) -> Vec<Seen> {
        self.everything()
            .into_iter()
            .filter(|seen| seen.header("x-request-id").is_some())
            .collect()
    }

    /// Ends it: connections break off, new ones are refused.
    pub fn end(&mut self) {
        self.running.end();
    }
}

impl Seen {
    /// The one value of a header. Fails when there are more.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} was sent twice");
        value
    }
}

fn with_projects(routes: Router) -> Router {
    let projects = || page(vec![project(1, "Shop", "shop"), project(2, "Blog", "blog")]);
    let projects = get(async move || projects()).fallback(nothing);
    routes.route("/projects", projects)
}

fn listen(port: u16, router: Router) -> Background {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    listener.set_nonblocking(true).unwrap();
    Background::run(async move || {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, router).await.unwrap();
    })
}

/// When the minute began, and how many calls it has had.
type Minute = Arc<Mutex<(Instant, u32)>>;

async fn count(
    State((limit, minute)): State<(u32, Minute)>,
    request: Request,
    next: Next,
) -> Response {
    let is_taken = {
        let mut minute = minute.lock().unwrap();
        if minute.1 == 0 || minute.0.elapsed() >= Duration::from_secs(60) {
            *minute = (Instant::now(), 0);
        }
        let is_taken = minute.1 < limit;
        minute.1 += u32::from(is_taken);
        is_taken
    };
    let mut answer = if is_taken {
        next.run(request).await
    } else {
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "60")]).into_response()
    };
    let left = limit - minute.lock().unwrap().1;
    let headers = answer.headers_mut();
    headers.insert("x-ratelimit-limit", limit.into());
    headers.insert("x-ratelimit-remaining", left.into());
    answer
}

async fn write_down(State(log): State<Log>, request: Request, next: Next) -> Response {
    let headers = request.headers().iter();
    let seen = Seen {
        at: Instant::now(),
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
    };
    log.lock().unwrap().push(seen);
    next.run(request).await
}

async fn nothing(request: Request) -> Response {
    // Nothing that Phare makes can be made of nothing.
    if request.method() == Method::POST && is_empty_object(request).await {
        return invalid();
    }
    answer(&json!({}))
}

async fn is_empty_object(request: Request) -> bool {
    let body = axum::body::to_bytes(request.into_body(), 1024).await;
    body.is_ok_and(|body| body == "{}")
}

fn invalid() -> Response {
    let errors = json!({ "message": "The name field is required", "errors": { "name": ["The name field is required"] } });
    (StatusCode::UNPROCESSABLE_ENTITY, answer(&errors)).into_response()
}

/// An answer of Phare's.
pub fn answer(body: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn page(rows: Vec<Value>) -> Response {
    let (count, path) = (rows.len(), "https://api.phare.example/projects");
    answer(&json!({
        "data": rows,
        "meta": { "current_page": 1, "from": 1, "to": count, "per_page": 100, "path": path },
        "links": { "first": format!("{path}?page=1"), "last": null, "prev": null, "next": null },
    }))
}

fn project(id: i64, name: &str, slug: &str) -> Value {
    json!({
        "id": id,
        "slug": slug,
        "name": name,
        "members": [1],
        "settings": {},
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
    })
}
