//! How things are, as the frame of the window shows it.

use gardien_authority::api::SessionView;
use gardien_vault::VaultState;
use serde::Serialize;
use ts_rs::TS;

use crate::error::CommandError;
use crate::home::{GatewayState, HomeView, UpstreamKind};
use crate::notices::Notice;
use crate::preferences::Connection;

/// How far the app has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Starting,
    FirstStart,
    Ready,
    Failed,
}

/// What the keychain is good for right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeychainState {
    Available,
    Locked,
    Unavailable,
}

impl From<VaultState> for KeychainState {
    fn from(state: VaultState) -> Self {
        match state {
            VaultState::Available => Self::Available,
            VaultState::Locked => Self::Locked,
            VaultState::Unavailable => Self::Unavailable,
        }
    }
}

/// Everything that the frame of the window shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct AppStatus {
    pub(crate) stage: Stage,
    /// Why, when the stage is `failed`.
    pub(crate) failure: Option<CommandError>,
    pub(crate) connection: Option<Connection>,
    pub(crate) session: Option<SessionView>,
    pub(crate) gateway: GatewayState,
    /// The address that a client sets in place of Phare's own.
    pub(crate) base_url: String,
    pub(crate) upstream: UpstreamKind,
    pub(crate) keychain: KeychainState,
    /// Where the person can be: this computer, and a team's server once one was joined. For the switch.
    pub(crate) homes: Vec<HomeView>,
    /// What a person has to be told once, such as a file that was put aside.
    pub(crate) notices: Vec<Notice>,
}
