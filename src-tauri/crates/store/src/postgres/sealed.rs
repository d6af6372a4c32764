//! Sealed secrets.

use async_trait::async_trait;
use gardien_domain::PhareSecretId;
use sqlx::PgConnection;

use super::fault::store_error;
use super::{Postgres, ask, bounded};
use crate::{SealedSecrets, StoreError, rows};

#[async_trait]
impl SealedSecrets for Postgres {
    async fn put_sealed(&self, id: PhareSecretId, sealed: &[u8]) -> Result<(), StoreError> {
        let put = sqlx::query(
            "INSERT INTO sealed_secrets (id, sealed) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
        );
        ask!(self, connection => put.bind(id.0).bind(sealed).execute(connection)).map(drop)
    }

    async fn sealed(&self, id: PhareSecretId) -> Result<Option<Vec<u8>>, StoreError> {
        let get = sqlx::query_scalar("SELECT sealed FROM sealed_secrets WHERE id = $1");
        ask!(self, connection => get.bind(id.0).fetch_optional(connection))
    }

    async fn delete_sealed(&self, id: PhareSecretId) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM sealed_secrets WHERE id = $1");
        ask!(self, connection => delete.bind(id.0).execute(connection)).map(drop)
    }

    async fn every_sealed(&self) -> Result<Vec<(PhareSecretId, Vec<u8>)>, StoreError> {
        let every = sqlx::query("SELECT id, sealed FROM sealed_secrets");
        let every = ask!(self, connection => every.fetch_all(connection))?;
        let every: sqlx::Result<_> = every.iter().map(rows::sealed).collect();
        every.map_err(store_error)
    }
}
