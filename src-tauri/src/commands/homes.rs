//! The ways between the homes of a person.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Deserialize;
use ts_rs::TS;

use crate::app::App;
use crate::error::CommandError;
use crate::moving;
use crate::preferences::Connection;
use crate::standing::describe;
use crate::status::AppStatus;

/// A team's server and the session token for it.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct Connect {
    url: String,
    #[ts(type = "string")]
    token: SecretString,
    /// Whether the gateway of this computer goes on serving its keys.
    keep_serving: bool,
}

/// To which home to go.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct SwitchHome {
    connection: Connection,
    /// Whether the gateway of this computer goes on serving its keys.
    keep_serving: bool,
}

pub(crate) async fn connect(app: &Arc<App>, args: Connect) -> Result<AppStatus, CommandError> {
    moving::connect(app, &args.url, &args.token, args.keep_serving).await?;
    Ok(describe(app).await)
}

pub(crate) async fn switch_home(
    app: &Arc<App>,
    args: SwitchHome,
) -> Result<AppStatus, CommandError> {
    moving::switch_home(app, args.connection, args.keep_serving).await?;
    Ok(describe(app).await)
}

pub(crate) async fn disconnect(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    moving::disconnect(app).await?;
    Ok(describe(app).await)
}

#[cfg(test)]
mod tests;
