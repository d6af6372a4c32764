//! The use cases of Phare's own keys. Their secrets pass through on the way to where they are kept and to what stands
//! behind the gateway; what is known of them is here.

use gardien_domain::audit::AuditAction;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{MemberId, PhareKey, PhareKeyId, PhareSecretId};
use gardien_store::{Change, StoreError};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::actor::PhareKeyManager;
use crate::api::PhareKeyView;
use crate::attached::NamedSecret;
use crate::attaching::Examined;
use crate::changing::repeat;
use crate::check::Checks;
use crate::ring::{Entry, added, attached_after, shown};
use crate::unfit::refuse_unfit;
use crate::{Authority, Fault};

/// A secret that lies where secrets are kept, and is not known to be of use yet.
struct KeptSecret {
    owner: Option<MemberId>,
    id: PhareSecretId,
}

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
        examined: &Examined,
        purpose: Purpose,
    ) -> Result<(), Fault> {
        let known = self.store.phare_keys().await?;
        new_key(name, examined, purpose, &known).map(drop)
    }

    /// Calls Phare with one more key, beside those that it is called with already. `leave_sandbox`: the sandbox may be
    /// left for it, and the keys made for the sandbox revoked.
    ///
    /// # Errors
    /// [`Fault::Invalid`] by field, [`Fault::OtherUpstream`] when the sandbox may not be left,
    /// [`Fault::SandboxOnly`], [`Fault::Secret`] when a keychain does not give the secrets of the other keys,
    /// [`Fault::Unattachable`], [`Fault::Store`]. Nothing was changed then.
    pub async fn attach_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        name: &str,
        examined: Examined,
        leave_sandbox: bool,
    ) -> Result<PhareKeyView, Fault> {
        let _moving = self.behind.moving().await;
        // Before anything is built for it.
        self.check_phare_secret(name, &examined, Purpose::Attached)
            .await?;
        let phare = self.phare_identity()?;
        let stands = self.attached().filter(|now| *now.identity() == phare);
        let (base, mut secrets) = match stands {
            Some(attached) => (attached, Vec::new()),
            None => self.built(&phare).await?,
        };
        secrets.push((examined.described.id, examined.secret.clone()));
        let owner = self.installation().await?;
        let actor = manager.actor();
        let by = &actor.member().email;
        let kept = self.keep_first(owner, &examined).await;
        // None of the sandbox's projects is read while they change places.
        let projects = self.changing_projects().await;
        let mut held = self.changing().await;
        let changing = &mut held;
        let key = repeat!(changing, {
            self.confirm(actor).await?;
            let known = self.store.phare_keys().await?;
            let key = new_key(name, &examined, Purpose::Attached, &known)?;
            let moved = if leave_sandbox {
                self.moving(actor.manage_organization()?, &phare).await?
            } else {
                self.adopting(&phare).await?
            };
            let put = Change::PutPhareKey(key.clone());
            let of_move = moved.iter().flat_map(|moved| &moved.changes);
            let changes: Vec<&Change> = of_move.chain([&put]).collect();
            let next = base.with_keys(&attached_after(known, &changes), &secrets)?;
            match moved {
                // One entry for both: half of it would leave neither the one nor the other.
                Some(mut moved) => {
                    moved.detail["attached"] = json!([key.name]);
                    moved.detail["secret"] = json!(key.current.display);
                    self.make_move(changing, by, moved, Some(put)).await?;
                }
                None => {
                    let entry = Entry {
                        by,
                        action: AuditAction::PhareKeyAdded,
                        key: &key,
                        detail: added(&key),
                    };
                    self.commit_key(changing, put, entry).await?;
                }
            }
            self.behind.put(next);
            Ok(key)
        });
        drop((held, projects));
        self.settle(kept, key).await.map(PhareKeyView::from)
    }

    /// Takes a key of Phare's into keeping, for people to copy. Nothing is called with it but to find out what it can do.
    ///
    /// # Errors
    /// [`Fault::Invalid`] by field, [`Fault::Store`].
    pub async fn keep_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        name: &str,
        examined: Examined,
    ) -> Result<PhareKeyView, Fault> {
        let _moving = self.behind.moving().await;
        let owner = self.installation().await?;
        let kept = self.keep_first(owner, &examined).await;
        let mut held = self.changing().await;
        let changing = &mut held;
        let key = repeat!(changing, {
            self.confirm(manager.actor()).await?;
            let known = self.store.phare_keys().await?;
            let key = new_key(name, &examined, Purpose::Kept, &known)?;
            let entry = Entry {
                by: &manager.actor().member().email,
                action: AuditAction::PhareKeyAdded,
                key: &key,
                detail: added(&key),
            };
            self.commit_key(changing, Change::PutPhareKey(key.clone()), entry)
                .await?;
            Ok(key)
        });
        drop(held);
        self.settle(kept, key).await.map(PhareKeyView::from)
    }

    /// Puts a secret into the slot beside the one in use, in place of what is there.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::UpstreamMissing`], [`Fault::Invalid`] by field, [`Fault::Store`].
    pub async fn stage_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
        examined: Examined,
    ) -> Result<PhareKeyView, Fault> {
        let _moving = self.behind.moving().await;
        self.attached().ok_or(Fault::UpstreamMissing)?;
        let owner = self.installation().await?;
        let former = self.phare_key(id).await?.next;
        let kept = self.keep_first(owner, &examined).await;
        let Examined { secret, described } = examined;
        let fresh = [(described.id, secret)];
        let action = AuditAction::PhareKeyStaged;
        let staged = self
            .change_phare_key(manager, id, action, &fresh, |key, known| {
                let mut checks = Checks::default();
                // What it takes the place of may be the same again, whose secret was lost.
                let mut known = known.to_vec();
                for other in known.iter_mut().filter(|other| other.id == key.id) {
                    other.next = None;
                }
                refuse_unfit(&described, key.purpose, &known, &mut checks);
                // One of another project would take every call of its project with it.
                if described.kind != key.current.kind
                    || described.project() != key.current.project()
                {
                    checks.refuse(
                        "key",
                        "This key works in another place than the one that it is to replace.",
                    );
                }
                checks.end()?;
                let detail = shown(&described);
                key.next = Some(described.clone());
                Ok(detail)
            })
            .await;
        let staged = self.settle(kept, staged).await?;
        if let Some(former) = former {
            self.behind.secrets.forget(owner, former.id).await;
        }
        Ok(staged)
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
        // Whoever stages at the same time knows which one it takes the place of.
        let _moving = self.behind.moving().await;
        let action = AuditAction::PhareKeySwitched;
        self.change_phare_key(manager, id, action, &[], |key, _| {
            let next = key.next.take().ok_or(Fault::NoNextSecret)?;
            if next.refused_at.is_some() {
                return Err(Fault::NextSecretRefused);
            }
            let is_called_with = key.purpose == Purpose::Attached;
            if is_called_with && self.attached().is_some_and(|now| !now.holds(&next.id)) {
                return Err(Fault::NextSecretMissing);
            }
            let detail = json!({ "secret": { "from": key.current.display, "to": next.display } });
            key.next = Some(std::mem::replace(&mut key.current, next));
            key.switched_at = Some(self.now());
            Ok(detail)
        })
        .await
    }

    /// Empties the slot beside the secret in use, and forgets what was in it.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::NoNextSecret`], [`Fault::Store`].
    pub async fn unstage_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
    ) -> Result<PhareKeyView, Fault> {
        let _moving = self.behind.moving().await;
        let owner = self.installation().await?;
        let former = self.phare_key(id).await?.next;
        let action = AuditAction::PhareKeyUnstaged;
        let unstaged = self
            .change_phare_key(manager, id, action, &[], |key, _| {
                let next = key.next.take().ok_or(Fault::NoNextSecret)?;
                Ok(shown(&next))
            })
            .await?;
        if let Some(former) = former {
            self.behind.secrets.forget(owner, former.id).await;
        }
        Ok(unstaged)
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
        self.change_phare_key(manager, id, action, &[], |key, _| {
            let mut checks = Checks::default();
            let name = checks.name(name);
            checks.end()?;
            let detail = json!({ "name": { "from": key.name, "to": name } });
            key.name = name;
            Ok(detail)
        })
        .await
    }

    /// Detaches a key of Phare's, or keeps it no longer, and forgets its secrets. It goes on working until somebody
    /// revokes it in Phare's panel.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Store`].
    pub async fn remove_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
    ) -> Result<(), Fault> {
        let _moving = self.behind.moving().await;
        let owner = self.installation().await?;
        let mut held = self.changing().await;
        let changing = &mut held;
        let removed = repeat!(changing, {
            self.confirm(manager.actor()).await?;
            let key = self.phare_key(id).await?;
            let entry = Entry {
                by: &manager.actor().member().email,
                action: AuditAction::PhareKeyRemoved,
                key: &key,
                detail: shown(&key.current),
            };
            self.change_ring(changing, Change::DeletePhareKey(id), &[], entry)
                .await?;
            Ok(key)
        });
        drop(held);
        let removed = removed?;
        for secret in removed.secrets() {
            self.behind.secrets.forget(owner, secret.id).await;
        }
        Ok(())
    }

    /// Keeps a secret before anything is recorded of it, and while no change is held back: a keychain may ask a person,
    /// and whatever ends the process then must not lose what is called with from now on.
    async fn keep_first(&self, owner: Option<MemberId>, examined: &Examined) -> KeptSecret {
        let (id, secret) = (examined.described.id, examined.secret.clone());
        self.behind.secrets.keep(owner, id, secret).await;
        KeptSecret { owner, id }
    }

    /// Forgets a secret again that nothing came of. A change that takes too long may still be made: its secret stays.
    async fn settle<T>(&self, kept: KeptSecret, made: Result<T, Fault>) -> Result<T, Fault> {
        let unknown = matches!(made, Err(Fault::Store(StoreError::Unreachable(_))));
        if made.is_err() && !unknown {
            self.behind.secrets.forget(kept.owner, kept.id).await;
        }
        made
    }

    /// Changes a key, known among all, as a member: what `change` answers is the detail of the audit entry. `fresh`: the
    /// secret that it may be called with from then on.
    async fn change_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
        action: AuditAction,
        fresh: &[NamedSecret],
        change: impl Fn(&mut PhareKey, &[PhareKey]) -> Result<Value, Fault>,
    ) -> Result<PhareKeyView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.confirm(manager.actor()).await?;
            let known = self.store.phare_keys().await?;
            let mut key = among(&known, id)?;
            let detail = change(&mut key, &known)?;
            let put = Change::PutPhareKey(key.clone());
            let entry = Entry {
                by: &manager.actor().member().email,
                action,
                key: &key,
                detail,
            };
            self.change_ring(changing, put, fresh, entry).await?;
            Ok(key.into())
        })
    }

    pub(crate) async fn phare_key(&self, id: PhareKeyId) -> Result<PhareKey, Fault> {
        among(&self.store.phare_keys().await?, id)
    }
}

fn among(known: &[PhareKey], id: PhareKeyId) -> Result<PhareKey, Fault> {
    let key = known.iter().find(|key| key.id == id).cloned();
    key.ok_or(Fault::NotFound { what: "Phare key" })
}

fn new_key(
    name: &str,
    examined: &Examined,
    purpose: Purpose,
    known: &[PhareKey],
) -> Result<PhareKey, Fault> {
    let mut checks = Checks::default();
    let name = checks.name(name);
    refuse_unfit(&examined.described, purpose, known, &mut checks);
    checks.end()?;
    Ok(PhareKey {
        id: PhareKeyId(Uuid::now_v7()),
        name,
        purpose,
        current: examined.described.clone(),
        next: None,
        switched_at: None,
    })
}
