//! A server in use: an Owner, two projects, keys.

use serde_json::{Value, json};

use super::database::Database;
use super::people::Caller;
use super::server::Server;
use super::tls::TlsFront;
use super::upstream::{PHARE_KEY, Upstream};

/// A running server with an Owner and the projects Shop and Blog.
pub struct World {
    pub server: Server,
    pub owner: Caller,
    pub shop: Project,
    pub blog: Project,
    /// The one that it uses until it ends, if that is not its own.
    _database: Option<Database>,
}

/// A project as the management API has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: i64,
    pub slug: String,
}

/// A key with its secret.
#[derive(Debug, Clone)]
pub struct Issued {
    pub id: String,
    pub secret: String,
    /// The key as its creation answered it.
    pub key: Value,
}

impl World {
    /// One over the sandbox.
    pub async fn new() -> Self {
        Self::on(&[]).await
    }

    /// One over the sandbox, whose server keeps everything in a database that others may use too.
    pub async fn shared() -> Self {
        // As long as can be: no busy machine lets it run out.
        Self::leased("10").await
    }

    /// The same with leases of so many seconds: whoever revokes waits for that of a server that was killed.
    pub async fn leased(lease: &str) -> Self {
        let database = Database::new();
        let address = database.url();
        let variables = [("GARDIEN_DATABASE", &*address), ("GARDIEN_LEASE", lease)];
        let mut world = Self::on(&variables).await;
        if let Some(password) = database.password() {
            world.server.remember(password);
        }
        world._database = Some(database);
        world
    }

    /// One whose server is started with these variables.
    pub async fn on(variables: &[(&str, &str)]) -> Self {
        let server = Server::start_with(&["--phare", "sandbox"], variables);
        let owner = server.member("owner@lighthouse.test", "owner");
        let shop = Project::create(&owner, "Shop").await;
        let blog = Project::create(&owner, "Blog").await;
        Self {
            server,
            owner,
            shop,
            blog,
            _database: None,
        }
    }

    /// One before this upstream, which has the two projects.
    pub async fn before(upstream: &Upstream) -> Self {
        Self::forwarding(&upstream.url(), &[]).await
    }

    /// The same over TLS, as before the real Phare.
    pub async fn behind(front: &TlsFront) -> Self {
        Self::forwarding(&front.url(), &[("SSL_CERT_FILE", &front.ca_file())]).await
    }

    async fn forwarding(url: &str, variables: &[(&str, &str)]) -> Self {
        let server = Server::start_with(
            &["--phare", url],
            &[variables, &[("PHARE_API_KEY", PHARE_KEY)]].concat(),
        );
        let owner = server.member("owner@lighthouse.test", "owner");
        let projects = owner.get("/v1/projects").await.expect(200);
        let of = |slug: &str| {
            let rows = projects["data"].as_array().unwrap();
            Project::of(
                rows.iter()
                    .find(|row| row["slug"] == slug)
                    .unwrap_or_else(|| panic!("{slug}: {projects:#}")),
            )
        };
        Self {
            shop: of("shop"),
            blog: of("blog"),
            server,
            owner,
            _database: None,
        }
    }

    /// The same with so many calls a minute that none is ever refused for their number.
    #[must_use]
    pub async fn unlimited(self) -> Self {
        self.limit_to(1_000_000).await;
        self
    }

    /// From here on there are so many calls a minute.
    pub async fn limit_to(&self, calls: u32) {
        let limit = json!({ "calls_per_minute": calls });
        let changed = self.owner.patch("/v1/organization", limit).await;
        changed.expect(200);
    }

    /// The same where nobody waits for a turn: a call beyond the limit is refused at once.
    #[must_use]
    pub async fn rejecting(self) -> Self {
        self.owner
            .patch("/v1/organization", json!({ "at_limit": "reject" }))
            .await
            .expect(200);
        self
    }

    /// A key, made by the Owner.
    pub async fn issue(&self, body: Value) -> Issued {
        self.take(self.owner.post("/v1/keys", body).await.expect(201))
    }

    /// An organization key that may do everything.
    pub async fn organization_key(&self) -> Issued {
        self.issue(new_key(
            "Everything",
            organization(),
            "read_write",
            "read_write",
        ))
        .await
    }

    /// A key of the project Shop that may read what belongs to Uptime.
    pub async fn reading_key(&self) -> Issued {
        self.issue(new_key("Reader", self.shop.scope(), "none", "read"))
            .await
    }

    /// A key and its secret, from the answer to a creation, a rotation or a replacement.
    pub fn take(&self, answer: Value) -> Issued {
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{answer:#}"))
                .to_owned()
        };
        let issued = Issued {
            id: text(&answer["key"]["id"]),
            secret: text(&answer["secret"]),
            key: answer["key"].clone(),
        };
        self.server.remember(&issued.secret);
        issued
    }

    /// The holder of this key, at the gateway.
    pub fn holder(&self, key: &Issued) -> Caller {
        self.server.key_holder(&key.secret)
    }

    /// The same holder, who names a project by its id on every request.
    pub fn holder_in(&self, key: &Issued, project: &Project) -> Caller {
        self.holder(key)
            .header("x-phare-project-id", &project.id.to_string())
    }

    /// Revokes a key. When this returns, it is refused.
    pub async fn revoke(&self, key: &Issued) {
        let path = key.path("/revoke");
        let answer = self.owner.send(reqwest::Method::POST, &path, None).await;
        // A busy disk is not waited for: it is in force all the same.
        if answer.code() == "revoked_in_memory" {
            answer.problem(507, "revoked_in_memory");
        } else {
            answer.expect(200);
        }
    }

    /// From here on, calls are answered by so many workers at most.
    pub fn work_with(&mut self, workers: usize) {
        self.server.terminate();
        self.server.has_workers(workers);
        self.restart();
    }

    /// Starts the server again, after it was ended. The Owner is the same, at a new address.
    pub fn restart(&mut self) {
        self.server.restart();
        self.owner = self.owner.at(self.server.management());
    }
}

impl Project {
    /// A new one.
    pub async fn create(owner: &Caller, name: &str) -> Self {
        Self::of(
            &owner
                .post("/v1/projects", json!({ "name": name }))
                .await
                .expect(201),
        )
    }

    /// From a body.
    pub fn of(body: &Value) -> Self {
        Self {
            id: body["id"].as_i64().unwrap(),
            slug: body["slug"].as_str().unwrap().to_owned(),
        }
    }

    /// The scope of a key that works here only.
    pub fn scope(&self) -> Value {
        json!({ "type": "project", "project_id": self.id })
    }
}

impl Issued {
    /// Where the management API has it, with something after it.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/keys/{}{rest}", self.id)
    }
}

/// The scope of a key that works everywhere.
pub fn organization() -> Value {
    json!({ "type": "organization" })
}

/// A key to be made.
pub fn new_key(name: &str, scope: Value, platform: &str, uptime: &str) -> Value {
    json!({ "name": name, "scope": scope, "products": { "platform": platform, "uptime": uptime } })
}
