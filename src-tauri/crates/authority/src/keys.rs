//! The use cases of keys.

use gardien_domain::audit::AuditAction;
use gardien_domain::key::PreviousSecret;
use gardien_domain::{Key, KeyId, KeyStatus, Scope, Secret};
use gardien_store::{Change, StoredKey};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::actor::KeyManager;
use crate::api::{CreatedKey, DisclosedHow, KeyPatch, KeyView, NewKey, Rotation};
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
        if !actor.member().sees(stored.key.scope) {
            return Err(Fault::NotFound { what: "key" });
        }
        Ok(KeyView::of(stored, self.now()))
    }

    /// When the secret before a key's present one was last used, as far as that is written.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn previous_used_at(&self, _: System, id: KeyId) -> Result<Option<Timestamp>, Fault> {
        let stored = self.store.key(id).await?;
        Ok(stored.and_then(|stored| stored.previous_used_at))
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

    /// Changes name, note, product scopes or expiry of a key that works.
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
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            working(key, now)?;
            let mut checks = Checks::default();
            let mut changed = Map::new();
            if let Some(name) = &patch.name {
                replace(&mut key.name, checks.name(name), "name", &mut changed);
            }
            if let Some(note) = &patch.note {
                replace(&mut key.note, checks.note(note), "note", &mut changed);
            }
            if let Some(products) = patch.products {
                checks.products(products);
                replace(&mut key.products, products, "products", &mut changed);
            }
            if let Some(expires_at) = patch.expires_at {
                checks.expiry(expires_at, now);
                replace(&mut key.expires_at, expires_at, "expires_at", &mut changed);
            }
            checks.end()?;
            if !changed.is_empty() {
                // What it was called and looked like, whatever becomes of it.
                changed.entry("name").or_insert_with(|| json!(key.name));
                changed.insert("display".to_owned(), json!(key.display));
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
    /// As [`Self::revoke`].
    pub async fn revoke_key(&self, manager: KeyManager<'_>, id: KeyId) -> Result<KeyView, Fault> {
        let stored = self.revoke(manager.actor(), id, |_, _| Ok(())).await?;
        Ok(KeyView::of(stored, self.now()))
    }

    /// Takes a revocation back, for a few seconds after it.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyNotRevoked`], [`Fault::RestoreTooLate`], [`Fault::Store`].
    pub async fn restore_key(&self, manager: KeyManager<'_>, id: KeyId) -> Result<KeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            let Some(revocation) = key.revoked else {
                return Err(Fault::KeyNotRevoked);
            };
            // What a move to another Phare took back must not open that one.
            if !key.restorable(now) || self.moved_since(revocation.at).await? {
                return Err(Fault::RestoreTooLate);
            }
            key.revoked = None;
            self.put_key(
                changing,
                manager,
                AuditAction::KeyRestored,
                key,
                &json!({ "name": key.name, "display": key.display }),
            )
            .await?;
            // It may have been in force and not written yet.
            self.revocations.forget(id);
            self.enforcement.put_key(key);
            Ok(KeyView::of(stored, now))
        })
    }

    /// Gives a key another secret; the one before works on for the grace.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyRevoked`], [`Fault::KeyExpired`], [`Fault::Invalid`],
    /// [`Fault::Entropy`], [`Fault::Store`].
    pub async fn rotate_key(
        &self,
        manager: KeyManager<'_>,
        id: KeyId,
        rotation: Rotation,
    ) -> Result<CreatedKey, Fault> {
        if rotation.grace_seconds > LONGEST_GRACE {
            return Err(Fault::field(
                "grace_seconds",
                format!("At most {LONGEST_GRACE} (30 days)."),
            ));
        }
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            working(key, now)?;
            let secret = Secret::generate(key.scope.secret_kind(), getrandom::fill)?;
            let valid_until = now + SignedDuration::from_secs(i64::from(rotation.grace_seconds));
            key.previous = Some(PreviousSecret {
                digest: key.digest,
                valid_until,
            });
            let detail = json!({
                "name": key.name,
                "display": { "from": key.display, "to": secret.display() },
                "previous_valid_until": valid_until,
            });
            key.digest = secret.digest();
            key.display = secret.display();
            stored.previous_used_at = None;
            self.put_key(changing, manager, AuditAction::KeyRotated, key, &detail)
                .await?;
            Ok(CreatedKey {
                key: KeyView::of(stored, now),
                secret: exposed(&secret),
            })
        })
    }

    /// Ends the grace of the secret that a rotation replaced. It is refused once this has returned.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::KeyRevoked`], [`Fault::KeyExpired`], [`Fault::KeyNotRotating`], [`Fault::Store`].
    pub async fn end_previous(&self, manager: KeyManager<'_>, id: KeyId) -> Result<KeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let now = self.now();
            let mut stored = self.stored_key(id).await?;
            let key = &mut stored.key;
            working(key, now)?;
            let previous = key
                .previous
                .as_mut()
                .filter(|previous| previous.valid_until > now);
            let previous = previous.ok_or(Fault::KeyNotRotating)?;
            let detail = json!({
                "name": key.name,
                "display": key.display,
                "previous_valid_until": { "from": previous.valid_until, "to": now },
            });
            previous.valid_until = now;
            self.put_key(
                changing,
                manager,
                AuditAction::KeyPreviousEnded,
                key,
                &detail,
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
        let Key {
            name,
            note,
            scope,
            products,
            expires_at,
            ..
        } = self.revoke(manager.actor(), id, working).await?.key;
        let new = NewKey {
            name,
            note,
            scope,
            products,
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
            let detail = json!({ "name": key.name, "display": key.display });
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
        let project_name = self.project_name(new.scope).await?;
        if new.scope.project().is_some() && project_name.is_none() {
            checks.refuse("scope.project_id", "There is no such project.");
        }
        checks.end()?;
        let secret = Secret::generate(new.scope.secret_kind(), getrandom::fill)?;
        let key = Key {
            id: KeyId(Uuid::now_v7()),
            name,
            note,
            scope: new.scope,
            products: new.products,
            digest: secret.digest(),
            display: secret.display(),
            previous: None,
            created_at: now,
            created_by: manager.actor().member().id,
            expires_at: new.expires_at,
            revoked: None,
        };
        let mut detail = json!({
            "name": key.name,
            "display": key.display,
            "scope": key.scope,
            "products": key.products,
            "expires_at": key.expires_at,
            "project": project_name,
        });
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
        self.change(changing, manager.actor(), &changes, action, key.id, detail)
            .await
    }

    /// The key as it is in force.
    pub(crate) async fn stored_key(&self, id: KeyId) -> Result<StoredKey, Fault> {
        let stored = self.store.key(id).await?;
        let mut stored = stored.ok_or(Fault::NotFound { what: "key" })?;
        self.revocations.overlay(&mut stored.key);
        Ok(stored)
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

fn working(key: &Key, now: Timestamp) -> Result<(), Fault> {
    match key.status(now) {
        KeyStatus::Active | KeyStatus::Rotating => Ok(()),
        KeyStatus::Revoked => Err(Fault::KeyRevoked),
        KeyStatus::Expired => Err(Fault::KeyExpired),
    }
}

fn replace<T: PartialEq + serde::Serialize>(
    old: &mut T,
    new: T,
    field: &str,
    changed: &mut Map<String, Value>,
) {
    if *old != new {
        changed.insert(field.to_owned(), json!({ "from": old, "to": &new }));
        *old = new;
    }
}

fn exposed(secret: &Secret) -> SecretString {
    secret.expose().to_owned().into()
}
