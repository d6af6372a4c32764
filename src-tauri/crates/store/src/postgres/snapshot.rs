//! What a gateway enforces, and what became of it: all of one moment.

use gardien_domain::share::Share;
use gardien_domain::{Key, KeyRule};
use sqlx::{Connection, PgConnection};

use super::{READ, audit, bounded, keys, organization, phare_keys, projects, revision, rules};
use crate::columns::stored;
use crate::{Changes, Revision, Snapshot, rows};

pub(super) async fn get(
    connection: &mut PgConnection,
    each: &mut (dyn FnMut(KeyRule, Share) + Send),
) -> sqlx::Result<Snapshot> {
    let mut transaction = bounded(connection.begin_with(READ)).await?;
    let beside = async {
        let mut snapshot = Snapshot {
            revision: revision(audit::last(&mut transaction).await?),
            organization: organization::get(&mut transaction).await?,
            projects: projects::all(&mut transaction).await?,
            phare_keys: phare_keys::all(&mut transaction).await?,
        };
        snapshot.order();
        Ok(snapshot)
    };
    let snapshot = bounded(beside).await?;
    rules::every(&mut transaction, each).await?;
    Ok(snapshot)
}

pub(super) async fn changes(
    connection: &mut PgConnection,
    since: Revision,
) -> sqlx::Result<Changes> {
    let mut transaction = bounded(connection.begin_with(READ)).await?;
    let beside = async {
        let mut put = Snapshot {
            revision: revision(audit::last(&mut transaction).await?),
            organization: organization::changed(&mut transaction, Some(since)).await?,
            projects: projects::changed(&mut transaction, since).await?,
            phare_keys: phare_keys::changed(&mut transaction, Some(since)).await?,
        };
        put.order();
        let deleted_projects =
            sqlx::query("SELECT id FROM deleted_projects WHERE revision > $1 ORDER BY id")
                .bind(stored(since))
                .fetch_all(&mut *transaction)
                .await?;
        let deleted_phare_keys =
            sqlx::query("SELECT id FROM deleted_phare_keys WHERE revision > $1 ORDER BY id")
                .bind(stored(since))
                .fetch_all(&mut *transaction)
                .await?;
        Ok(Changes {
            put,
            keys: Vec::new(),
            deleted_projects: deleted_projects
                .iter()
                .map(rows::project_id)
                .collect::<sqlx::Result<_>>()?,
            deleted_phare_keys: deleted_phare_keys
                .iter()
                .map(rows::phare_key_id)
                .collect::<sqlx::Result<_>>()?,
        })
    };
    let mut changes = bounded(beside).await?;
    changes.keys = keys::changed(&mut transaction, Some(since)).await?;
    changes.keys.sort_unstable_by_key(Key::id);
    Ok(changes)
}
