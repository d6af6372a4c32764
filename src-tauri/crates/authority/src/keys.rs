//! The use cases of keys.

use gardien_domain::audit::AuditAction;
use gardien_domain::key::{PreviousSecret, PreviousSecrets};
use gardien_domain::share::Share;
use gardien_domain::{Key, KeyEdit, KeyId, KeyParts, Scope, Secret};
use gardien_store::{Change, StoredKey};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::actor::KeyManager;
use crate::api::{CreatedKey, DisclosedHow, KeyPatch, KeyView, LastUse, NewKey, Rotation};
use crate::changing::{Changing, repeat};
use crate::check::Checks;
use crate::{Actor, Authority, Fault, System};

/// The longest grace of a rotation, in seconds: 30 days.
const LONGEST_GRACE: u32 = 30 * 24 * 60 * 60;

impl Authority {
    /// One key.
    ///
    /// # Errors
    /// [`Fault::NotFound`] when there is none or the actor may not see it, or [`Fault::Store`].
    pub async fn key(&self, actor: &Actor, id: KeyId) -> Result<KeyView, Fault> {
        let stored = self.stored_key(id).await?;
        if !actor.member().sees(stored.key.scope()) {
            return Err(Fault::NotFound { what: "key" });
        }
        Ok(KeyView::of(stored, self.now()))
    }

    /// What is written of a key's last uses; nothing of one that is not there.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn last_use(&self, _: System, id: KeyId) -> Result<LastUse, Fault> {
        let stored = self.store.key(id).await?;
        Ok(stored.as_ref().map(LastUse::of).unwrap_or_default())
    }

    /// Makes a key. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`Fault::Invalid`] by field, [`Fault::Entropy`], [`Fault::Store`].
    pub async fn create_key(
        &self,
        manager: KeyManager<'_>,
        new: NewKey,
    ) -> Result<CreatedKey, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.make_key(changing, manager, &new, None).await
        })
    }

    /// Changes name, note, product scopes, share or expiry of a key that works.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyRevoked`], [`Fault::KeyExpired`], [`Fault::Invalid`] by field,
    /// [`Fault::Store`].
    pub async fn update_key(
        &self,
        manager: KeyManager<'_>,
        id: KeyId,
        patch: KeyPatch,
    ) -> Result<KeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut checks = Checks::default();
            let mut stored = self.stored_key(id).await?;
            let edit = KeyEdit {
                name: patch.name.as_deref().map(|name| checks.name(name)),
                note: patch.note.as_deref().map(|note| checks.note(note)),
                products: patch.products.inspect(|them| checks.products(*them)),
                share: patch.share.map(|share| {
                    share.map_or_else(Share::default, |share| share.of(stored.key.share()))
                }),
                expires_at: patch.expires_at.inspect(|at| checks.expiry(*at, now)),
            };
            if let Some(share) = edit.share {
                self.check_share(&mut checks, share, Some(id)).await?;
            }
            let before = stored.key.clone();
            let key = &mut stored.key;
            key.edit(edit, now)?;
            checks.end()?;
            let mut changed = differences(&before, key);
            if !changed.is_empty() {
                // An earlier end of the key is one of the secrets that work on.
                changed.extend(ends(before.previous(), key.previous()));
                // What it was called and looked like, whatever becomes of it.
                changed.entry("name").or_insert_with(|| json!(key.name()));
                changed.insert("display".to_owned(), json!(key.display()));
                self.put_key(
                    changing,
                    manager,
                    AuditAction::KeyUpdated,
                    key,
                    &Value::Object(changed),
                )
                .await?;
            }
            Ok(KeyView::of(stored, now))
        })
    }

    /// Takes a key back. No request that starts after this was called is granted; a key that was revoked before stays as
    /// it is.
    ///
    /// # Errors
    /// [`Fault::RevokedInMemory`] and [`Fault::RevokedUntilRestart`] when it is refused from now on but that could not be
    /// written within a few seconds; [`Fault::NotFound`], and what says that the actor may no longer: then it is what it was.
    pub async fn revoke_key(&self, manager: KeyManager<'_>, id: KeyId) -> Result<KeyView, Fault> {
        let stored = self.revoke(manager.actor(), id, |_, _| Ok(())).await?;
        Ok(KeyView::of(stored, self.now()))
    }

    /// Takes a revocation back, for a few seconds after it. What was kept free for the key and is promised to others by then
    /// is not any more.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyNotRevoked`], [`Fault::RestoreTooLate`], [`Fault::Store`].
    pub async fn restore_key(&self, manager: KeyManager<'_>, id: KeyId) -> Result<KeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            let revocation = key.restore(now)?;
            let mut detail = json!({ "name": key.name(), "display": key.display() });
            // What was kept for it may have been given to others: then it comes back without.
            let mut checks = Checks::default();
            self.check_share(&mut checks, key.share(), Some(id)).await?;
            if checks.end().is_err() && key.working(now).is_ok() {
                let before = key.clone();
                let share = Share {
                    reserved: 0,
                    ..key.share()
                };
                let edit = KeyEdit {
                    share: Some(share),
                    ..KeyEdit::default()
                };
                key.edit(edit, now)?;
                detail["share"] = differences(&before, key)["share"].clone();
            }
            // What a move to another Phare took back must not open that one.
            if self.moved_since(revocation.at).await? {
                return Err(Fault::RestoreTooLate);
            }
            self.put_key(changing, manager, AuditAction::KeyRestored, key, &detail)
                .await?;
            // It may have been in force and not written yet.
            self.in_force.restore(key);
            Ok(KeyView::of(stored, now))
        })
    }

    /// Gives a key another secret; the one before works on for the grace, but not beyond the key's end.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyRevoked`], [`Fault::KeyExpired`], [`Fault::TooManySecrets`], [`Fault::Invalid`],
    /// [`Fault::Entropy`], [`Fault::Store`].
    pub async fn rotate_key(
        &self,
        manager: KeyManager<'_>,
        id: KeyId,
        rotation: Rotation,
    ) -> Result<CreatedKey, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            key.working(now)?;
            let grace = grace(rotation)?;
            let secret = Secret::generate(key.scope().secret_kind(), getrandom::fill)?;
            let (replaced, before) = (key.display().to_owned(), key.previous());
            key.rotate(&secret, grace, now)?;
            let previous = key.previous();
            let detail = json!({
                "name": key.name(),
                "display": { "from": replaced, "to": key.display() },
                "previous_valid_until": previous.last.map(|secret| secret.valid_until),
            });
            let last_use = stored.previous_used_at.take();
            if previous.earlier.map(|secret| secret.digest)
                == before.last.map(|secret| secret.digest)
            {
                stored.earlier_used_at = last_use;
            }
            self.put_key(changing, manager, AuditAction::KeyRotated, key, &detail)
                .await?;
            Ok(CreatedKey {
                key: KeyView::of(stored, now),
                secret: exposed(&secret),
            })
        })
    }

    /// Ends the grace of the secrets that rotations replaced. They are refused once this has returned.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyRevoked`], [`Fault::KeyExpired`], [`Fault::KeyNotRotating`], [`Fault::Store`].
    pub async fn end_previous(&self, manager: KeyManager<'_>, id: KeyId) -> Result<KeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            let before = key.previous();
            key.end_previous(now)?;
            let mut detail = ends(before, key.previous());
            detail.insert("name".to_owned(), json!(key.name()));
            detail.insert("display".to_owned(), json!(key.display()));
            self.put_key(
                changing,
                manager,
                AuditAction::KeyPreviousEnded,
                key,
                &Value::Object(detail),
            )
            .await?;
            Ok(KeyView::of(stored, now))
        })
    }

    /// For a leaked key: revokes it, and makes a new one with the same settings.
    ///
    /// # Errors
    /// As [`Self::revoke_key`]; [`Fault::KeyRevoked`] and [`Fault::KeyExpired`] when it did not work any
    /// more; [`Fault::NotReplaced`] when it was revoked and the new one could not be made.
    pub async fn replace_key(
        &self,
        manager: KeyManager<'_>,
        id: KeyId,
    ) -> Result<CreatedKey, Fault> {
        let works = |key: &Key, now| Ok(key.working(now)?);
        let KeyParts {
            name,
            note,
            scope,
            products,
            share,
            expires_at,
            ..
        } = self
            .revoke(manager.actor(), id, works)
            .await?
            .key
            .into_parts();
        let new = NewKey {
            name,
            note,
            scope,
            products,
            share: Some(share),
            expires_at,
        };
        // Apart from the revocation, which is not to be done again.
        let changing = &mut self.changing().await;
        let made = repeat!(changing, {
            self.make_key(changing, manager, &new, Some(id)).await
        });
        made.map_err(|fault| Fault::NotReplaced {
            reason: fault.to_string(),
        })
    }

    /// Records that the secret of a key left the place where it is kept.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Store`].
    pub async fn disclosed_key(
        &self,
        manager: KeyManager<'_>,
        id: KeyId,
        how: DisclosedHow,
    ) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let key = self.stored_key(id).await?.key;
            let action = match how {
                DisclosedHow::Copied => AuditAction::KeySecretCopied,
                DisclosedHow::Revealed => AuditAction::KeySecretRevealed,
            };
            let detail = json!({ "name": key.name(), "display": key.display() });
            self.change(changing, manager.actor(), &[], action, id, &detail)
                .await
        })
    }

    async fn make_key(
        &self,
        changing: &mut Changing<'_>,
        manager: KeyManager<'_>,
        new: &NewKey,
        replaces: Option<KeyId>,
    ) -> Result<CreatedKey, Fault> {
        let now = self.now();
        let mut checks = Checks::default();
        let name = checks.name(&new.name);
        let note = checks.note(&new.note);
        checks.products(new.products);
        checks.expiry(new.expires_at, now);
        let share = new.share.unwrap_or_default();
        self.check_share(&mut checks, share, None).await?;
        let project_name = self.project_name(new.scope).await?;
        if new.scope.project().is_some() && project_name.is_none() {
            checks.refuse("scope.project_id", "There is no such project.");
        }
        checks.end()?;
        let secret = Secret::generate(new.scope.secret_kind(), getrandom::fill)?;
        let key = Key::from_parts(KeyParts {
            id: KeyId(Uuid::now_v7()),
            name,
            note,
            scope: new.scope,
            products: new.products,
            share,
            digest: secret.digest(),
            display: secret.display(),
            previous: PreviousSecrets::default(),
            created_at: now,
            created_by: manager.actor().member().id,
            expires_at: new.expires_at,
            revoked: None,
        });
        let mut detail = json!({
            "name": key.name(),
            "display": key.display(),
            "scope": key.scope(),
            "products": key.products(),
            "expires_at": key.expires_at(),
            "project": project_name,
        });
        if key.share() != Share::default() {
            detail["share"] = json!(key.share());
        }
        if let Some(replaced) = replaces {
            detail["replaces"] = json!(replaced);
        }
        self.put_key(changing, manager, AuditAction::KeyCreated, &key, &detail)
            .await?;
        let stored = StoredKey {
            key,
            project_name,
            created_by: manager.actor().member().email.clone(),
            last_use: None,
            previous_used_at: None,
            earlier_used_at: None,
        };
        Ok(CreatedKey {
            key: KeyView::of(stored, now),
            secret: exposed(&secret),
        })
    }

    /// Durable first, then in force, then acknowledged.
    async fn put_key(
        &self,
        changing: &mut Changing<'_>,
        manager: KeyManager<'_>,
        action: AuditAction,
        key: &Key,
        detail: &Value,
    ) -> Result<(), Fault> {
        let changes = [Change::PutKey(key.clone())];
        self.change(
            changing,
            manager.actor(),
            &changes,
            action,
            key.id(),
            detail,
        )
        .await
    }

    /// The key as it is in force.
    pub(crate) async fn stored_key(&self, id: KeyId) -> Result<StoredKey, Fault> {
        let stored = self.store.key(id).await?;
        let mut stored = stored.ok_or(Fault::NotFound { what: "key" })?;
        self.in_force.overlay(&mut stored.key);
        Ok(stored)
    }

    /// Whether a key, if it is one already, can have this share beside those of all others.
    pub(crate) async fn check_share(
        &self,
        checks: &mut Checks,
        share: Share,
        of: Option<KeyId>,
    ) -> Result<(), Fault> {
        if share == Share::default() {
            return Ok(());
        }
        let reserved = self.store.reserved(of, self.now()).await?;
        let limit = self.stored_organization().await?.calls_per_minute;
        checks.share(share, reserved, limit);
        Ok(())
    }

    async fn project_name(&self, scope: Scope) -> Result<Option<String>, Fault> {
        let Some(id) = scope.project() else {
            return Ok(None);
        };
        let projects = self.store.projects().await?;
        Ok(projects
            .into_iter()
            .find(|project| project.id == id)
            .map(|project| project.name))
    }
}

fn grace(rotation: Rotation) -> Result<SignedDuration, Fault> {
    let seconds = rotation.grace_seconds.filter(|it| *it <= LONGEST_GRACE);
    let seconds = seconds.ok_or_else(|| {
        let message = format!(
            "A number of seconds up to {LONGEST_GRACE} (30 days); 0 ends the old secret at once."
        );
        Fault::field("grace_seconds", message)
    })?;
    Ok(SignedDuration::from_secs(seconds.into()))
}

/// What of the settings is another, from what and to what.
fn differences(before: &Key, after: &Key) -> Map<String, Value> {
    differing([
        ("name", json!(before.name()), json!(after.name())),
        ("note", json!(before.note()), json!(after.note())),
        (
            "products",
            json!(before.products()),
            json!(after.products()),
        ),
        ("share", json!(before.share()), json!(after.share())),
        (
            "expires_at",
            json!(before.expires_at()),
            json!(after.expires_at()),
        ),
    ])
}

/// Which secrets that were replaced work until another time, from when and to when.
fn ends(before: PreviousSecrets, after: PreviousSecrets) -> Map<String, Value> {
    let end = |secret: Option<PreviousSecret>| json!(secret.map(|secret| secret.valid_until));
    differing([
        ("previous_valid_until", end(before.last), end(after.last)),
        (
            "earlier_valid_until",
            end(before.earlier),
            end(after.earlier),
        ),
    ])
}

fn differing<const N: usize>(fields: [(&str, Value, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(field, from, to)| (field.to_owned(), json!({ "from": from, "to": to })))
        .collect()
}

fn exposed(secret: &Secret) -> SecretString {
    secret.expose().to_owned().into()
}
