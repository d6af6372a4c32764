//! What a person chose.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::status::{self, AppStatus};
use crate::app::{App, GatewayState, Home, Place, Ready};
use crate::compose;
use crate::error::{Code, CommandError};
use crate::preferences::{Saved, Theme};

/// The preferences that the window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub(crate) struct Preferences {
    theme: Theme,
    gateway_port: u16,
    /// Whether the gateway stays open when the window is closed.
    keep_gateway_running: bool,
}

impl From<Saved> for Preferences {
    fn from(saved: Saved) -> Self {
        Self {
            theme: saved.theme,
            gateway_port: saved.gateway_port,
            keep_gateway_running: saved.keep_gateway_running,
        }
    }
}

pub(crate) async fn preferences(app: &Arc<App>) -> Result<Preferences, CommandError> {
    Ok(app.preferences.read().into())
}

/// Takes new preferences. Another port takes effect at once; if it is taken, nothing changes.
pub(crate) async fn set_preferences(
    app: &Arc<App>,
    wanted: Preferences,
) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let before = app.preferences.read().gateway_port;
    if wanted.gateway_port != before {
        status::check_port("gateway_port", wanted.gateway_port)?;
        move_gateway(app, wanted.gateway_port).await?;
    }
    app.preferences.change(|saved| {
        saved.theme = wanted.theme;
        saved.gateway_port = wanted.gateway_port;
        saved.keep_gateway_running = wanted.keep_gateway_running;
    })?;
    Ok(status::describe(app).await)
}

async fn move_gateway(app: &App, port: u16) -> Result<(), CommandError> {
    let Place::Ready(ready) = app.place().1 else {
        return Ok(());
    };
    let Home::Embedded {
        service, upstream, ..
    } = ready.home
    else {
        return Ok(());
    };
    let gateway = compose::listen(&service, port).await?;
    if let GatewayState::PortBusy { port } = gateway {
        let message = format!("Another program uses port {port}.");
        return Err(CommandError::new(Code::PortBusy, &message).at("gateway_port", &message));
    }
    let home = Home::Embedded {
        service,
        gateway,
        upstream,
    };
    app.put(Ready { home, ..*ready }.into());
    Ok(())
}
