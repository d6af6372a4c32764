//! The use cases of Phare's own keys. Their secrets never come here: whoever holds them says what they look like and
//! what they were seen to do.

use std::collections::BTreeSet;

use gardien_domain::audit::AuditAction;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{Access, PhareKey, PhareKeyId, PhareSecret, Product, ProjectId, ScopeKind};
use gardien_store::Change;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::actor::PhareKeyManager;
use crate::api::{Event, PhareKeyView};
use crate::authority::SYSTEM;
use crate::changing::{Changing, repeat};
use crate::check::Checks;
use crate::{Authority, Fault};

/// What a secret lacks that cannot be called with.
const NO_PROJECT: &str = "Gardien cannot tell which project this key works in. Give it Platform: Read in Phare’s panel, or add a \
     monitor to its project.";
const NO_PROJECTS: &str = "This key cannot list the projects of its organization. Give it Platform: Read in Phare’s panel.";

impl Authority {
    /// Phare's own keys, oldest first.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn phare_keys(&self, _: PhareKeyManager<'_>) -> Result<Vec<PhareKeyView>, Fault> {
        let keys = self.store.phare_keys().await?;
        Ok(keys.into_iter().map(PhareKeyView::from).collect())
    }

    /// Whether a secret can be taken for this purpose under this name.
    ///
    /// # Errors
    /// [`Fault::Invalid`] with what it lacks, [`Fault::Store`].
    pub async fn check_phare_secret(
        &self,
        name: &str,
        secret: &PhareSecret,
        purpose: Purpose,
    ) -> Result<(), Fault> {
        let mut checks = Checks::default();
        checks.name(name);
        let known = self.store.phare_keys().await?;
        refuse_unfit(secret, purpose, &known, &mut checks);
        checks.end()
    }

    /// Takes a key of Phare's whose secret looks like this, and calls Phare with it if that is its purpose.
    ///
    /// # Errors
    /// [`Fault::Invalid`] by field, [`Fault::Store`].
    pub async fn add_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        name: &str,
        purpose: Purpose,
        secret: PhareSecret,
    ) -> Result<PhareKeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.confirm(manager.actor()).await?;
            let mut checks = Checks::default();
            let name = checks.name(name);
            let known = self.store.phare_keys().await?;
            refuse_unfit(&secret, purpose, &known, &mut checks);
            checks.end()?;
            let key = PhareKey {
                id: PhareKeyId(Uuid::now_v7()),
                name,
                purpose,
                current: secret.clone(),
                next: None,
                switched_at: None,
            };
            let mut detail = shown(&key.current);
            detail["purpose"] = json!(purpose);
            let by = &manager.actor().member().email;
            self.put_phare_key(changing, by, AuditAction::PhareKeyAdded, &key, detail)
                .await?;
            Ok(key.into())
        })
    }

    /// Puts a secret into the slot beside the one in use, in place of what is there.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Invalid`] by field, [`Fault::Store`].
    pub async fn stage_phare_secret(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
        secret: PhareSecret,
    ) -> Result<PhareKeyView, Fault> {
        let action = AuditAction::PhareKeyStaged;
        self.change_phare_key(manager, id, action, |key, known| {
            let mut checks = Checks::default();
            refuse_unfit(&secret, key.purpose, known, &mut checks);
            // One of another project would take every call of its project with it.
            if secret.kind != key.current.kind || secret.project() != key.current.project() {
                checks.refuse(
                    "key",
                    "This key works in another place than the one that it is to replace.",
                );
            }
            checks.end()?;
            let detail = shown(&secret);
            key.next = Some(secret.clone());
            Ok(detail)
        })
        .await
    }

    /// Lets the two secrets of a key change places: the next becomes the one in use, and the other way round to go
    /// back. The call after this goes out with it.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::NoNextSecret`], [`Fault::NextSecretRefused`],
    /// [`Fault::NextSecretMissing`], [`Fault::Store`].
    pub async fn switch_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
    ) -> Result<PhareKeyView, Fault> {
        let action = AuditAction::PhareKeySwitched;
        self.change_phare_key(manager, id, action, |key, _| {
            let next = key.next.take().ok_or(Fault::NoNextSecret)?;
            if next.refused_at.is_some() {
                return Err(Fault::NextSecretRefused);
            }
            let keyring = self.keyring();
            if keyring.is_some_and(|keyring| !keyring.holds(&next.id)) {
                return Err(Fault::NextSecretMissing);
            }
            let detail = json!({ "secret": { "from": key.current.display, "to": next.display } });
            key.next = Some(std::mem::replace(&mut key.current, next));
            key.switched_at = Some(self.now());
            Ok(detail)
        })
        .await
    }

    /// Empties the slot beside the secret in use.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::NoNextSecret`], [`Fault::Store`].
    pub async fn unstage_phare_secret(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
    ) -> Result<PhareKeyView, Fault> {
        let action = AuditAction::PhareKeyUnstaged;
        self.change_phare_key(manager, id, action, |key, _| {
            let next = key.next.take().ok_or(Fault::NoNextSecret)?;
            Ok(shown(&next))
        })
        .await
    }

    /// Gives a key of Phare's another name.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Invalid`] by field, [`Fault::Store`].
    pub async fn rename_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
        name: &str,
    ) -> Result<PhareKeyView, Fault> {
        let action = AuditAction::PhareKeyRenamed;
        self.change_phare_key(manager, id, action, |key, _| {
            let mut checks = Checks::default();
            let name = checks.name(name);
            checks.end()?;
            let detail = json!({ "name": { "from": key.name, "to": name } });
            key.name = name;
            Ok(detail)
        })
        .await
    }

    /// Forgets a key of Phare's. It goes on working until somebody revokes it in Phare's panel.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Store`].
    pub async fn remove_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
    ) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.confirm(manager.actor()).await?;
            self.drop_phare_key(changing, &manager.actor().member().email, id)
                .await
        })
    }

    /// The attached keys are exactly these from here on: what a server was started with. What is known of one that
    /// stays is kept.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn attach_given(&self, given: Vec<PhareSecret>) -> Result<Vec<PhareSecret>, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let mut attached = Vec::new();
            for key in self.store.phare_keys().await? {
                let stays = given.iter().any(|secret| looks_alike(secret, &key.current));
                if key.purpose == Purpose::Attached && stays {
                    attached.push(key.current);
                } else if key.purpose == Purpose::Attached {
                    self.drop_phare_key(changing, SYSTEM, key.id).await?;
                }
            }
            for secret in &given {
                if attached.iter().any(|known| looks_alike(known, secret)) {
                    continue;
                }
                attached.push(secret.clone());
                let key = PhareKey {
                    id: PhareKeyId(Uuid::now_v7()),
                    name: secret.display.clone(),
                    purpose: Purpose::Attached,
                    current: secret.clone(),
                    next: None,
                    switched_at: None,
                };
                let detail = shown(&key.current);
                self.put_phare_key(changing, SYSTEM, AuditAction::PhareKeyAdded, &key, detail)
                    .await?;
            }
            Ok(attached)
        })
    }

    /// Tells the keyring once more which keys to call with: it was given another secret.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn refresh_keyring(&self) -> Result<(), Fault> {
        let _changing = self.changing().await;
        self.hold_phare_keys().await
    }

    /// Tells the keyring which keys to call with. To be called while changes are held back.
    pub(crate) async fn hold_phare_keys(&self) -> Result<(), Fault> {
        if let Some(keyring) = self.keyring() {
            let mut keys = self.store.phare_keys().await?;
            keys.retain(|key| key.purpose == Purpose::Attached);
            keyring.hold(&keys);
        }
        Ok(())
    }

    /// Changes a key, known among all, as a member: what `change` answers is the detail of the audit entry.
    async fn change_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
        action: AuditAction,
        change: impl Fn(&mut PhareKey, &[PhareKey]) -> Result<Value, Fault>,
    ) -> Result<PhareKeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.confirm(manager.actor()).await?;
            let known = self.store.phare_keys().await?;
            let mut key = among(&known, id)?;
            let detail = change(&mut key, &known)?;
            let by = &manager.actor().member().email;
            self.put_phare_key(changing, by, action, &key, detail)
                .await?;
            Ok(key.into())
        })
    }

    pub(crate) async fn put_phare_key(
        &self,
        changing: &mut Changing<'_>,
        by: &str,
        action: AuditAction,
        key: &PhareKey,
        detail: Value,
    ) -> Result<(), Fault> {
        let changes = [Change::PutPhareKey(key.clone())];
        self.change_ring(changing, &changes, by, action, key, detail)
            .await
    }

    async fn drop_phare_key(
        &self,
        changing: &mut Changing<'_>,
        by: &str,
        id: PhareKeyId,
    ) -> Result<(), Fault> {
        let key = self.phare_key(id).await?;
        let (changes, action) = ([Change::DeletePhareKey(id)], AuditAction::PhareKeyRemoved);
        self.change_ring(changing, &changes, by, action, &key, shown(&key.current))
            .await
    }

    async fn change_ring(
        &self,
        changing: &mut Changing<'_>,
        changes: &[Change],
        by: &str,
        action: AuditAction,
        key: &PhareKey,
        mut detail: Value,
    ) -> Result<(), Fault> {
        if detail.get("name").is_none() {
            detail["name"] = json!(key.name);
        }
        self.commit(changing, changes, by, action, key.id.to_string(), &detail)
            .await?;
        self.hold_phare_keys().await?;
        self.publish(Event::PhareKeys);
        Ok(())
    }

    pub(crate) async fn phare_key(&self, id: PhareKeyId) -> Result<PhareKey, Fault> {
        among(&self.store.phare_keys().await?, id)
    }
}

fn among(known: &[PhareKey], id: PhareKeyId) -> Result<PhareKey, Fault> {
    let key = known.iter().find(|key| key.id == id).cloned();
    key.ok_or(Fault::NotFound { what: "Phare key" })
}

/// What a secret lacks for its purpose, beside the field that it is pasted into.
fn refuse_unfit(secret: &PhareSecret, purpose: Purpose, known: &[PhareKey], checks: &mut Checks) {
    let same = known
        .iter()
        .find(|key| key.secrets().any(|other| looks_alike(other, secret)));
    if let Some(key) = same {
        checks.refuse(
            "key",
            format!("Gardien has this key already: {}.", key.name),
        );
    }
    if secret.display.ends_with('…') {
        checks.refuse("key", "This is too short to be a key of Phare’s.");
    }
    if purpose == Purpose::Attached {
        if let Some(key) = known.iter().find(|key| is_of_another(key, secret)) {
            checks.refuse(
                "key",
                format!(
                    "This key belongs to another organization than {}.",
                    key.name
                ),
            );
        }
        match secret.kind {
            ScopeKind::Project if secret.project().is_none() => checks.refuse("key", NO_PROJECT),
            ScopeKind::Organization if !sees_projects(secret) => checks.refuse("key", NO_PROJECTS),
            _ => {}
        }
    }
}

/// Whether two organizations' keys have no project in common. Each call goes out with one of them, whoever's it is.
fn is_of_another(key: &PhareKey, secret: &PhareSecret) -> bool {
    let seen = |secret: &PhareSecret| -> BTreeSet<ProjectId> {
        let found = secret.findings.iter().flat_map(|found| &found.projects);
        found.map(|project| project.id).collect()
    };
    let (theirs, ours) = (seen(&key.current), seen(secret));
    key.purpose == Purpose::Attached
        && [key.current.kind, secret.kind] == [ScopeKind::Organization; 2]
        && !theirs.is_empty()
        && !ours.is_empty()
        && theirs.is_disjoint(&ours)
}

/// Whether it was seen to list projects, even where what else it may do could not be told.
fn sees_projects(secret: &PhareSecret) -> bool {
    let reads = secret
        .scope(Product::Platform)
        .is_some_and(|scope| scope.allows(Access::Read));
    let found = secret.findings.as_ref();
    reads || found.is_some_and(|found| !found.projects.is_empty())
}

/// Two secrets that show the same four and four letters are the same but for one in 62 to the eighth. Those that are
/// too short to show them are not taken.
fn looks_alike(one: &PhareSecret, other: &PhareSecret) -> bool {
    one.display == other.display
}

/// A secret as audit entries show it.
pub(crate) fn shown(secret: &PhareSecret) -> Value {
    let mut detail = json!({ "secret": secret.display, "kind": secret.kind });
    if let Some(found) = &secret.findings {
        detail["platform"] = json!(found.platform);
        detail["uptime"] = json!(found.uptime);
        detail["projects"] = json!(
            found
                .projects
                .iter()
                .map(|seen| &seen.name)
                .collect::<Vec<_>>()
        );
    }
    detail
}
