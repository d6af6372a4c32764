//! Keys.

use std::sync::Arc;

use gardien_authority::api::{KeyPage, KeyPatch, KeyQuery, KeyView, NewKey, Rotation};
use gardien_domain::{KeyId, ProjectId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::app::App;
use crate::custody;
use crate::error::CommandError;
use crate::fresh::{self, FreshKey, UndoneReplacement};
use crate::pasted::{self, Pasted};
use crate::trial::{self, Trial};

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

/// A text that may hold secrets.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct PastedText {
    #[ts(type = "string")]
    text: SecretString,
}

/// Which key to try, and in which project if it is an organization's.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct TryKey {
    id: KeyId,
    project_id: Option<ProjectId>,
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

pub(crate) async fn list_keys(app: &Arc<App>, query: KeyQuery) -> Result<KeyList, CommandError> {
    let ready = app.ready()?;
    let page = ready.client.keys(&query).await?;
    let holds = custody::holdings(app, ready.member());
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
    let kept = custody::holdings(app, ready.member())(args.id);
    Ok(KeyDetail { key, kept })
}

pub(crate) async fn create_key(app: &Arc<App>, args: CreateKey) -> Result<FreshKey, CommandError> {
    let ready = app.ready()?;
    let created = ready.client.create_key(&args.key).await?;
    Ok(fresh::take_in(app, &ready, created, args.keep).await)
}

pub(crate) async fn update_key(app: &Arc<App>, args: UpdateKey) -> Result<KeyView, CommandError> {
    Ok(app.ready()?.client.update_key(args.id, &args.patch).await?)
}

pub(crate) async fn revoke_key(app: &Arc<App>, args: OfKey) -> Result<KeyView, CommandError> {
    let ready = app.ready()?;
    let revoked = ready.client.revoke_key(args.id).await?;
    custody::forget_if_still_revoked(app, &ready, args.id);
    Ok(revoked)
}

pub(crate) async fn restore_key(app: &Arc<App>, args: OfKey) -> Result<KeyView, CommandError> {
    Ok(app.ready()?.client.restore_key(args.id).await?)
}

pub(crate) async fn rotate_key(app: &Arc<App>, args: RotateKey) -> Result<FreshKey, CommandError> {
    let ready = app.ready()?;
    let keep = custody::holdings(app, ready.member())(args.id);
    let rotation = Rotation::with_grace(args.grace_seconds);
    let rotated = ready.client.rotate_key(args.id, &rotation).await?;
    Ok(fresh::take_in(app, &ready, rotated, keep).await)
}

pub(crate) async fn replace_key(app: &Arc<App>, args: OfKey) -> Result<FreshKey, CommandError> {
    fresh::replace(app, args.id).await
}

pub(crate) async fn undo_replacement(
    app: &Arc<App>,
    args: Replacement,
) -> Result<UndoneReplacement, CommandError> {
    fresh::undo_replacement(app, args.id, args.replacement).await
}

/// Ends the grace of the secret that a rotation replaced.
pub(crate) async fn end_previous(app: &Arc<App>, args: OfKey) -> Result<KeyView, CommandError> {
    Ok(app.ready()?.client.end_previous(args.id).await?)
}

pub(crate) async fn find_pasted(app: &Arc<App>, args: PastedText) -> Result<Pasted, CommandError> {
    pasted::find(app, args.text).await
}

pub(crate) async fn try_key(app: &Arc<App>, args: TryKey) -> Result<Trial, CommandError> {
    trial::of(app, args.id, args.project_id).await
}
