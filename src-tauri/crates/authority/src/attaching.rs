//! How something comes to stand behind the gateway: built whole, checked, loaded with its keys, and only then put in the
//! place of what stood there. Whatever fails leaves that as it was.

use std::sync::Arc;

use gardien_domain::audit::AuditAction;
use gardien_domain::phare_key::{Findings, Purpose};
use gardien_domain::{PhareKey, PhareKeyId, PhareSecret, UpstreamIdentity, paste};
use gardien_phare::PhareFault;
use gardien_store::Change;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::actor::OrganizationManager;
use crate::attached::{Attached, NamedSecret};
use crate::authority::SYSTEM;
use crate::changing::repeat;
use crate::ring::{Entry, added, attached_after, described, shown};
use crate::secrets::SecretFault;
use crate::unfit::looks_alike;
use crate::{Authority, Fault, System};

/// Whoever it was recorded by had to prove that they may.
const RECORDED: System = System::because("it is what is recorded");

impl Authority {
    /// What stands behind the gateway; nothing before it could be attached.
    #[must_use]
    pub fn attached(&self) -> Option<Arc<dyn Attached>> {
        self.behind.attached()
    }

    /// Hears the name of a key of Phare's whenever Phare begins to refuse it.
    #[must_use]
    pub fn refusals(&self) -> broadcast::Receiver<String> {
        self.behind.refusals()
    }

    /// Lets the organization belong to this from here on and puts it behind the gateway, with those secrets of its keys
    /// that can be had.
    ///
    /// # Errors
    /// [`Fault::OtherUpstream`] when it belongs to the other kind, [`Fault::Unattachable`], [`Fault::Secret`] when a
    /// keychain does not answer, [`Fault::Store`].
    pub async fn attach(&self, _: System, upstream: &UpstreamIdentity) -> Result<(), Fault> {
        let _moving = self.behind.moving().await;
        // Whatever else is wrong, this has to be said first.
        self.check_upstream(upstream).await?;
        let (built, secrets) = self.built(upstream).await?;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let adopting = self.adopting(upstream).await?;
            let keys = attached_after(self.store.phare_keys().await?, &[]);
            let next = built.with_keys(&keys, &secrets)?;
            if let Some(adopting) = adopting {
                self.make_move(changing, SYSTEM, adopting, None).await?;
            }
            self.behind.put(next);
            Ok(())
        })
    }

    /// Puts behind the gateway what the organization belongs to, as far as it is not there already.
    ///
    /// # Errors
    /// As [`Self::attach`].
    pub async fn restore(&self, by: System) -> Result<(), Fault> {
        if self.is_whole().await? {
            return Ok(());
        }
        match self.adopted_upstream().await? {
            None => Ok(()),
            Some(UpstreamIdentity::Sandbox) => self.attach(by, &UpstreamIdentity::Sandbox).await,
            // Where its Phare is now: it may have moved.
            Some(UpstreamIdentity::Phare { .. }) => self.attach(by, &self.phare_identity()?).await,
        }
    }

    /// Lets what stands behind the gateway be what is recorded, after a change that this process did not make or was told
    /// takes too long. Whether it is then.
    pub(crate) async fn reattach(&self) -> Result<bool, Fault> {
        {
            let _moving = self.behind.moving().await;
            if let Some(attached) = self.attached()
                && Some(attached.identity()) == self.adopted_upstream().await?.as_ref()
            {
                let keys = attached_after(self.store.phare_keys().await?, &[]);
                self.behind.put(attached.with_keys(&keys, &[])?);
            }
        }
        self.restore(RECORDED).await?;
        self.is_whole().await
    }

    /// Whether what the organization belongs to stands behind the gateway with every secret of its keys.
    async fn is_whole(&self) -> Result<bool, Fault> {
        let adopted = self.adopted_upstream().await?;
        let attached = self
            .attached()
            .filter(|attached| Some(attached.identity()) == adopted.as_ref());
        let Some(attached) = attached else {
            return Ok(adopted.is_none());
        };
        let secrets = self.attached_phare_secrets().await?;
        Ok(secrets.iter().all(|secret| attached.holds(secret)))
    }

    /// Calls the Phare of this server with exactly these secrets: what it is started with. What is known of a key that
    /// stays is kept.
    ///
    /// # Errors
    /// As [`Self::attach`], and nothing is attached; [`Fault::Unattachable`] for a secret that cannot be sent too.
    pub async fn attach_given(&self, _: System, given: &[SecretString]) -> Result<(), Fault> {
        let _moving = self.behind.moving().await;
        let identity = self.phare_identity()?;
        let built = self.behind.attaching.build(&identity).await?;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let adopting = self.adopting(&identity).await?;
            let before = attached_after(self.store.phare_keys().await?, &[]);
            let mut keys: Vec<PhareKey> = Vec::new();
            let mut secrets = Vec::new();
            for secret in given {
                let fresh = described(secret, self.now());
                if keys.iter().any(|key| looks_alike(&key.current, &fresh)) {
                    continue;
                }
                let known = before.iter().find(|key| looks_alike(&key.current, &fresh));
                let key = known.cloned().unwrap_or_else(|| named_by_itself(fresh));
                secrets.push((key.current.id, secret.clone()));
                keys.push(key);
            }
            let next = built.with_keys(&keys, &secrets)?;
            if let Some(adopting) = adopting {
                self.make_move(changing, SYSTEM, adopting, None).await?;
            }
            for gone in before.iter().filter(|key| !keys.contains(key)) {
                let entry = Entry {
                    by: SYSTEM,
                    action: AuditAction::PhareKeyRemoved,
                    key: gone,
                    detail: shown(&gone.current),
                };
                self.commit_key(changing, Change::DeletePhareKey(gone.id), entry)
                    .await?;
            }
            for key in keys.iter().filter(|key| !before.contains(key)) {
                let entry = Entry {
                    by: SYSTEM,
                    action: AuditAction::PhareKeyAdded,
                    key,
                    detail: added(key),
                };
                self.commit_key(changing, Change::PutPhareKey(key.clone()), entry)
                    .await?;
            }
            self.behind.put(next);
            Ok(())
        })
    }

    /// Leaves Phare for the sandbox. The keys made for Phare are revoked, and Phare's own detached and forgotten.
    ///
    /// # Errors
    /// [`Fault::Unattachable`], [`Fault::Store`].
    pub async fn use_sandbox(&self, manager: OrganizationManager<'_>) -> Result<(), Fault> {
        let _moving = self.behind.moving().await;
        let sandbox = UpstreamIdentity::Sandbox;
        let next = self.behind.attaching.build(&sandbox).await?;
        let (owner, leaving) = (
            self.installation().await?,
            self.attached_phare_secrets().await?,
        );
        // None of the old one's projects is read while they change places.
        let projects = self.changing_projects().await;
        let mut held = self.changing().await;
        let changing = &mut held;
        let moved = repeat!(changing, {
            self.confirm(manager.actor()).await?;
            if let Some(moved) = self.moving(manager, &sandbox).await? {
                let by = &manager.actor().member().email;
                self.make_move(changing, by, moved, None).await?;
            }
            self.behind.put(next.clone());
            Ok(())
        });
        drop((held, projects));
        moved?;
        for id in leaving {
            self.behind.secrets.forget(owner, id).await;
        }
        Ok(())
    }

    /// The Phare whose keys can be attached.
    pub(crate) fn phare_identity(&self) -> Result<UpstreamIdentity, Fault> {
        let url = self.behind.attaching.phare_url();
        Ok(UpstreamIdentity::Phare {
            url: url.ok_or(Fault::SandboxOnly)?.to_owned(),
        })
    }

    /// Builds it, and fetches the secrets that it is to be called with. One that somebody took out of the keychain is
    /// done without.
    pub(crate) async fn built(
        &self,
        upstream: &UpstreamIdentity,
    ) -> Result<(Arc<dyn Attached>, Vec<NamedSecret>), Fault> {
        let built = self.behind.attaching.build(upstream).await?;
        let mut secrets = Vec::new();
        if matches!(upstream, UpstreamIdentity::Phare { .. }) {
            let owner = self.installation().await?;
            for id in self.attached_phare_secrets().await? {
                match self.behind.secrets.get(owner, id).await {
                    Ok(secret) => secrets.push((id, secret)),
                    Err(SecretFault::NotHeld) => {
                        tracing::error!(secret = %id, "a secret of Phare's is no longer held");
                    }
                    Err(fault) => return Err(fault.into()),
                }
            }
        }
        Ok((built, secrets))
    }

    /// Finds out what a secret of Phare's can do. Nothing is kept.
    ///
    /// # Errors
    /// [`Fault::Invalid`] with what speaks against it, Phare's refusal too; [`Fault::SandboxOnly`]; [`Fault::Phare`] when
    /// nothing can be said now.
    pub async fn examine_secret(&self, secret: &SecretString) -> Result<Examined, Fault> {
        self.phare_identity()?;
        let meant = paste::credential(secret.expose_secret());
        let meant = meant.map_err(|stray| Fault::field("key", stray.to_string()))?;
        if meant.is_empty() {
            return Err(Fault::field("key", "Paste a key of Phare’s."));
        }
        let secret = SecretString::from(meant);
        let mut described = described(&secret, self.now());
        described.findings = Some(match self.look_at(&secret).await {
            Err(PhareFault::KeyRefused) => {
                return Err(Fault::field("key", "Phare refuses this key."));
            }
            found => found?,
        });
        Ok(Examined { secret, described })
    }

    /// Its calls wait for no room while the sandbox stands behind the gateway: nobody calls Phare then.
    pub(crate) async fn look_at(&self, secret: &SecretString) -> Result<Findings, PhareFault> {
        let attached = self.attached();
        let counted = attached
            .is_some_and(|attached| matches!(attached.identity(), UpstreamIdentity::Phare { .. }));
        self.behind.attaching.examine(secret, counted).await
    }
}

/// A secret of Phare's, and what was found out about it. Nothing is called with it yet.
#[derive(Debug, Clone)]
pub struct Examined {
    pub(crate) secret: SecretString,
    pub(crate) described: PhareSecret,
}

/// A key that nobody gave a name.
fn named_by_itself(current: PhareSecret) -> PhareKey {
    PhareKey {
        id: PhareKeyId(Uuid::now_v7()),
        name: current.display.clone(),
        purpose: Purpose::Attached,
        current,
        next: None,
        switched_at: None,
    }
}
