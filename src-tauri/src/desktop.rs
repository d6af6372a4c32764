//! The desktop around the app, as Tauri knows it.

use std::time::Duration;

use async_trait::async_trait;
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tokio::sync::mpsc;

use crate::error::{Code, CommandError};
use crate::shell::Shell;
use crate::status::AppStatus;
use crate::{tray, window};

/// A page that says nothing for so long hangs, or was never loaded.
const PATIENCE: Duration = Duration::from_secs(2);

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
