//! How the window is left, as its person answered.

use std::sync::Arc;

use serde::Deserialize;
use ts_rs::TS;

use super::status::{AppStatus, describe};
use crate::app::App;
use crate::error::CommandError;
use crate::preferences::OnClose;

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
    if args.remember {
        let way = if args.keep {
            OnClose::Keep
        } else {
            OnClose::Stop
        };
        app.preferences.change(|saved| saved.on_close = way)?;
    }
    app.asked.settle();
    if args.keep {
        app.shell.start_at_login(args.start_at_login)?;
        app.shell.hide();
    } else {
        app.shell.leave();
    }
    Ok(())
}

/// Puts away what the person was told.
pub(crate) async fn dismiss_notices(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    app.notices().clear();
    app.changed();
    Ok(describe(app).await)
}
