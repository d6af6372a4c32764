//! What is asked about keys.

use gardien_domain::{KeyId, Secret};
use http::Method;

use super::{Client, ClientFault, asked};
use crate::api::{
    CreatedKey, DisclosedHow, Disclosure, KeyPage, KeyPatch, KeyQuery, KeyView, LookedUp,
    LookedUpKey, Lookup, NewKey, Rotation,
};
use crate::key_lists::LOOKUP;

impl Client {
    /// A page of keys.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn keys(&self, query: &KeyQuery) -> Result<KeyPage, ClientFault> {
        self.get(&asked("/v1/keys", query)?).await
    }

    /// One key.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn key(&self, id: KeyId) -> Result<KeyView, ClientFault> {
        self.get(&format!("/v1/keys/{id}")).await
    }

    /// The keys that these secrets belong to, in the same order; `None` where there is none that the person sees.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn lookup(
        &self,
        secrets: &[Secret],
    ) -> Result<Vec<Option<LookedUpKey>>, ClientFault> {
        let mut found = Vec::with_capacity(secrets.len());
        for some in secrets.chunks(LOOKUP) {
            let lookup = Lookup {
                secrets: some.iter().map(|secret| secret.expose().into()).collect(),
            };
            let answer: LookedUp = self.send(Method::POST, "/v1/keys/lookup", &lookup).await?;
            if answer.data.len() != some.len() {
                return Err(ClientFault::Unexpected { status: 200 });
            }
            found.extend(answer.data);
        }
        Ok(found)
    }

    /// Makes a key.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn create_key(&self, key: &NewKey) -> Result<CreatedKey, ClientFault> {
        self.send(Method::POST, "/v1/keys", key).await
    }

    /// Changes a key.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn update_key(&self, id: KeyId, patch: &KeyPatch) -> Result<KeyView, ClientFault> {
        self.send(Method::PATCH, &format!("/v1/keys/{id}"), patch)
            .await
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn revoke_key(&self, id: KeyId) -> Result<KeyView, ClientFault> {
        self.act(&format!("/v1/keys/{id}/revoke")).await
    }

    /// Takes a revocation back.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn restore_key(&self, id: KeyId) -> Result<KeyView, ClientFault> {
        self.act(&format!("/v1/keys/{id}/restore")).await
    }

    /// Gives a key a new secret.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn rotate_key(
        &self,
        id: KeyId,
        rotation: &Rotation,
    ) -> Result<CreatedKey, ClientFault> {
        self.send(Method::POST, &format!("/v1/keys/{id}/rotate"), rotation)
            .await
    }

    /// Ends the grace of the secret that a rotation replaced.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn end_previous(&self, id: KeyId) -> Result<KeyView, ClientFault> {
        self.act(&format!("/v1/keys/{id}/end-previous")).await
    }

    /// Revokes a key and makes a new one with the same settings.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn replace_key(&self, id: KeyId) -> Result<CreatedKey, ClientFault> {
        self.act(&format!("/v1/keys/{id}/replace")).await
    }

    /// Records that the secret of a key was copied or revealed where it is kept.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn disclosed(&self, id: KeyId, how: DisclosedHow) -> Result<(), ClientFault> {
        let disclosure = serde_json::to_vec(&Disclosure { how });
        let body = disclosure.map_err(|_| ClientFault::Unexpected { status: 0 })?;
        let path = format!("/v1/keys/{id}/disclosures");
        self.exchange(Method::POST, &path, Some(body.into()))
            .await
            .map(drop)
    }
}
