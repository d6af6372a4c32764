//! The one window.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use tauri::plugin::TauriPlugin;
use tauri::webview::WebviewWindowBuilder;
use tauri::{AppHandle, Manager, Url, WebviewWindow, Window, WindowEvent, Wry};

use crate::app::{App, app_of};
use crate::closing;
use crate::environment::{BACKGROUND, Environment};
use crate::preferences::Connection;

pub(crate) const LABEL: &str = "main";

/// A second start shows the window of the first. Whoever names a folder may run one app for each.
pub(crate) fn only_one(environment: &Environment) -> Option<TauriPlugin<Wry>> {
    let plugin = tauri_plugin_single_instance::Builder::new().callback(|app, arguments, _| {
        // What starts at login meets one that runs already.
        if !arguments.iter().any(|argument| argument == BACKGROUND) {
            show(app);
        }
    });
    match &environment.data {
        None => Some(plugin.build()),
        // Elsewhere the plugin knows one app only; the lock of the folder keeps two from sharing it.
        Some(folder) => cfg!(target_os = "linux").then(|| plugin.dbus_id(name_of(folder)).build()),
    }
}

fn name_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("dev.gardien.desktop.folder{:x}", hasher.finish())
}

/// Opens the window as the configuration describes it; hidden for a start in the background. What the page would learn
/// an answer later is told to it before it begins: its theme, so that none flashes by, and its likely first screen.
pub(crate) fn create(app: &AppHandle, visible: bool) -> tauri::Result<WebviewWindow> {
    let config = app
        .config()
        .app
        .windows
        .iter()
        .find(|window| window.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let known = app_of(app).map_or_else(String::new, |app| known_to_page(&app));
    let window = WebviewWindowBuilder::from_config(app, config)?
        .on_navigation(is_own)
        .initialization_script(known)
        .visible(visible)
        .build()?;
    #[cfg(target_os = "linux")]
    draw_without_the_gpu(&window)?;
    Ok(window)
}

fn known_to_page(app: &App) -> String {
    let saved = app.preferences.read();
    let founded = matches!(saved.connection, Connection::Team { .. })
        || gardien_server::database(&app.folder).exists();
    let known = serde_json::json!({ "theme": saved.theme, "founded": founded });
    format!("window.gardien = {known};")
}

/// A page of text needs no graphics driver, and no driver can leave it blank then. With a software renderer WebKit's
/// process takes 85 MB less so, gives back what sheets took, and draws the frames of a scrolled list in half the time.
#[cfg(target_os = "linux")]
fn draw_without_the_gpu(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};
    window.with_webview(|webview| {
        if let Some(settings) = webview.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
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
    if let Some(app) = app_of(app) {
        app.listener.set_visible(true);
    }
}

/// Leaves the gateway to itself. The tray or a second start brings the window back.
pub(crate) fn hide(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else {
        return;
    };
    if let Err(error) = window.hide() {
        tracing::warn!(%error, "the window could not be hidden");
    } else if let Some(app) = app_of(app) {
        app.listener.set_visible(false);
    }
}

/// Whether the window closes is decided by what hangs on it.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && let Some(app) = app_of(window.app_handle())
    {
        api.prevent_close();
        tauri::async_runtime::spawn(async move { closing::close(&app).await });
    }
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
