//! What a gateway enforces, and what became of it: all of one moment.

use std::time::Duration;

use gardien_domain::share::Share;
use gardien_domain::{AdoptedUpstream, Key, KeyRule};
use sqlx::{Connection, PgConnection, Row};

use super::{
    READ, audit, bounded, keys, organization, phare_keys, projects, revision, rules, within,
};
use crate::columns::{Columns, number, stored};
use crate::rows::upstream;
use crate::{Changes, Revision, Snapshot};

/// What is asked each second is answered at once, or the way is gone on which it was asked: another is tried then.
const QUICK: Duration = Duration::from_secs(3);

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

/// What became of it since: one question says where, and only there it is looked. A gateway far away asks at each change,
/// and whoever revokes waits for its questions, one after the other.
pub(super) async fn changes(
    connection: &mut PgConnection,
    since: Revision,
) -> sqlx::Result<Changes> {
    let mut transaction = within(QUICK, connection.begin_with(READ)).await?;
    let connection = &mut *transaction;
    let touched = within(QUICK, touched(connection, since)).await?;
    let mut changes = Changes::default();
    let beside = async {
        let put = &mut changes.put;
        put.revision = touched.revision;
        changes.upstream = touched.upstream;
        if touched.organization {
            put.organization = organization::changed(connection, Some(since)).await?;
        }
        if touched.projects {
            put.projects = projects::changed(connection, since).await?;
            changes.deleted_projects = projects::deleted(connection, since).await?;
        }
        if touched.phare_keys {
            put.phare_keys = phare_keys::changed(connection, Some(since)).await?;
            changes.deleted_phare_keys = phare_keys::deleted(connection, since).await?;
        }
        put.order();
        Ok(())
    };
    bounded(beside).await?;
    if touched.keys {
        changes.keys = keys::changed(connection, Some(since)).await?;
        changes.keys.sort_unstable_by_key(Key::id);
    }
    Ok(changes)
}

/// Where anything was changed or deleted.
struct Touched {
    revision: Revision,
    upstream: Option<AdoptedUpstream>,
    organization: bool,
    projects: bool,
    phare_keys: bool,
    keys: bool,
}

/// Of the keys it is the greatest revision that is asked for: an index has that at its end, however many there are.
async fn touched(connection: &mut PgConnection, since: Revision) -> sqlx::Result<Touched> {
    let row = sqlx::query(
        "SELECT kind, url, adopted_at,
             coalesce((SELECT sequence FROM audit ORDER BY sequence DESC LIMIT 1), 0) AS newest,
             EXISTS (SELECT 1 FROM organization WHERE revision > $1) AS organization,
             EXISTS (SELECT 1 FROM projects WHERE revision > $1)
                 OR EXISTS (SELECT 1 FROM deleted_projects WHERE revision > $1) AS projects,
             EXISTS (SELECT 1 FROM phare_keys WHERE revision > $1)
                 OR EXISTS (SELECT 1 FROM deleted_phare_keys WHERE revision > $1) AS phare_keys,
             coalesce((SELECT max(revision) FROM keys) > $1, false) AS keys
         FROM (VALUES (1)) AS always LEFT JOIN upstream ON true",
    )
    .bind(stored(since))
    .fetch_one(connection)
    .await?;
    Ok(Touched {
        revision: Revision(number(&row, "newest")?),
        upstream: row
            .optional_text("kind")?
            .map(|_| upstream(&row))
            .transpose()?,
        organization: row.try_get("organization")?,
        projects: row.try_get("projects")?,
        phare_keys: row.try_get("phare_keys")?,
        keys: row.try_get("keys")?,
    })
}
