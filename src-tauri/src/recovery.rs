//! Finds again what the preferences no longer say: the keychain knows which secrets it holds.

use gardien_domain::{KeyId, MemberId};
use gardien_vault::VaultItem;

use crate::app::App;
use crate::preferences::Saved;

/// Fills in what is missing. What cannot be found now is looked for at the next start.
pub(crate) async fn find_again(app: &App, owner: MemberId) {
    if !app.preferences.lacks("kept") {
        return;
    }
    let items = app.keeper.list().await.unwrap_or_default();
    let noted = app
        .preferences
        .change(|saved| note_kept(saved, owner, &items));
    if let Err(error) = noted {
        tracing::warn!(
            message = error.message,
            "what was found again is not written"
        );
    }
}

/// The keychain is shared by every installation of this person; only the secrets of this one count.
fn note_kept(saved: &mut Saved, owner: MemberId, items: &[VaultItem]) {
    for item in items {
        if let VaultItem::KeySecret { installation, key } = item
            && *installation == owner.0
        {
            saved.note(owner, KeyId(*key), true);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_the_secrets_of_this_installation_count() {
        let (owner, other) = (MemberId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let (ours, theirs) = (Uuid::from_u128(3), Uuid::from_u128(4));
        let mut saved = Saved::default();
        let items = [
            VaultItem::KeySecret {
                installation: owner.0,
                key: ours,
            },
            VaultItem::KeySecret {
                installation: other,
                key: theirs,
            },
            VaultItem::PhareSecret {
                installation: owner.0,
                secret: theirs,
            },
        ];
        note_kept(&mut saved, owner, &items);
        assert!(saved.holds(owner, KeyId(ours)));
        assert!(!saved.holds(owner, KeyId(theirs)));
    }
}
