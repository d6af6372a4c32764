//! What the app asks of the desktop around it: the window, the tray, the start at login. The rest of the app knows
//! nothing of Tauri.

use async_trait::async_trait;

use crate::error::CommandError;
use crate::status::AppStatus;

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

/// A desktop that only remembers what was asked of it.
#[cfg(test)]
#[derive(Debug, Default, Clone)]
pub(crate) struct Remembering(pub(crate) std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>);

#[cfg(test)]
impl Remembering {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }
}

#[cfg(test)]
#[async_trait]
impl Shell for Remembering {
    fn show(&self) {
        self.note("show");
    }
    fn hide(&self) {
        self.note("hide");
    }
    fn leave(&self) {
        self.note("leave");
    }
    fn has_tray(&self) -> bool {
        false
    }
    fn tell(&self, _: &AppStatus) {}
    async fn page_answers(&self) -> bool {
        true
    }
    fn starts_at_login(&self) -> bool {
        false
    }
    fn start_at_login(&self, wanted: bool) -> Result<(), CommandError> {
        if wanted {
            self.note("start at login");
        }
        Ok(())
    }
}
