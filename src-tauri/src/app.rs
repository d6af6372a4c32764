//! What the commands share: where the app stands, what keeps secrets, the clipboard, the preferences.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};

use gardien_authority::Client;
use gardien_authority::api::SessionView;
use gardien_domain::{KeyId, MemberId, PhareSecretId};
use gardien_server::Service;
use gardien_vault::VaultItem;
use secrecy::SecretString;
use serde::Serialize;
use ts_rs::TS;

use crate::clipboard::Clipboard;
use crate::error::{Code, CommandError};
use crate::keeper::Keeper;
use crate::preferences::{Connection, PreferenceFile, UpstreamKind};

/// The app, apart from its window.
pub(crate) struct App {
    /// Where everything lies.
    pub(crate) folder: PathBuf,
    /// Where Phare's API is.
    pub(crate) phare: String,
    pub(crate) keeper: Keeper,
    pub(crate) clipboard: Clipboard,
    pub(crate) preferences: PreferenceFile,
    /// Held by whoever opens, closes or moves, so that no two do at the same time.
    pub(crate) moving: tokio::sync::Mutex<()>,
    place: RwLock<(u64, Place)>,
    /// The secret of the last creation or rotation, until the window is done with it.
    fresh: Mutex<Option<(KeyId, SecretString)>>,
}

/// Where the app stands.
#[derive(Clone)]
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

/// Everything that a command about keys, projects or the organization needs.
#[derive(Clone)]
pub(crate) struct Ready {
    pub(crate) client: Client,
    pub(crate) session: SessionView,
    pub(crate) home: Home,
}

/// Where the authority is.
#[derive(Clone)]
pub(crate) enum Home {
    /// In this process.
    Embedded {
        service: Service,
        gateway: GatewayState,
        /// What is attached now. It may be less than what was chosen, while the keychain is locked.
        upstream: UpstreamKind,
    },
    /// At a team's server.
    Team { url: String },
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
    Stopped,
}

impl GatewayState {
    /// The base URL for texts that name one. Says that it has to be filled in when nobody knows it.
    pub(crate) fn base_url(&self) -> String {
        match self {
            Self::Running { address }
            | Self::Remote {
                address: Some(address),
            } => address.clone(),
            Self::PortBusy { port } => format!("http://127.0.0.1:{port}"),
            Self::Remote { address: None } | Self::Stopped => {
                "https://your-gateway.example.com".to_owned()
            }
        }
    }
}

impl Ready {
    /// Who asks.
    pub(crate) fn member(&self) -> MemberId {
        self.session.member.id
    }

    pub(crate) fn connection(&self) -> Connection {
        match &self.home {
            Home::Embedded { .. } => Connection::Embedded,
            Home::Team { url } => Connection::Team { url: url.clone() },
        }
    }

    pub(crate) fn upstream(&self) -> UpstreamKind {
        match &self.home {
            // Whoever detached the last key has nothing behind the gateway.
            Home::Embedded {
                service,
                upstream: UpstreamKind::Phare,
                ..
            } if !service.has_phare_key() => UpstreamKind::None,
            Home::Embedded { upstream, .. } => *upstream,
            Home::Team { .. } => UpstreamKind::None,
        }
    }

    pub(crate) fn gateway(&self) -> GatewayState {
        match &self.home {
            Home::Embedded { gateway, .. } => gateway.clone(),
            Home::Team { .. } => GatewayState::Remote {
                address: self.session.gateway.clone(),
            },
        }
    }
}

impl App {
    pub(crate) fn new(
        folder: PathBuf,
        phare: String,
        keeper: Keeper,
        clipboard: Clipboard,
        preferences: PreferenceFile,
    ) -> Self {
        Self {
            folder,
            phare,
            keeper,
            clipboard,
            preferences,
            moving: tokio::sync::Mutex::default(),
            place: RwLock::new((0, Place::Starting)),
            fresh: Mutex::default(),
        }
    }

    /// Where the app stands, and how often that has changed.
    pub(crate) fn place(&self) -> (u64, Place) {
        self.place
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn put(&self, place: Place) {
        let mut current = self.place.write().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, place);
    }

    /// Puts what was found out about an earlier place, unless the app has moved on since.
    pub(crate) fn put_unless_moved(&self, turn: u64, place: Place) {
        let mut current = self.place.write().unwrap_or_else(PoisonError::into_inner);
        if current.0 == turn {
            *current = (turn + 1, place);
        }
    }

    /// # Errors
    /// Why the app is not ready.
    pub(crate) fn ready(&self) -> Result<Ready, CommandError> {
        match self.place().1 {
            Place::Ready(ready) => Ok(*ready),
            Place::Failed(error) => Err(error),
            Place::Starting | Place::Unfounded(_) => Err(CommandError::new(
                Code::Internal,
                "Gardien is not ready for this yet.",
            )),
        }
    }

    /// Holds a fresh secret; the one before is wiped.
    pub(crate) fn hold_fresh(&self, key: KeyId, secret: SecretString) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, secret));
    }

    /// The fresh secret, if it is this key's.
    pub(crate) fn fresh(&self, key: KeyId) -> Option<SecretString> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh
            .as_ref()
            .filter(|(of, _)| *of == key)
            .map(|(_, secret)| secret.clone())
    }

    /// Wipes the fresh secret.
    pub(crate) fn forget_fresh(&self) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The name that a secret of Phare's is kept under.
pub(crate) fn phare_secret(owner: MemberId, secret: PhareSecretId) -> VaultItem {
    VaultItem::PhareSecret {
        installation: owner.0,
        secret: secret.0,
    }
}

/// The name that the secret of a key is kept under.
pub(crate) fn key_secret(member: MemberId, key: KeyId) -> VaultItem {
    VaultItem::KeySecret {
        installation: member.0,
        key: key.0,
    }
}
