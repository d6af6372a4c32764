//! The one window.

use std::sync::Arc;

use tauri::webview::WebviewWindowBuilder;
use tauri::{AppHandle, Manager, Url, WebviewWindow, Window, WindowEvent};

use crate::app::{App, Place};
use crate::preferences::Connection;

const LABEL: &str = "main";

/// Opens the window as the configuration describes it.
pub(crate) fn create(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    let config = app
        .config()
        .app
        .windows
        .iter()
        .find(|window| window.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    WebviewWindowBuilder::from_config(app, config)?
        .on_navigation(is_own)
        .build()
}

/// Brings the window to the front: a second start does this instead of opening another.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else {
        return;
    };
    for done in [window.show(), window.unminimize(), window.set_focus()] {
        if let Err(error) = done {
            tracing::warn!(%error, "the window could not be shown");
        }
    }
}

/// Closing the window ends the app, unless the gateway is to go on: then the window hides.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && window
            .try_state::<Arc<App>>()
            .is_some_and(|app| goes_on(&app))
    {
        match window.hide() {
            Ok(()) => api.prevent_close(),
            Err(error) => tracing::warn!(%error, "the window could not be hidden"),
        }
    }
}

/// A gateway that is not open has nothing to go on with, and a hidden window could not say so.
fn goes_on(app: &App) -> bool {
    let Place::Ready(ready) = app.place().1 else {
        return false;
    };
    let embedded = ready.connection() == Connection::Embedded;
    embedded && app.preferences.read().keep_gateway_running
}

/// Only what was built into the app is ever shown; a link or a dropped file leads nowhere.
fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // What Windows and Android call the same.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_built_in_is_shown() {
        for (address, own) in [
            ("tauri://localhost", true),
            ("tauri://localhost/index.html", true),
            ("http://tauri.localhost/", true),
            ("tauri://elsewhere/", false),
            ("http://localhost/", false),
            ("https://tauri.localhost.example.com/", false),
            ("https://phare.io/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("about:blank", false),
        ] {
            assert_eq!(is_own(&Url::parse(address).unwrap()), own, "{address}");
        }
    }
}
