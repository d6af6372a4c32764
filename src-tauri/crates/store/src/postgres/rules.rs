//! What is enforced of every key, read piece by piece.

use futures_util::TryStreamExt;
use gardien_domain::share::Share;
use gardien_domain::{KeyId, KeyRule, ProjectId, Scope};
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::bounded;
use super::keys::MANY;
use crate::columns::{Columns, digest, optional_time};
use crate::rows::{previous, products, share};

/// Hands over one after the other, by id. Within a transaction that reads.
pub(super) async fn every(
    connection: &mut PgConnection,
    each: &mut (dyn FnMut(KeyRule, Share) + Send),
) -> sqlx::Result<()> {
    let mut next = Some(Uuid::nil());
    while let Some(from) = next {
        let piece = async {
            let mut rows = sqlx::query(
                "SELECT id, digest, project_id, platform, uptime, previous_digest, previous_valid_until,
                     earlier_digest, earlier_valid_until, expires_at, revoked_at, at_most, reserved, weight
                 FROM keys WHERE id >= $1 ORDER BY id LIMIT $2",
            )
            .bind(from)
            .bind(MANY)
            .fetch(&mut *connection);
            let (mut read, mut last) = (0, from);
            while let Some(row) = rows.try_next().await? {
                let rule = rule(&row)?;
                (read, last) = (read + 1, rule.id.0);
                each(rule, share(&row)?);
            }
            let more = read == MANY;
            Ok(last.as_u128().checked_add(1).filter(|_| more))
        };
        next = bounded(piece).await?.map(Uuid::from_u128);
    }
    Ok(())
}

fn rule(row: &PgRow) -> sqlx::Result<KeyRule> {
    Ok(KeyRule {
        id: KeyId(row.uuid("id")?),
        scope: match row.optional_int("project_id")? {
            Some(id) => Scope::Project {
                project_id: ProjectId(id),
            },
            None => Scope::Organization {},
        },
        products: products(row)?,
        digest: digest(row, "digest")?,
        previous: previous(row)?,
        expires_at: optional_time(row, "expires_at")?,
        revoked_at: optional_time(row, "revoked_at")?,
    })
}
