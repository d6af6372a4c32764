//! What is asked about Phare's own keys.

use gardien_domain::PhareKeyId;
use http::Method;
use secrecy::SecretString;

use super::{Client, ClientFault};
use crate::api::{NewPhareKey, NextPhareSecret, PhareKeyPage, PhareKeyPatch, PhareKeyView};

impl Client {
    /// Phare's own keys, oldest first.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn phare_keys(&self) -> Result<Vec<PhareKeyView>, ClientFault> {
        let page: PhareKeyPage = self.get("/v1/phare-keys").await?;
        Ok(page.data)
    }

    /// Attaches a key of Phare's, or takes it into keeping.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn add_phare_key(&self, key: &NewPhareKey) -> Result<PhareKeyView, ClientFault> {
        self.send(Method::POST, "/v1/phare-keys", key).await
    }

    /// Gives a key of Phare's another name.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn rename_phare_key(
        &self,
        id: PhareKeyId,
        name: String,
    ) -> Result<PhareKeyView, ClientFault> {
        let (path, patch) = (format!("/v1/phare-keys/{id}"), PhareKeyPatch { name });
        self.send(Method::PATCH, &path, &patch).await
    }

    /// Detaches a key of Phare's, or has it kept no longer.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn remove_phare_key(&self, id: PhareKeyId) -> Result<(), ClientFault> {
        self.exchange(Method::DELETE, &format!("/v1/phare-keys/{id}"), None)
            .await
            .map(drop)
    }

    /// Puts a secret beside the one in use.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn stage_phare_key(
        &self,
        id: PhareKeyId,
        key: SecretString,
    ) -> Result<PhareKeyView, ClientFault> {
        let path = format!("/v1/phare-keys/{id}/stage");
        self.send(Method::POST, &path, &NextPhareSecret { key })
            .await
    }

    /// Empties the slot beside the secret in use.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn unstage_phare_key(&self, id: PhareKeyId) -> Result<PhareKeyView, ClientFault> {
        self.act(&format!("/v1/phare-keys/{id}/unstage")).await
    }

    /// Finds out anew what a key of Phare's can do.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn examine_phare_key(&self, id: PhareKeyId) -> Result<PhareKeyView, ClientFault> {
        self.act(&format!("/v1/phare-keys/{id}/examine")).await
    }

    /// Lets the two secrets of a key of Phare's change places.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn switch_phare_key(&self, id: PhareKeyId) -> Result<PhareKeyView, ClientFault> {
        self.act(&format!("/v1/phare-keys/{id}/switch")).await
    }
}
