//! The secrets of keys on this computer: the fresh one, those that are kept, and what is known of them without
//! asking the keychain.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::api::DisclosedHow;
use gardien_domain::key::RESTORE_SECONDS;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{KeyId, KeyStatus, MemberId, PhareKeyId};
use gardien_vault::VaultFault;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::app::{App, key_secret};
use crate::error::{Code, CommandError};
use crate::home::Ready;
use crate::keeper::phare_secret;

/// Takes a fresh secret into custody: until the window is done with it, and in the keychain if it is to be kept.
///
/// # Errors
/// Why the keychain did not take it. It is kept for this run then.
pub(crate) async fn take_in(
    app: &App,
    member: MemberId,
    key: KeyId,
    secret: SecretString,
    keep: bool,
) -> Result<(), VaultFault> {
    app.hold_fresh(key, secret.clone());
    if !keep {
        return Ok(());
    }
    let kept = app.keeper.keep(&key_secret(member, key), secret).await;
    app.note_kept(member, key, kept.is_ok());
    kept
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
        app.note_kept(ready.member(), key, false);
    }
    Ok(kept?)
}

/// The secret of a key, for a person who asked for it. No entry, no secret.
pub(crate) async fn disclose(
    app: &App,
    key: KeyId,
    how: DisclosedHow,
) -> Result<SecretString, CommandError> {
    let ready = app.ready()?;
    let secret = secret_of(app, &ready, key).await?;
    ready.client.disclosed(key, how).await?;
    Ok(secret)
}

/// Puts a secret on the clipboard, and answers for how long.
pub(crate) async fn copy(app: &App, secret: &SecretString) -> Result<Duration, CommandError> {
    let text = Zeroizing::new(secret.expose_secret().to_owned());
    app.clipboard.copy_secret(text).await
}

/// Puts the secret of a kept key of Phare's on the clipboard, and answers for how long.
pub(crate) async fn copy_phare(app: &App, id: PhareKeyId) -> Result<Duration, CommandError> {
    let ready = app.ready()?;
    if !ready.is_here() {
        let message = "Phare’s keys of a team are kept where its server runs.";
        return Err(CommandError::new(Code::Forbidden, message));
    }
    let known = ready.client.phare_keys().await?;
    let known = known.into_iter().find(|key| key.id == id);
    let known =
        known.ok_or_else(|| CommandError::new(Code::NotFound, "There is no such Phare key."))?;
    if known.purpose != Purpose::Kept {
        // Whoever could copy it could go past the gateway, and past every rule of it.
        let message = "The key that Gardien calls Phare with stays in the keychain.";
        return Err(CommandError::new(Code::Forbidden, message));
    }
    let item = phare_secret(ready.member(), known.current.id);
    let secret = app.keeper.get(&item).await.map_err(|fault| match fault {
        VaultFault::NotFound => {
            let message = "This computer’s keychain no longer holds this key.";
            CommandError::new(Code::SecretNotKept, message)
        }
        fault => fault.into(),
    })?;
    copy(app, &secret).await
}

/// Tells whether this computer holds a key's secret, in the keychain or for this run.
pub(crate) fn holdings(app: &App, member: MemberId) -> impl Fn(KeyId) -> bool + use<> {
    let saved = app.preferences.read();
    let this_run = app.keeper.only_this_run();
    move |key| saved.holds(member, key) || this_run.contains(&key_secret(member, key))
}

/// A revoked key's secret is of no use once it cannot be restored any more. Best effort.
pub(crate) fn forget_if_still_revoked(app: &Arc<App>, ready: &Ready, key: KeyId) {
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

/// Forgets the secret of a key.
pub(crate) async fn forget(app: &App, member: MemberId, key: KeyId) {
    if holdings(app, member)(key) {
        app.keeper.forget(&key_secret(member, key)).await;
        app.note_kept(member, key, false);
    }
}
