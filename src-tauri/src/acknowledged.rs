//! The newest change that was acknowledged, in the keychain: a data folder that was put back as a whole, with the witness
//! in it, is noticed all the same.

use std::sync::Arc;
use std::time::Duration;

use gardien_store::Head;
use gardien_vault::{VaultFault, VaultItem, VaultState};
use secrecy::ExposeSecret;
use tokio::time::{sleep, timeout};

use crate::app::App;
use crate::home::Local;

/// How often it is noted at most.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the start waits for the keychain to say what it knows: for one that is busy, as after a login, too. Without its
/// word data that was put back goes unnoticed, and with it keys that were revoked since.
const PATIENCE: Duration = Duration::from_secs(10);

fn item(app: &App) -> VaultItem {
    VaultItem::Acknowledged {
        folder: app.folder.display().to_string(),
    }
}

/// What the keychain knows of this folder; `None` as well when it does not say.
pub(crate) async fn known(app: &App) -> Option<Head> {
    let known = timeout(PATIENCE, app.keeper.vault().get(&item(app))).await;
    match known {
        Ok(Ok(known)) => serde_json::from_str(known.expose_secret()).ok(),
        Ok(Err(VaultFault::NotFound)) => None,
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("the keychain does not say how new this computer's data should be");
            None
        }
    }
}

/// Notes the newest change of this computer's data. Where the keychain does not take it, the witness has it.
pub(crate) async fn note(app: &App, local: &Local) -> Option<Head> {
    let head = local.service.acknowledged()?;
    if app.keeper.last_state() != VaultState::Available {
        return None;
    }
    let text = serde_json::to_string(&head).ok()?;
    match app.keeper.vault().put(&item(app), text.into()).await {
        Ok(()) => Some(head),
        Err(fault) => {
            tracing::debug!(%fault, "the keychain does not take how new the data is");
            None
        }
    }
}

/// Notes it whenever it has changed, until the app ends.
pub(crate) async fn keep_noting(app: Arc<App>) {
    let mut noted = None;
    loop {
        sleep(PAUSE).await;
        if let Some(local) = app.local()
            && local.service.acknowledged() != noted
        {
            noted = note(&app, &local).await.or(noted);
        }
    }
}
