//! What the app asks of the desktop around it: the window, the tray, the start at login. The rest of the app knows
//! nothing of Tauri.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tokio::sync::mpsc;

use crate::commands::AppStatus;
use crate::error::{Code, CommandError};
use crate::{tray, window};

/// A page that says nothing for so long hangs, or was never loaded.
const PATIENCE: Duration = Duration::from_secs(2);

#[async_trait]
pub(crate) trait Shell: Send + Sync {
    /// Brings the window to the front.
    fn show(&self);
    fn hide(&self);
    /// Ends the app in order.
    fn leave(&self);
    /// Whether an icon in the tray can bring the window back. Where none is yet, one is tried.
    fn has_tray(&self) -> bool;
    /// Says in the tray how things are.
    fn tell(&self, status: &AppStatus);
    /// Whether the page in the window runs, so that it can ask.
    async fn page_answers(&self) -> bool;
    fn starts_at_login(&self) -> bool;
    /// # Errors
    /// `internal` when the system does not take it.
    fn start_at_login(&self, wanted: bool) -> Result<(), CommandError>;
}

/// The desktop that Tauri knows.
pub(crate) struct Desktop(pub(crate) AppHandle);

#[async_trait]
impl Shell for Desktop {
    fn show(&self) {
        window::show(&self.0);
    }

    fn hide(&self) {
        window::hide(&self.0);
    }

    fn leave(&self) {
        self.0.exit(0);
    }

    fn has_tray(&self) -> bool {
        tray::ensure(&self.0)
    }

    fn tell(&self, status: &AppStatus) {
        tray::tell(&self.0, status);
    }

    async fn page_answers(&self) -> bool {
        let Some(window) = self.0.get_webview_window(window::LABEL) else {
            return false;
        };
        let (answered, mut answer) = mpsc::unbounded_channel();
        let asked = window.eval_with_callback("document.readyState", move |state| {
            let _ = answered.send(state.contains("complete"));
        });
        if asked.is_err() {
            return false;
        }
        let answer = tokio::time::timeout(PATIENCE, answer.recv()).await;
        matches!(answer, Ok(Some(true)))
    }

    fn starts_at_login(&self) -> bool {
        self.0.autolaunch().is_enabled().unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known what starts at login");
            false
        })
    }

    fn start_at_login(&self, wanted: bool) -> Result<(), CommandError> {
        if self.starts_at_login() == wanted {
            return Ok(());
        }
        let autostart = self.0.autolaunch();
        let done = if wanted {
            autostart.enable()
        } else {
            autostart.disable()
        };
        done.map_err(|error| {
            tracing::error!(%error, wanted, "the start at login cannot be changed");
            CommandError::new(
                Code::Internal,
                "The system does not let Gardien change what starts at login.",
            )
        })
    }
}

/// The app behind a handle, once it is there.
pub(crate) fn app_of(handle: &AppHandle) -> Option<Arc<crate::app::App>> {
    handle
        .try_state::<Arc<crate::app::App>>()
        .map(|app| Arc::clone(&app))
}
