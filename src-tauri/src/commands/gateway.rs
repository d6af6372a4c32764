//! Letting this computer's gateway rest, and go on. A start always serves.

use std::sync::Arc;

use super::status::{AppStatus, describe};
use crate::app::App;
use crate::error::{Code, CommandError};
use crate::home::{GatewayState, Local};

pub(crate) async fn pause_gateway(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let local = here(app)?;
    if let GatewayState::Running { address } = local.gateway {
        local.service.pause_gateway(true);
        app.change_local(|local| local.gateway = GatewayState::Paused { address });
    }
    Ok(describe(app).await)
}

pub(crate) async fn resume_gateway(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let _moving = app.moving.lock().await;
    let local = here(app)?;
    if let GatewayState::Paused { address } = local.gateway {
        local.service.pause_gateway(false);
        app.change_local(|local| local.gateway = GatewayState::Running { address });
    }
    Ok(describe(app).await)
}

fn here(app: &App) -> Result<Local, CommandError> {
    app.local().ok_or_else(|| {
        CommandError::new(Code::Conflict, "The gateway of this computer is not open.")
    })
}
