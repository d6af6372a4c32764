//! What is found out about Phare's own keys: by a member's wish, by the calendar, or because Phare said so.

use gardien_domain::audit::AuditAction;
use gardien_domain::phare_key::{Findings, Purpose};
use gardien_domain::{PhareKey, PhareKeyId, PhareSecret, PhareSecretId, ScopeKind};
use gardien_phare::PhareFault;
use gardien_store::Change;
use serde_json::json;

use crate::actor::PhareKeyManager;
use crate::api::PhareKeyView;
use crate::authority::SYSTEM;
use crate::changing::repeat;
use crate::ring::{Entry, shown};
use crate::{Authority, By, Fault, System};

/// A refusal of Phare's, which no member can say.
const SAID: System = System::because("Phare itself said so");

impl Authority {
    /// Looks again at what both secrets of a key can do.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::UpstreamMissing`], [`Fault::Secret`], [`Fault::Phare`], [`Fault::Store`]. That
    /// Phare refuses a secret is no error but what was found.
    pub async fn examine_phare_key(
        &self,
        manager: PhareKeyManager<'_>,
        id: PhareKeyId,
    ) -> Result<PhareKeyView, Fault> {
        let key = self.phare_key(id).await?;
        let mut all = Ok(());
        for secret in key.secrets() {
            let found = match key.purpose {
                Purpose::Attached => {
                    let attached = self.attached().ok_or(Fault::UpstreamMissing)?;
                    attached.examine(&secret.id).await
                }
                // Nothing is called with it: it is where it is kept and nowhere else.
                Purpose::Kept => {
                    let owner = self.installation().await?;
                    let secret = self.behind.secrets.get(owner, secret.id).await?;
                    self.look_at(&secret).await
                }
            };
            all = all.and(
                self.examined_phare_secret(By::Member(manager), &secret.id, found)
                    .await,
            );
        }
        all?;
        self.phare_key(id).await.map(PhareKeyView::from)
    }

    /// Every secret of the attached keys, in use or next.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn attached_phare_secrets(&self) -> Result<Vec<PhareSecretId>, Fault> {
        let keys = self.store.phare_keys().await?;
        Ok(keys
            .iter()
            .filter(|key| key.purpose == Purpose::Attached)
            .flat_map(PhareKey::secrets)
            .map(|secret| secret.id)
            .collect())
    }

    /// The attached secrets whose examination is due.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn phare_secrets_to_examine(&self) -> Result<Vec<PhareSecret>, Fault> {
        let now = self.now();
        let keys = self.store.phare_keys().await?;
        Ok(keys
            .iter()
            .filter(|key| key.purpose == Purpose::Attached)
            .flat_map(PhareKey::secrets)
            .filter(|secret| secret.examination_due(now))
            .cloned()
            .collect())
    }

    /// Keeps what an examination found. A secret that is gone meanwhile is no error.
    ///
    /// # Errors
    /// [`Fault::Phare`] when nothing was found out, [`Fault::Store`].
    pub async fn examined_phare_secret(
        &self,
        by: By<PhareKeyManager<'_>>,
        id: &PhareSecretId,
        found: Result<Findings, PhareFault>,
    ) -> Result<(), Fault> {
        let findings = match found {
            Ok(findings) => findings,
            Err(PhareFault::KeyRefused) => return self.phare_refuses(SAID, id, true).await,
            Err(fault) => return Err(fault.into()),
        };
        let changing = &mut self.changing().await;
        repeat!(changing, {
            // It took a while to find out.
            let by = match by {
                By::Member(manager) => {
                    self.confirm(manager.actor()).await?;
                    &manager.actor().member().email
                }
                By::System(_) => SYSTEM,
            };
            let Some((mut key, before)) = self.key_with(id).await? else {
                return Ok(());
            };
            if let Some(secret) = key.secret_mut(*id) {
                secret.findings = Some(findings.clone());
                if secret.kind == ScopeKind::Project && secret.project().is_none() {
                    // A key's project never changes, whatever can be read in it today.
                    let known = before.findings.map(|found| found.projects);
                    if let (Some(found), Some(projects)) = (&mut secret.findings, known) {
                        found.projects = projects;
                    }
                }
                secret.refused_at = None;
                let detail = shown(secret);
                let entry = Entry {
                    by,
                    action: AuditAction::PhareKeyExamined,
                    key: &key,
                    detail,
                };
                let put = Change::PutPhareKey(key.clone());
                self.change_ring(changing, put, &[], entry).await?;
            }
            Ok(())
        })
    }

    /// Keeps that Phare refuses a secret, or takes it again. If that is news of one in use, it is told.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn phare_refuses(
        &self,
        _: System,
        id: &PhareSecretId,
        refuses: bool,
    ) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let Some((mut key, before)) = self.key_with(id).await? else {
                return Ok(());
            };
            if before.refused_at.is_some() == refuses {
                return Ok(());
            }
            let since = refuses.then(|| self.now());
            if let Some(secret) = key.secret_mut(*id) {
                secret.refused_at = since;
            }
            let detail = json!({ "secret": before.display, "refused": refuses });
            let entry = Entry {
                by: SYSTEM,
                action: AuditAction::PhareKeyRefused,
                key: &key,
                detail,
            };
            let put = Change::PutPhareKey(key.clone());
            self.change_ring(changing, put, &[], entry).await?;
            let in_use = key.purpose == Purpose::Attached && key.current.id == *id;
            if refuses && in_use {
                self.behind.tell_refused(&key);
            }
            Ok(())
        })
    }

    async fn key_with(&self, id: &PhareSecretId) -> Result<Option<(PhareKey, PhareSecret)>, Fault> {
        let keys = self.store.phare_keys().await?.into_iter();
        Ok(keys
            .filter_map(|key| {
                let secret = key.secrets().find(|secret| secret.id == *id)?.clone();
                Some((key, secret))
            })
            .next())
    }
}
