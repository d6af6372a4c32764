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
    /// Keys of this organization, in the order of the text, each once: with that secret of it that opens most.
    found: Vec<FoundKey>,
    /// What looks like a secret and is none of this organization's.
    strange: Vec<StrangeSecret>,
}

impl FoundKey {
    /// How much the pasted secret opens: the one in use, then what works the longest, then what works no more.
    fn reach(&self) -> (bool, Option<Timestamp>) {
        (self.credential == Credential::Current, self.valid_until)
    }
}

impl Pasted {
    /// Takes a key in. Of one that is there already, the secret that opens more stays: an old one that stands first in a
    /// log must not hide the one in use.
    fn take(&mut self, found: FoundKey) {
        match self.found.iter_mut().find(|of| of.key.id == found.key.id) {
            Some(before) if found.reach() > before.reach() => *before = found,
            Some(_) => {}
            None => self.found.push(found),
        }
    }
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
            Some(of) => pasted.take(FoundKey {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(key: u8, display: &str, until: Option<&str>) -> FoundKey {
        let current = display == "current";
        FoundKey {
            key: serde_json::from_value(json!({
                "id": format!("00000000-0000-0000-0000-00000000000{key}"),
                "name": "k", "note": "", "scope": { "type": "organization" }, "project_name": null,
                "products": { "platform": "read", "uptime": "read" },
                "status": "rotating", "display": "pha_…", "created_at": "2026-01-01T00:00:00Z", "created_by": "a@b",
                "expires_at": null, "revoked_at": null, "previous_valid_until": null, "earlier_valid_until": null,
                "last_used_at": null, "last_operation": null,
            }))
            .unwrap(),
            credential: if current { Credential::Current } else { Credential::Previous },
            valid_until: until.map(|until| until.parse().unwrap()),
            kept: false,
            display: display.to_owned(),
        }
    }

    #[test]
    fn of_several_secrets_of_a_key_the_one_that_opens_most_is_shown() {
        let (soon, later) = (Some("2026-02-01T00:00:00Z"), Some("2026-02-02T00:00:00Z"));
        let secrets = [
            ("dead", None),
            ("soon", soon),
            ("later", later),
            ("current", None),
        ];
        for (better, (display, until)) in secrets.into_iter().enumerate() {
            for (worse, ends) in secrets.into_iter().take(better) {
                for shuffled in [
                    [(worse, ends), (display, until)],
                    [(display, until), (worse, ends)],
                ] {
                    let mut pasted = Pasted::default();
                    for (display, until) in shuffled {
                        pasted.take(found(1, display, until));
                        pasted.take(found(2, "dead", None));
                    }
                    let shown = pasted.found.iter().map(|found| found.display.as_str());
                    assert_eq!(shown.collect::<Vec<_>>(), [display, "dead"], "{shuffled:?}");
                }
            }
        }
    }
}
