//! What projects and keys belong to: the sandbox, or a Phare.

use jiff::Timestamp;

/// What stands behind the gateway. The numbers of projects mean others at another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamIdentity {
    /// The local Phare.
    Sandbox,
    /// A Phare over the network.
    Phare {
        /// Its address.
        url: String,
    },
}

impl UpstreamIdentity {
    /// The word for what it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Phare { .. } => "phare",
        }
    }

    /// Its address, if it has one.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Sandbox => None,
            Self::Phare { url } => Some(url),
        }
    }

    /// The one with this word and address; `None` where they make no sense together.
    #[must_use]
    pub fn of(kind: &str, url: Option<String>) -> Option<Self> {
        match (kind, url) {
            ("sandbox", None) => Some(Self::Sandbox),
            ("phare", Some(url)) => Some(Self::Phare { url }),
            _ => None,
        }
    }
}

/// What an organization belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedUpstream {
    /// Which one.
    pub identity: UpstreamIdentity,
    /// Since when.
    pub since: Timestamp,
}
