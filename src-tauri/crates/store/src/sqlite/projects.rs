//! Gardien's copy of Phare's projects.

use gardien_domain::{Project, ProjectId};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteExecutor;

use crate::Revision;
use crate::columns::{micros, stored};
use crate::rows::project;

pub(super) async fn put(
    connection: &mut SqliteConnection,
    project: &Project,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO projects (id, slug, name, search, created_at, revision) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name,
             search = excluded.search, created_at = excluded.created_at, revision = excluded.revision",
    )
    .bind(project.id.0)
    .bind(&project.slug)
    .bind(&project.name)
    .bind(project.name.to_lowercase())
    .bind(micros(project.created_at))
    .bind(stored(at))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM deleted_projects WHERE id = ?")
        .bind(project.id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    id: ProjectId,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM projects WHERE id = ?")
        .bind(id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO deleted_projects (id, revision) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision",
    )
    .bind(id.0)
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn all(executor: impl SqliteExecutor<'_>) -> sqlx::Result<Vec<Project>> {
    let rows = sqlx::query("SELECT * FROM projects ORDER BY search, name, id");
    rows.fetch_all(executor)
        .await?
        .iter()
        .map(project)
        .collect()
}

/// Those that were changed after this revision, in no order.
pub(super) async fn changed(
    executor: impl SqliteExecutor<'_>,
    since: Revision,
) -> sqlx::Result<Vec<Project>> {
    let rows = sqlx::query("SELECT * FROM projects WHERE revision > ?").bind(stored(since));
    rows.fetch_all(executor)
        .await?
        .iter()
        .map(project)
        .collect()
}
