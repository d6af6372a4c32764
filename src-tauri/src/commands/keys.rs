//! Keys. A fresh secret never crosses to the window: it waits in the app until it is copied, revealed or forgotten.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::api::{
    CreatedKey, DisclosedHow, KeyPage, KeyPatch, KeyQuery, KeyView, NewKey, Rotation,
};
use gardien_domain::key::RESTORE_SECONDS;
use gardien_domain::{KeyId, KeyStatus, MemberId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::secrets;
use crate::app::{App, key_secret};
use crate::error::CommandError;
use crate::home::Ready;

/// One key, by its id.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct OfKey {
    pub(crate) id: KeyId,
}

/// A key to be made.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct CreateKey {
    key: NewKey,
    /// Whether to keep its secret in this computer's keychain.
    keep: bool,
}

/// What to change of which key.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct UpdateKey {
    id: KeyId,
    patch: KeyPatch,
}

/// Which key to rotate, and how.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct RotateKey {
    id: KeyId,
    /// For how many seconds the secret before still works.
    grace_seconds: u32,
}

/// The two keys of a replacement.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct Replacement {
    /// The one that was revoked.
    id: KeyId,
    /// The one that took its place.
    replacement: KeyId,
}

/// Both keys after a replacement was taken back.
#[derive(Debug, Serialize, TS)]
pub(crate) struct UndoneReplacement {
    key: KeyView,
    replacement: KeyView,
}

/// One page of keys, and whose secrets are here.
#[derive(Debug, Serialize, TS)]
pub(crate) struct KeyList {
    page: KeyPage,
    /// Keys of the page whose secret this computer holds.
    kept: Vec<KeyId>,
}

/// One key, and whether its secret is here.
#[derive(Debug, Serialize, TS)]
pub(crate) struct KeyDetail {
    key: KeyView,
    kept: bool,
}

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

pub(crate) async fn list_keys(app: &Arc<App>, query: KeyQuery) -> Result<KeyList, CommandError> {
    let ready = app.ready()?;
    let page = ready.client.keys(&query).await?;
    let holds = holdings(app, ready.member());
    let kept = page
        .data
        .iter()
        .map(|key| key.id)
        .filter(|id| holds(*id))
        .collect();
    Ok(KeyList { page, kept })
}

pub(crate) async fn get_key(app: &Arc<App>, args: OfKey) -> Result<KeyDetail, CommandError> {
    let ready = app.ready()?;
    let key = ready.client.key(args.id).await?;
    let kept = holdings(app, ready.member())(args.id);
    Ok(KeyDetail { key, kept })
}

pub(crate) async fn create_key(app: &Arc<App>, args: CreateKey) -> Result<FreshKey, CommandError> {
    let ready = app.ready()?;
    let created = ready.client.create_key(&args.key).await?;
    Ok(take_in(app, &ready, created, args.keep).await)
}

pub(crate) async fn update_key(app: &Arc<App>, args: UpdateKey) -> Result<KeyView, CommandError> {
    Ok(app.ready()?.client.update_key(args.id, &args.patch).await?)
}

pub(crate) async fn revoke_key(app: &Arc<App>, args: OfKey) -> Result<KeyView, CommandError> {
    let ready = app.ready()?;
    let revoked = ready.client.revoke_key(args.id).await?;
    forget_if_still_revoked(app, &ready, args.id);
    Ok(revoked)
}

pub(crate) async fn restore_key(app: &Arc<App>, args: OfKey) -> Result<KeyView, CommandError> {
    Ok(app.ready()?.client.restore_key(args.id).await?)
}

pub(crate) async fn rotate_key(app: &Arc<App>, args: RotateKey) -> Result<FreshKey, CommandError> {
    let ready = app.ready()?;
    let keep = holdings(app, ready.member())(args.id);
    let rotation = Rotation {
        grace_seconds: args.grace_seconds,
    };
    let rotated = ready.client.rotate_key(args.id, &rotation).await?;
    Ok(take_in(app, &ready, rotated, keep).await)
}

/// For a leaked key: revokes it, and makes and copies a new one with the same settings.
pub(crate) async fn replace_key(app: &Arc<App>, args: OfKey) -> Result<FreshKey, CommandError> {
    let ready = app.ready()?;
    let keep = holdings(app, ready.member())(args.id);
    let created = ready.client.replace_key(args.id).await?;
    forget_if_still_revoked(app, &ready, args.id);
    // Whoever waits for the new secret gets it: the replacement itself is an entry of the trail already.
    if let Err(fault) = ready
        .client
        .disclosed(created.key.id, DisclosedHow::Copied)
        .await
    {
        tracing::warn!(%fault, key = %created.key.id, "a copy is not noted");
    }
    let copied = secrets::copy(app, &created.secret).await.is_ok();
    let fresh = take_in(app, &ready, created, keep).await;
    Ok(FreshKey { copied, ..fresh })
}

/// Takes a replacement back: the key lives again, and then the one that took its place ends.
pub(crate) async fn undo_replacement(
    app: &Arc<App>,
    args: Replacement,
) -> Result<UndoneReplacement, CommandError> {
    let ready = app.ready()?;
    let key = ready.client.restore_key(args.id).await?;
    let replacement = ready.client.revoke_key(args.replacement).await?;
    if app.fresh(args.replacement).is_some() {
        app.forget_fresh();
    }
    forget(app, ready.member(), args.replacement).await;
    Ok(UndoneReplacement { key, replacement })
}

/// Ends the grace of the secret that a rotation replaced.
pub(crate) async fn end_previous(app: &Arc<App>, args: OfKey) -> Result<KeyView, CommandError> {
    Ok(app.ready()?.client.end_previous(args.id).await?)
}

/// Notes whether the keychain holds the secret of a key. Failing to write that down costs no secret, only a button.
pub(crate) fn note_kept(app: &App, member: MemberId, key: KeyId, held: bool) {
    if app
        .preferences
        .change(|saved| saved.note(member, key, held))
        .is_err()
    {
        tracing::warn!(%key, held, "could not write down what the keychain holds");
    }
}

/// Takes a fresh secret into custody: until the window is done with it, and in the keychain if it is to be kept.
async fn take_in(app: &App, ready: &Ready, created: CreatedKey, keep: bool) -> FreshKey {
    let CreatedKey { key, secret } = created;
    app.hold_fresh(key.id, secret.clone());
    let mut keep_problem = None;
    if keep {
        let member = ready.member();
        let kept = app.keeper.keep(&key_secret(member, key.id), secret).await;
        note_kept(app, member, key.id, kept.is_ok());
        keep_problem = kept.err().map(CommandError::from);
    }
    let masked = key.display.clone();
    FreshKey {
        key,
        kept: keep,
        copied: false,
        masked,
        keep_problem,
    }
}

/// Tells whether this computer holds a key's secret, in the keychain or for this run.
pub(crate) fn holdings(app: &App, member: MemberId) -> impl Fn(KeyId) -> bool + use<> {
    let saved = app.preferences.read();
    let this_run = app.keeper.only_this_run();
    move |key| saved.holds(member, key) || this_run.contains(&key_secret(member, key))
}

/// A revoked key's secret is of no use once it cannot be restored any more. Best effort.
fn forget_if_still_revoked(app: &Arc<App>, ready: &Ready, key: KeyId) {
    let (app, client, member) = (Arc::clone(app), ready.client.clone(), ready.member());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(RESTORE_SECONDS.unsigned_abs() + 1)).await;
        let revoked = client
            .key(key)
            .await
            .is_ok_and(|key| key.status == KeyStatus::Revoked);
        if revoked {
            forget(&app, member, key).await;
        }
    });
}

async fn forget(app: &App, member: MemberId, key: KeyId) {
    if holdings(app, member)(key) {
        app.keeper.forget(&key_secret(member, key)).await;
        note_kept(app, member, key, false);
    }
}
