//! Keys whose secret is new. It never crosses to the window: it waits in the app until it is copied, revealed or
//! forgotten.

use std::sync::Arc;

use gardien_authority::Client;
use gardien_authority::api::{CreatedKey, DisclosedHow, KeyPatch, KeyView, SharePatch};
use gardien_domain::{KeyId, KeyStatus};
use serde::Serialize;
use ts_rs::TS;

use crate::app::App;
use crate::custody;
use crate::error::CommandError;
use crate::home::Ready;

#[cfg(test)]
mod tests;

/// A key whose secret is new, without the secret.
#[derive(Debug, Serialize, TS)]
pub(crate) struct FreshKey {
    key: KeyView,
    /// Whether the secret can be had again once it is forgotten here.
    kept: bool,
    /// Whether it is on the clipboard.
    copied: bool,
    /// The secret's display form.
    masked: String,
    /// Why the keychain did not take the secret, if it should have.
    keep_problem: Option<CommandError>,
}

/// Both keys after a replacement was taken back.
#[derive(Debug, Serialize, TS)]
pub(crate) struct UndoneReplacement {
    key: KeyView,
    replacement: KeyView,
}

/// Takes a fresh secret into custody.
pub(crate) async fn take_in(app: &App, ready: &Ready, created: CreatedKey, keep: bool) -> FreshKey {
    let CreatedKey { key, secret } = created;
    let kept = custody::take_in(app, ready.member(), key.id, secret, keep).await;
    FreshKey {
        masked: key.display.clone(),
        key,
        kept: keep,
        copied: false,
        keep_problem: kept.err().map(CommandError::from),
    }
}

/// For a leaked key: revokes it, and makes and copies a new one with the same settings.
pub(crate) async fn replace(app: &Arc<App>, id: KeyId) -> Result<FreshKey, CommandError> {
    let ready = app.ready()?;
    let keep = custody::holdings(app, ready.member())(id);
    let created = ready.client.replace_key(id).await?;
    custody::forget_if_still_revoked(app, &ready, id);
    // Whoever waits for the new secret gets it: the replacement itself is an entry of the trail already.
    if let Err(fault) = ready
        .client
        .disclosed(created.key.id, DisclosedHow::Copied)
        .await
    {
        tracing::warn!(%fault, key = %created.key.id, "a copy is not noted");
    }
    let copied = custody::copy(app, &created.secret).await.is_ok();
    let fresh = take_in(app, &ready, created, keep).await;
    Ok(FreshKey { copied, ..fresh })
}

/// What is kept free for the replacement was kept for the key that comes back: both cannot have it. One that has ended
/// keeps nothing free, and its refusal to be changed must not keep the key from coming back.
async fn restore(client: &Client, id: KeyId, replacement: KeyId) -> Result<KeyView, CommandError> {
    let keeping = |reserved| KeyPatch {
        share: Some(Some(SharePatch {
            reserved: Some(reserved),
            ..SharePatch::default()
        })),
        ..KeyPatch::default()
    };
    let KeyView { share, status, .. } = client.key(replacement).await?;
    let has_ended = matches!(status, KeyStatus::Revoked | KeyStatus::Expired);
    if has_ended || share.reserved == 0 {
        return Ok(client.restore_key(id).await?);
    }
    client.update_key(replacement, &keeping(None)).await?;
    let restored = client.restore_key(id).await;
    if restored.is_err()
        && let Err(fault) = client
            .update_key(replacement, &keeping(Some(share.reserved)))
            .await
    {
        tracing::warn!(%fault, key = %replacement, "what was kept free for a replacement is not any more");
    }
    Ok(restored?)
}

/// Takes a replacement back: the key lives again, and then the one that took its place ends.
pub(crate) async fn undo_replacement(
    app: &App,
    id: KeyId,
    replacement: KeyId,
) -> Result<UndoneReplacement, CommandError> {
    let ready = app.ready()?;
    let key = restore(&ready.client, id, replacement).await?;
    let revoked = ready.client.revoke_key(replacement).await?;
    if app.fresh(replacement).is_some() {
        app.forget_fresh();
    }
    custody::forget(app, ready.member(), replacement).await;
    Ok(UndoneReplacement {
        key,
        replacement: revoked,
    })
}
