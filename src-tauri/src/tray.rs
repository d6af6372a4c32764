//! The icon in the tray, for as long as something there shows icons: how the gateway is, and the way back to the window.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tauri::menu::{MenuBuilder, MenuEvent, MenuItem, MenuItemBuilder};
use tauri::tray::{MouseButton, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

use crate::app::{App, app_of};
use crate::closing;
use crate::compose;
use crate::home::GatewayState;
use crate::preferences::Connection;
use crate::status::AppStatus;
use crate::window;

const ADDRESS: &str = "address";
const OPEN: &str = "open";
const PAUSE: &str = "pause";
const QUIT: &str = "quit";

/// The tray as the app holds it. Empty where nothing shows icons.
#[derive(Default)]
pub(crate) struct Tray(Mutex<Slot>);

#[derive(Default)]
struct Slot {
    icon: Option<Icon>,
    says: Words,
}

struct Icon {
    state: MenuItem<Wry>,
    address: MenuItem<Wry>,
    pause: MenuItem<Wry>,
    quit: MenuItem<Wry>,
    /// It goes when this does.
    _icon: TrayIcon,
}

/// What the menu says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Words {
    state: String,
    address: Option<String>,
    /// Whether the gateway can be paused, or resumed; none when there is nothing to pause.
    pause: Option<bool>,
    /// Live keys that stop when it does; none when they could not be counted.
    live_keys: Option<u64>,
}

impl Words {
    fn of(status: &AppStatus) -> Self {
        let here = status
            .homes
            .iter()
            .find(|home| home.connection == Connection::Embedded);
        let (state, address, pause) = match here.and_then(|home| home.gateway.as_ref()) {
            Some(GatewayState::Running { address }) => {
                ("Answering programs".to_owned(), Some(address), Some(true))
            }
            Some(GatewayState::Paused { address }) => {
                ("Paused".to_owned(), Some(address), Some(false))
            }
            Some(GatewayState::PortBusy { port }) => {
                (format!("Another program uses port {port}"), None, None)
            }
            Some(GatewayState::Stopped | GatewayState::Remote { .. }) | None => {
                ("Not answering programs".to_owned(), None, None)
            }
        };
        Self {
            state,
            address: address.cloned(),
            pause,
            live_keys: here.and_then(|home| home.live_keys),
        }
    }

    fn address(&self) -> String {
        match &self.address {
            Some(address) => format!("Copy {address} (this computer only)"),
            None => "No address".to_owned(),
        }
    }

    fn pause(&self) -> String {
        match self.pause {
            Some(false) => "Resume".to_owned(),
            _ => self.stopping("Pause"),
        }
    }

    fn quit(&self) -> String {
        self.stopping("Quit")
    }

    /// What stops a gateway says how many keys stop with it: a menu has no other place to ask.
    fn stopping(&self, verb: &str) -> String {
        match (self.pause, self.live_keys) {
            (Some(true), None) => format!("{verb}: live keys stop working"),
            (Some(true), Some(1)) => format!("{verb}: 1 live key stops working"),
            (Some(true), Some(keys)) if keys > 1 => {
                format!("{verb}: {keys} live keys stop working")
            }
            _ => verb.to_owned(),
        }
    }
}

/// Whether there is an icon. Where there is none yet, one is tried: what shows it may have started after us.
/// Never on the main thread, which builds it while this holds the slot.
pub(crate) fn ensure(handle: &AppHandle) -> bool {
    let Some(tray) = handle.try_state::<Tray>() else {
        return false;
    };
    let mut slot = tray.slot();
    if slot.icon.is_none() {
        match build(handle, &slot.says) {
            Ok(icon) => slot.icon = Some(icon),
            Err(error) => tracing::info!(%error, "there is no tray here"),
        }
    }
    slot.icon.is_some()
}

/// Says how things are. Never on the main thread, as above.
pub(crate) fn tell(handle: &AppHandle, status: &AppStatus) {
    let Some(tray) = handle.try_state::<Tray>() else {
        return;
    };
    let words = Words::of(status);
    let mut slot = tray.slot();
    if slot.says == words {
        return;
    }
    slot.says = words;
    if let Some(icon) = &slot.icon
        && let Err(error) = icon.say(&slot.says)
    {
        tracing::warn!(%error, "the tray does not change");
    }
}

impl Tray {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Icon {
    fn say(&self, words: &Words) -> tauri::Result<()> {
        self.state.set_text(&words.state)?;
        self.address.set_text(words.address())?;
        self.address.set_enabled(words.address.is_some())?;
        self.pause.set_text(words.pause())?;
        self.pause.set_enabled(words.pause.is_some())?;
        self.quit.set_text(words.quit())
    }
}

fn build(handle: &AppHandle, words: &Words) -> tauri::Result<Icon> {
    let item = |id: &str, text: &str| MenuItemBuilder::with_id(id, text).build(handle);
    let state = MenuItemBuilder::new(&words.state)
        .enabled(false)
        .build(handle)?;
    let (address, pause) = (
        item(ADDRESS, &words.address())?,
        item(PAUSE, &words.pause())?,
    );
    let (open, quit) = (item(OPEN, "Open Gardien")?, item(QUIT, &words.quit())?);
    let menu = MenuBuilder::new(handle)
        .items(&[&state, &address])
        .separator()
        .items(&[&open, &pause])
        .separator()
        .item(&quit)
        .build()?;
    let mut builder = TrayIconBuilder::with_id("gardien")
        .title("Gardien")
        .tooltip("Gardien")
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(on_menu)
        .on_tray_icon_event(|icon, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                ..
            } = event
            {
                window::show(icon.app_handle());
            }
        });
    if let Some(image) = handle.default_window_icon() {
        builder = builder.icon(image.clone());
    }
    let icon = Icon {
        state,
        address,
        pause,
        quit,
        _icon: builder.build(handle)?,
    };
    icon.say(words)?;
    Ok(icon)
}

fn on_menu(handle: &AppHandle, event: MenuEvent) {
    let Some(app) = app_of(handle) else {
        return;
    };
    let chosen = event.id().as_ref().to_owned();
    if chosen == OPEN {
        window::show(handle);
        return;
    }
    tauri::async_runtime::spawn(async move {
        match chosen.as_str() {
            ADDRESS => copy_address(&app).await,
            PAUSE => pause_or_resume(&app).await,
            QUIT => closing::quit(&app).await,
            _ => {}
        }
    });
}

async fn copy_address(app: &App) {
    if let Some(local) = app.local()
        && let Err(error) = app.clipboard.copy(local.gateway.base_url()).await
    {
        tracing::warn!(code = error.code, "the address is not copied");
    }
}

async fn pause_or_resume(app: &Arc<App>) {
    let running = app.local().is_some_and(|local| local.gateway.is_running());
    if let Err(error) = compose::pause(app, running).await {
        tracing::warn!(code = error.code, "the gateway goes on as it was");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_a_gateway_says_how_many_keys_stop_with_it() {
        for (pause, live_keys, label) in [
            (Some(true), Some(0), "Quit"),
            (Some(true), Some(1), "Quit: 1 live key stops working"),
            (Some(true), Some(7), "Quit: 7 live keys stop working"),
            (Some(true), None, "Quit: live keys stop working"),
            (Some(false), Some(7), "Quit"),
            (None, None, "Quit"),
        ] {
            let words = Words {
                pause,
                live_keys,
                ..Words::default()
            };
            assert_eq!(words.quit(), label);
        }
    }
}
