//! A pasted text that may hold secrets: which keys they are of. The text is wiped, and no query or log ever sees it.

use std::sync::Arc;

use gardien_authority::api::KeyView;
use gardien_domain::find::sightings;
use gardien_domain::{Credential, Sighting, StrangeSecret};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::keys::holdings;
use crate::app::App;
use crate::error::CommandError;

/// A text that may hold secrets.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct PastedText {
    #[ts(type = "string")]
    text: SecretString,
}

/// A key that a pasted text holds the secret of.
#[derive(Debug, Serialize, TS)]
pub(crate) struct FoundKey {
    key: KeyView,
    credential: Credential,
    /// Whether this computer holds its secret.
    kept: bool,
    /// Display form of the secret that was pasted.
    display: String,
}

/// What a pasted text holds.
#[derive(Debug, Default, Serialize, TS)]
pub(crate) struct Pasted {
    /// Keys of this organization, in the order of the text, each once.
    found: Vec<FoundKey>,
    /// What looks like a secret and is none of this organization's.
    strange: Vec<StrangeSecret>,
}

pub(crate) async fn find_pasted(app: &Arc<App>, args: PastedText) -> Result<Pasted, CommandError> {
    let ready = app.ready()?;
    let mut pasted = Pasted::default();
    let mut secrets = Vec::new();
    // Where in the text each strange one stands among the whole ones, so that their order stays.
    let mut strange = Vec::new();
    for sighting in sightings(args.text.expose_secret()) {
        match sighting {
            Sighting::Whole(secret) => secrets.push(secret),
            Sighting::Strange(other) => strange.push((secrets.len(), other)),
        }
    }
    drop(args);
    let keys = ready.client.lookup(&secrets).await?;
    let holds = holdings(app, ready.member());
    let mut strange = strange.into_iter().peekable();
    for (at, (secret, looked_up)) in secrets.iter().zip(keys).enumerate() {
        while let Some((_, other)) = strange.next_if(|(before, _)| *before <= at) {
            pasted.strange.push(other);
        }
        match looked_up {
            Some(of) if pasted.found.iter().any(|found| found.key.id == of.key.id) => {}
            Some(of) => pasted.found.push(FoundKey {
                kept: holds(of.key.id),
                key: of.key,
                credential: of.credential,
                display: secret.display(),
            }),
            None => pasted.strange.push(StrangeSecret::unknown(secret)),
        }
    }
    pasted.strange.extend(strange.map(|(_, other)| other));
    Ok(pasted)
}
