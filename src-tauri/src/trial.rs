//! One call through the gateway with a key, as any program would make it: counted, and noted as a use.

use std::time::{Duration, Instant};

use gardien_authority::api::KeyView;
use gardien_domain::project::PROJECT_ID_HEADER;
use gardien_domain::{Access, KeyId, Method, Operation, ProjectHeader, ProjectId};
use gardien_egress::{NoClient, Proxies, Way};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use ts_rs::TS;

use crate::app::App;
use crate::custody::secret_of;
use crate::error::{Code, CommandError};
use crate::home::GatewayState;

/// A little longer than the gateway itself may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// As much of an answer as anybody reads.
const SHOWN: usize = 2_000;
/// What the key's last use then says.
pub(crate) const CLIENT: &str = "gardien-desktop";
/// Reads that need nothing to be there, the most telling first.
const READS: [&str; 2] = ["getUptimeMonitors", "getUsers"];

/// One call through the gateway with a key whose secret is at hand, and what came back.
#[derive(Debug, Serialize, TS)]
pub(crate) struct Trial {
    /// Its operation id.
    operation: &'static str,
    method: Method,
    path: &'static str,
    status: u16,
    #[ts(type = "number")]
    milliseconds: u64,
    /// The beginning of the answer.
    body: String,
}

/// Tries a key.
pub(crate) async fn of(
    app: &App,
    id: KeyId,
    project: Option<ProjectId>,
) -> Result<Trial, CommandError> {
    let ready = app.ready()?;
    let secret = secret_of(app, &ready, id).await?;
    let key = ready.client.key(id).await?;
    let (operation, project) = choose(&key, project)?;
    let base = address(app.gateway(&ready))?;
    let proxies = &app.outside.proxies;
    let way = proxies.way(&base.parse().unwrap_or_default());
    let client = client(&base, proxies).map_err(|error| silent(&way, error))?;
    let called = call(client, &base, operation, &secret, project).await;
    // It says nothing of the request, which holds the secret.
    called.map_err(|error| silent(&way, error.without_url()))
}

/// The call that tells the most of what the key may read, and the project to name in it.
fn choose(
    key: &KeyView,
    project: Option<ProjectId>,
) -> Result<(&'static Operation, Option<ProjectId>), CommandError> {
    let project = project.filter(|_| key.scope.project().is_none());
    let reads: Vec<_> = READS
        .iter()
        .filter_map(|id| gardien_phare::operation(id))
        .filter(|read| key.products.of(read.product).allows(Access::Read))
        .collect();
    let callable = |read: &&&Operation| {
        read.project_header != ProjectHeader::Required
            || project.is_some()
            || key.scope.project().is_some()
    };
    match (reads.iter().find(callable), reads.is_empty()) {
        (Some(read), _) => Ok((*read, project)),
        (None, false) => Err(CommandError::field("project_id", "Choose a project.")),
        (None, true) => {
            let message =
                "This key may not read anything, so there is no call to try that changes nothing.";
            Err(CommandError::new(Code::Conflict, message))
        }
    }
}

fn address(gateway: GatewayState) -> Result<String, CommandError> {
    match gateway {
        GatewayState::Running { address }
        | GatewayState::Paused { address }
        | GatewayState::Remote {
            address: Some(address),
        } => Ok(address),
        GatewayState::PortBusy { port } => {
            let message = format!("Another program uses port {port}, so the gateway is not open.");
            Err(CommandError::new(Code::PortBusy, message))
        }
        GatewayState::Remote { address: None } | GatewayState::Stopped => {
            let message = "There is no open gateway to call.";
            Err(CommandError::new(Code::Conflict, message))
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long an answer takes is part of what is shown"
)]
async fn call(
    client: reqwest::Client,
    base: &str,
    operation: &'static Operation,
    secret: &SecretString,
    project: Option<ProjectId>,
) -> reqwest::Result<Trial> {
    let mut request = client
        .get(format!("{base}{}", operation.path))
        .bearer_auth(secret.expose_secret());
    if let Some(project) = project {
        request = request.header(PROJECT_ID_HEADER, project.0);
    }
    let begun = Instant::now();
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let body = beginning(answer).await?;
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Trial {
        operation: operation.id,
        method: operation.method,
        path: operation.path,
        status,
        milliseconds,
        body,
    })
}

fn silent(way: &Way, error: impl Into<NoClient>) -> CommandError {
    tracing::warn!(error = %error.into(), "the gateway does not answer a trial");
    let message = format!("The gateway does not answer{way}.");
    CommandError::new(Code::Unreachable, message)
}

pub(crate) fn client(base: &str, proxies: &Proxies) -> Result<reqwest::Client, NoClient> {
    // What is no address fails when it is called.
    let client = gardien_egress::client(&base.parse().unwrap_or_default(), proxies)?;
    Ok(client.user_agent(CLIENT).timeout(PATIENCE).build()?)
}

/// No more is read than is shown.
async fn beginning(mut answer: reqwest::Response) -> Result<String, reqwest::Error> {
    let mut read = Vec::new();
    // A character takes at most four bytes.
    while read.len() < 4 * SHOWN
        && let Some(more) = answer.chunk().await?
    {
        read.extend_from_slice(&more);
    }
    Ok(String::from_utf8_lossy(&read).chars().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(platform: &str, uptime: &str, project: Option<u64>) -> KeyView {
        let scope = match project {
            Some(id) => json!({ "type": "project", "project_id": id }),
            None => json!({ "type": "organization" }),
        };
        serde_json::from_value(json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "name": "k", "note": "", "scope": scope, "project_name": null,
            "products": { "platform": platform, "uptime": uptime },
            "status": "active", "display": "pha_…", "created_at": "2026-01-01T00:00:00Z", "created_by": "a@b",
            "expires_at": null, "revoked_at": null, "previous_valid_until": null, "earlier_valid_until": null,
            "last_used_at": null, "last_operation": null,
            "last_client": null, "last_address": null, "previous_used_at": null,
        }))
        .unwrap()
    }

    #[test]
    fn what_is_tried_is_a_read_that_the_key_may_make() {
        let shop = Some(ProjectId(7));
        for (platform, uptime, bound, asked, tried) in [
            ("read", "read", None, shop, Ok(("getUptimeMonitors", shop))),
            ("read", "read", None, None, Ok(("getUsers", None))),
            ("none", "read_write", None, None, Err("invalid")),
            ("read", "none", None, shop, Ok(("getUsers", shop))),
            // A project's key names none: whatever was asked for, it works in its own.
            (
                "none",
                "read",
                Some(7),
                shop,
                Ok(("getUptimeMonitors", None)),
            ),
            ("none", "none", Some(7), None, Err("conflict")),
        ] {
            let chosen = choose(&key(platform, uptime, bound), asked)
                .map(|(operation, project)| (operation.id, project))
                .map_err(|error| error.code);
            assert_eq!(chosen, tried, "{platform} {uptime} {bound:?} {asked:?}");
        }
        for id in READS {
            let operation = gardien_phare::operation(id).unwrap();
            assert_eq!(operation.access(), Access::Read);
            assert!(
                !operation.path.contains('{'),
                "{id} needs nothing to be there"
            );
        }
    }
}
