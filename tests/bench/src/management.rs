//! Gardien's management API, for whoever has a session.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use clap::Args;
use serde_json::{Value, json};

use crate::wire::Wire;

/// Where it listens, and who calls. Some take it or leave it.
#[derive(Debug, Args)]
pub(crate) struct Management {
    /// The address of Gardien's management API.
    #[arg(long, required = false)]
    pub(crate) management: SocketAddr,
    /// A session of somebody who may make and revoke keys there.
    #[arg(long, required = false)]
    pub(crate) session: String,
}

/// A connection to it.
pub(crate) struct Desk<'a> {
    wire: Wire,
    management: &'a Management,
}

impl Management {
    pub(crate) fn open(&self) -> io::Result<Desk<'_>> {
        Ok(Desk {
            wire: Wire::open(self.management)?,
            management: self,
        })
    }
}

impl Desk<'_> {
    /// Makes a key that may read in one project. Answers with its id.
    pub(crate) fn make(&mut self) -> io::Result<String> {
        let key = json!({
            "name": "made meanwhile",
            "scope": { "type": "project", "project_id": 1 },
            "products": { "platform": "none", "uptime": "read" },
        });
        let made: Value = serde_json::from_slice(&self.post("/v1/keys", &key, &[201])?)?;
        let id = made["key"]["id"].as_str();
        let id = id.ok_or_else(|| io::Error::other("a key was made without an id"))?;
        Ok(id.to_owned())
    }

    /// Makes a project.
    pub(crate) fn make_project(&mut self) -> io::Result<()> {
        self.post("/v1/projects", &json!({ "name": "Shop" }), &[201])
            .map(drop)
    }

    /// The id of the key that has this secret.
    pub(crate) fn find(&mut self, secret: &str) -> Result<String, Box<dyn Error>> {
        let secrets = json!({ "secrets": [secret] });
        let found = self.post("/v1/keys/lookup", &secrets, &[200])?;
        let found: Value = serde_json::from_slice(&found)?;
        let id = found["data"][0]["key"]["id"].as_str();
        Ok(id.ok_or("nobody has this secret")?.to_owned())
    }

    /// Revokes a key. When this returns, that was acknowledged.
    pub(crate) fn revoke(&mut self, id: &str) -> io::Result<()> {
        // A busy disk is not waited for: it is in force all the same.
        let path = format!("/v1/keys/{id}/revoke");
        self.post(&path, &json!({}), &[200, 507]).map(drop)
    }

    fn post(&mut self, path: &str, body: &Value, due: &[u16]) -> io::Result<Vec<u8>> {
        let Management {
            management,
            session,
        } = self.management;
        let body = body.to_string();
        let length = body.len();
        let answer = self.wire.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {management}\r\nAuthorization: Bearer {session}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))?;
        Ok(answer.expect(due)?.to_vec())
    }
}
