//! Gardien's desktop app: one window over the authority and the gateway in this process, or over a team's server.
//!
//! No rule of keys is here. The commands unpack, call and convert; secrets stay on this side of the window.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gardien_vault::Vault;
use tauri::{AppHandle, Manager, RunEvent};
use tauri_plugin_window_state::StateFlags;

use app::App;
use clipboard::Clipboard;
use desktop::Desktop;
use environment::{BACKGROUND, Environment};
use keeper::Keeper;
use preferences::PreferenceFile;
use tray::Tray;

mod acknowledged;
mod app;
mod asking;
mod clipboard;
mod closing;
mod commands;
mod compose;
mod custody;
mod desktop;
mod environment;
mod error;
mod folder;
mod follow;
mod forms;
mod founding;
mod fresh;
#[cfg(target_os = "linux")]
mod gnome;
#[cfg(target_os = "linux")]
mod graphics;
mod home;
mod keeper;
mod limited;
mod listener;
mod log;
mod moving;
mod notices;
mod pasted;
mod poll;
mod preferences;
mod recovery;
mod shell;
mod standing;
mod status;
mod tray;
mod trial;
mod window;

/// How often, and after which pause, a tray is looked for at the start of a session.
const TRAY_ATTEMPTS: u32 = 12;
const TRAY_PAUSE: Duration = Duration::from_secs(5);

/// Runs the app until the person leaves.
pub fn run() -> ExitCode {
    let environment = Environment::read();
    // Before there is a second thread: it may start the app anew.
    #[cfg(target_os = "linux")]
    let attempt = graphics::choose_way(&environment);
    let mut builder = tauri::Builder::default();
    if let Some(one) = window::only_one(&environment) {
        builder = builder.plugin(one);
    }
    // Not whether it was visible: a hidden window would stay hidden at the next start.
    let restored = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    #[cfg(target_os = "linux")]
    if let Some(attempt) = attempt {
        builder = builder.manage(attempt);
    }
    let built = builder
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(
            tauri_plugin_autostart::Builder::new()
                .arg(BACKGROUND)
                .build(),
        )
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_state_flags(restored)
                .build(),
        )
        .setup(move |app| set_up(app.handle(), &environment))
        .on_window_event(window::on_event)
        .invoke_handler(commands::handler())
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(until_stopped());
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the window cannot be opened");
            // The log may not have been started.
            let _ = writeln!(io::stderr(), "gardien-desktop: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The window comes first, with its frame; what it shows is opened behind it.
fn set_up(app: &AppHandle, environment: &Environment) -> Result<(), Box<dyn std::error::Error>> {
    let folder = match &environment.data {
        Some(folder) => folder.clone(),
        None => app.path().app_data_dir()?,
    };
    // What is wrong with the folder is told in the window, by whoever opens the data in it.
    let made = folder::make_private(&folder);
    let mut notices = Vec::from_iter(log::start(&folder.join("logs")));
    if let Err(error) = made {
        tracing::error!(%error, "the data folder cannot be made");
        // The one cause of both.
        notices.clear();
    }
    let (preferences, found) = PreferenceFile::open(app, &folder)?;
    notices.extend(found);
    let clipboard = Clipboard::open(environment.clipboard);
    if let Err(reason) = environment.outside.proxies.all_usable() {
        tracing::error!(%reason, "no call is made that would go through this proxy");
    }
    let keeper = Arc::new(Keeper::new(Vault::open()));
    let shell = Box::new(Desktop(app.clone()));
    let state = Arc::new(App::new(
        folder,
        environment.outside.clone(),
        keeper,
        clipboard,
        preferences,
        shell,
    ));
    app.manage(Arc::clone(&state));
    for notice in notices {
        state.notice(notice);
    }
    app.manage(Tray::default());
    state.listener.set_visible(!environment.background);
    open_window(app, !environment.background)?;
    tauri::async_runtime::spawn(follow::status(Arc::clone(&state)));
    tauri::async_runtime::spawn(follow::authority(Arc::clone(&state)));
    tauri::async_runtime::spawn(follow::keychain(Arc::clone(&state)));
    tauri::async_runtime::spawn(acknowledged::keep_noting(Arc::clone(&state)));
    tauri::async_runtime::spawn(limited::tell(Arc::clone(&state)));
    tauri::async_runtime::spawn(open(state, environment.background));
    #[cfg(unix)]
    tauri::async_runtime::spawn(leave_when_told(app.clone()));
    Ok(())
}

/// Opens the window, and looks whether it paints.
fn open_window(app: &AppHandle, visible: bool) -> tauri::Result<()> {
    #[cfg(target_os = "linux")]
    if let Some(attempt) = app.try_state::<graphics::Attempt>() {
        if visible {
            attempt.begin();
        }
        let window = window::create(app, visible)?;
        tauri::async_runtime::spawn(attempt.inner().clone().watch(window));
        return Ok(());
    }
    window::create(app, visible).map(drop)
}

/// Opens what the window shows. Whoever started hidden shows it where it cannot serve, or nobody would know.
async fn open(app: Arc<App>, background: bool) {
    compose::open(&app).await;
    if background && !app.local().is_some_and(|local| local.gateway.is_running()) {
        app.shell.show();
    }
    // At the start of a session what shows the icon may be later than we are.
    let attempts = if background { TRAY_ATTEMPTS } else { 1 };
    for _ in 0..attempts {
        if app.shell.has_tray() {
            break;
        }
        tokio::time::sleep(TRAY_PAUSE).await;
    }
}

/// Holds the exit back until everything is closed in order.
fn until_stopped() -> impl FnMut(&AppHandle, RunEvent) + 'static {
    let stopping = Arc::new(AtomicBool::new(false));
    let stopped = Arc::new(AtomicBool::new(false));
    move |app, event| {
        let RunEvent::ExitRequested { api, code, .. } = event else {
            return;
        };
        if stopped.load(Ordering::Acquire) {
            return;
        }
        api.prevent_exit();
        if stopping.swap(true, Ordering::AcqRel) {
            return;
        }
        #[cfg(target_os = "linux")]
        graphics::leave(app);
        let (app, stopped) = (app.clone(), Arc::clone(&stopped));
        let state = Arc::clone(app.state::<Arc<App>>().inner());
        tauri::async_runtime::spawn(async move {
            compose::stop(&state).await;
            stopped.store(true, Ordering::Release);
            app.exit(code.unwrap_or_default());
        });
    }
}

/// Being told to end by the system is an exit like any other: what runs is finished first.
#[cfg(unix)]
async fn leave_when_told(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            app.exit(0);
        }
        (Err(error), _) | (_, Err(error)) => tracing::warn!(%error, "signals are not heard"),
    }
}
