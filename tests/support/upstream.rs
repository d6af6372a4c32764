//! A Phare of one's own behind the gateway, that writes down what it is sent.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::background::Background;

/// The key that the server under test calls it with.
pub const PHARE_KEY: &str = "pha_org_TheOneRealKeyThatNobodyButPhareMayEverSee";

type Log = Arc<Mutex<Vec<Seen>>>;

/// A running upstream with projects 1 (`shop`) and 2 (`blog`). Dropping it ends it.
#[derive(Debug)]
pub struct Upstream {
    port: u16,
    log: Log,
    running: Background,
}

/// The head of a request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
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

    /// One that answers these routes so, and everything else as [`Self::start`] does.
    pub fn with(routes: Router) -> Self {
        let projects = || page(vec![project(1, "Shop", "shop"), project(2, "Blog", "blog")]);
        let projects = get(async move || projects()).fallback(nothing);
        Self::without_projects(routes.route("/projects", projects))
    }

    /// The same, but that these routes say what projects there are.
    pub fn without_projects(routes: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Log::default();
        let router = routes
            .fallback(nothing)
            .layer(from_fn_with_state(log.clone(), write_down));
        let running = Background::run(async move || {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { port, log, running }
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

async fn write_down(State(log): State<Log>, request: Request, next: Next) -> Response {
    let headers = request.headers().iter();
    let seen = Seen {
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
