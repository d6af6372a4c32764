//! Phare's own keys. Their secrets come in once, go to the authority of the home where the person is, and never go back
//! to the window.

use std::sync::Arc;

use gardien_authority::api::{self, PhareKeyView};
use gardien_domain::PhareKeyId;
use gardien_domain::phare_key::Purpose;
use secrecy::SecretString;
use serde::Deserialize;
use ts_rs::TS;

use super::secrets::Copied;
use crate::app::App;
use crate::custody;
use crate::error::{Code, CommandError};
use crate::standing::describe;
use crate::status::AppStatus;

/// A key of Phare's to be kept.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct NewPhareKey {
    name: String,
    #[ts(type = "string")]
    key: SecretString,
}

/// A key of Phare's to be attached.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct AttachPhareKey {
    name: String,
    #[ts(type = "string")]
    key: SecretString,
    /// Whether the sandbox may be left for it, and the keys made for the sandbox revoked.
    leave_sandbox: bool,
}

/// The secret that is to take the place of the one in use.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct StagePhareKey {
    id: PhareKeyId,
    #[ts(type = "string")]
    key: SecretString,
}

/// One key of Phare's, by its id.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct OfPhareKey {
    id: PhareKeyId,
}

/// Which key of Phare's gets which name.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct RenamePhareKey {
    id: PhareKeyId,
    name: String,
}

pub(crate) async fn list_phare_keys(app: &Arc<App>) -> Result<Vec<PhareKeyView>, CommandError> {
    Ok(app.ready()?.client.phare_keys().await?)
}

pub(crate) async fn attach_phare_key(
    app: &Arc<App>,
    args: AttachPhareKey,
) -> Result<AppStatus, CommandError> {
    let new = api::NewPhareKey {
        name: args.name,
        key: args.key,
        purpose: Purpose::Attached,
        leave_sandbox: args.leave_sandbox,
    };
    app.ready()?.client.add_phare_key(&new).await?;
    app.changed();
    Ok(describe(app).await)
}

/// Leaves Phare for the sandbox of this computer. The keys made for Phare are revoked.
pub(crate) async fn use_sandbox(app: &Arc<App>) -> Result<AppStatus, CommandError> {
    let (Some(local), true) = (app.local(), app.ready()?.is_here()) else {
        let message = "What a team’s server forwards to is what it was started with.";
        return Err(CommandError::new(Code::Forbidden, message));
    };
    let authority = local.service.authority();
    let actor = authority.actor(local.owner).await?;
    authority.use_sandbox(actor.manage_organization()?).await?;
    app.changed();
    Ok(describe(app).await)
}

/// Takes a key of Phare's into keeping, for people to copy.
pub(crate) async fn keep_phare_key(
    app: &Arc<App>,
    args: NewPhareKey,
) -> Result<PhareKeyView, CommandError> {
    let new = api::NewPhareKey {
        name: args.name,
        key: args.key,
        purpose: Purpose::Kept,
        leave_sandbox: false,
    };
    Ok(app.ready()?.client.add_phare_key(&new).await?)
}

/// Puts a secret beside the one in use, to be tested and switched to.
pub(crate) async fn stage_phare_key(
    app: &Arc<App>,
    args: StagePhareKey,
) -> Result<PhareKeyView, CommandError> {
    let client = app.ready()?.client;
    Ok(client.stage_phare_key(args.id, args.key).await?)
}

/// Finds out anew what a key can do.
pub(crate) async fn examine_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<PhareKeyView, CommandError> {
    Ok(app.ready()?.client.examine_phare_key(args.id).await?)
}

/// Lets the two secrets of a key change places.
pub(crate) async fn switch_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<PhareKeyView, CommandError> {
    Ok(app.ready()?.client.switch_phare_key(args.id).await?)
}

/// Empties the slot beside the secret in use.
pub(crate) async fn unstage_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<PhareKeyView, CommandError> {
    Ok(app.ready()?.client.unstage_phare_key(args.id).await?)
}

pub(crate) async fn rename_phare_key(
    app: &Arc<App>,
    args: RenamePhareKey,
) -> Result<PhareKeyView, CommandError> {
    let client = app.ready()?.client;
    Ok(client.rename_phare_key(args.id, args.name).await?)
}

/// Detaches a key, or keeps it no longer. Its secrets are forgotten.
pub(crate) async fn remove_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<AppStatus, CommandError> {
    app.ready()?.client.remove_phare_key(args.id).await?;
    app.changed();
    Ok(describe(app).await)
}

/// Copies the secret of a kept key.
pub(crate) async fn copy_phare_key(
    app: &Arc<App>,
    args: OfPhareKey,
) -> Result<Copied, CommandError> {
    Ok(custody::copy_phare(app, args.id).await?.into())
}

/// Opens Phare's own panel in the browser: the only place where its keys are made and revoked.
pub(crate) async fn open_phare_panel(_: &Arc<App>) -> Result<(), CommandError> {
    open::that_detached(gardien_phare::PANEL_URL).map_err(|error| {
        tracing::warn!(%error, "the browser cannot be opened");
        let message = format!(
            "No browser could be opened. Go to {}.",
            gardien_phare::PANEL_URL
        );
        CommandError::new(Code::BrowserUnavailable, message)
    })
}
