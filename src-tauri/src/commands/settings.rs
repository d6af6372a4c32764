//! What a person chose.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::App;
use crate::compose;
use crate::error::CommandError;
use crate::preferences::{OnClose, Theme};
use crate::standing::describe;
use crate::status::AppStatus;

/// The preferences that the window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub(crate) struct Preferences {
    theme: Theme,
    gateway_port: u16,
    on_close: OnClose,
    start_at_login: bool,
}

pub(crate) async fn preferences(app: &Arc<App>) -> Result<Preferences, CommandError> {
    let saved = app.preferences.read();
    Ok(Preferences {
        theme: saved.theme,
        gateway_port: saved.gateway_port,
        on_close: saved.on_close,
        // The system knows: people change it there too.
        start_at_login: app.shell.starts_at_login(),
    })
}

/// Takes new preferences. Another port takes effect at once; if it is taken, nothing changes.
pub(crate) async fn set_preferences(
    app: &Arc<App>,
    wanted: Preferences,
) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let before = app.preferences.read().gateway_port;
    if wanted.gateway_port != before {
        compose::move_gateway(app, "gateway_port", wanted.gateway_port).await?;
    }
    app.shell.start_at_login(wanted.start_at_login)?;
    app.preferences.change(|saved| {
        saved.theme = wanted.theme;
        saved.gateway_port = wanted.gateway_port;
        saved.on_close = wanted.on_close;
    })?;
    Ok(describe(app).await)
}
