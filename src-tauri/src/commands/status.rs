//! How things are, the first start, and trying again.

use std::sync::Arc;

use gardien_authority::Beginning;
use secrecy::SecretString;
use serde::Deserialize;
use ts_rs::TS;

use crate::app::App;
use crate::error::CommandError;
use crate::founding;
use crate::standing::describe;
use crate::status::AppStatus;

/// What the first start on this computer needs.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct FirstStart {
    organization: String,
    /// Mail address of the Owner.
    email: String,
    /// Where the gateway listens.
    port: u16,
    upstream: UpstreamChoice,
}

/// What to put behind the gateway.
#[derive(Debug, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum UpstreamChoice {
    Sandbox,
    Phare {
        /// Phare's own key.
        #[ts(type = "string")]
        key: SecretString,
    },
}

/// How things are.
pub(crate) async fn app_status(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    Ok(describe(app).await)
}

pub(crate) async fn first_start(
    app: &Arc<App>,
    args: FirstStart,
) -> Result<AppStatus, CommandError> {
    let FirstStart {
        organization,
        email,
        port,
        upstream,
    } = args;
    let beginning = match upstream {
        UpstreamChoice::Sandbox => Beginning::Sandbox,
        UpstreamChoice::Phare { key } => Beginning::Phare(key),
    };
    founding::first_start(app, &organization, &email, port, beginning).await?;
    Ok(describe(app).await)
}

pub(crate) async fn retry(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    founding::retry(app).await?;
    Ok(describe(app).await)
}

pub(crate) async fn accept_older(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    founding::accept_older(app).await;
    Ok(describe(app).await)
}
