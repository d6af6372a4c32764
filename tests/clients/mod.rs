//! Phare's public clients, each with its calls as it makes them: verbs, paths, bodies and the headers that its HTTP
//! library sends beside its own. What they do is read from their sources, named at the top of each file; a key has the
//! scope and no more product scopes than its client asks for.

mod incident_action;
mod incidentbot;
mod next_terraform_provider;
mod phare_nix;
mod raycast_extension;
mod site_helper;
mod status_adapter;
mod terraform_provider;
mod zackpollard_terraform_provider;

use serde_json::{Value, json};

use crate::support::wire::{Heard, Wire};
use crate::support::world::{Issued, World, new_key};

/// What a client calls with. Each sends its own headers around those of the client, and has its way of saying that a
/// request has no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Library {
    /// Python's requests.
    Requests,
    /// The fetch of Node.
    Fetch,
    /// Go's net/http.
    Go,
}

/// A client with a key.
#[derive(Debug, Clone)]
struct Client {
    library: Library,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    fn new(library: Library, world: &World, key: &Issued) -> Self {
        let client = Self {
            library,
            base: world.server.gateway().to_owned(),
            headers: Vec::new(),
        };
        client.with("Authorization", &format!("Bearer {}", key.secret))
    }

    /// One that sends this header on every request, in place of one of that name.
    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    async fn get(&self, path: &str) -> Heard {
        self.send("GET", path, None).await
    }

    /// A POST without a body, as actions are.
    async fn post(&self, path: &str) -> Heard {
        self.send("POST", path, None).await
    }

    async fn post_json(&self, path: &str, body: &Value) -> Heard {
        self.send("POST", path, Some(body.to_string().as_bytes()))
            .await
    }

    async fn delete(&self, path: &str) -> Heard {
        self.send("DELETE", path, None).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Heard {
        let host = self.base.trim_start_matches("http://");
        let own: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let counted = body.is_some() || method == "POST";
        // Python's counts nothing too, whatever the verb, but for GET.
        let counted = counted || (self.library == Library::Requests && method != "GET");
        let length = body.unwrap_or_default().len();
        let length = if counted {
            format!("Content-Length: {length}\r\n")
        } else {
            String::new()
        };
        let headers = match self.library {
            Library::Requests => format!(
                "Host: {host}\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\n\
                 Accept: */*\r\nConnection: keep-alive\r\n{own}{length}"
            ),
            Library::Fetch => format!(
                "host: {host}\r\nconnection: keep-alive\r\n{own}accept: */*\r\naccept-language: *\r\n\
                 sec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\n{length}"
            ),
            Library::Go => format!("Host: {host}\r\n{length}{own}Accept-Encoding: gzip\r\n"),
        };
        let mut request = format!("{method} {path} HTTP/1.1\r\n{headers}\r\n").into_bytes();
        request.extend(body.unwrap_or_default());
        Wire::exchange(&self.base, request)
            .await
            .expect("no answer")
    }
}

impl Heard {
    /// The JSON, when the status is this. An answer without content has none, and says so by having no body at all.
    #[track_caller]
    fn expect(self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        if status == 204 {
            assert_eq!(self.body, b"");
            return Value::Null;
        }
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.json()
    }

    /// The refusal of a request that names no project with an organization key: rule 3.
    #[track_caller]
    fn expect_project_missing(self) {
        let refused = self.expect(422);
        assert!(refused["message"].is_string(), "{refused:#}");
        let lines = &refused["errors"]["X-Phare-Project-Id"];
        assert!(lines[0].is_string(), "{refused:#}");
    }
}

/// A key of the project Shop with these product scopes.
async fn shop_key(world: &World, platform: &str, uptime: &str) -> Issued {
    let body = new_key("Client", world.shop.scope(), platform, uptime);
    world.issue(body).await
}

/// A monitor made for the client to find.
async fn made(client: &Client, name: &str) -> i64 {
    let body = json!({
        "name": name,
        "protocol": "http",
        "request": { "method": "GET", "url": "https://shop.example/" },
        "regions": ["eu-deu-fra"],
    });
    let client = client.clone().with("Content-Type", "application/json");
    let made = client.post_json("/uptime/monitors", &body).await;
    made.expect(201)["id"].as_i64().unwrap()
}
