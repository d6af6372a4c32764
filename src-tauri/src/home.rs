//! The places where a person can be: this computer, and a team's server.

use gardien_authority::api::{KeyQuery, SessionView};
use gardien_authority::{Attached, Client, UpstreamIdentity};
use gardien_domain::MemberId;
use gardien_server::Service;
use serde::Serialize;
use ts_rs::TS;

use crate::error::CommandError;
use crate::preferences::Connection;

/// What stands behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UpstreamKind {
    Sandbox,
    Phare,
    None,
}

/// This computer's home while it is open: beside a team's server too.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) service: Service,
    pub(crate) owner: MemberId,
    pub(crate) organization: String,
    pub(crate) gateway: GatewayState,
}

impl Local {
    pub(crate) fn client(&self) -> Client {
        self.service.client(self.owner)
    }

    /// Keys that stop with the gateway.
    pub(crate) async fn live_keys(&self) -> Option<u64> {
        let live = KeyQuery {
            live: Some(true),
            limit: Some(1),
            ..KeyQuery::default()
        };
        match self.client().keys(&live).await {
            Ok(page) => Some(page.total),
            Err(fault) => {
                tracing::warn!(%fault, "keys cannot be counted");
                None
            }
        }
    }

    pub(crate) fn upstream(&self) -> UpstreamKind {
        let attached = self.service.authority().attached();
        // Whoever detached the last key has nothing behind the gateway.
        let attached = attached.filter(|attached| attached.is_callable());
        match attached.as_deref().map(Attached::identity) {
            Some(UpstreamIdentity::Sandbox) => UpstreamKind::Sandbox,
            Some(UpstreamIdentity::Phare { .. }) => UpstreamKind::Phare,
            None => UpstreamKind::None,
        }
    }
}

/// Everything that a command about keys, projects or the organization needs.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) client: Client,
    pub(crate) session: SessionView,
    pub(crate) connection: Connection,
}

impl Ready {
    /// Who asks.
    pub(crate) fn member(&self) -> MemberId {
        self.session.member.id
    }

    pub(crate) fn is_here(&self) -> bool {
        self.connection == Connection::Embedded
    }
}

/// Where the app stands.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Still opening.
    Starting,
    /// It cannot work, and why.
    Failed(CommandError),
    /// The data is open and holds no organization yet.
    Unfounded(Service),
    Ready(Box<Ready>),
}

impl From<Ready> for Place {
    fn from(ready: Ready) -> Self {
        Self::Ready(Box::new(ready))
    }
}

/// The gateway as the window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum GatewayState {
    Running {
        /// The base URL that programs use.
        address: String,
    },
    /// Another program listens on the port.
    PortBusy {
        port: u16,
    },
    /// It runs beside the team's server.
    Remote {
        /// Its base URL, where that is known.
        address: Option<String>,
    },
    /// A person lets it rest: it listens, and answers each call with 503.
    Paused {
        /// Where it listens again once it is resumed.
        address: String,
    },
    Stopped,
}

impl GatewayState {
    /// The base URL for texts that name one. Says that it has to be filled in when nobody knows it.
    pub(crate) fn base_url(&self) -> String {
        match self {
            Self::Running { address }
            | Self::Paused { address }
            | Self::Remote {
                address: Some(address),
            } => address.clone(),
            Self::PortBusy { port } => format!("http://127.0.0.1:{port}"),
            Self::Remote { address: None } | Self::Stopped => {
                "https://your-gateway.example.com".to_owned()
            }
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    pub(crate) fn is_paused(&self) -> bool {
        matches!(self, Self::Paused { .. })
    }
}

/// One of the places where a person can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct HomeView {
    pub(crate) connection: Connection,
    /// Null while that is not known.
    pub(crate) organization: Option<String>,
    pub(crate) current: bool,
    /// Of this computer's home: its gateway. Null for a team's.
    pub(crate) gateway: Option<GatewayState>,
    /// Of this computer's home: the keys that its gateway serves. Null for a team's.
    #[ts(type = "number | null")]
    pub(crate) live_keys: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_address_where_the_gateway_is_or_will_be_again() {
        let address = || "http://127.0.0.1:7420".to_owned();
        let team = || "https://phare.example.org".to_owned();
        let unknown = "https://your-gateway.example.com";
        for (gateway, expected) in [
            (GatewayState::Running { address: address() }, &*address()),
            (GatewayState::Paused { address: address() }, &*address()),
            (
                GatewayState::PortBusy { port: 7421 },
                "http://127.0.0.1:7421",
            ),
            (
                GatewayState::Remote {
                    address: Some(team()),
                },
                &*team(),
            ),
            (GatewayState::Remote { address: None }, unknown),
            (GatewayState::Stopped, unknown),
        ] {
            assert_eq!(gateway.base_url(), expected, "{gateway:?}");
        }
    }
}
