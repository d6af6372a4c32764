//! What a gateway enforces, and what became of it: all of one moment.

use gardien_domain::share::Share;
use gardien_domain::{Key, KeyRule};
use sqlx::sqlite::SqlitePool;

use super::{audit, keys, organization, phare_keys, projects, revision, rules, upstream};
use crate::columns::stored;
use crate::{Changes, Revision, Snapshot, rows};

pub(super) async fn get(
    readers: &SqlitePool,
    each: &mut (dyn FnMut(KeyRule, Share) + Send),
) -> sqlx::Result<Snapshot> {
    let mut transaction = readers.begin().await?;
    let connection = &mut *transaction;
    let mut snapshot = Snapshot {
        revision: revision(audit::last(&mut *connection).await?),
        organization: organization::get(&mut *connection).await?,
        projects: projects::all(&mut *connection).await?,
        phare_keys: phare_keys::all(&mut *connection).await?,
    };
    snapshot.order();
    rules::every(&mut *connection, each).await?;
    Ok(snapshot)
}

pub(super) async fn changes(readers: &SqlitePool, since: Revision) -> sqlx::Result<Changes> {
    let mut transaction = readers.begin().await?;
    let connection = &mut *transaction;
    let upstream = upstream::get(&mut *connection).await?;
    let revision = revision(audit::last(&mut *connection).await?);
    if revision == since {
        let put = Snapshot {
            revision,
            ..Snapshot::default()
        };
        return Ok(Changes {
            put,
            upstream,
            ..Changes::default()
        });
    }
    let mut put = Snapshot {
        revision,
        organization: organization::changed(&mut *connection, since).await?,
        projects: projects::changed(&mut *connection, since).await?,
        phare_keys: phare_keys::changed(&mut *connection, since).await?,
    };
    put.order();
    let mut keys = keys::changed(&mut *connection, since).await?;
    keys.sort_unstable_by_key(Key::id);
    let since = stored(since);
    let projects = sqlx::query("SELECT id FROM deleted_projects WHERE revision > ? ORDER BY id")
        .bind(since)
        .fetch_all(&mut *connection)
        .await?;
    let phare_keys =
        sqlx::query("SELECT id FROM deleted_phare_keys WHERE revision > ? ORDER BY id")
            .bind(since)
            .fetch_all(&mut *connection)
            .await?;
    Ok(Changes {
        put,
        keys,
        deleted_projects: projects
            .iter()
            .map(rows::project_id)
            .collect::<sqlx::Result<_>>()?,
        deleted_phare_keys: phare_keys
            .iter()
            .map(rows::phare_key_id)
            .collect::<sqlx::Result<_>>()?,
        upstream,
    })
}
