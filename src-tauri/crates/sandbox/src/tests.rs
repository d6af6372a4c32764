//! The sandbox from outside: requests in, answers out. Every answer is also held against the specification.

mod alert_rules;
mod beyond;
mod figures;
mod incidents;
mod integrations;
mod isolation;
mod limits;
mod listings;
mod maintenance_windows;
mod memory;
mod monitors;
mod projects;
mod rest;
mod status_pages;
mod tour;
mod users;
mod validation;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use gardien_domain::{Member, Role};
use gardien_phare::match_request;
use gardien_store::{Documents, StoreError};
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use self::memory::Memory;
use crate::specification::{Specification, branches};
use crate::validate;
use crate::{Members, Sandbox};

/// Who belongs to the organization.
#[derive(Debug)]
struct People(Mutex<Vec<Member>>);

#[async_trait::async_trait]
impl Members for People {
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.0.lock().unwrap().clone())
    }
}

/// A member whose id ends in this number.
fn member(number: u8, email: &str, role: Role) -> Member {
    let id = json!(format!("01970000-0000-7000-8000-0000000000{number:02x}"));
    Member {
        id: serde_json::from_value(id).unwrap(),
        email: email.to_owned(),
        role,
        projects: BTreeSet::new(),
        created_at: "2026-01-02T03:04:05.6Z".parse().unwrap(),
    }
}

/// A new sandbox with projects 1 and 2, of an organization with its Owner.
struct World {
    people: Arc<People>,
    router: Router,
    documents: Arc<dyn Documents>,
    specification: Specification,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: u16,
    body: Value,
}

fn clock(time: &str) -> crate::Clock {
    let time: Timestamp = time.parse().unwrap();
    Arc::new(move || time)
}

impl World {
    async fn new() -> Self {
        let owner = member(1, "owner@sandbox.test", Role::Owner);
        let people = Arc::new(People(Mutex::new(vec![owner])));
        let time = "2026-03-10T00:10:46.9Z";
        let world = Self::over(Arc::new(Memory::default()), people, time).await;
        for name in ["Shop", "Blog"] {
            let project = json!({ "name": name, "members": [1] });
            let made = world.post("/projects", None, project).await;
            assert_eq!(made.status, 201);
        }
        world
    }

    async fn over(documents: Arc<dyn Documents>, people: Arc<People>, time: &str) -> Self {
        let sandbox = Sandbox::open(documents.clone(), people.clone(), clock(time)).await;
        Self {
            people,
            router: sandbox.unwrap().router(),
            documents,
            specification: Specification::load().unwrap(),
        }
    }

    /// The same documents, opened again at another time.
    async fn reopened(self, time: &str) -> Self {
        Self::over(self.documents, self.people, time).await
    }

    async fn get(&self, path: &str, project: Option<i64>) -> Answer {
        self.send("GET", path, project, "").await
    }

    async fn post(&self, path: &str, project: Option<i64>, body: Value) -> Answer {
        self.send("POST", path, project, &body.to_string()).await
    }

    async fn delete(&self, path: &str, project: Option<i64>) -> Answer {
        self.send("DELETE", path, project, "").await
    }

    /// A form: texts, and files by the names of their fields.
    async fn form(
        &self,
        path: &str,
        project: Option<i64>,
        texts: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, text) in texts {
            let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), text.as_bytes(), b"\r\n"].concat());
        }
        for (name, bytes) in files {
            let head = format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.bin\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(b"--edge--\r\n");
        let kind = "multipart/form-data; boundary=edge";
        self.exchange("POST", path, project, kind, body).await
    }

    /// One exchange; always with a JSON content type, as the Terraform provider has it.
    async fn send(&self, method: &str, path: &str, project: Option<i64>, body: &str) -> Answer {
        self.exchange(method, path, project, "application/json", body.into())
            .await
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        project: Option<i64>,
        kind: &str,
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:7420")
            .header("authorization", "Bearer any")
            .header("content-type", kind);
        if let Some(project) = project {
            request = request.header("x-phare-project-id", project);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let kind = response.headers().get("content-type").cloned();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = if bytes.is_empty() {
            assert_eq!(kind, None);
            Value::Null
        } else {
            assert_eq!(kind.unwrap(), "application/json");
            serde_json::from_slice(&bytes).unwrap()
        };
        self.conforms(method, path, status, &body);
        Answer {
            status: status.as_u16(),
            body,
        }
    }

    /// Holds an answer against what the specification says of the operation.
    fn conforms(&self, method: &str, path: &str, status: StatusCode, body: &Value) {
        let path = path.split('?').next().unwrap();
        let matched = match_request(&method.parse().unwrap(), path);
        let contract = matched
            .ok()
            .and_then(|matched| self.specification.contract(matched.operation));
        let schema = match (status.as_u16(), contract) {
            (422, _) => Some(self.specification.named("ValidationError")),
            (status, None) => {
                assert_eq!(status, 404, "{method} {path}");
                Some(self.specification.named("ErrorMessage"))
            }
            (404 | 413, _) => Some(self.specification.named("ErrorMessage")),
            (_, Some(contract)) => {
                assert_eq!(status, contract.status, "{method} {path}: {body}");
                contract.answered.as_ref()
            }
        };
        match schema {
            Some(schema) => self.has_shape(schema, body),
            None => assert_eq!(body, &Value::Null),
        }
    }

    /// Nothing wrong, nothing missing, nothing unknown but what tests send as such: its names begin with `x_`.
    fn has_shape(&self, schema: &Value, body: &Value) {
        let mut known = body.clone();
        if let Value::Object(fields) = &mut known {
            fields.retain(|name, _| !name.starts_with("x_"));
        }
        let checked = validate::check(&self.specification, schema, known.clone());
        assert_eq!(checked, Ok(known));
        assert!(self.knows(schema, body), "something is unknown: {body}");
        for (name, field) in self.specification.properties(schema).into_iter().flatten() {
            // An incident without these has none: the specification allows neither null nor an empty list.
            let may_lack = ["description", "monitors"].contains(&name.as_str());
            assert!(
                may_lack || body.get(name).is_some(),
                "{name} is missing: {body}"
            );
            for row in body[name].as_array().into_iter().flatten() {
                self.has_shape(&field["items"], row);
            }
        }
    }
}

impl World {
    /// Whether every field in `value` is one that the schema has, at any depth.
    fn knows(&self, schema: &Value, value: &Value) -> bool {
        let schema = self.specification.resolve(schema);
        let properties = self.specification.properties(schema);
        match (value, properties, branches(schema)) {
            (Value::Array(items), ..) => {
                items.iter().all(|item| self.knows(&schema["items"], item))
            }
            (Value::Object(fields), Some(properties), _) => fields.iter().all(|(name, value)| {
                let known = properties.get(name);
                name.starts_with("x_") || known.is_some_and(|schema| self.knows(schema, value))
            }),
            (_, _, []) => true,
            (_, _, branches) => branches.iter().any(|branch| self.knows(branch, value)),
        }
    }
}

/// A body that makes an HTTP monitor.
fn http_monitor() -> Value {
    json!({
        "name": "Shop front",
        "protocol": "http",
        "request": { "method": "GET", "url": "https://shop.example/" },
        "regions": ["eu-deu-fra", "as-jpn-hnd"],
    })
}
