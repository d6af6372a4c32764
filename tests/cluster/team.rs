//! A team's servers: one that manages, and gateways, each with a way to the database that can be cut.

use serde_json::json;

use crate::support::database::Database;
use crate::support::people::Caller;
use crate::support::relay::Relay;
use crate::support::server::{Server, Serves};
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::{Issued, new_key};

/// Leases of its gateways, in seconds.
pub(super) const LEASE: u64 = 1;

pub(super) struct Team {
    pub(super) owner: Caller,
    pub(super) management: Server,
    pub(super) gateways: Vec<Server>,
    /// The way of each gateway to the database; the last is that of whoever manages.
    pub(super) ways: Vec<Relay>,
    pub(super) upstream: Upstream,
    /// Last: they use it until they end.
    pub(super) database: Database,
}

impl Team {
    /// One with so many gateways, before an upstream of its own.
    pub(super) async fn of(gateways: usize) -> Self {
        Self::on(Database::new(), gateways).await
    }

    pub(super) async fn on(database: Database, gateways: usize) -> Self {
        Self::with(&[("PHARE_API_KEY", PHARE_KEY)], database, gateways).await
    }

    /// One whose servers are started with these variables.
    pub(super) async fn with(
        variables: &[(&str, &str)],
        database: Database,
        gateways: usize,
    ) -> Self {
        let upstream = Upstream::start();
        let ways: Vec<_> = (0..=gateways)
            .map(|_| Relay::to(&database.host()))
            .collect();
        let start = |serves, name: &str, way: &Relay| {
            let (url, lease) = (upstream.url(), LEASE.to_string());
            let arguments = [
                "--phare",
                &url,
                "--name",
                name,
                "--lease",
                &lease,
                "--workers",
                "1",
                "--metrics",
                "127.0.0.1:0",
            ];
            let address = database.url_by(way.port());
            let variables = [variables, &[("GARDIEN_DATABASE", &*address)]].concat();
            let server = Server::serving(serves, &arguments, &variables);
            if let Some(password) = database.password() {
                server.remember(password);
            }
            server
        };
        let management = start(Serves::Management, "desk", &ways[gateways]);
        let owner = management.member("owner@lighthouse.test", "owner");
        let named = (0..gateways).map(|number| format!("gateway-{number}"));
        let gateways = named
            .zip(&ways)
            .map(|(name, way)| start(Serves::Gateway, &name, way))
            .collect();
        let limit = json!({ "calls_per_minute": 1_000_000 });
        owner.patch("/v1/organization", limit).await.expect(200);
        Self {
            owner,
            management,
            gateways,
            ways,
            upstream,
            database,
        }
    }

    /// A key that reads everything of project 1.
    pub(super) fn reader() -> serde_json::Value {
        let shop = json!({ "type": "project", "project_id": 1 });
        new_key("Reader", shop, "none", "read")
    }

    /// A key, made by the Owner.
    pub(super) async fn issue(&self) -> Issued {
        let made = self
            .owner
            .post("/v1/keys", Self::reader())
            .await
            .expect(201);
        self.take(made)
    }

    pub(super) fn take(&self, answer: serde_json::Value) -> Issued {
        let issued = Issued {
            id: answer["key"]["id"].as_str().unwrap().to_owned(),
            secret: answer["secret"].as_str().unwrap().to_owned(),
            key: answer["key"].clone(),
        };
        for server in self.gateways.iter().chain([&self.management]) {
            server.remember(&issued.secret);
        }
        issued
    }
}
