//! Sealed secrets.

use async_trait::async_trait;
use gardien_domain::PhareSecretId;

use super::Sqlite;
use crate::{SealedSecrets, StoreError, rows};

#[async_trait]
impl SealedSecrets for Sqlite {
    async fn put_sealed(&self, id: PhareSecretId, sealed: &[u8]) -> Result<(), StoreError> {
        let put = sqlx::query(
            "INSERT INTO sealed_secrets (id, sealed) VALUES (?, ?)
             ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
        );
        let put = put.bind(id.0).bind(sealed.to_vec());
        self.note(move |connection| {
            Box::pin(async move { put.execute(connection).await.map(drop) })
        })
        .await
    }

    async fn sealed(&self, id: PhareSecretId) -> Result<Option<Vec<u8>>, StoreError> {
        let get = sqlx::query_scalar("SELECT sealed FROM sealed_secrets WHERE id = ?").bind(id.0);
        self.answer(get.fetch_optional(&self.readers).await).await
    }

    async fn delete_sealed(&self, id: PhareSecretId) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM sealed_secrets WHERE id = ?").bind(id.0);
        self.note(move |connection| {
            Box::pin(async move { delete.execute(connection).await.map(drop) })
        })
        .await
    }

    async fn every_sealed(&self) -> Result<Vec<(PhareSecretId, Vec<u8>)>, StoreError> {
        let every = sqlx::query("SELECT id, sealed FROM sealed_secrets");
        let every = self.answer(every.fetch_all(&self.readers).await).await?;
        self.answer(every.iter().map(rows::sealed).collect()).await
    }
}
