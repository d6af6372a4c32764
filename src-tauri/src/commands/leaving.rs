//! How the window is left, as its person answered, and letting the gateway rest.

use std::sync::Arc;

use serde::Deserialize;
use ts_rs::TS;

use crate::app::App;
use crate::error::CommandError;
use crate::standing::describe;
use crate::status::AppStatus;
use crate::{closing, compose};

/// How the window is left.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct Leave {
    /// Whether the gateway goes on.
    keep: bool,
    /// Whether that is the answer from now on.
    remember: bool,
    start_at_login: bool,
}

pub(crate) async fn leave(app: &Arc<App>, args: Leave) -> Result<(), CommandError> {
    closing::leave(app, args.keep, args.remember, args.start_at_login)
}

/// Puts away what the person was told.
pub(crate) async fn dismiss_notices(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    app.notices().clear();
    app.changed();
    Ok(describe(app).await)
}

pub(crate) async fn pause_gateway(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    compose::pause(app, true).await?;
    Ok(describe(app).await)
}

pub(crate) async fn resume_gateway(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    compose::pause(app, false).await?;
    Ok(describe(app).await)
}
