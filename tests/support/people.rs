//! Callers over HTTP that speak as someone: nobody, a member with a session, the holder of a key.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, redirect};
use serde_json::Value;
use tokio::time::{sleep, timeout};

/// Someone at one address.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

impl Caller {
    /// Someone who shows nothing.
    pub fn anonymous(base: &str) -> Self {
        static PROVIDER: Once = Once::new();
        // Two parties may want to be first; which one it is makes no difference.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self {
            http,
            base: base.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// Someone who shows a session token or a key's secret.
    pub fn with(base: &str, bearer: &str) -> Self {
        Self::anonymous(base).header("authorization", &format!("Bearer {bearer}"))
    }

    /// The same, with one more header on every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// The same, at another address.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// Reads what is at this path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Calls until this key is granted: a gateway learns of a new one within a moment.
    pub async fn until_granted(&self) {
        let granted = async {
            while self.get("/uptime/monitors").await.status != 200 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(90), granted).await.unwrap();
    }

    /// Sends this to this path.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Changes what is at this path.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Removes what is at this path.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request, with a JSON body or none.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// A request to be completed: other bodies, answers that stream, failures that are expected.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .headers(self.headers.clone())
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The JSON of it; a string when it is not JSON, null when there is nothing.
    pub body: Value,
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = match serde_json::from_str(&text) {
            Ok(json) => json,
            Err(_) if text.is_empty() => Value::Null,
            Err(_) => Value::String(text),
        };
        Self {
            status,
            headers,
            body,
        }
    }

    /// The body, when the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// The stable code of an error.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The problem that the management API tells: this status and code, in the form of RFC 9457.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.code()),
            (status, code),
            "{:#}",
            self.body
        );
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(self.body["status"], status, "{:#}", self.body);
        for field in ["type", "title", "detail"] {
            assert!(
                self.body[field]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{field}: {:#}",
                self.body
            );
        }
        self.body
    }

    /// The refusal that the gateway gives: this status and code (empty where Phare's own words say it all), with all
    /// that every answer of it carries.
    #[track_caller]
    pub fn refusal(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.code()),
            (status, code),
            "{:#}",
            self.body
        );
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert!(
            self.body["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{:#}",
            self.body
        );
        assert_eq!(
            self.header("www-authenticate"),
            (status == 401).then_some("Bearer")
        );
        for name in [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ] {
            assert!(
                self.header(name)
                    .is_some_and(|value| value.parse::<u64>().is_ok()),
                "{name}: {:?}",
                self.headers
            );
        }
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()));
        self.body
    }

    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
