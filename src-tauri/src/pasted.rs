//! A pasted text that may hold secrets: which keys they are of. The text is wiped, and no query or log ever sees it.

use gardien_authority::api::KeyView;
use gardien_domain::find::sightings;
use gardien_domain::{Credential, Sighting, StrangeSecret};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use ts_rs::TS;

use crate::app::App;
use crate::custody::holdings;
use crate::error::CommandError;

/// A key that a pasted text holds the secret of.
#[derive(Debug, Serialize, TS)]
pub(crate) struct FoundKey {
    key: KeyView,
    credential: Credential,
    /// Of a secret that a rotation replaced: until when it works, while it does.
    #[ts(type = "string | null")]
    valid_until: Option<Timestamp>,
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

/// Finds the keys of a text that may hold secrets.
pub(crate) async fn find(app: &App, text: SecretString) -> Result<Pasted, CommandError> {
    let ready = app.ready()?;
    let mut pasted = Pasted::default();
    let mut secrets = Vec::new();
    // Where in the text each strange one stands among the whole ones, so that their order stays.
    let mut strange = Vec::new();
    for sighting in sightings(text.expose_secret()) {
        match sighting {
            Sighting::Whole(secret) => secrets.push(secret),
            Sighting::Strange(other) => strange.push((secrets.len(), other)),
        }
    }
    drop(text);
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
                valid_until: of.valid_until,
                display: secret.display(),
            }),
            None => pasted.strange.push(StrangeSecret::unknown(secret)),
        }
    }
    pasted.strange.extend(strange.map(|(_, other)| other));
    Ok(pasted)
}
