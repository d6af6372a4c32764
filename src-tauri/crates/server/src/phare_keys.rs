//! Phare's own keys, from the hand of a person to the ring that calls with them.

use gardien_authority::api::PhareKeyView;
use gardien_authority::{Fault, UpstreamIdentity};
use gardien_domain::phare_key::Purpose;
use gardien_domain::{MemberId, PhareKeyId, PhareSecret, PhareSecretId};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::service::system_clock;
use crate::{AttachFault, Service, Upstream};

impl Service {
    /// Finds out what a secret of the Phare at `url` can do. Nothing is kept.
    ///
    /// # Errors
    /// [`AttachFault`]; Phare's refusal of the secret is one.
    pub async fn examine_phare_secret(
        &self,
        url: &str,
        secret: &SecretString,
    ) -> Result<PhareSecret, AttachFault> {
        let mut described = describe(secret);
        let found = self
            .examiner_of(url)?
            .examine_secret(secret.clone(), described.kind, self.has_phare())
            .await;
        described.findings = Some(found.map_err(Fault::from)?);
        Ok(described)
    }

    /// Calls Phare, which must be attached, with a secret that was examined, beside those that it is called with already.
    ///
    /// # Errors
    /// As [`gardien_authority::Authority::add_phare_key`]; [`Fault::UpstreamMissing`] without a Phare.
    pub async fn attach_phare_key(
        &self,
        manager: MemberId,
        name: &str,
        described: PhareSecret,
        secret: SecretString,
    ) -> Result<PhareKeyView, Fault> {
        let actor = self.authority().actor(manager).await?;
        let manager = actor.manage_phare_keys()?;
        let examiner = self.examiner().ok_or(Fault::UpstreamMissing)?;
        self.adopt_upstream().await?;
        let id = described.id;
        let added = self
            .authority()
            .add_phare_key(manager, name, Purpose::Attached, described)
            .await?;
        // Not before: whatever is held back meanwhile forgets a secret that nobody knows.
        examiner.ring.give(id, secret);
        self.authority().refresh_keyring().await?;
        self.synchronizer().nudge();
        Ok(added)
    }

    /// Puts a secret that was examined into the slot beside the one in use.
    ///
    /// # Errors
    /// As [`gardien_authority::Authority::stage_phare_secret`]; [`Fault::UpstreamMissing`] without a Phare.
    pub async fn stage_phare_secret(
        &self,
        manager: MemberId,
        id: PhareKeyId,
        described: PhareSecret,
        secret: SecretString,
    ) -> Result<PhareKeyView, Fault> {
        let actor = self.authority().actor(manager).await?;
        let examiner = self.examiner().ok_or(Fault::UpstreamMissing)?;
        let next = described.id;
        let staged = self
            .authority()
            .stage_phare_secret(actor.manage_phare_keys()?, id, described)
            .await?;
        examiner.ring.give(next, secret);
        self.authority().refresh_keyring().await?;
        Ok(staged)
    }

    /// Calls the Phare at `url` with exactly these secrets: what a server is started with. They are examined behind.
    ///
    /// # Errors
    /// [`AttachFault`].
    pub async fn attach_given(
        &self,
        url: String,
        secrets: Vec<SecretString>,
    ) -> Result<(), AttachFault> {
        let identity = UpstreamIdentity::Phare { url: url.clone() };
        self.authority().check_upstream(&identity).await?;
        let described = secrets.iter().map(describe).collect();
        let attached = self.authority().attach_given(described).await?;
        let id_of = |secret: &SecretString| {
            let display = PhareSecret::display_of(secret.expose_secret());
            attached.iter().find(|known| known.display == display)
        };
        let secrets = secrets
            .iter()
            .filter_map(|secret| Some((id_of(secret)?.id, secret.clone())))
            .collect();
        self.attach(Upstream::Phare { url, secrets }).await?;
        self.examine_soon();
        Ok(())
    }

    /// Whether a Phare is attached, with keys or without.
    #[must_use]
    pub fn has_phare(&self) -> bool {
        self.examiner().is_some()
    }

    /// Whether every secret of the attached keys is at hand.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn holds_every_phare_secret(&self) -> Result<bool, Fault> {
        let Some(examiner) = self.examiner() else {
            return Ok(false);
        };
        let attached = self.authority().attached_phare_secrets().await?;
        Ok(attached.iter().all(|id| examiner.ring.held(id).is_some()))
    }

    /// Whether any key is called with.
    #[must_use]
    pub fn has_phare_key(&self) -> bool {
        self.examiner()
            .is_some_and(|examiner| !examiner.ring.in_use().is_empty())
    }

    /// Lets the organization belong to this from here on, whatever it belonged to before, and forwards to it.
    ///
    /// # Errors
    /// [`AttachFault`].
    pub async fn move_to(&self, manager: MemberId, upstream: Upstream) -> Result<(), AttachFault> {
        let identity = match &upstream {
            Upstream::Sandbox => UpstreamIdentity::Sandbox,
            Upstream::Phare { url, .. } => UpstreamIdentity::Phare { url: url.clone() },
            Upstream::None => return self.attach(upstream).await,
        };
        let actor = self.authority().actor(manager).await?;
        // Nothing of the old one is forwarded to, and none of its projects is read, while they change places.
        self.attach(Upstream::None).await?;
        self.authority()
            .move_upstream(actor.manage_organization()?, &identity)
            .await?;
        self.attach(upstream).await
    }
}

fn describe(secret: &SecretString) -> PhareSecret {
    let text = secret.expose_secret();
    PhareSecret {
        id: PhareSecretId(Uuid::now_v7()),
        display: PhareSecret::display_of(text),
        kind: PhareSecret::kind_of(text),
        added_at: system_clock()(),
        findings: None,
        refused_at: None,
    }
}
