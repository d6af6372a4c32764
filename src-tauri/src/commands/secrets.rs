//! The secret of a key, copied here in the app; the window gets it only when a person asks to see it.

use std::sync::Arc;

use gardien_authority::api::DisclosedHow;
use gardien_domain::{KeyId, ProjectId};
use gardien_vault::VaultFault;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zeroize::Zeroizing;

use super::keys::{OfKey, note_kept};
use crate::app::{App, key_secret};
use crate::error::CommandError;
use crate::forms::{self, SecretForm};
use crate::home::Ready;

/// For how long the secret stays on the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Copied {
    #[ts(type = "number")]
    clears_in_seconds: u64,
}

/// A form of which key's secret.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct CopyForm {
    id: KeyId,
    form: SecretForm,
    /// The project that an organization key is to work in; null for a project's key.
    project_id: Option<ProjectId>,
}

/// A text that is no secret.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct CopyText {
    text: String,
}

pub(crate) async fn copy_secret(app: &Arc<App>, args: OfKey) -> Result<Copied, CommandError> {
    let ready = app.ready()?;
    let secret = secret_of(app, &ready, args.id).await?;
    ready
        .client
        .disclosed(args.id, DisclosedHow::Copied)
        .await?;
    copy(app, &secret).await
}

pub(crate) async fn copy_form(app: &Arc<App>, args: CopyForm) -> Result<Copied, CommandError> {
    let ready = app.ready()?;
    let secret = secret_of(app, &ready, args.id).await?;
    let key = ready.client.key(args.id).await?;
    let base = app.gateway(&ready).base_url();
    let text = forms::text(
        args.form,
        &key,
        secret.expose_secret(),
        &base,
        args.project_id,
    );
    ready
        .client
        .disclosed(args.id, DisclosedHow::Copied)
        .await?;
    copy_text_with_secret(app, text).await
}

/// No entry, no secret.
pub(crate) async fn reveal_secret(app: &Arc<App>, args: OfKey) -> Result<String, CommandError> {
    let ready = app.ready()?;
    let secret = secret_of(app, &ready, args.id).await?;
    ready
        .client
        .disclosed(args.id, DisclosedHow::Revealed)
        .await?;
    Ok(secret.expose_secret().to_owned())
}

pub(crate) async fn forget_fresh(app: &Arc<App>) -> Result<(), CommandError> {
    app.forget_fresh();
    Ok(())
}

pub(crate) async fn copy_text(app: &Arc<App>, args: CopyText) -> Result<(), CommandError> {
    app.clipboard.copy(args.text).await
}

/// Puts a secret on the clipboard.
pub(crate) async fn copy(app: &App, secret: &SecretString) -> Result<Copied, CommandError> {
    copy_text_with_secret(app, Zeroizing::new(secret.expose_secret().to_owned())).await
}

async fn copy_text_with_secret(app: &App, text: Zeroizing<String>) -> Result<Copied, CommandError> {
    let stay = app.clipboard.copy_secret(text).await?;
    Ok(Copied {
        clears_in_seconds: stay.as_secs(),
    })
}

/// The secret of a key: the one that is fresh, or the one that was kept.
pub(crate) async fn secret_of(
    app: &App,
    ready: &Ready,
    key: KeyId,
) -> Result<SecretString, CommandError> {
    if let Some(fresh) = app.fresh(key) {
        return Ok(fresh);
    }
    let kept = app.keeper.get(&key_secret(ready.member(), key)).await;
    if matches!(kept, Err(VaultFault::NotFound)) {
        // Somebody removed it from the keychain.
        note_kept(app, ready.member(), key, false);
    }
    Ok(kept?)
}
